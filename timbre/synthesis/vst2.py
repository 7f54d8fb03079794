"""A host for one VST2 instrument, with no window: state and MIDI notes in, stereo sound out.

Only what a plug-in needs to play is here, by ctypes: `AEffect` and the messages of VST 2.4 that
open, set up, fill with a state, send notes to and close an instance.
"""

import ctypes as c
import mmap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

BLOCK_SAMPLES = 512  # samples that a plug-in is asked for at a time
FIRST_RATE = 44100  # Hz
HOST_VERSION = 2400  # that the host says it is
# messages to a plug-in, and those that it sends
OPEN, CLOSE, SET_RATE, SET_BLOCK, SWITCH, SET_CHUNK, EVENTS = 0, 1, 10, 11, 12, 24, 25
GET_VERSION, GET_RATE, GET_BLOCK = 1, 16, 17
MIDI = 1  # the type of an event
NOTE_OFF, NOTE_ON = 0x80, 0x90
# of the dynamic section of a shared library, see elf(5)
STRTAB, SYMTAB, JMPREL, PLTRELSZ = 5, 6, 23, 2

_HOST = c.CFUNCTYPE(
    c.c_ssize_t, c.c_void_p, c.c_int32, c.c_int32, c.c_ssize_t, c.c_void_p, c.c_float
)
_FUNCTION = c.CFUNCTYPE(c.c_size_t)
_PLAY = c.CFUNCTYPE(
    None, c.c_void_p, c.POINTER(c.c_void_p), c.POINTER(c.c_void_p), c.c_int32
)  # fmt: skip


class _Effect(c.Structure):
    """An instance: VST's `AEffect`, up to the last of its members that is used."""

    _fields_ = (
        ("magic", c.c_int32),
        ("dispatch", _HOST),
        ("deprecated_process", c.c_void_p),
        ("set_parameter", c.c_void_p),
        ("get_parameter", c.c_void_p),
        ("numbers", c.c_int32 * 5),  # of programs, parameters, inputs, outputs; flags
        ("reserved", c.c_ssize_t * 2),
        ("delay", c.c_int32),
        ("deprecated", c.c_int32 * 2),
        ("deprecated_ratio", c.c_float),
        ("object", c.c_void_p),
        ("user", c.c_void_p),
        ("identity", c.c_int32 * 2),  # and version
        ("process_replacing", _PLAY),
    )


class _Midi(c.Structure):
    """VST's `VstMidiEvent`."""

    _fields_ = (
        ("type", c.c_int32),
        ("size", c.c_int32),
        ("delta", c.c_int32),  # samples from the block's start
        ("unused", c.c_int32 * 3),
        ("data", c.c_ubyte * 4),
        ("unused_too", c.c_ubyte * 4),
    )


class _Map(c.Structure):
    """The head of glibc's `link_map`, which a handle of `dlopen` points to."""

    _fields_ = (("address", c.c_size_t), ("name", c.c_char_p), ("dynamic", c.c_void_p))


class _Relocation(c.Structure):
    """`Elf64_Rela`."""

    _fields_ = (("offset", c.c_uint64), ("info", c.c_uint64), ("addend", c.c_int64))


class Event(NamedTuple):
    """A key that goes down or up; at one sample, keys go up first."""

    sample: int
    is_on: bool
    pitch: int
    velocity: int


