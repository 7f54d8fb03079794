"""Pictures of spectrograms."""

import io

import matplotlib.image
import numpy as np
from numpy.typing import NDArray

from audio.params import Audio

FLOOR_DB = -80.0  # darker than this is black
_STEP_DB = 2.0  # of the colours in a bare picture: fewer colours make a smaller file


def spectrogram(mel: NDArray[np.floating], audio: Audio) -> bytes:
    """A bare picture of a mel `(M, T)` in dB as a PNG: a band a row, two frames a column.

    Time runs to the right, pitch upwards; from `FLOOR_DB` in black to the usual level in white.
    """
    pairs = mel[:, : mel.shape[1] // 2 * 2].reshape(len(mel), -1, 2).max(axis=2)
    buffer = io.BytesIO()
    matplotlib.image.imsave(
        buffer,
        np.rint(pairs / _STEP_DB) * _STEP_DB,
        format="png",
        origin="lower",
        cmap="magma",
        vmin=FLOOR_DB,
        vmax=audio.level_db,
        metadata={"Software": ""},
    )
    return buffer.getvalue()
