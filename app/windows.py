"""Windows of a recording of any length: how long they are, and what they are computed from."""

import numpy as np

from app.disk import Floats
from audio.benchmark import Signal
from audio.params import Audio
from models.trained import mel

# all in frames of the mel
WINDOW, OVERLAP, FADE = 512, 64, 32  # of the model: with the usual 16 ms, 8 s as in training
VOCODED, HEARD, JOINT = 2048, 256, 8  # of the vocoder: it hears more than any part of it depends on


def window_mel(content: Signal, gain: float, start: int, stop: int, audio: Audio) -> Floats:
    """The frames from `start` to `stop` of the mel of a long sound, as the whole would have them.

    Args:
        content: `(L,)`, of `audio.n_fft` samples or more.
        gain: that it is multiplied by.
        start: a frame, multiple of 8.
        stop: a frame, multiple of 8; at most the whole's frames rounded up to that, the last of
            them repeated.
        audio: the mel's settings.

    Returns:
        `(M, stop - start)` in dB.
    """
    hop = audio.hop_length
    around = -(-audio.n_fft // 2 // hop // 8) * 8  # a frame's window reaches so far
    first = max(start - around, 0)
    heard = content[first * hop : (stop + around) * hop] * np.float32(gain)
    return mel(heard, audio)[:, start - first : stop - first]
