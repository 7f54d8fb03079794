"""Pictures of spectrograms."""

import io

import matplotlib.image
import numpy as np
from numpy.typing import NDArray

from timbre.core.params import Audio

FLOOR_DB = -80.0  # darker than this is black
GAP = 4  # pixels between mels that stand side by side
_STEP_DB = 2.0  # of the colours: fewer colours make a smaller file


def spectrogram(mel: NDArray[np.floating], audio: Audio) -> bytes:
    """A bare picture of a mel `(M, T)` in dB as a PNG: a band a row, two frames a column.

    Time runs to the right, pitch upwards; from `FLOOR_DB` in black to the usual level in white.
    """
    pairs = mel[:, : mel.shape[1] // 2 * 2].reshape(len(mel), -1, 2).max(axis=2)
    return _png(pairs[::-1], FLOOR_DB, audio.level_db)


def side_by_side(rows: list[list[NDArray[np.floating]]], audio: Audio) -> bytes:
    """Mels in dB as one PNG, a band a row and a frame a column, with transparent gaps.

    Time runs to the right, pitch upwards; from the lowest level that is stored in black to 0 dB in
    white, whatever the mels hold, so that pictures can be compared.

    Args:
        rows: of mels `(M, T)`, each row as long as the others.
        audio: the mel's settings.
    """
    padding = ((0, GAP), (0, GAP))
    lines = [
        np.concatenate([np.pad(mel[::-1], padding, constant_values=np.nan) for mel in row], axis=1)
        for row in rows
    ]
    return _png(np.concatenate(lines)[:-GAP, :-GAP], audio.db_min, 0.0)


def _png(levels: NDArray[np.floating], lowest: float, highest: float) -> bytes:
    """Levels in dB, the first row on top; black at the lowest, white at the highest."""
    buffer = io.BytesIO()
    matplotlib.image.imsave(
        buffer,
        np.rint(levels / _STEP_DB) * _STEP_DB,
        format="png",
        cmap="magma",
        vmin=lowest,
        vmax=highest,
        metadata={"Software": ""},
    )
    return buffer.getvalue()
