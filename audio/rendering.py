"""Examples -> the three views that a store keeps."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from audio import effects, store, synthesis
from audio.examples import Example, Timbre
from audio.mel import Codes, mel_spectrogram, quantize
from audio.notes import Notes
from audio.params import Audio, Section
from audio.soundfonts import file_name


class Spectrograms(Section):
    """How examples are rendered and stored."""

    synthesis: synthesis.Synthesis
    chunk_examples: int = Field(ge=1)  # what a reader takes at once
    shard_examples: int = Field(ge=1)  # what a worker writes whole

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.shard_examples % self.chunk_examples:
            raise ValueError(
                "shard_examples that is a multiple of chunk_examples expected, "
                f"got shard_examples: {self.shard_examples}"
            )
        return self


class Renderer:
    """Renders segments, with each soundfont loaded at its first use and kept.

    Args:
        fonts: the folder of soundfonts.
        audio: the analysis settings.
        settings: FluidSynth's settings.
    """

    def __init__(self, fonts: Path, audio: Audio, settings: synthesis.Synthesis) -> None:
        self._fonts, self._audio, self._settings = fonts, audio, settings
        self._synths: dict[str, synthesis.Synth] = {}

    def render(self, notes: Notes, timbre: Timbre) -> NDArray[np.float64]:
        """Notes in a timbre, effects included, at the level of the settings: `(L,)`."""
        if timbre.font not in self._synths:
            path = self._fonts / file_name(timbre.font)
            self._synths[timbre.font] = synthesis.Synth(path, self._audio, self._settings)
        dry = self._synths[timbre.font].render(notes, timbre.program)
        wet = effects.apply(dry, self._audio.sample_rate, effects.loads(timbre.effects))
        return synthesis.at_level(wet, self._audio.level_db)

    def views(self, example: Example) -> NDArray[np.float64]:
        """Content, style and target of an example: `(V, L)`."""
        return np.stack(
            [
                self.render(example.notes, example.content_timbre),
                self.render(example.style_notes, example.timbre),
                self.render(example.notes, example.timbre),
            ]
        )

    def shard(
        self, examples: list[Example], *, keep_audio: bool
    ) -> tuple[Codes, NDArray[np.int16] | None]:
        """What a shard stores of its examples: `mel` and, if asked for, `audio`."""
        mel, audio = [], []
        for example in examples:
            views = self.views(example)
            mel.append(quantize(mel_spectrogram(views, self._audio), self._audio))
            if keep_audio:
                audio.append(np.rint(views * store.INT16).astype(np.int16))
        return np.stack(mel), np.stack(audio) if keep_audio else None


@lru_cache(maxsize=1)
def _renderer(fonts: Path, audio: Audio, settings: synthesis.Synthesis) -> Renderer:
    """The renderer of this process, with its fonts kept from one shard to the next."""
    return Renderer(fonts, audio, settings)


def write_shard(
    path: Path,
    shard: store.Shard,
    examples: list[Example],
    fonts: Path,
    audio: Audio,
    settings: synthesis.Synthesis,
    *,
    keep_audio: bool,
) -> str:
    """Render a shard and write it: a worker's unit of work.

    Returns:
        SHA-256 of what was written, by which one store can be told from another.
    """
    mel, sound = _renderer(fonts, audio, settings).shard(examples, keep_audio=keep_audio)
    store.write(path, shard, mel, sound)
    digest = hashlib.sha256(mel.tobytes())
    if sound is not None:
        digest.update(sound.tobytes())
    return digest.hexdigest()
