"""Sources of timbres behind one interface: notes and a timbre in, dry sound out."""

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from timbre.core.notes import Notes, transpose
from timbre.core.params import Audio
from timbre.synthesis import synthesizer
from timbre.synthesis.presets import synthesizer_preset
from timbre.synthesis.soundfonts import PRESET_SOURCES, SYNTHESIZER, check, file_name
from timbre.synthesis.synth import Synth, Synthesis
from timbre.synthesis.timbres import Timbre
from timbre.synthesis.variation import Variation
from timbre.synthesis.zynaddsubfx import Request
from timbre.synthesis.zynaddsubfx_presets import listed
from timbre.synthesis.zynaddsubfx_process import Player


class Source(Protocol):
    """Source of timbres: plays notes, the same bytes whatever it played before."""

    def render(self, notes: Notes, timbre: Timbre) -> NDArray[np.float64]:
        """Play one segment without effects: `(L,)` at the sample rate, at any level."""

    def close(self) -> None:
        """Give back what was loaded."""


class Bank:
    """A General MIDI soundfont: the timbre's program, varied as the timbre says."""

    def __init__(self, path: Path, audio: Audio, settings: Synthesis) -> None:
        self._synth = Synth(path, audio, settings)

    def render(self, notes: Notes, timbre: Timbre) -> NDArray[np.float64]:
        """See `Source`."""
        return self._synth.render(notes, timbre.program, Variation.loads(timbre.variation))

    def close(self) -> None:
        """See `Source`."""
        self._synth.close()


class Synthesizer:
    """The project's own synthesizer: the timbre's preset."""

    def __init__(self, audio: Audio) -> None:
        self._audio = audio

    def render(self, notes: Notes, timbre: Timbre) -> NDArray[np.float64]:
        """See `Source`."""
        return synthesizer.render(notes, synthesizer_preset(timbre.preset), self._audio)

    def close(self) -> None:
        """There is nothing that was loaded."""


class ZynAddSubFX:
    """The timbre's preset of ZynAddSubFX, played by its plug-in."""

    def __init__(self, audio: Audio) -> None:
        self._audio, self._player = audio, Player()

    def render(self, notes: Notes, timbre: Timbre) -> NDArray[np.float64]:
        """See `Source`."""
        rate, samples = self._audio.sample_rate, self._audio.segment_samples
        keys = transpose(notes, 12 * listed()[timbre.preset].octaves)
        request = Request(timbre.preset, keys, rate, samples)
        return self._player.play(request).astype(np.float64)

    def close(self) -> None:
        """See `Source`."""
        self._player.close()


def load(name: str, fonts: Path, audio: Audio, settings: Synthesis) -> Source:
    """Load the source of this name.

    Args:
        name: as in section `soundfonts`.
        fonts: the folder of soundfonts.
        audio: sample rate and segment length.
        settings: FluidSynth's settings.

    Raises:
        InputError: if it is a soundfont that cannot be loaded, or needs what is not installed.
    """
    if name in PRESET_SOURCES:
        check(name)
        return Synthesizer(audio) if name == SYNTHESIZER else ZynAddSubFX(audio)
    return Bank(fonts / file_name(name), audio, settings)
