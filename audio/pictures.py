"""Pictures of spectrograms and scores."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from audio.files import replacing
from audio.params import Audio

FLOOR_DB = -80.0  # darker than this is black


def spectrograms(path: Path, mels: Mapping[str, NDArray[np.floating]], audio: Audio) -> None:
    """Draw mels `(M, T)` in dB side by side, each under its name, as a PNG."""
    figure = Figure(figsize=(3.1 * len(mels), 2.6), layout="constrained")
    panels = figure.subplots(1, len(mels), sharey=True, squeeze=False)[0]
    for panel, (name, mel) in zip(panels, mels.items(), strict=True):
        seconds = mel.shape[1] / audio.frames_per_second
        panel.imshow(
            mel,
            origin="lower",
            aspect="auto",
            cmap="magma",
            vmin=FLOOR_DB,
            vmax=audio.level_db,
            extent=(0, seconds, 0, audio.n_mels),
        )
        panel.set_title(name, fontsize=10)
        panel.set_xlabel("seconds", fontsize=8)
        panel.tick_params(labelsize=8)
    panels[0].set_ylabel("mel band", fontsize=8)
    save(path, figure)


def save(path: Path, figure: Figure) -> None:
    """Write a figure as PNG without the date and the program that made it."""
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=80, metadata={"Software": None})
