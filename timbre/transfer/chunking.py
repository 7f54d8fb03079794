"""Chunking of long recordings: overlapping windows, their mels, and how they are put together."""

from collections.abc import Iterable

import numpy as np

from timbre.audio.mel import FRAME_MULTIPLE, clip_mel
from timbre.core.params import Audio
from timbre.core.signal import Signal
from timbre.transfer.memmap import Floats, release

# all in frames of the mel
# of the model: with the usual 16 ms, 8 s as in training
MODEL_WINDOW, MODEL_OVERLAP, MODEL_FADE = 512, 64, 32
# of the vocoder: it hears more than any part of it depends on
VOCODER_WINDOW, VOCODER_OVERLAP, VOCODER_FADE = 2048, 256, 8


def starts(total: int, window: int, overlap: int) -> list[int]:
    """Starts of windows that cover everything, evenly spaced.

    Args:
        total: length of the whole, a multiple of `FRAME_MULTIPLE`.
        window: length of a window, a multiple of `FRAME_MULTIPLE`; a shorter whole is one.
        overlap: what two neighbours share at least, a multiple of `FRAME_MULTIPLE`.
    """
    if total <= window:
        return [0]
    count = -(-(total - overlap) // (window - overlap))
    # the last begins where it ends with the whole; even spacing keeps every window at full length
    step = (total - window) / (count - 1)
    return [
        int(number * step) // FRAME_MULTIPLE * FRAME_MULTIPLE for number in range(count - 1)
    ] + [total - window]


def assemble(out: Floats, pieces: Iterable[tuple[int, Floats]], fade: int) -> None:
    """Overlap-add: put pieces together, each cross-faded into the next where they overlap.

    There both have heard what comes before and after. Where they agree, the seam is nowhere.

    Args:
        out: `(N, ...)`, is written; on disk or in memory.
        pieces: where each begins and its `(n, ...)`, in their order, two neighbours overlapping.
        fade: how long, at most as what two neighbours share.
    """
    end = 0
    for start, piece in pieces:
        begin = 0
        if start > 0:
            begin = (end - start - fade) // 2
            seam = slice(start + begin, start + begin + fade)
            out[seam] = faded(out[seam], piece[begin : begin + fade])
            begin += fade
        end = start + len(piece)
        out[start + begin : end] = piece[begin:]
        release(out)


def faded(old: Floats, new: Floats) -> Floats:
    """Cross-fade from one thing to another; of audio, so that its power stays.

    Two equal sounds are faded linearly, two that have nothing in common with equal power, which
    would be 3 dB too loud for equal ones; what lies between by how alike they are.

    Args:
        old: `(n, ...)`: audio if it has one axis; else decibels, whose mean is the right one.
        new: the same.
    """
    rising = np.linspace(0, 1, len(old) + 2, dtype=np.float32)[1:-1]
    rising = rising.reshape(-1, *[1] * (old.ndim - 1))
    mean = old + rising * (new - old)
    if old.ndim > 1:
        return mean
    power = np.sqrt(float(np.sum(old.astype(float) ** 2)) * float(np.sum(new.astype(float) ** 2)))
    alike = 1.0 if power == 0 else np.clip(float(np.sum(old.astype(float) * new)) / power, 0, 1)
    # the power of (1 - r) a + r b for a and b of equal power and that correlation
    left = (1 - rising) ** 2 + rising**2 + 2 * alike * rising * (1 - rising)
    mixed: Floats = (mean / np.sqrt(left)).astype(np.float32)
    return mixed


def window_mel(content: Signal, gain: float, start: int, stop: int, audio: Audio) -> Floats:
    """The frames from `start` to `stop` of the mel of a long sound, as the whole would have them.

    Args:
        content: `(L,)`, of `audio.n_fft` samples or more.
        gain: that it is multiplied by.
        start: a frame, a multiple of `FRAME_MULTIPLE`.
        stop: likewise; at most the whole's frames rounded up to that, the last of them repeated.
        audio: the mel's settings.

    Returns:
        `(M, stop - start)` in dB.
    """
    hop = audio.hop_length
    around = (
        -(-audio.n_fft // 2 // hop // FRAME_MULTIPLE) * FRAME_MULTIPLE
    )  # a frame's window reaches so far
    first = max(start - around, 0)
    samples = content[first * hop : (stop + around) * hop] * np.float32(gain)
    return clip_mel(samples, audio)[:, start - first : stop - first]
