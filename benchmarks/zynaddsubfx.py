"""Presets of ZynAddSubFX that play the notes that they are asked for.

Every preset holds a few notes. One that is silent, out of tune, slow to begin, goes on for long
after the keys are up or that plays a rhythm of its own is of no use where sounds are to be told
apart from notes; one that sounds an octave below or above its keys is played an octave higher or
lower. The others are written to a table, with the General MIDI program that each is nearest to.

Usage: python -m benchmarks.zynaddsubfx [TABLE]
"""

import argparse
import csv
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from timbre.core.console import run
from timbre.core.notes import notes_from_columns
from timbre.synthesis import zynaddsubfx_presets
from timbre.synthesis.soundfonts import BANKS, ZYNADDSUBFX, check
from timbre.synthesis.zynaddsubfx import SUFFIX, Request, parse, play
from timbre.synthesis.zynaddsubfx_presets import TABLE

PACKAGE = Path(zynaddsubfx_presets.__file__).parent
RATE = 32000
VELOCITY = 90
HELD = 57  # A3, whose beginning and end are measured too
OTHERS = (45, 69, 76)
SECONDS, AFTER = 2.0, 2.0  # that it is held, and after that
STEADY = (0.3, 1.0)  # s, in which the pitch is measured
BAND = (50.0, 3600.0)  # Hz, in which it is
CENTS = 30.0
BINS = 2**17
FRAME = 640  # samples of an envelope

RHYTHMS = r"arpe|\barp\b|sequen"  # in names: some are as smooth as a tremolo
OUT_OF_TUNE, OCTAVE_UP = "out of tune", "an octave up"

Sound = NDArray[np.float64]


class Measured(NamedTuple):
    """Behaviour of a preset with its notes."""

    level: float  # dB RMS of the held note
    tuned: float  # share of the power within 30 cents of the note's harmonics, the least of all
    odd: float  # share of the power at odd harmonics
    attack: float  # s to 10 dB below the loudest
    left: float  # dB re the loudest, at last
    half: float  # dB re the loudest, a second before that
    rhythm: float  # dB, deviation of the level about its trend
    early: float  # dB of a short note re a long one
    sustained: float  # dB at the end of the held note re the loudest


def sound(preset: str, pitch: int, seconds: float, after: float) -> Sound:
    """One note."""
    notes = notes_from_columns([pitch], [VELOCITY], [0.0], [seconds])
    samples = round((seconds + after) * RATE)
    return play(Request(preset, notes, RATE, samples)).astype(np.float64)


