"""Short clips to try the web page with, played when it starts by the synthesiser."""

from pathlib import Path
from typing import NamedTuple

import soundfile

from timbre.core.errors import InputError
from timbre.core.notes import Notes, notes_from_columns
from timbre.core.params import Audio
from timbre.core.signal import at_level
from timbre.synthesis import soundfonts
from timbre.synthesis.synth import Synth, Synthesis

FONT = "TimGM6mb"
SECONDS = 4.096  # of a clip; a whole number of hops of any usual mel
SYNTHESIS = Synthesis(oversampling=2, interpolation=4, polyphony=64, reverb=False, chorus=False)
LOUD = 90  # MIDI velocity
STEP = 0.25  # s, of a phrase

# the pitch of each step, 0 a rest; what begins together is a chord
MELODY = [[67], [64], [60], [64], [67], [72], [71], [67], [69], [65], [62], [65], [69], [67], [64]]
CHORDS = [[48, 60, 64, 67], [], [], [], [45, 57, 60, 64], [], [], [], [41, 60, 65, 69], [], [], []]
BROKEN = [[50], [57], [62], [66], [69], [66], [62], [57], [47], [54], [59], [62], [66], [62], [59]]
CALM = [[60], [], [64], [], [67], [], [65], [64], [62], [], [59], [], [60], [], []]

PROGRAMS = {"piano": 0, "organ": 19, "guitar": 24, "violin": 40, "trumpet": 56, "flute": 73}
PAIRS = [  # content and style: an instrument, each another, and what it plays
    (("piano", MELODY), ("trumpet", CALM)),
    (("guitar", BROKEN), ("organ", CHORDS)),
    (("flute", MELODY), ("violin", CALM)),
]


class Example(NamedTuple):
    """Two clips."""

    label: str
    content: Path
    style: Path


def write(folder: Path, audio: Audio) -> list[Example]:
    """Play the clips into a folder.

    Args:
        folder: that is there.
        audio: sample rate and level.

    Returns:
        What was written; nothing where the soundfont is missing.
    """
    try:
        font, _ = soundfonts.find(FONT)
    except InputError:
        return []
    examples = []
    with Synth(font, audio.model_copy(update={"segment_seconds": SECONDS}), SYNTHESIS) as synth:
        for pair in PAIRS:
            paths = []
            for instrument, phrase in pair:
                played = synth.render(notes(phrase), PROGRAMS[instrument])
                path = folder / f"{instrument}.wav"
                soundfile.write(path, at_level(played, audio.level_db), audio.sample_rate)
                paths.append(path)
            (content, _), (style, _) = pair
            examples.append(Example(f"{content} notes, {style} sound".capitalize(), *paths))
    return examples


def notes(phrase: list[list[int]]) -> Notes:
    """The notes of a phrase, each as long as nothing else begins."""
    rows = []
    for step, chord in enumerate(phrase):
        held = 1
        while step + held < len(phrase) and not phrase[step + held]:
            held += 1
        rows += [(pitch, LOUD, step * STEP, (step + held) * STEP) for pitch in chord]
    return notes_from_columns(*zip(*rows, strict=True))
