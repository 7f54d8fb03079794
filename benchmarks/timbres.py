"""Number of sounds of each source of timbres that can be told apart.

Every preset holds one note, of whose mel spectrum in dB the mean while it sounds is taken. One by
one, a preset whose spectrum lies further than `APART_DB` RMS from all those kept before is kept as
a new sound.

Usage: python -m benchmarks.timbres [--presets N] SOURCE...
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from stages.params import Params, load
from timbre.audio.mel import mel_spectrogram
from timbre.core.console import run
from timbre.core.notes import notes_from_columns
from timbre.core.params import Audio
from timbre.synthesis import presets, sources
from timbre.synthesis.soundfonts import file_name, find
from timbre.synthesis.timbres import Timbre

PITCH, VELOCITY, SECONDS = 60, 90, 1.0  # of the note
STEADY = (0.3, 0.8)  # s, the frames that count
FLOOR_DB = 50.0  # below the peak, what is softer counts no more
APART_DB = 6.0
PROGRAMS = 80  # of a soundfont: real instruments

Spectrum = NDArray[np.float64]


def timbres(source: str, count: int) -> list[Timbre]:
    """The programs of a soundfont; of another source what training draws in `count`, each once."""
    if source not in presets.DRAWN_SOURCES:
        return [Timbre(program, source, "") for program in range(PROGRAMS)]
    rng = np.random.default_rng(0)
    drawn = dict.fromkeys(presets.DRAWN_SOURCES[source](rng, 0, "train") for _ in range(count))
    return [Timbre(each.program, source, "", preset=each.name) for each in drawn]


def steady_spectrum(sound: NDArray[np.float64], audio: Audio) -> Spectrum:
    """The mean spectrum of a held note, `(M,)` in dB: equal power, nothing below the floor."""
    mel = mel_spectrogram(sound / max(np.abs(sound).max(), 1e-9), audio)
    first, last = (round(time * audio.frames_per_second) for time in STEADY)
    mean = mel[:, first:last].mean(axis=1)
    mean -= 10 * np.log10(np.sum(10 ** (mean / 10)))
    return np.asarray(np.maximum(mean, mean.max() - FLOOR_DB))


def spectra(source: str, count: int, folder: Path, settings: Params) -> Iterator[Spectrum]:
    """The spectra of a source's timbres."""
    note = notes_from_columns([PITCH], [VELOCITY], [0.0], [SECONDS])
    audio = settings.audio.model_copy(update={"segment_seconds": SECONDS})
    if source not in presets.DRAWN_SOURCES:
        (folder / file_name(source)).symlink_to(find(source)[0].absolute())
    opened = sources.load(source, folder, audio, settings.spectrograms.synthesis)
    for timbre in tqdm(timbres(source, count), desc=Path(source).name, leave=False):
        yield steady_spectrum(opened.render(note, timbre), audio)
    opened.close()


def told_apart(spectra: list[Spectrum], kept: list[Spectrum]) -> list[Spectrum]:
    """Sounds that are further than `APART_DB` from all that are kept and from each other."""
    new: list[Spectrum] = []
    for spectrum in spectra:
        others = kept + new
        if not others or np.sqrt(np.mean((np.stack(others) - spectrum) ** 2, 1)).min() > APART_DB:
            new.append(spectrum)
    return new


def main() -> None:
    """Print a row for each source."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="as in section soundfonts")
    parser.add_argument(
        "--presets", type=int, default=600, help="drawn, of a source that draws them"
    )
    args = parser.parse_args()

    settings = load()
    kept: list[Spectrum] = []
    print("| source | presets | told apart | not heard before |\n|---|---|---|---|")
    presets_in_all = 0
    with TemporaryDirectory() as folder:
        for source in args.sources:
            found = list(spectra(source, args.presets, Path(folder), settings))
            new = told_apart(found, kept)
            alone = len(told_apart(found, []))
            print(f"| {Path(source).name} | {len(found)} | {alone} | {len(new)} |", flush=True)
            kept += new
            presets_in_all += len(found)
    print(f"| in all | {presets_in_all} | {len(kept)} | |")


if __name__ == "__main__":
    run(main)
