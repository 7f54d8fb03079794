"""MIDI files played by FluidSynth's own player: all their controllers, tempos and programs."""

import ctypes
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import fluidsynth
import numpy as np
from numpy.typing import NDArray

from timbre.core.errors import InputError
from timbre.core.notes import DRUM_CHANNEL
from timbre.synthesis.synth import Synthesis, hush, set_interpolation, write_float

NOTE_ON, SYSEX = 0x90, 0xF0
OK = 0
PLAYING, TEMPO_FROM_OUTSIDE = 1, 2  # of FluidSynth's enumerations
CHANNELS = 16
CONTROL = 0xB0
VOLUME, EXPRESSION, RESET_CONTROLLERS = 7, 11, 121  # controllers
PEDAL_CONTROLLERS = (64, 66)  # controllers: sustain, sostenuto

_add_mem = fluidsynth.cfunc(
    "fluid_player_add_mem",
    ctypes.c_int,
    ("player", ctypes.c_void_p, 1),
    ("buffer", ctypes.c_void_p, 1),
    ("len", ctypes.c_size_t, 1),
)
_event_type = fluidsynth.cfunc(
    "fluid_midi_event_get_type", ctypes.c_int, ("evt", ctypes.c_void_p, 1)
)
_event_channel = fluidsynth.cfunc(
    "fluid_midi_event_get_channel", ctypes.c_int, ("evt", ctypes.c_void_p, 1)
)
_event_velocity = fluidsynth.cfunc(
    "fluid_midi_event_get_velocity", ctypes.c_int, ("evt", ctypes.c_void_p, 1)
)
_handle = fluidsynth.cfunc(
    "fluid_synth_handle_midi_event",
    ctypes.c_int,
    ("data", ctypes.c_void_p, 1),
    ("event", ctypes.c_void_p, 1),
)
_all_notes_off = fluidsynth.cfunc(
    "fluid_synth_all_notes_off",
    ctypes.c_int,
    ("synth", ctypes.c_void_p, 1),
    ("chan", ctypes.c_int, 1),
)
_total_ticks = fluidsynth.cfunc(
    "fluid_player_get_total_ticks", ctypes.c_int, ("player", ctypes.c_void_p, 1)
)
_current_tick = fluidsynth.cfunc(
    "fluid_player_get_current_tick", ctypes.c_int, ("player", ctypes.c_void_p, 1)
)
_event_control = fluidsynth.cfunc(
    "fluid_midi_event_get_control", ctypes.c_int, ("evt", ctypes.c_void_p, 1)
)
_event_value = fluidsynth.cfunc(
    "fluid_midi_event_get_value", ctypes.c_int, ("evt", ctypes.c_void_p, 1)
)
_ERROR = 1
hush(_ERROR)  # what it would say of damaged files is said in a sentence of ours
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)


@contextmanager
def _interrupts_deferred() -> Iterator[None]:
    """Let Ctrl-C count when the block ends: what is raised in what C calls back is lost."""
    usual = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(usual):
        yield
        return
    came: list[FrameType | None] = []
    signal.signal(signal.SIGINT, lambda _, frame: came.append(frame))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
    if came:
        usual(signal.SIGINT, came[-1])


