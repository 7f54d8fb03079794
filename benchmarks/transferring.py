"""Benchmark of `timbre transfer` as people run it: start-up included, long recordings, lists.

Clips are played by the synthesizer, each style in another program than its content.

Usage: python -m benchmarks.transferring [--pairs N] [--minutes M] [--weights DIR] [--out FILE]
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import soundfile

from benchmarks.measure import machine, number
from timbre.core.console import run
from timbre.core.files import write_json
from timbre.core.notes import notes_from_columns
from timbre.core.params import Audio
from timbre.core.signal import at_level
from timbre.models import card, checkpoint, shipped
from timbre.synthesis import soundfonts
from timbre.synthesis.synth import Synth, Synthesis

ROOT = Path(__file__).parents[1]
MODELS = ("vqvae", "glow")
FONT = "TimGM6mb"
SYNTHESIS = Synthesis(oversampling=2, interpolation=4, polyphony=64, reverb=False, chorus=False)
PROGRAMS = (0, 6, 11, 19, 24, 40, 42, 48, 56, 60, 65, 71, 73)
CONTENT, STYLE, PAIR = 30.72, 10.24, 8.192  # s; whole numbers of four hops of any usual mel
REPEATS = 3


class Row(NamedTuple):
    """One measurement."""

    what: str
    seconds: float  # wall clock
    realtime: float  # seconds of content a second
    memory: float  # MB at most, of the process


def play(path: Path, seconds: float, program: int, seed: int, audio: Audio) -> Path:
    """Write a clip of notes that are drawn, half a second each, some of them in twos."""
    rng = np.random.default_rng(seed)
    start = np.arange(0, seconds, 0.5)
    start = np.concatenate([start, start[:: rng.integers(2, 4)]])
    pitch, velocity = rng.integers(48, 80, len(start)), rng.integers(60, 120, len(start))
    notes = notes_from_columns(pitch, velocity, start, start + 0.48)
    clip = audio.model_copy(update={"segment_seconds": seconds})
    with Synth(soundfonts.find(FONT)[0], clip, SYNTHESIS) as synth:
        played = at_level(synth.render(notes, program), audio.level_db)
    soundfile.write(path, played, audio.sample_rate)
    return path


def timed(what: str, content_seconds: float, words: list[str]) -> Row:
    """Run the tool as a process of its own, and wait for it."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "app", "transfer", *words],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return Row(what, seconds, content_seconds / seconds, usage.ru_maxrss / 1024)


def one_recording(folder: Path, audio: Audio, options: list[str]) -> list[Row]:
    """Half a minute with each model, the best of some runs."""
    content = play(folder / "content.wav", CONTENT, 24, 0, audio)
    style = play(folder / "style.wav", STYLE, 40, 1, audio)
    rows = []
    for model in MODELS:
        words = [str(content), str(style), "-o", str(folder / "out.wav"), "--model", model]
        name = f"{CONTENT:.0f} s, {model}, best of {REPEATS}"
        runs = [timed(name, CONTENT, [*words, *options]) for _ in range(REPEATS)]
        rows.append(min(runs, key=lambda row: row.seconds))
    return rows


def a_long_one(folder: Path, minutes: int, audio: Audio, options: list[str]) -> list[Row]:
    """A recording of many minutes with each model."""
    once, rate = soundfile.read(folder / "content.wav", dtype="float32")
    seconds = minutes * 60
    with soundfile.SoundFile(folder / "long.flac", "w", rate, 1) as file:
        for start in range(0, seconds * rate, len(once)):
            file.write(once[: seconds * rate - start])
    words = [str(folder / name) for name in ("long.flac", "style.wav")]
    words += ["-o", str(folder / "long.wav"), *options]
    return [
        timed(f"{minutes} min, {model}", seconds, [*words, "--model", model]) for model in MODELS
    ]


def a_list(folder: Path, count: int, audio: Audio, options: list[str]) -> list[Row]:
    """Pairs as one list, and each by a call of its own."""
    lines = []
    for number_of in range(count):
        pair = [f"{number_of}.{part}.wav" for part in ("content", "style")]
        for turn, name in enumerate(pair):
            program = PROGRAMS[(number_of + 5 * turn) % len(PROGRAMS)]
            play(folder / name, PAIR, program, 2 * number_of + turn, audio)
        lines.append("\t".join(pair))
    (folder / "pairs.tsv").write_text("\n".join(lines))
    listed = ["--pairs", str(folder / "pairs.tsv"), "--out", str(folder / "out"), *options]
    together = timed(f"{count} pairs of {PAIR:.0f} s as a list", count * PAIR, listed)
    singles = []
    for line in lines:
        words = [str(folder / name) for name in line.split("\t")]
        singles.append(timed("", PAIR, [*words, "-o", str(folder / "one.wav"), *options]))
    seconds = sum(row.seconds for row in singles)
    each = Row(
        f"{count} pairs of {PAIR:.0f} s, a call each",
        seconds,
        count * PAIR / seconds,
        max(row.memory for row in singles),
    )
    return [together, each]


def main() -> None:
    """Measure, print a table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=100, help="of the list, 0 for none")
    parser.add_argument("--minutes", type=int, default=30, help="of the long one, 0 for none")
    parser.add_argument("--weights", type=Path, default=shipped.FOLDER, help="their folder")
    parser.add_argument("--out", type=Path, help="JSON to write")
    args = parser.parse_args()

    described = checkpoint.description(card.verified(args.weights, "vocoder"))
    audio = Audio.model_validate(described["audio"])
    options = ["--weights", str(args.weights)]
    with TemporaryDirectory() as name:
        folder = Path(name)
        rows = one_recording(folder, audio, options)
        if args.minutes:
            rows += a_long_one(folder, args.minutes, audio, options)
        if args.pairs:
            rows += a_list(folder, args.pairs, audio, options)
    print(f"{machine()}.\n")
    print("| | seconds | x real time | MB at most |\n|---|---|---|---|")
    for row in rows:
        figures = " | ".join(number(value) for value in row[1:])
        print(f"| {row.what} | {figures} |")
    if args.pairs:
        print(f"\nThe list takes 1 / {rows[-1].seconds / rows[-2].seconds:.1f} of the calls' time.")
    if args.out is not None:
        write_json(args.out, [row._asdict() for row in rows])


if __name__ == "__main__":
    run(main)