def envelope(heard: Sound) -> Sound:
    """Levels in frames, dB."""
    frames = heard[: len(heard) // FRAME * FRAME].reshape(-1, FRAME)
    return np.asarray(10 * np.log10(np.mean(frames**2, axis=1) + 1e-12))


def shares(heard: Sound, pitch: int) -> tuple[float, float]:
    """The shares of the power at the pitch's harmonics, and at its odd harmonics."""
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    steady = heard[slice(*(round(time * RATE) for time in STEADY))]
    power = np.abs(np.fft.rfft(steady * np.hanning(len(steady)), BINS)) ** 2
    frequency = np.fft.rfftfreq(BINS, 1 / RATE)
    inside = (frequency > BAND[0]) & (frequency < BAND[1])
    power, frequency = power[inside], frequency[inside]
    harmonic = np.maximum(np.rint(frequency / hertz), 1)
    near = np.abs(1200 * np.log2(frequency / (harmonic * hertz))) < CENTS
    total = max(float(power.sum()), 1e-20)
    odd = near & (harmonic % 2 == 1)
    return float(power[near].sum() / total), float(power[odd].sum() / total)


def measure(preset: str, octaves: int) -> Measured:
    """Play it with keys so many octaves above the notes, and measure."""
    keys = 12 * octaves
    long = sound(preset, HELD + keys, SECONDS, AFTER)
    levels = envelope(long)
    held = levels[: round(SECONDS * RATE / FRAME)]
    peak = held.max()
    found = [shares(long, HELD), *(shares(sound(preset, p + keys, 1.0, 0.0), p) for p in OTHERS)]
    steady = held[round(STEADY[0] * RATE / FRAME) :]
    steady = np.maximum(steady, peak - 40)
    trend = np.polyval(np.polyfit(np.arange(len(steady)), steady, 2), np.arange(len(steady)))
    short = envelope(sound(preset, HELD + keys, 0.2, 0.3))
    last = round(0.2 * RATE / FRAME)
    return Measured(
        level=float(10 * np.log10(np.mean(10 ** (held / 10)))),
        tuned=min(share for share, _ in found),
        odd=max(odd for _, odd in found),
        attack=float(np.argmax(held > peak - 10) * FRAME / RATE),
        left=float(levels[-last:].max() - peak),
        half=float(levels[-last - round(RATE / FRAME) : -round(RATE / FRAME)].max() - peak),
        rhythm=float(np.std(steady - trend)),
        early=float(short.max() - peak),
        sustained=float(held[-last:].max() - peak),
    )


def refusal(preset: str, measured: Measured) -> str:
    """Why a preset is of no use; empty if it is."""
    for reason, is_so in {
        "silent": measured.level < -60,
        OUT_OF_TUNE: measured.tuned < 0.5,
        OCTAVE_UP: measured.odd < 0.02,
        "slow to begin": measured.attack > 0.5 or measured.early < -15,
        "goes on": measured.half > -10 or measured.left > -15,
        "a rhythm of its own": measured.rhythm > 6 or re.search(RHYTHMS, preset, re.IGNORECASE),
    }.items():
        if is_so:
            return reason
    return ""


def placed(preset: str) -> tuple[int, Measured]:
    """The octaves that its keys are to be above the notes, and what it does then."""
    first = measure(preset, 0)
    octaves = {OUT_OF_TUNE: 1, OCTAVE_UP: -1}.get(refusal(preset, first), 0)
    if octaves:
        again = measure(preset, octaves)
        if refusal(preset, again) not in (OUT_OF_TUNE, OCTAVE_UP):
            return octaves, again
    return 0, first


NAMED = {  # General MIDI programs by what names contain, the first that is found
    r"rhodes|\btine": 4, "clavi|cembalo|harpsi": 6, "pian": 0, "vibra|vibes": 11, "marimba": 12,
    "xylo": 13, "music.?box": 10, "glock|celest": 9, "steel.?drum": 114, "bell|campan|chime": 14,
    "accord|armonica": 21, "cathedral|church|pipe": 19, "organ": 16, "harp": 46,
    "(dist|trash|metal).*guitar|overdrive": 30, "guitar": 27, "bass(?!oon)": 38, "pizz": 45,
    "violin|fiddle": 40, "cello": 42, "choir|vo(ice|cal|x)|ahh|ooh|aah|soprano": 52, "string": 48,
    "th?rumpet": 56, "trombone": 57, "tuba": 58, "horn": 60, "bra(ss|zz)|fanfar": 62, "sax": 65,
    "oboe": 68, "bassoon|fagott": 70, "clarinet|reed": 71, "flute": 73, "whistl|fischi": 78,
    "ocarina": 79, "pluck": 25, "pad": 89, "saw": 81, "square|pulse": 80, "lead": 81,
}  # fmt: skip
BANKED = {
    "Bass": 38, "Brass": 62, "Choir and Voice": 52, "Guitar": 27, "Organ": 16, "Pads": 89,
    "Plucked": 25, "Reed and Wind": 71, "Rhodes": 4, "Strings": 48, "SynthPiano": 0,
}  # fmt: skip
PLUCKED, SWELLING, LEAD = 98, 89, 81  # of what nothing is known but how it sounds


def program(preset: str, measured: Measured) -> int:
    """The General MIDI program that is nearest: by name, its own word, its bank or its sound."""
    bank, name = preset.split("/")
    for pattern, number in NAMED.items():
        if re.search(pattern, name, re.IGNORECASE):
            return number
    kind = parse((BANKS / (preset + SUFFIX)).read_bytes()).find("INSTRUMENT/INFO/par[@name='type']")
    family = int(kind.get("value", 0)) if kind is not None else 0  # 1 to 16, as in General MIDI
    if family:
        return 8 * (family - 1)
    if bank in BANKED:
        return BANKED[bank]
    if measured.sustained < -15:
        return PLUCKED
    return SWELLING if measured.attack > 0.1 else LEAD


def main() -> None:
    """Measure all, print why how many are left out, write the table of the others."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", nargs="?", type=Path, default=PACKAGE / TABLE)
    args = parser.parse_args()

    check(ZYNADDSUBFX)
    found = sorted(
        path.relative_to(BANKS).as_posix().removesuffix(SUFFIX)
        for path in BANKS.rglob(f"*{SUFFIX}")
    )
    reasons: Counter[str] = Counter()
    with args.table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["preset", "program", "octaves"])
        for preset in tqdm(found):
            octaves, measured = placed(preset)
            reason = refusal(preset, measured)
            reasons[reason or "kept"] += 1
            if not reason:
                writer.writerow([preset, program(preset, measured), octaves])
    print("| presets | |\n|---|---|")
    for reason, count in reasons.most_common():
        print(f"| {reason} | {count} |")


if __name__ == "__main__":
    run(main)
