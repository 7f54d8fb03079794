"""What of a style recording is heard."""

import numpy as np

from audio import recordings
from audio.benchmark import Signal
from audio.errors import InputError
from audio.params import Audio
from audio.synthesis import at_level

READ, USED = 30.0, 16.0  # s: from the start, and the loudest of that
LEAST = 0.5  # s


def loudest(heard: Signal, name: str, audio: Audio) -> Signal:
    """The loudest part of a style, at the level that models are used to.

    Args:
        heard: `(L,)` at the mel's sample rate.
        name: what a message calls it.
        audio: the mel's settings.

    Raises:
        InputError: if it is too short or silent.
    """
    rate = audio.sample_rate
    if len(heard) < LEAST * rate:
        raise InputError(
            f"expected a style of {LEAST} s or more, {name} lasts "
            f"{len(heard) / rate:.3f} s; please take a longer one."
        )
    if np.abs(heard).max() < recordings.SILENCE:
        raise InputError(f"expected a sound, {name} is silent; please take another one.")
    used = min(len(heard), round(USED * rate))
    precise = heard.astype(np.float64)
    energy = np.cumsum(np.concatenate([[0.0], precise**2]))
    start = int(np.argmax(energy[used:] - energy[:-used]))
    return at_level(precise[start : start + used], audio.level_db).astype(np.float32)
