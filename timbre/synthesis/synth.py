"""FluidSynth: notes -> audio, in memory."""

import ctypes
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Self

import fluidsynth
import numpy as np
import soxr
from numpy.typing import NDArray
from pydantic import Field

from timbre.core.errors import InputError
from timbre.core.notes import Notes
from timbre.core.params import Audio, Section
from timbre.synthesis.variation import ATTENUATION, Variation

NO_VARIATION = Variation()
MAX_RENDER_RATE = 96_000  # Hz, that FluidSynth renders at; above, it would take another rate
BLOCK_SAMPLES = 64  # samples: FluidSynth's unit of work, to which the times of its events are bound

# pyfluidsynth offers 16-bit output only, whose dither depends on what was rendered before
write_float = fluidsynth.cfunc(
    "fluid_synth_write_float",
    ctypes.c_int,
    ("synth", ctypes.c_void_p, 1),
    ("len", ctypes.c_int, 1),
    ("lbuf", ctypes.c_void_p, 1),
    ("loff", ctypes.c_int, 1),
    ("lincr", ctypes.c_int, 1),
    ("rbuf", ctypes.c_void_p, 1),
    ("roff", ctypes.c_int, 1),
    ("rincr", ctypes.c_int, 1),
)
_get_font = fluidsynth.cfunc(
    "fluid_synth_get_sfont_by_id",
    ctypes.c_void_p,
    ("synth", ctypes.c_void_p, 1),
    ("id", ctypes.c_int, 1),
)
_add_font = fluidsynth.cfunc(
    "fluid_synth_add_sfont",
    ctypes.c_int,
    ("synth", ctypes.c_void_p, 1),
    ("sfont", ctypes.c_void_p, 1),
)
_remove_font = fluidsynth.cfunc(
    "fluid_synth_remove_sfont",
    ctypes.c_int,
    ("synth", ctypes.c_void_p, 1),
    ("sfont", ctypes.c_void_p, 1),
)
set_interpolation = fluidsynth.cfunc(
    "fluid_synth_set_interp_method",
    ctypes.c_int,
    ("synth", ctypes.c_void_p, 1),
    ("chan", ctypes.c_int, 1),
    ("method", ctypes.c_int, 1),
)
_set_generator = fluidsynth.cfunc(
    "fluid_synth_set_gen",
    ctypes.c_int,
    ("synth", ctypes.c_void_p, 1),
    ("chan", ctypes.c_int, 1),
    ("param", ctypes.c_int, 1),
    ("value", ctypes.c_float, 1),
)
_set_log = fluidsynth.cfunc(
    "fluid_set_log_function",
    ctypes.c_void_p,
    ("level", ctypes.c_int, 1),
    ("fun", ctypes.c_void_p, 1),
    ("data", ctypes.c_void_p, 1),
)
_WARNING = 2


def hush(level: int) -> None:
    """Let FluidSynth say nothing of a level of its log: 1 is errors, 2 warnings."""
    _set_log(level, None, None)


hush(_WARNING)  # it would warn of every channel that we leave without a program


class Synthesis(Section):
    """Settings of FluidSynth."""

    oversampling: int = Field(ge=1, le=4)  # rendered at this multiple of the sample rate
    interpolation: Literal[0, 1, 4, 7]  # of the sampled waves: none, linear, order 4, order 7
    polyphony: int = Field(ge=16, le=4096)  # voices
    reverb: bool
    chorus: bool


