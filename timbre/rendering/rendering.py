"""Rendering of examples: the three views that a store keeps."""

from collections import OrderedDict
from functools import lru_cache
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from timbre.audio.mel import mel_spectrogram, quantize
from timbre.core.notes import Notes, piano_roll
from timbre.core.params import Audio, Section
from timbre.core.signal import at_level
from timbre.dataset import table
from timbre.dataset.examples import Example
from timbre.store import writing
from timbre.store.store import INT16, VIEWS
from timbre.store.writing import Content, Shard
from timbre.synthesis import effects, sources, synth
from timbre.synthesis.timbres import Timbre


class KeepAudio(Section):
    """Number of leading examples of a split whose audio is stored beside the mels."""

    train: int = Field(ge=0)
    valid: int = Field(ge=0)


class Spectrograms(Section):
    """Parameters of rendering and storage."""

    synthesis: synth.Synthesis
    chunk_examples: int = Field(ge=1)  # what a reader takes at once
    shard_examples: int = Field(ge=1)  # what a worker writes whole
    keep_audio: KeepAudio

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.shard_examples % self.chunk_examples:
            raise ValueError(
                "shard_examples that is a multiple of chunk_examples expected, "
                f"got shard_examples: {self.shard_examples}"
            )
        return self


SOURCES_KEPT = 4  # loaded at a time; of SF3 banks 0.1 to 0.3 GB each, and 1 to 2 s to load


class Renderer:
    """Renders segments; the soundfonts and other sources used last stay loaded.

    Args:
        fonts: the folder of soundfonts.
        audio: the analysis settings.
        settings: FluidSynth's settings.
    """

    def __init__(self, fonts: Path, audio: Audio, settings: synth.Synthesis) -> None:
        self._fonts, self._audio, self._settings = fonts, audio, settings
        self._sources: OrderedDict[str, sources.Source] = OrderedDict()

    def render(self, notes: Notes, timbre: Timbre) -> NDArray[np.float64]:
        """Notes in a timbre, effects included, at the level of the settings: `(L,)`."""
        dry = self._source(timbre.font).render(notes, timbre)
        wet = effects.apply(dry, self._audio.sample_rate, effects.loads(timbre.effects))
        return at_level(wet, self._audio.level_db)

    def _source(self, name: str) -> sources.Source:
        if name not in self._sources:
            while len(self._sources) >= SOURCES_KEPT:
                self._sources.popitem(last=False)[1].close()
            self._sources[name] = sources.load(name, self._fonts, self._audio, self._settings)
        self._sources.move_to_end(name)
        return self._sources[name]

    def shard(self, examples: list[Example], *, keep_audio: int) -> Content:
        """Contents of a shard: mels of its examples, of the first `keep_audio` the audio too."""
        settings = self._audio
        count, frames = len(examples), settings.segment_frames
        mel = np.empty((count, len(VIEWS), settings.n_mels, frames), np.uint8)
        audio = np.empty((min(count, keep_audio), len(VIEWS), settings.segment_samples), np.int16)
        parts = [
            (timbre, notes, number, view)
            for number, example in enumerate(examples)
            for view, (notes, timbre) in enumerate(views(example))
        ]
        # font by font, those that are loaded first, so that few have to be loaded in between
        loaded = list(self._sources)
        parts.sort(key=lambda part: (part[0].font not in loaded, part[0].font))
        for timbre, notes, number, view in parts:
            sound = self.render(notes, timbre)
            mel[number, view] = quantize(mel_spectrogram(sound, settings), settings)
            if number < len(audio):
                audio[number, view] = np.rint(sound * INT16)
        rolls = [
            np.packbits(piano_roll(example.notes, frames, settings.frames_per_second), axis=0)
            for example in examples
        ]
        return Content(mel, np.stack(rolls), audio if len(audio) else None)


def views(example: Example) -> list[tuple[Notes, Timbre]]:
    """Notes and timbres of an example's content, style and target."""
    return [
        (example.notes, example.content_timbre),
        (example.style_notes, example.timbre),
        (example.notes, example.timbre),
    ]


@lru_cache(maxsize=1)
def _renderer(fonts: Path, audio: Audio, settings: synth.Synthesis) -> Renderer:
    """The renderer of this process, with its fonts kept from one shard to the next."""
    return Renderer(fonts, audio, settings)


def write_shard(
    path: Path,
    shard: Shard,
    examples: Path,
    fonts: Path,
    audio: Audio,
    settings: synth.Synthesis,
    *,
    keep_audio: int,
) -> tuple[str, str]:
    """Render a shard and write it: a worker's unit of work.

    Args:
        path: the store.
        shard: which.
        examples: the table of examples.
        fonts: the folder of soundfonts.
        audio: the analysis settings.
        settings: FluidSynth's settings.
        keep_audio: of how many first examples of the split the audio is stored too.

    Returns:
        SHA-256 of the content, by which one store can be told from another, and of the files.
    """
    rows = table.read(examples, shard.split, shard.start, shard.stop)
    audio_count = max(0, keep_audio - shard.start)
    content = _renderer(fonts, audio, settings).shard(rows, keep_audio=audio_count)
    writing.write(path, shard, content)
    return content.digest(), writing.files_digest(path, shard)
