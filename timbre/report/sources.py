"""Facts of the report beside the scores: systems, the paper's table, training, versions."""

import csv
import json
import platform
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from timbre.evaluation.systems import registry


class About(NamedTuple):
    """A system as the reader meets it."""

    role: str  # floor, baseline, model, wrong style or ceiling
    text: str


SYSTEMS = {  # in the order of the tables; what is not here is a baseline of the registry or a model
    "copy_content": About("floor", "gives the content back as it is: right notes, wrong sound"),
    "copy_style": About("baseline", "gives the style back as it is: right sound, wrong notes"),
    "eq_match": About("baseline", "gives the content the style's average spectrum"),
    "ulyanov": About(
        "baseline", "texture synthesis with a random network, after Ulyanov and Lebedev"
    ),
    "musaicing": About("baseline", "rebuilds the content from short pieces of the style"),
    "vqvae_self": About(
        "model", "VQ-VAE, trained as published: content and style are always of one sound"
    ),
    "vqvae": About("model", "VQ-VAE, trained on the same music in two sounds"),
    "glow": About("model", "conditional Glow over the autoencoder of vqvae"),
    "vqvae_shipped": About("model", "VQ-VAE that ships in `models/`, trained for longer elsewhere"),
    "glow_shipped": About("model", "conditional Glow that ships in `models/`"),
    "resynthesis": About("ceiling", "the target itself, through the mel spectrogram and vocoder"),
}
SHUFFLED_SUFFIX = "_shuffled"  # what the name of a model ends with that was given wrong styles
UNKNOWN_BASELINE, UNKNOWN_MODEL = About("baseline", ""), About("model", "")


class Published(NamedTuple):
    """A row of the paper's tables: artificial test set, then the real one, which has no target."""

    name: str
    ours: str  # our system that is the same in kind
    lsd: str
    timbre: str
    pitch: str
    real_timbre: str
    real_pitch: str


PAPER = (  # Cífka et al. 2021, arXiv:2102.05749, tables 1 and 2
    Published("content copied", "copy_content", "14.62", "0.3713", "0.5365", "0.4957", "0"),
    Published("style copied", "copy_style", "20.36", "0.2681", "0.8729", "0", "0.9099"),
    Published("Ulyanov and Lebedev", "ulyanov", "14.50", "0.3483", "0.5441", "0.4792", "0.1315"),
    Published("musaicing", "musaicing", "14.51", "0.2933", "0.6445", "0.2319", "0.6297"),
    Published("VQ-VAE", "vqvae_self", "12.16", "0.2063", "0.5500", "0.2278", "0.6197"),
)
PAPER_METRICS = ("lsd", "timbre", "jaccard")  # ours that its columns are set beside

PACKAGES = (
    "torch", "torchaudio", "numpy", "scipy", "essentia", "mir_eval", "soundfile", "soxr", "sox",
    "pyfluidsynth", "music21", "pretty-midi", "pyarrow", "zarr", "dask", "matplotlib", "dvc",
)  # fmt: skip


def about(name: str) -> About:
    """Role of a system, and what to say of it."""
    if name.endswith(SHUFFLED_SUFFIX):
        model = name.removesuffix(SHUFFLED_SUFFIX)
        return About("wrong style", f"{model} given another case's style: it should score worse")
    return SYSTEMS.get(name, UNKNOWN_BASELINE if name in registry.names() else UNKNOWN_MODEL)


def in_order(names: list[str]) -> list[str]:
    """Systems in the order of `SYSTEMS`, then wrong styles, then ceilings."""
    order = list(SYSTEMS)
    ceilings = [name for name in order if SYSTEMS[name].role == "ceiling"]

    def place(name: str) -> tuple[bool, bool, int, str]:
        base = name.removesuffix(SHUFFLED_SUFFIX)
        number = order.index(base) if base in order else len(order)
        return name in ceilings, name.endswith(SHUFFLED_SUFFIX), number, name

    return sorted(names, key=place)


def with_role(names: list[str], *roles: str) -> list[str]:
    """Systems that have one of these roles, in their order."""
    return [name for name in names if about(name).role in roles]


def figures(folder: Path) -> dict[str, dict[str, Any]]:
    """The JSON files of a folder by their names, without the file ending."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


def versions() -> dict[str, str]:
    """Python and the packages that sounds, scores and models come from, as installed."""
    installed = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            installed[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # not every package is needed by every set-up
            continue
    return installed


class Curve(NamedTuple):
    """A training in numbers: losses `(N,)` at steps `(N,)`."""

    name: str
    steps: list[float]
    losses: dict[str, list[float]]  # train and valid


def curves(history: Path) -> list[Curve]:
    """The curves of all trainings that have any."""
    histories = []
    for path in sorted(history.glob("*.csv")):
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        losses = {
            name: [float(row[f"{name}_loss"]) for row in rows]
            for name in ("train", "valid")
            if rows and f"{name}_loss" in rows[0]
        }
        if losses:
            histories.append(Curve(path.stem, [float(row["step"]) for row in rows], losses))
    return histories


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Figures by dotted names, as text."""
    texts: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            texts |= flat(value, f"{prefix}{name}.")
        else:
            texts[prefix + name] = f"{value:g}" if isinstance(value, float) else str(value)
    return texts
