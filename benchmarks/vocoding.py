"""Benchmark of a vocoder beside Griffin-Lim: how near its audio comes to the true one, how fast.

Low notes and chords that are held are where vocoders fail, so they have rows of their own: rendered
with a soundfont, as the melodies are.

Usage: python -m benchmarks.vocoding VOCODER TIMBRE [--font NAME] [--clips N] [--out FILE]
"""

import argparse
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soxr
import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.measure import machine, number
from stages.params import Params, load
from timbre.audio.mel import clip_mel, mel_spectrogram
from timbre.core.console import run
from timbre.core.files import write_json
from timbre.core.notes import Notes, notes_from_columns
from timbre.core.params import Audio
from timbre.core.signal import Signal, at_level, resampled
from timbre.evaluation.metrics import distances as metrics
from timbre.evaluation.metrics.melodia import Melodia, jaccard
from timbre.models import checkpoint
from timbre.models.timbre_net import model as timbre
from timbre.models.vocoder import model as vocoder
from timbre.models.vocoder.config import RefinementConfig
from timbre.models.vocoder.model import decode
from timbre.synthesis import soundfonts
from timbre.synthesis.synth import Synth

SECONDS = 8
MELODIA_SECONDS = 30.0  # for one clip
KINDS = {  # programs of General MIDI, and what they play
    "melodies": (0, 11, 24, 40, 56, 65, 73, 80),
    "low notes": (0, 19, 32, 33, 42, 43, 58, 70),  # piano, organ, basses, cello, tuba, bassoon
    "held chords": (16, 19, 48, 50, 52, 61, 88, 89),  # organs, strings, choir, brass, pads
}
LOW, HIGH = 28, 44  # MIDI pitches of the low notes: E1 to G#2


class Row(NamedTuple):
    """Scores of a vocoder on one kind of clips."""

    kind: str
    vocoder: str
    clips: int
    lsd: float  # dB
    timbre: float  # 1 - cosine
    pitch: float  # distance by Melodia, of which the target's own noise is a part
    realtime: float  # seconds of audio a second, on one core


def played(kind: str, rng: np.random.Generator) -> Notes:
    """Notes of a kind, drawn."""
    if kind == "held chords":
        roots = rng.integers(45, 60, SECONDS // 4)
        pitch = np.concatenate([root + np.array([0, 4, 7, 12]) for root in roots])
        start = np.repeat(np.arange(len(roots)) * 4.0, 4)
        return notes_from_columns(pitch, np.full(len(pitch), 90), start, start + 3.8)
    low = kind == "low notes"
    length = 1.0 if low else 0.5
    start = np.arange(0, SECONDS, length)
    pitch = rng.integers(LOW, HIGH, len(start)) if low else rng.integers(55, 80, len(start))
    return notes_from_columns(pitch, rng.integers(70, 110, len(start)), start, start + length)


def clips(kind: str, count: int, font: Path, params: Params) -> Iterator[Signal]:
    """Clips of a kind at the usual level."""
    rng = np.random.default_rng(params.seed)
    with Synth(font, params.audio, params.spectrograms.synthesis) as synth:
        for turn in range(count):
            program = KINDS[kind][turn % len(KINDS[kind])]
            sound = synth.render(played(kind, rng), program)
            yield at_level(sound, params.audio.level_db).astype(np.float32)


@torch.inference_mode()
def embedded(net: timbre.Model, sound: Signal, audio: Audio, own: Audio) -> Tensor:
    """Embedding by the timbre net in its own mel, `(E,)`."""
    heard = soxr.resample(sound, audio.sample_rate, own.sample_rate)
    return net.embed(torch.from_numpy(mel_spectrogram(heard, own)).float()[None])[0]


@torch.inference_mode()
def tried(
    kind: str, name: str, voice: vocoder.Vocoder, net: timbre.Model, sounds: list[Signal],
    audio: Audio, own: Audio, melodia: Melodia,
) -> Row:  # fmt: skip
    """Resynthesise clips and compare them with the true ones."""
    distances, apart, pitches, seconds = [], [], [], 0.0
    for sound in sounds:
        frames = torch.from_numpy(clip_mel(sound, audio))[None]
        begun = time.perf_counter()
        made = decode(voice, frames, len(sound))
        seconds += time.perf_counter() - begun
        levels = (metrics.log_mel(clip, audio.sample_rate) for clip in (made, sound))
        distances.append(metrics.lsd(*levels))
        one, other = (embedded(net, clip, audio, own) for clip in (made, sound))
        apart.append(1 - F.cosine_similarity(one, other, dim=0).item())
        heard = [
            melodia.pitches(
                resampled(clip, audio.sample_rate, metrics.SAMPLE_RATE), metrics.SAMPLE_RATE
            )
            for clip in (made, sound)
        ]
        if heard[0] is not None and heard[1] is not None:
            pitches.append(jaccard(heard[0], heard[1]))
    length = sum(len(sound) for sound in sounds) / audio.sample_rate
    return Row(
        kind, name, len(sounds), float(np.mean(distances)), float(np.mean(apart)),
        float(np.mean(pitches)) if pitches else math.nan, length / seconds,
    )  # fmt: skip


def main() -> None:
    """Measure, print a table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vocoder", type=Path, help="checkpoint")
    parser.add_argument("timbre", type=Path, help="checkpoint of the timbre net")
    parser.add_argument("--font", default="TimGM6mb", help="name or path, of a font not trained on")
    parser.add_argument("--clips", type=int, default=16, help="of each kind")
    parser.add_argument("--out", type=Path, help="JSON to write")
    args = parser.parse_args()

    torch.set_num_threads(1)
    params = load()
    font, _ = soundfonts.find(args.font)
    _, net = checkpoint.load(args.timbre)
    own = Audio.model_validate(checkpoint.description(args.timbre)["audio"])
    assert isinstance(net, timbre.Model)
    usual = checkpoint.build("griffin_lim", params.vocoder.griffin_lim, params.audio)
    refinement = RefinementConfig(iterations=params.vocoder.refinements)
    voices = {
        "Griffin-Lim": checkpoint.build("vocoder", refinement, params.audio, usual).eval(),
        args.vocoder.stem: vocoder.load(args.vocoder),
    }
    rows = []
    with Melodia(MELODIA_SECONDS) as melodia:
        for kind in KINDS:
            sounds = list(clips(kind, args.clips, font, params))
            for name, voice in voices.items():
                with torch.inference_mode():
                    voice(
                        torch.from_numpy(clip_mel(sounds[0], params.audio))[None]
                    )  # the first is slow
                rows.append(tried(kind, name, voice, net, sounds, params.audio, own, melodia))
    print(f"{machine()}, of which one is used; {args.font}.\n")
    print("| clips | vocoder | LSD, dB | timbre | pitch | x real time |\n|---|---|---|---|---|---|")
    for row in rows:
        figures = " | ".join(number(value) for value in row[3:])
        print(f"| {row.clips} {row.kind} | {row.vocoder} | {figures} |")
    if args.out is not None:
        write_json(args.out, [row._asdict() for row in rows])


if __name__ == "__main__":
    run(main)
