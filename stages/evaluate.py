"""Score one system on the test cases, and keep a few of them to hear and see.

Usage: python -m stages.evaluate NAME STORE TABLE CASES METRICS EXAMPLES PICTURES
    [--checkpoint FILE]
"""

import argparse
import csv
import os
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import soundfile
import torch
from tqdm import tqdm

from audio import metrics, pictures, pitch, table
from audio.files import replacing, write_json
from audio.mel import mel_spectrogram
from audio.notes import piano_roll
from audio.params import Audio
from audio.store import Split
from models import baselines, systems
from models.params import Vocoder as VocoderSettings
from models.vocoder import GriffinLim
from stages.console import run
from stages.params import load

PITCH_HOP = 2  # spectrogram hops between the frames in which pitches are compared


class Bench:
    """The test cases and the system that is scored on them, in one process.

    Args:
        name: of the system.
        checkpoint: of a model, or None.
        store: the spectrograms.
        examples: the table of examples, for the true notes.
        vocoder: settings.
        seed: of what a system draws; a case's own number is mixed in.
    """

    def __init__(
        self,
        name: str,
        checkpoint: Path | None,
        store: Path,
        examples: Path,
        vocoder: VocoderSettings,
        seed: int,
    ) -> None:
        torch.set_num_threads(1)  # one process a core
        self.split = Split(store, "test")
        self.audio = Audio.model_validate(self.split.attributes["audio"])
        decoder = GriffinLim(vocoder, self.audio)
        self.system = (
            baselines.build(name, decoder)
            if checkpoint is None
            else systems.trained(checkpoint, decoder)
        )
        self._examples, self._seed = table.read(examples, "test"), seed

    def output(self, number: int, style_of: int | None = None) -> systems.Signal:
        """What the system makes of a case, `(L,)`; `style_of` gives it another case's style."""
        case = systems.case(self.split, number, self.audio, style_of)
        return self.system(case, self._seed + number)

    def score(self, number: int) -> dict[str, float]:
        """All metrics of one case; they depend on no other but through `lsd_shuffled`."""
        output = self.output(number)
        wrong = self.output(number, (number + 1) % len(self.split))
        rate, hop = self.audio.sample_rate, PITCH_HOP * self.audio.hop_length
        mel, target, wrong_mel = (
            metrics.log_mel(audio, rate) for audio in (output, self.split.audio(number)[2], wrong)
        )
        found = pitch.pitches(output, rate, hop)
        true = piano_roll(self._examples[number].notes, found.shape[1], rate / hop)
        return {
            "lsd": metrics.lsd(mel, target),
            "lsd_frames": metrics.lsd_frames(mel, target),
            "lsd_shuffled": metrics.lsd(wrong_mel, target),
            "roughness": metrics.roughness(mel, target),
            "note_f1": metrics.frame_f1(found, true),
        }

    def keep(self, number: int, examples: Path, pictured: Path) -> None:
        """Write one case's output as FLAC and its four spectrograms as PNG."""
        case, output = systems.case(self.split, number, self.audio), self.output(number)
        soundfile.write(examples / f"case{number}.flac", output, self.audio.sample_rate)
        mels = {
            "content": case.content_mel[0].numpy(),
            "style": case.style_mel[0].numpy(),
            "target": case.target_mel[0].numpy(),
            "output": mel_spectrogram(output, self.audio),
        }
        pictures.spectrograms(pictured / f"case{number}.png", mels, self.audio)


_bench = lru_cache(maxsize=1)(Bench)


def score(number: int, *bench: object) -> dict[str, float]:
    """`Bench.score` in a worker process, which builds its bench once."""
    return _bench(*bench).score(number)


def main() -> None:
    """Score the cases on all cores, write what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="of the system")
    parser.add_argument("store", type=Path, help="the spectrograms")
    parser.add_argument("table", type=Path, help="the examples, for the true notes")
    parser.add_argument("cases", type=Path, help="CSV to write: a row a case")
    parser.add_argument("metrics", type=Path, help="JSON to write: means and intervals")
    parser.add_argument("examples", type=Path, help="folder to write: some cases to hear")
    parser.add_argument("pictures", type=Path, help="folder to write: the same to see")
    parser.add_argument("--checkpoint", type=Path, help="of a model")
    args = parser.parse_args()

    params = load()
    common = (args.name, args.checkpoint, args.store, args.table, params.vocoder, params.seed)
    bench = Bench(*common)
    cases = range(len(bench.split))
    cores = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(cores, get_context("spawn")) as pool:
        jobs = [pool.submit(score, number, *common) for number in cases]
        rows = [job.result() for job in tqdm(jobs, desc=args.name, unit="case")]

    with replacing(args.cases) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["case", *rows[0]], lineterminator="\n")
        writer.writeheader()
        writer.writerows(
            {"case": case} | {name: f"{value:.6g}" for name, value in row.items()}
            for case, row in zip(cases, rows, strict=True)
        )
    figures = {}
    for name in rows[0]:
        values = np.array([row[name] for row in rows])
        mean, low, high = metrics.bootstrap(values, params.evaluate.resamples, params.seed)
        figures[name] = round(mean, 3)
        if name in ("lsd", "note_f1"):
            figures |= {f"{name}_low": round(low, 3), f"{name}_high": round(high, 3)}
    with replacing(args.examples) as heard, replacing(args.pictures) as seen:
        heard.mkdir()
        seen.mkdir()
        for number in cases[: params.evaluate.examples]:
            bench.keep(number, heard, seen)
    write_json(args.metrics, figures)
    print(f"{args.name}: LSD {figures['lsd']:.2f} dB, note F1 {figures['note_f1']:.3f}")


if __name__ == "__main__":
    run(main)
