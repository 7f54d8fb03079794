"""A MIDI file as content: played by the synthesizer, as players play it, onto the disk."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import soxr

from timbre.core.errors import InputError
from timbre.core.params import Audio
from timbre.music.standard_midi import is_midi as begins_as_midi
from timbre.music.standard_midi import seconds, sequence
from timbre.transfer.memmap import Floats, release
from timbre.transfer.streams import BLOCK_SAMPLES, CONTENT_FILE, level

DEFAULT_FONT = "TimGM6mb"  # comes with pretty_midi: it is there wherever this is
OVERSAMPLING = 2  # the synthesizer aliases
MAX_PIECE_SECONDS = 7200.0
RELEASE_SECONDS = 1.0  # s that is heard after the file's end
MAX_TRACKS = 127  # that FluidSynth's player takes: of a file with more it plays none
MAX_MIDI_BYTES = 1 << 24


def is_midi(path: Path) -> bool:
    """Whether a file says of itself that it is MIDI, whatever its name."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return begins_as_midi(file.read(12))


def play(
    path: Path, audio: Audio, folder: Path, stereo: bool = False
) -> tuple[Floats, tuple[str, ...]]:
    """Play a MIDI file, drums left out.

    Args:
        path: of the file.
        audio: the mel's settings, for their sample rate.
        folder: for the samples.
        stereo: keep left and right apart, as the file pans its parts.

    Returns:
        `(L, 1)` or `(L, 2)`, on disk; and what is to be said of it, a line each.

    Raises:
        InputError: if it is damaged, longer than `MAX_PIECE_SECONDS`, or has no notes but of drums;
            or if FluidSynth is not installed.
    """
    try:
        from timbre.synthesis import soundfonts
        from timbre.synthesis.midi_player import MidiPlayer
        from timbre.synthesis.synth import MAX_RENDER_RATE, Synthesis
    except ImportError as error:
        raise InputError(
            f"expected FluidSynth to play {path}, it is not installed ({error}); please install "
            "the library (libfluidsynth3 on Debian, fluid-synth by Homebrew) or give a recording."
        ) from None
    data = _read(path)
    damaged = InputError(f"expected a MIDI file, {path} is damaged; please export it again.")
    try:
        midi = sequence(data)
    except ValueError:
        raise damaged from None
    if midi.tracks > MAX_TRACKS:
        raise InputError(
            f"expected a piece of {MAX_TRACKS} tracks at most, {path} has {midi.tracks:,}; "
            "please merge some."
        )
    duration = seconds(midi)
    if duration is not None and duration > MAX_PIECE_SECONDS:
        raise InputError(
            f"expected a piece of {MAX_PIECE_SECONDS / 60:.0f} minutes at most, {path} lasts "
            f"{duration / 60:,.0f}; please cut it."
        )
    factor = min(OVERSAMPLING, max(1, MAX_RENDER_RATE // audio.sample_rate))
    rate = factor * audio.sample_rate
    length = None if duration is None else round(duration * rate)
    settings = Synthesis(oversampling=1, interpolation=4, polyphony=256, reverb=False, chorus=False)
    target = folder / CONTENT_FILE
    player = MidiPlayer(
        midi.data,
        soundfonts.find(DEFAULT_FONT)[0],
        rate,
        settings,
        midi.beat_microseconds,
    )
    with closing(player), target.open("wb") as out:
        channels = 2 if stereo else 1
        down = soxr.ResampleStream(factor, 1, channels)
        for last, block in _last_told(
            player.blocks(length, BLOCK_SAMPLES, round(RELEASE_SECONDS * rate))
        ):
            sound = block if stereo else block.mean(axis=1, keepdims=True)
            sound = down.resample_chunk(sound, last=last) if factor > 1 else sound
            out.write(np.ascontiguousarray(sound, np.float32).data)
            if (
                out.tell()
                > 4 * channels * (MAX_PIECE_SECONDS + RELEASE_SECONDS) * audio.sample_rate
            ):
                raise InputError(
                    f"expected a piece of {MAX_PIECE_SECONDS / 60:.0f} minutes at most, {path} "
                    "lasts longer; please cut it."
                )
    if not player.notes:
        if player.drum_notes:
            raise InputError(
                f"expected notes, {path} has none but those of drums; please give another piece."
            )
        if not duration:
            raise damaged
        raise InputError(f"expected notes, {path} has none; please give another piece.")
    played = np.memmap(target, np.float32, "r+")
    rms, peak = level(played)
    is_heard = player.is_heard and peak > 0  # FluidSynth's volume of 0 is not quite silent
    # at the level of what models learn from: a synthesizer's own is soft
    gain = min(10 ** (audio.level_db / 20) / rms, 0.99 / peak) if is_heard else 0.0
    for start in range(0, len(played), BLOCK_SAMPLES):
        played[start : start + BLOCK_SAMPLES] *= gain
        release(played)
    remarks = _remarks(path, player.drum_notes, player.exclusive)
    if not is_heard:
        remarks += (f"{path}: nothing of it is heard (a volume of 0?), so it is silent",)
    return played.reshape(-1, channels), remarks


def _read(path: Path) -> bytes:
    """The file's bytes."""
    if path.stat().st_size > MAX_MIDI_BYTES:
        raise InputError(
            f"expected a MIDI file of {MAX_MIDI_BYTES >> 20} MB at most, {path} is larger; "
            "please give the piece alone."
        )
    return path.read_bytes()


def _last_told(blocks: Iterator[Floats]) -> Iterator[tuple[bool, Floats]]:
    """Blocks, and whether each is the last."""
    before = next(blocks)
    for block in blocks:
        yield False, before
        before = block
    yield True, before


def _remarks(path: Path, drum_notes: int, exclusive: int) -> tuple[str, ...]:
    """Parts of a file that are not played."""
    remarks = []
    if drum_notes:
        remarks.append(f"{path}: {drum_notes:,} notes of drums are left out")
    if exclusive:
        remarks.append(f"{path}: {exclusive:,} system exclusive messages are left out")
    return tuple(remarks)