class Plugin:
    """A plug-in's library, of which every rendering makes a new instance.

    Args:
        path: of the shared library.
        replaced: functions that it is to call in place of those of other libraries, by symbol:
            they have no use for arguments, and return an address or a whole number.

    Raises:
        OSError: if it cannot be loaded.
        KeyError: naming a symbol that the library does not call.
    """

    def __init__(self, path: Path, replaced: Mapping[str, Callable[[], int]]) -> None:
        self.binary = c.CDLL(str(path))
        self._rate = 0
        self._callback = _HOST(self._answer)
        self._new = self.binary.main
        self._new.restype, self._new.argtypes = c.POINTER(_Effect), [_HOST]
        # kept, or they would be freed
        self._replaced = {name: _FUNCTION(function) for name, function in replaced.items()}
        slots = dict(_slots(self.binary))
        for name, function in self._replaced.items():
            _write(slots[name], c.cast(function, c.c_void_p).value or 0)
        with self._instance(FIRST_RATE):  # its first one may find unset what others find set
            pass

    def _answer(self, _: int, message: int, *__: object) -> int:
        """Answers to what a plug-in asks its host."""
        return {GET_VERSION: HOST_VERSION, GET_RATE: self._rate, GET_BLOCK: BLOCK_SAMPLES}.get(
            message, 0
        )

    @contextmanager
    def _instance(self, rate: int) -> Iterator[tuple[Any, Callable[..., int]]]:
        """A new instance, and what sends it messages."""
        self._rate = rate
        effect = self._new(self._callback)

        def send(message: int, index: int = 0, value: int = 0, data: Any = None) -> int:
            option = float(rate) if message == SET_RATE else 0.0
            return int(effect.contents.dispatch(effect, message, index, value, data, option))

        send(OPEN)
        send(SET_RATE)
        send(SET_BLOCK, value=BLOCK_SAMPLES)
        send(SWITCH, value=1)
        try:
            yield effect, send
        finally:
            send(SWITCH, value=0)
            send(CLOSE)

    def play(
        self,
        state: bytes,
        events: list[Event],
        rate: int,
        samples: int,
        prepare: Callable[[], None],
    ) -> NDArray[np.float32]:
        """Play events in a state.

        Args:
            state: the plug-in's chunk.
            events: sorted.
            rate: Hz.
            samples: how many.
            prepare: called before an instance is made, before it gets its state and before it
                plays.

        Returns:
            `(2, samples)`.
        """
        prepare()
        with self._instance(rate) as (effect, send):
            chunk = c.create_string_buffer(state, len(state))
            prepare()
            send(SET_CHUNK, 0, len(state), c.cast(chunk, c.c_void_p))
            prepare()
            blocks = -(-samples // BLOCK_SAMPLES)
            sound = np.zeros((2, blocks * BLOCK_SAMPLES), np.float32)
            silence = np.zeros((2, BLOCK_SAMPLES), np.float32)
            inputs = (c.c_void_p * 2)(*(channel.ctypes.data for channel in silence))
            following = iter([*events, Event(samples + BLOCK_SAMPLES, False, 0, 0)])
            event = next(following)
            for start in range(0, len(sound[0]), BLOCK_SAMPLES):
                due = []
                while event.sample < min(start + BLOCK_SAMPLES, samples):
                    due.append(_midi(event, start))
                    event = next(following)
                if due:
                    send(EVENTS, data=c.cast(c.pointer(_events(due)), c.c_void_p))
                outputs = (c.c_void_p * 2)(*(channel[start:].ctypes.data for channel in sound))
                effect.contents.process_replacing(effect, inputs, outputs, BLOCK_SAMPLES)
        return sound[:, :samples]


def _midi(event: Event, start: int) -> _Midi:
    """An event in the block that starts there."""
    message = (NOTE_ON if event.is_on else NOTE_OFF, event.pitch, event.velocity, 0)
    data = (c.c_ubyte * 4)(*message)
    return _Midi(MIDI, c.sizeof(_Midi), event.sample - start, data=data)


def _events(due: list[_Midi]) -> c.Structure:
    """VST's `VstEvents`."""

    class Events(c.Structure):
        _fields_ = (
            ("count", c.c_int32),
            ("reserved", c.c_ssize_t),
            ("events", c.POINTER(_Midi) * len(due)),
        )

    pointers = (c.POINTER(_Midi) * len(due))(*(c.pointer(each) for each in due))
    return Events(len(due), 0, pointers)


def _slots(library: c.CDLL) -> Iterator[tuple[str, int]]:
    """The functions that a library calls of others, with the addresses where theirs are noted."""
    link_map = c.cast(library._handle, c.POINTER(_Map)).contents
    pairs = c.cast(link_map.dynamic, c.POINTER(c.c_size_t))
    section: dict[int, int] = {}
    index = 0
    while pairs[index]:
        section[pairs[index]] = pairs[index + 1]
        index += 2
    count = section[PLTRELSZ] // c.sizeof(_Relocation)
    for relocation in (_Relocation * count).from_address(section[JMPREL]):
        symbol = section[SYMTAB] + 24 * (relocation.info >> 32)  # of an `Elf64_Sym`
        name = c.string_at(section[STRTAB] + c.c_uint32.from_address(symbol).value)
        yield name.decode(), link_map.address + relocation.offset


def _write(slot: int, value: int) -> None:
    """Note another function's address, where the linker has left it to be read only."""
    page = slot & -mmap.PAGESIZE
    if c.CDLL(None).mprotect(c.c_void_p(page), mmap.PAGESIZE, mmap.PROT_READ | mmap.PROT_WRITE):
        raise OSError("mprotect failed")
    c.c_size_t.from_address(slot).value = value
