"""A MIDI file as content: its notes played by the synthesizer, onto the disk."""

from pathlib import Path

import numpy as np

from timbre.core.errors import InputError
from timbre.core.notes import Track, segment
from timbre.core.params import Audio
from timbre.synthesis.synth import FASTEST, Synth, Synthesis
from timbre.transfer.memmap import Floats, release
from timbre.transfer.streams import BLOCK, CONTENT, rms_and_peak

FONT = "TimGM6mb"  # comes with pretty_midi: it is there wherever this is
SYNTHESIS = Synthesis(oversampling=2, interpolation=4, polyphony=256, reverb=False, chorus=False)
STEP, HELD = 24.0, 8.0  # s: played at once, and how much longer its notes may sound
LONGEST = 7200.0  # s
RELEASE = 1.0  # s that is heard after the last note
LARGEST = 1 << 24  # bytes


def is_midi(path: Path) -> bool:
    """Whether a file says of itself that it is MIDI, whatever its name."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(12)
    return head[:4] == b"MThd" or (head[:4] == b"RIFF" and head[8:] == b"RMID")


def play(path: Path, audio: Audio, folder: Path) -> Floats:
    """Play a MIDI file, drums left out.

    Args:
        path: of the file.
        audio: the mel's settings, for their sample rate.
        folder: for the samples.

    Returns:
        `(L, 1)`, on disk.

    Raises:
        InputError: if it is damaged, longer than `LONGEST`, or has no notes but of drums.
    """
    from timbre.synthesis import soundfonts  # looks for pretty_midi, which takes its time

    tracks = _tracks(path)
    end = max(float(track.notes["end"].max()) for track in tracks)
    if end > LONGEST:
        raise InputError(
            f"expected a piece of {LONGEST / 60:.0f} minutes at most, {path} lasts "
            f"{end / 60:,.0f}; please cut it."
        )
    length = round((end + RELEASE) * audio.sample_rate)
    step = round(STEP * audio.sample_rate)
    settings = SYNTHESIS.model_copy(
        update={"oversampling": min(SYNTHESIS.oversampling, max(1, FASTEST // audio.sample_rate))}
    )
    played_at_once = audio.model_copy(update={"segment_seconds": STEP + HELD})
    ringing = np.zeros(played_at_once.segment_samples)
    target = folder / CONTENT
    with (
        Synth(soundfonts.find(FONT)[0], played_at_once, settings) as synth,
        target.open("wb") as out,
    ):
        for start in range(0, length, step):
            for track in tracks:
                begun = track.notes[track.notes["start"] < start / audio.sample_rate + STEP]
                chosen = segment(begun, start / audio.sample_rate, STEP + HELD)
                if len(chosen):
                    ringing += synth.render(chosen, track.program)
            done = ringing[: min(step, length - start)]
            out.write(done.astype(np.float32).tobytes())
            ringing = np.pad(ringing[step:], (0, step))
    played = np.memmap(target, np.float32, "r+")
    rms, peak = rms_and_peak(played)
    for start in range(0, len(played) if peak else 0, BLOCK):
        # at the level of what models learn from: a synthesizer's own is soft
        played[start : start + BLOCK] *= min(10 ** (audio.level_db / 20) / rms, 0.99 / peak)
        release(played)
    return played.reshape(-1, 1)


def _tracks(path: Path) -> list[Track]:
    """What of it is played."""
    from timbre.music import midi  # brings a compiler, which takes longer to load than to play

    if path.stat().st_size > LARGEST:
        raise InputError(
            f"expected a MIDI file of {LARGEST >> 20} MB at most, {path} is larger; "
            "please give the piece alone."
        )
    try:
        tracks = [track for track in midi.read(path.read_bytes()) if not track.is_drum]
    except midi.MidiError as error:
        raise InputError(
            f"expected a MIDI file, {path} is damaged ({error}); please export it again."
        ) from None
    if not tracks:
        raise InputError(
            f"expected notes, {path} has none but those of drums; please give another piece."
        )
    return tracks
