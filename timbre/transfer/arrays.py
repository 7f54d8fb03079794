"""Arrays as clips: what is taken, and how channels become one."""

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timbre.audio.recordings import MIN_RATE
from timbre.core.errors import InputError
from timbre.core.signal import Signal, is_sound, mixing, without_rumble

MAX_RATE = 10_000_000  # Hz
MAX_CHANNELS = 8  # whose loudness ffmpeg measures


def check_rate(sample_rate: object) -> None:
    """Refuse what is no rate of a recording.

    Raises:
        InputError: if it is not.
    """
    if not isinstance(sample_rate, Real) or not MIN_RATE <= float(sample_rate) <= MAX_RATE:
        raise InputError(
            f"expected a sample rate from {MIN_RATE:,} to {MAX_RATE:,} Hz, got {sample_rate!r}; "
            "please mend it."
        )


def channels(clip: ArrayLike, name: str) -> NDArray[np.float32]:
    """A clip as `(C, L)`.

    Raises:
        InputError: if it is no array of finite floats with channels first.
    """
    given: Any = clip
    if hasattr(given, "is_floating_point") and given.is_floating_point():
        given = given.detach().cpu().double()  # a tensor, whatever NumPy lacks of its kind
    try:
        array = np.asarray(given)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"expected an array of floats as {name}: {error}; please mend it."
        ) from None
    if not np.issubdtype(array.dtype, np.floating):
        raise InputError(
            f"expected floats in [-1, 1], the {name} has {array.dtype}; please divide integers by "
            "their full scale."
        )
    if array.ndim not in (1, 2) or not array.size or not is_sound(array):
        raise InputError(
            f"expected finite samples of shape (L,) or (C, L), the {name} has other ones in an "
            f"array of shape {array.shape}; please mend it."
        )
    if array.ndim == 2 and array.shape[0] > array.shape[1]:
        raise InputError(
            f"expected the channels first, (C, L), the {name} has the shape {array.shape}; "
            "please transpose it."
        )
    if array.ndim == 2 and array.shape[0] > MAX_CHANNELS:
        raise InputError(
            f"expected {MAX_CHANNELS} channels at most, the {name} has {array.shape[0]}; "
            "please mix it down first."
        )
    return np.atleast_2d(array).astype(np.float32)


def mono(sound: NDArray[np.float32], sample_rate: int) -> Signal:
    """All channels of `(C, L)` as one, so that nothing audible vanishes."""
    if len(sound) == 1:
        return np.asarray(sound[0])
    audible = without_rumble(sound.T, sample_rate)  # or an offset would pass for sound in common
    weights = mixing(np.mean(audible**2, axis=0), float(np.mean(audible.mean(axis=1) ** 2)))
    return np.asarray(weights @ sound, np.float32)
