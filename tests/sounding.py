"""A small store that keeps audio: notes with harmonics that fade, for tests of vocoders."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.tiny import AUDIO
from timbre.audio.mel import mel_spectrogram, quantize
from timbre.store import writing as writing
from timbre.store.store import INT16, VIEWS


def sounds(count: int, seed: int = 0) -> NDArray[np.float64]:
    """`(N, V, L)`: two notes after each other in each view."""
    rng = np.random.default_rng(seed)
    half = AUDIO.segment_samples // 2
    time = np.arange(half) / AUDIO.sample_rate
    hertz = rng.uniform(100, 1000, (count, len(VIEWS), 2, 1, 1))
    strength = rng.uniform(0, 0.05, (count, len(VIEWS), 2, 3, 1))
    harmonics = strength * np.sin(2 * np.pi * hertz * np.arange(1, 4)[:, None] * time)
    notes = harmonics.sum(axis=3) * np.exp(-8 * time)
    return notes.reshape(count, len(VIEWS), 2 * half)


def write_store(path: Path, keep_audio: int | None = None, **splits: int) -> Path:
    """A store of so many examples a split, of which the first `keep_audio` keep their audio."""
    writing.create(path, {"audio": AUDIO.model_dump(), "views": list(VIEWS), "fonts": ["one"]})
    for seed, (split, count) in enumerate(splits.items()):
        kept = count if keep_audio is None else keep_audio
        index = {"program": np.zeros((count, len(VIEWS)), np.uint8)}
        writing.add_split(path, split, index, AUDIO, 4, 8, keep_notes=False, keep_audio=kept)
        heard = sounds(count, seed)
        mel = quantize(mel_spectrogram(heard, AUDIO), AUDIO)
        stored = np.rint(heard * INT16).astype(np.int16)[:kept]
        for shard in writing.shards(split, count, 8):
            run = slice(shard.start, shard.stop)
            audio = stored[run] if shard.start < kept else None
            writing.write(path, shard, writing.Content(mel[run], None, audio))
    writing.finish(path, {"content": "none"})
    return path
