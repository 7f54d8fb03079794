"""Rendering a segment: a soundfont loaded and a WAV written each time, against a shard."""

import random
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pretty_midi
import soundfile

from benchmarks.measure import seconds_each
from stages.params import Params
from timbre.core.notes import Notes
from timbre.dataset import table
from timbre.dataset.examples import Example
from timbre.rendering import rendering
from timbre.store import writing
from timbre.store.store import VIEWS
from timbre.store.writing import Shard
from timbre.synthesis import effects
from timbre.synthesis.soundfonts import file_name
from timbre.synthesis.timbres import Timbre

Part = tuple[Notes, Timbre]


class Rendering(NamedTuple):
    """Seconds a segment, and bytes a second of audio."""

    reference: float
    ours: float
    reference_bytes: float
    ours_bytes: float  # of mel spectrograms
    notes_bytes: float  # that the notes add


def measure(
    examples: list[Example], fonts: Path, folder: Path, settings: Params, references: int
) -> Rendering:
    """Render the examples as one shard of a store, and some of their segments the usual way.

    Ours includes effects, mel, compression and one loading of each font; the usual way effects and
    the file. Both call SoX through pipes.

    Args:
        examples: of one split.
        fonts: the folder of soundfonts.
        folder: to write into: `store.zarr` and `wav/`.
        settings: of the product.
        references: how many segments are rendered the usual way.
    """
    parts = [part for example in examples for part in rendering.views(example)]
    rate = settings.audio.sample_rate
    (folder / "wav").mkdir()

    def usual(numbered: tuple[int, Part]) -> None:
        number, (notes, timbre) = numbered
        score, instrument = pretty_midi.PrettyMIDI(), pretty_midi.Instrument(timbre.program)
        instrument.notes = [
            pretty_midi.Note(
                int(n["velocity"]), int(n["pitch"]), float(n["start"]), float(n["end"])
            )
            for n in notes
        ]
        score.instruments.append(instrument)
        audio = score.fluidsynth(rate, str(fonts / file_name(timbre.font)))
        audio = effects.apply(audio, rate, effects.loads(timbre.effects))
        soundfile.write(folder / "wav" / f"{number}.wav", audio, rate, subtype="PCM_24")

    chosen = random.Random(0).sample(list(enumerate(parts)), min(references, len(parts)))
    reference = seconds_each(usual, chosen, "pretty_midi.fluidsynth")

    path = folder / "store.zarr"
    table.write(folder / "table.parquet", examples)
    split = examples[0].split
    chunk = settings.spectrograms.chunk_examples
    size = -(-len(examples) // chunk) * chunk
    writing.create(path, {"audio": settings.audio.model_dump()})
    index = {"program": np.zeros((len(examples), len(VIEWS)), np.uint8)}
    writing.add_split(
        path, split, index, settings.audio, chunk, size, keep_notes=True, keep_audio=False
    )
    begun = time.perf_counter()
    rendering.write_shard(
        path,
        Shard(split, 0, len(examples)),
        folder / "table.parquet",
        fonts,
        settings.audio,
        settings.spectrograms.synthesis,
        keep_audio=False,
    )
    ours = (time.perf_counter() - begun) / len(parts)
    seconds = len(parts) * settings.audio.segment_seconds
    wavs = [file.stat().st_size for file in (folder / "wav").iterdir()]
    mel, notes = (_bytes(path / split / name) / seconds for name in ("mel", "notes"))
    return Rendering(
        reference, ours, sum(wavs) / len(wavs) / settings.audio.segment_seconds, mel, notes
    )


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