class Synth:
    """One soundfont, loaded once, that renders segment after segment.

    A segment sounds the same, bit for bit, whatever was rendered before it: each has a synthesizer
    of its own, to which the loaded font is lent. (Resetting one is not enough: in FluidSynth 2.3 a
    voice inherits the amplitude of the one before it, and reset lets old voices ring.)

    Args:
        path: an SF2 or SF3 file.
        audio: sample rate and segment length.
        settings: FluidSynth's settings.

    Raises:
        InputError: if FluidSynth cannot load the file.
    """

    def __init__(self, path: Path, audio: Audio, settings: Synthesis) -> None:
        self._path, self._factor = path, settings.oversampling
        self._rate = audio.sample_rate * settings.oversampling
        self._samples = audio.segment_samples * settings.oversampling
        self._settings = settings
        self._owner = self._new_synth()
        font = self._owner.sfload(str(path))
        if font < 0:
            raise InputError(f"expected a soundfont (.sf2 or .sf3), FluidSynth cannot load {path}.")
        self._font = _get_font(self._owner.synth, font)

    def _new_synth(self) -> fluidsynth.Synth:
        synth = fluidsynth.Synth(
            gain=0.2,
            samplerate=self._rate,
            channels=16,
            **{
                "synth.polyphony": self._settings.polyphony,
                "synth.reverb.active": int(self._settings.reverb),
                "synth.chorus.active": int(self._settings.chorus),
            },
        )
        set_interpolation(synth.synth, -1, self._settings.interpolation)  # of all channels
        return synth

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Unload the font."""
        self._owner.delete()

    def render(
        self, notes: Notes, program: int, variation: Variation = NO_VARIATION
    ) -> NDArray[np.float64]:
        """Play one segment, stereo mixed to mono; what sounds on beyond its end is cut.

        Args:
            notes: times in seconds from the segment's start.
            program: General MIDI program, 0-127.
            variation: what is done to it.

        Returns:
            `(L,)` at the sample rate, at FluidSynth's own level.

        Raises:
            InputError: if the font has no such program.
        """
        # played faster and higher by this, then slower: the pitch is the notes', the waves' is not
        ratio = 2 ** (variation.formants / 12)
        programs = [program] if variation.layer is None else [program, variation.layer]
        synth = self._new_synth()
        font = _add_font(synth.synth, self._font)
        try:
            for channel, selected in enumerate(programs):
                if synth.program_select(channel, font, 0, selected) != 0:
                    raise InputError(
                        f"expected a General MIDI soundfont, {self._path.name} has no program "
                        f"{selected}; please name another."
                    )
                louder = variation.balance if channel else -variation.balance
                for number, value in (*variation.generators, (ATTENUATION, max(0.0, -louder))):
                    if value:
                        _set_generator(synth.synth, channel, number, value)
            left, right = self._play(synth, notes, len(programs), variation.formants, ratio)
        finally:
            _remove_font(synth.synth, self._font)
            synth.delete()
        mono: NDArray[np.float64] = (left.astype(np.float64) + right) / 2
        if self._factor == 1 and ratio == 1:
            return mono
        # the synthesizer aliases where it plays samples faster than they were recorded
        length = self._samples // self._factor
        decimated: NDArray[np.float64] = soxr.resample(mono, self._factor / ratio, 1)[:length]
        return np.pad(decimated, (0, length - len(decimated)))

    def _play(
        self, synth: fluidsynth.Synth, notes: Notes, channels: int, shift: int, ratio: float
    ) -> NDArray[np.float32]:
        """The notes' events and the audio between them: left and right, `(2, samples)`."""
        stereo = np.zeros((2, round(self._samples / ratio)), np.float32)
        position = 0
        for sample, is_on, pitch, velocity in self._events(notes, ratio):
            _write(synth, stereo, position, sample)
            position = sample
            for channel in range(channels):
                if is_on:
                    synth.noteon(channel, min(max(pitch + shift, 0), 127), velocity)
                else:
                    synth.noteoff(channel, min(max(pitch + shift, 0), 127))
        _write(synth, stereo, position, stereo.shape[1])
        return stereo

    def _events(self, notes: Notes, ratio: float) -> Iterator[tuple[int, bool, int, int]]:
        """`(sample, is_on, pitch, velocity)` in order; a note ends before the next one begins."""
        end = round(self._samples / ratio)
        events = []
        for note in notes:
            on, off = (
                min(round(float(time) * self._rate / ratio / BLOCK_SAMPLES) * BLOCK_SAMPLES, end)
                for time in (note["start"], note["end"])
            )
            pitch, velocity = int(note["pitch"]), int(note["velocity"])
            events.append((on, True, pitch, velocity))
            events.append((max(off, on + BLOCK_SAMPLES), False, pitch, velocity))
        yield from sorted(event for event in events if event[0] < end)


def _write(synth: fluidsynth.Synth, stereo: NDArray[np.float32], start: int, stop: int) -> None:
    """Render the samples from `start` to `stop` of `(2, samples)`."""
    if stop > start:
        left, right = (channel.ctypes.data for channel in stereo)
        write_float(synth.synth, stop - start, left, start, 1, right, start, 1)
