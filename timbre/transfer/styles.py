"""Style recordings: the parts that count, all of a short one, the loudest of a long one."""

from pathlib import Path

import numpy as np

from timbre.core.errors import InputError
from timbre.core.params import Audio
from timbre.core.signal import SILENCE_PEAK, Signal, at_level
from timbre.transfer import streams
from timbre.transfer.midi_content import is_midi
from timbre.transfer.scratch_folder import temporary_folder

READ_SECONDS = 120.0  # from the start
PART_SECONDS = 8.0  # as long as the clips that models learn from, or less
MAX_PARTS = 8
MIN_PART_SECONDS = 0.5
MAX_SOFTER_DB = 20.0  # dB below the loudest part: what is softer is hardly this sound


def read(path: Path, audio: Audio) -> Signal:
    """Samples of a style recording: its first two minutes at most.

    Args:
        path: of the file.
        audio: the mel's settings.

    Returns:
        `(L,)` at the mel's sample rate.

    Raises:
        InputError: as `timbre.transfer.streams.read`.
    """
    if is_midi(path):
        raise InputError(
            f"expected a recording as style, {path} is MIDI, which has no sound of its own; "
            "please give a recording of the sound."
        )
    with temporary_folder() as folder:
        return np.array(streams.read(path, audio.sample_rate, folder, seconds=READ_SECONDS)[:, 0])


def parts(samples: Signal, name: str, audio: Audio, most: int = MAX_PARTS) -> list[Signal]:
    """The parts of a style that are heard, each a style of its own, to be averaged.

    So several sounds in one recording make a sound between them.

    Args:
        samples: `(L,)` at the mel's sample rate.
        name: what a message calls it.
        audio: the mel's settings.
        most: how many parts there may be.

    Returns:
        One to `most` of equal length, in their order, at the level that models are used to.

    Raises:
        InputError: if it is too short or silent.
    """
    rate = audio.sample_rate
    if len(samples) < MIN_PART_SECONDS * rate:
        raise InputError(
            f"expected a style of {MIN_PART_SECONDS} s or more, {name} lasts "
            f"{len(samples) / rate:.3f} s; please take a longer one."
        )
    if np.abs(samples).max() < SILENCE_PEAK:
        subject = (
            f"the first {READ_SECONDS:.0f} s of {name} are"
            if len(samples) >= READ_SECONDS * rate
            else f"{name} is"
        )
        raise InputError(f"expected a sound, {subject} silent; please take another one or cut it.")
    count = -(-len(samples) // round(PART_SECONDS * rate))
    length = len(samples) // count
    cut = samples[: count * length].astype(np.float64).reshape(count, length)
    power = np.mean(cut**2, axis=1)
    loud = np.argsort(-power, kind="stable")[:most]
    numbers = sorted(loud[power[loud] > power.max() * 10 ** (-MAX_SOFTER_DB / 10)])
    return [at_level(cut[number], audio.level_db).astype(np.float32) for number in numbers]