class MidiPlayer:
    """One MIDI file, played once, its drums left out.

    Args:
        data: a standard MIDI file.
        font: a soundfont.
        rate: Hz, that FluidSynth renders at.
        settings: of FluidSynth.
        beat_microseconds: length of all beats, whatever tempo the file sets; None: as it says.

    Attributes:
        notes: how many began, of those that are played.
        drum_notes: how many were left out.
        is_heard: whether any began, or may have sounded, at a volume above 0.
        exclusive: how many system exclusive messages were left out.

    Raises:
        InputError: if FluidSynth cannot load the soundfont.
    """

    def __init__(
        self,
        data: bytes,
        font: Path,
        rate: int,
        settings: Synthesis,
        beat_microseconds: int | None = None,
    ) -> None:
        self.notes = self.drum_notes = self.exclusive = 0
        self._rate = rate
        self.is_heard = False
        self._levels: dict[int, dict[int, int]] = {}
        self._begun: set[int] = set()
        self._synth = fluidsynth.Synth(
            gain=0.2,
            samplerate=rate,
            channels=CHANNELS,
            **{
                "synth.polyphony": settings.polyphony,
                "synth.reverb.active": int(settings.reverb),
                "synth.chorus.active": int(settings.chorus),
                "player.timing-source": "sample",
            },
        )
        set_interpolation(self._synth.synth, -1, settings.interpolation)
        if self._synth.sfload(str(font), 1) < 0:  # all channels begin with its piano
            self._synth.delete()
            raise InputError(f"expected a soundfont (.sf2 or .sf3), FluidSynth cannot load {font}.")
        self._player = fluidsynth.new_fluid_player(self._synth.synth)
        self._callback = _CALLBACK(self._event)  # kept, or it would be freed
        fluidsynth.fluid_player_set_playback_callback(
            self._player, self._callback, self._synth.synth
        )
        self._data = ctypes.create_string_buffer(data, len(data))
        _add_mem(self._player, self._data, len(data))
        fluidsynth.fluid_player_play(self._player)
        if beat_microseconds is not None:
            fluidsynth.fluid_player_set_tempo(self._player, TEMPO_FROM_OUTSIDE, beat_microseconds)

    def _event(self, synth: int, event: int) -> int:
        """Hand an event of the file on to the synthesizer, if it is to be played."""
        kind = _event_type(event)
        if kind == SYSEX:
            self.exclusive += 1
            return OK
        starts = kind == NOTE_ON and _event_velocity(event) > 0
        if _event_channel(event) == DRUM_CHANNEL and kind < SYSEX:
            self.drum_notes += starts
            return OK
        self.notes += starts
        self._listen(kind, _event_channel(event), event, bool(starts))
        return int(_handle(synth, event))

    def _listen(self, kind: int, channel: int, event: int, starts: bool) -> None:
        """Remember whether a note may have been heard: volume and expression above 0."""
        levels = self._levels.setdefault(channel, {VOLUME: 100, EXPRESSION: 127})
        if kind == CONTROL and (number := _event_control(event)) in levels:
            levels[number] = _event_value(event)
        elif kind == CONTROL and _event_control(event) == RESET_CONTROLLERS:
            levels[EXPRESSION] = 127
        if starts:
            self._begun.add(channel)
        if channel in self._begun and all(levels.values()):
            self.is_heard = True

    def blocks(self, length: int | None, size: int, release: int) -> Iterator[NDArray[np.float32]]:
        """The sound, left and right, block by block: `(size, 2)`, the last ones shorter.

        Args:
            length: samples until the file's end; None: until the player is there, to some
                hundredths of a second.
            size: samples of a block, at most.
            release: samples that are played after that, when all keys and pedals are up.
        """
        left = length
        while left if left is not None else self._is_playing():
            block = self._render(min(size, self._rate // 50 if left is None else left))
            left = None if left is None else left - len(block)
            yield block
        for channel in range(CHANNELS):
            for pedal in PEDAL_CONTROLLERS:
                self._synth.cc(channel, pedal, 0)
        _all_notes_off(self._synth.synth, -1)
        yield self._render(release)

    def _is_playing(self) -> bool:
        total = int(_total_ticks(self._player))  # 0 until it has begun
        if total and int(_current_tick(self._player)) >= total:
            return False  # it goes on for some two seconds, in case of late events
        return int(fluidsynth.fluid_player_get_status(self._player)) == PLAYING

    def _render(self, count: int) -> NDArray[np.float32]:
        sound = np.zeros((count, 2), np.float32)
        start = sound.ctypes.data
        with _interrupts_deferred():
            write_float(self._synth.synth, count, start, 0, 2, start, 1, 2)
        return sound

    def close(self) -> None:
        """End the player and the synthesizer."""
        fluidsynth.fluid_player_stop(self._player)
        fluidsynth.delete_fluid_player(self._player)
        self._synth.delete()
