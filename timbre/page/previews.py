"""Previews of clips for the page's player: sound that every browser plays, and a spectrogram."""

from pathlib import Path
from typing import Any

import numpy as np

from timbre.audio import pictures
from timbre.audio.mel import hz_to_mel, mel_spectrogram, midi_to_hz
from timbre.core.params import Audio
from timbre.core.signal import Signal, at_level, flac

MAX_COLUMNS = 2400  # of a picture's frames: of more the loudest of neighbours are kept
OCTAVES = range(2, 9)  # whose C is marked beside a spectrogram
MIN_GAP = 0.09  # of a spectrogram's height, between marks


def preview(clip: Signal, label: str, slot: str, folder: Path, audio: Audio) -> dict[str, Any]:
    """Write a clip and the spectrogram of all of it, at one level so that pictures compare.

    Args:
        clip: `(L,)` at the mel's rate.
        label: as the player calls it.
        slot: name of the files.
        folder: for them.
        audio: the mel's settings.

    Returns:
        What the player needs: `slot`, `label`, `sound` and `picture`, which are paths, `seconds`.
    """
    sound, picture = folder / f"{slot}.flac", folder / f"{slot}.png"
    sound.write_bytes(flac(clip, audio.sample_rate))
    shown = np.pad(clip.astype(np.float64), (0, max(0, 2 * audio.n_fft - len(clip))))
    mel = mel_spectrogram(at_level(shown, audio.level_db), audio)
    width = -(-mel.shape[1] // MAX_COLUMNS)
    mel = np.pad(mel, [(0, 0), (0, -mel.shape[1] % width)], mode="edge")
    picture.write_bytes(pictures.spectrogram(mel.reshape(len(mel), -1, width).max(axis=2), audio))
    seconds = len(clip) / audio.sample_rate
    return {
        "slot": slot, "label": label, "sound": str(sound), "picture": str(picture),
        "seconds": round(seconds, 3),
    }  # fmt: skip


def pitches(audio: Audio) -> list[tuple[str, float]]:
    """Marks beside a spectrogram: names of octaves, and where their C is, 0 to 1 from below."""
    low, high = hz_to_mel(audio.f_min), hz_to_mel(audio.f_max)
    found: list[tuple[str, float]] = []
    for octave in OCTAVES:
        height = (hz_to_mel(midi_to_hz(12 * (octave + 1))) - low) / (high - low)
        if MIN_GAP / 2 < height < 1 - MIN_GAP / 2 and (
            not found or height > found[-1][1] + MIN_GAP
        ):
            found.append((f"C{octave}", round(height, 4)))
    return found
