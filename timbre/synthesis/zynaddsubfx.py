"""ZynAddSubFX's presets, played by its VST2 plug-in: in a process of its own.

Equal arguments give equal bytes on one machine, whatever was rendered before, for every render
makes a new instance, its random numbers begin anew and one thread computes the tables of its
PADsynth. On other processors the last bits of the FFTs that make its waves may differ.

Reverb and echo of a preset are left out, as a soundfont's are: the sound is dry.

The plug-in and the presets are Debian's zynaddsubfx-vst and zynaddsubfx-data, both GPL-2.0+.

Usage: python -m timbre.synthesis.zynaddsubfx, as the sources do: requests in, sounds out.
"""

import ctypes
import gzip
import os
import pickle
import signal
import sys
from functools import lru_cache
from typing import BinaryIO, NamedTuple
from xml.etree import ElementTree

import numpy as np
import soxr
from numpy.typing import NDArray

from timbre.core.notes import Notes
from timbre.synthesis.soundfonts import BANKS, PLUGIN
from timbre.synthesis.vst2 import Event, Plugin

SUFFIX = ".xiz"
MAX_SOUND_SECONDS = 60  # that a sound may take
MIN_RATE = 32000  # Hz; filters and modulated sounds change where the rate is lower
SEED = 0x1234  # where the plug-in's random numbers begin
MIN_KEY_SAMPLES = 64  # samples that a key is down at least
WET_EFFECTS = ("1", "2")  # types of effects: reverb and echo
NO_EFFECT = "0"
MASTER_PARAMETERS = {"volume": "80"}  # the plug-in's own default
PART_PARAMETERS = {
    "volume": "96",
    "min_key": "0",
    "max_key": "127",
    "rcv_chn": "0",
    "key_limit": "60",
}


class Request(NamedTuple):
    """A sound that is wanted: notes in a preset, `samples` at `rate` Hz."""

    preset: str  # its path below the banks, without the suffix
    notes: Notes
    rate: int
    samples: int


def parse(preset: bytes) -> ElementTree.Element:
    """Contents of a preset's file."""
    text = gzip.decompress(preset) if preset[:2] == b"\x1f\x8b" else preset
    return ElementTree.fromstring(text.strip())


def state(preset: bytes) -> bytes:
    """The plug-in's state with this instrument, a file's bytes, in its first part."""
    document = parse(preset)
    instrument = document.find("INSTRUMENT")
    assert instrument is not None
    for kind in instrument.iterfind("INSTRUMENT_EFFECTS/*/EFFECT/par[@name='type']"):
        if kind.get("value") in WET_EFFECTS:
            kind.set("value", NO_EFFECT)
    root = ElementTree.Element(document.tag, document.attrib)
    root.extend(document.findall("BASE_PARAMETERS"))
    master = ElementTree.SubElement(root, "MASTER")
    part = ElementTree.Element("PART", id="0")
    for element, values in ((master, MASTER_PARAMETERS), (part, PART_PARAMETERS)):
        for name, value in values.items():
            ElementTree.SubElement(element, "par", name=name, value=value)
    ElementTree.SubElement(part, "par_bool", name="enabled", value="yes")
    part.append(instrument)
    master.append(part)
    text: bytes = ElementTree.tostring(root, "utf-8", xml_declaration=True)
    return b"state\0" + text + b"\0\0"


def events(notes: Notes, rate: int, samples: int) -> list[Event]:
    """Keys down and up, sorted; a note ends before the next one of its pitch begins."""
    keys = []
    following: dict[int, int] = {}
    order = np.lexsort([notes[name] for name in ("end", "velocity", "pitch", "start")])
    for note in notes[order[::-1]]:
        pitch, start = int(note["pitch"]), round(float(note["start"]) * rate)
        limit = following.get(pitch, samples)
        if start + MIN_KEY_SAMPLES > limit:
            continue
        end = min(max(round(float(note["end"]) * rate), start + MIN_KEY_SAMPLES), limit)
        following[pitch] = start
        keys.append(Event(start, True, pitch, int(note["velocity"])))
        keys.append(Event(end, False, pitch, 0))
    return sorted(event for event in keys if event.sample < samples)


@lru_cache(maxsize=1)
def _plugin() -> Plugin:
    """The plug-in, which from now on computes in one thread and opens no port for remote control.

    Its threads would draw from the same random numbers in an order that no one knows.
    """
    return Plugin(
        PLUGIN,
        {
            "_ZNSt6thread20hardware_concurrencyEv": lambda: 1,
            "lo_server_new_with_proto": lambda: 0,
        },
    )


def play(request: Request) -> NDArray[np.float32]:
    """The sound of a request, `(L,)`, both channels' mean, at any level."""
    plugin = _plugin()
    numbers = ctypes.c_uint32.in_dll(plugin.binary, "_ZN3zyn10prng_stateE")

    def prepare() -> None:
        numbers.value = SEED

    factor = -(-MIN_RATE // request.rate)
    rate, samples = factor * request.rate, factor * request.samples
    preset = state((BANKS / (request.preset + SUFFIX)).read_bytes())
    keys = events(request.notes, rate, samples)
    mono = plugin.play(preset, keys, rate, samples, prepare).mean(axis=0)
    if factor > 1:
        mono = soxr.resample(mono, factor, 1)[: request.samples]
    return np.asarray(mono, np.float32)


def serve(requests: BinaryIO, sounds: BinaryIO) -> None:
    """Answer requests until they end; one that takes too long ends this process."""
    while True:
        try:
            request = pickle.load(requests)
        except EOFError:
            return
        signal.alarm(MAX_SOUND_SECONDS)
        sound = play(request)
        signal.alarm(0)
        sounds.write(sound.tobytes())
        sounds.flush()


def main() -> None:
    """Serve the process that started this one, whose standard output the plug-in must not use."""
    sounds = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    nothing = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nothing, stream.fileno())
    serve(sys.stdin.buffer, sounds)


if __name__ == "__main__":
    main()
