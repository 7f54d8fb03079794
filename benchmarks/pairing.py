"""Distances of mels by what the style clip plays: how well a model carries over a sound.

The content is copied, or transferred with the style clip, with the target as its own style, with
content and style both the target's, and with the style clip of the case before. What the second
lacks against the third is heard in the style clip too little, the fourth is what the code and the
decoder cannot tell at all, and the last shows whether style clips count. Styles are not fitted, and
there is no vocoder.

Usage: python -m benchmarks.pairing CHECKPOINT STORE... [--beside CHECKPOINT...] [--split S...]
"""

import argparse
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from timbre.audio.mel import FRAME_MULTIPLE, Codes, dequantize
from timbre.core.console import run
from timbre.core.errors import InputError
from timbre.dataset.examples import STYLE_MUSIC
from timbre.evaluation.metrics import distances as metrics
from timbre.models import checkpoint
from timbre.models.autoencoder import model as autoencoder
from timbre.models.vqvae import model as vqvae
from timbre.store.store import VIEWS, Split

Model = autoencoder.Model | vqvae.Model

BATCH = 8
COLUMNS = ("content copied", "style clip", "style = target", "both = target", "wrong style")
MUSIC_COLUMN = "style_music"  # of a store's index


class Row(NamedTuple):
    """Mean distances of some cases."""

    model: str  # the checkpoint
    store: str
    split: str
    music: str  # one of `STYLE_MUSIC`, or `all`
    cases: int
    lsd: list[float]  # dB, of each of `COLUMNS`

    def markdown(self) -> str:
        """A line of the table; in brackets shares of copied content's distance."""
        copied, *others = self.lsd
        cells = [f"{copied:.2f}", *(f"{lsd:.2f} ({lsd / copied:.3f})" for lsd in others)]
        labels = [self.model, self.store, self.split, self.music, str(self.cases)]
        return f"| {' | '.join([*labels, *cells])} |"


def leveled(mel: NDArray[np.floating]) -> NDArray[np.float64]:
    """A mel in dB, `(M, T)`, whose level does not matter: of a mean power of 0 dB a frame.

    What lies more than `distances.RANGE_DB` below its loudest value is raised to that, as
    `distances.log_mel` does to audio.
    """
    power = np.mean(np.sum(10 ** (mel.astype(np.float64) / 10), axis=0))
    level = mel - 10 * np.log10(power)
    return np.asarray(np.maximum(level, level.max() - metrics.RANGE_DB))


def load(path: Path) -> Model:
    """The model of a checkpoint.

    Raises:
        InputError: if it is no checkpoint, or one of another model.
    """
    name, model = checkpoint.load(path)
    if not isinstance(model, autoencoder.Model | vqvae.Model):
        raise InputError(
            f"expected an autoencoder, a vqvae or a vqvae_self in {path}, got {name}; "
            "please give the checkpoint of one of those."
        )
    return model


def read(path: Path, split: str, model: Model) -> Split:
    """A split of a store, whose mels are those of the model.

    Raises:
        InputError: if there is none, or its mels are others.
    """
    found = Split(path, split)
    mels, wanted = found.attributes.get("audio"), model.audio.model_dump()
    if mels != wanted:
        raise InputError(
            f"expected a store with the model's mel {wanted} in {path}, got {mels}; "
            "please give one that was made with the settings the model was trained with."
        )
    return found


@torch.inference_mode()
def distances(codes: Codes, model: Model) -> NDArray[np.float64]:
    """Distances of what is made of each case from its target.

    Args:
        codes: of the cases, `(N, V, M, T)`.
        model: to try.

    Returns:
        `(N, 5)`, dB, as `COLUMNS` says. Log-spectral distances as `distances.lsd` takes them,
        of the models' own mels.
    """
    frames = codes.shape[-1] // FRAME_MULTIPLE * FRAME_MULTIPLE
    views = {view: codes[:, number, :, :frames] for number, view in enumerate(VIEWS)}
    views["wrong"] = np.roll(views["style"], 1, axis=0)
    found = []
    for start in range(0, len(codes), BATCH):
        mels = {
            view: dequantize(each[start : start + BATCH], model.audio)
            for view, each in views.items()
        }
        tensors = {view: torch.from_numpy(mel) for view, mel in mels.items()}
        made = [mels["content"], *(each.numpy() for each in _transfers(tensors, model))]
        for case, target in enumerate(mels["target"]):
            wanted = leveled(target)
            found.append([metrics.lsd(leveled(output[case]), wanted) for output in made])
    return np.array(found)


def _transfers(mels: dict[str, Tensor], model: Model) -> Iterator[Tensor]:
    """Outputs of a model for some cases' mels in dB, in the order of `COLUMNS`."""
    base = model if isinstance(model, autoencoder.Model) else model.base
    own = base.encode_style(mels["target"])
    yield model.transfer(mels["content"], base.encode_style(mels["style"]))
    yield model.transfer(mels["content"], own)
    yield model.transfer(mels["target"], own)
    yield model.transfer(mels["content"], base.encode_style(mels["wrong"]))


def rows(name: str, model: Model, path: Path, split: str, cases: int) -> Iterator[Row]:
    """The first cases of a split together, and by what their style clips play where that is known.

    Args:
        name: of the model, for people.
        model: to try.
        path: of a store.
        split: of the store.
        cases: how many at most.

    Raises:
        InputError: see `read`.
    """
    store = read(path, split, model)
    found = distances(store.mel(0, cases), model)
    yield Row(name, path.stem, split, "all", len(found), found.mean(axis=0).tolist())
    if not store.has_column(MUSIC_COLUMN):
        return
    music = store.index(MUSIC_COLUMN)[: len(found)]
    for code, kind in enumerate(STYLE_MUSIC):
        if (own := music == code).any():
            means = found[own].mean(axis=0).tolist()
            yield Row(name, path.stem, split, kind, int(own.sum()), means)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path, help="of an autoencoder, vqvae or vqvae_self")
    parser.add_argument("stores", nargs="+", type=Path, metavar="STORE", help="of spectrograms")
    parser.add_argument(
        "--beside", nargs="+", default=[], type=Path, metavar="CHECKPOINT", help="more models"
    )
    parser.add_argument("--split", nargs="+", default=["test"], metavar="S", help="of each store")
    parser.add_argument("--cases", type=int, default=64, help="of each split, at most")
    args = parser.parse_args()
    if args.cases < 1:
        raise InputError(f"expected one case at least, got --cases {args.cases}.")

    models = [(str(path), load(path)) for path in (args.checkpoint, *args.beside)]
    print("LSD in dB, in brackets the share of copied content's\n")
    print(f"| model | store | split | style plays | cases | {' | '.join(COLUMNS)} |")
    print("|---" * (5 + len(COLUMNS)) + "|")
    for (name, model), path, split in itertools.product(models, args.stores, args.split):
        for row in rows(name, model, path, split, args.cases):
            print(row.markdown(), flush=True)


if __name__ == "__main__":
    run(main)
