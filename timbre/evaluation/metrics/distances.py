"""Distances between an output and its target, two clips of one length.

All that is measured is measured at one sample rate, so that figures of models with other mels can
be compared; what lies above 8 kHz is not judged.
"""

from functools import lru_cache

import numpy as np
import scipy.fft
import scipy.sparse
from numpy.typing import NDArray

from timbre.audio.mel import mel_edges, triangles
from timbre.core.signal import resampled

Signal = NDArray[np.floating]

SAMPLE_RATE = 16_000  # Hz
N_FFT, HOP, BANDS = 2048, 512, 128  # of the distances, as librosa's defaults are
RANGE_DB = 80.0  # below the loudest value


@lru_cache(maxsize=1)
def _filters() -> scipy.sparse.csr_array:
    """Mel filters of equal area, as Slaney's are."""
    edges = mel_edges(BANDS, 0.0, SAMPLE_RATE / 2)
    area = 2 / (edges[2:] - edges[:-2])
    return scipy.sparse.csr_array(triangles(edges, SAMPLE_RATE, N_FFT) * area[:, None])


def log_mel(audio: Signal, sample_rate: int, normalize: bool = True) -> NDArray[np.float64]:
    """The reference evaluation's spectrogram: power mel in dB, 80 dB down from the loudest value.

    What librosa 0.11 gives by `power_to_db(melspectrogram(y=audio, sr=16000))` at that rate, to
    which the tests hold it; computed here because loading librosa takes longer than scoring a clip.

    Args:
        audio: `(L,)`.
        sample_rate: Hz; at another one than `SAMPLE_RATE` it is resampled.
        normalize: bring the clip to an RMS of 1 first, so that its level does not matter.

    Returns:
        `(128, 1 + L // 512)`, L at `SAMPLE_RATE`.
    """
    return log_mels(audio, sample_rate)[not normalize]


def log_mels(audio: Signal, sample_rate: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`log_mel` with and without normalisation, of one transform."""
    audio = resampled(audio.astype(np.float64), sample_rate, SAMPLE_RATE)
    padded = np.pad(audio, N_FFT // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP]
    spectrum = scipy.fft.rfft(frames * np.hanning(N_FFT + 1)[:-1])
    mel = _filters() @ (spectrum.real**2 + spectrum.imag**2).T
    rms = np.sqrt(np.mean(audio**2)) + np.finfo(np.float32).eps
    decibels = (10 * np.log10(np.maximum(power, 1e-10)) for power in (mel / rms**2, mel))
    level, raw = (np.maximum(each, each.max() - RANGE_DB) for each in decibels)
    return level, raw


def lsd(output: Signal, target: Signal) -> float:
    """Log-spectral distance as Cifka et al. 2021 compute it (arXiv:2102.05749, section 4.3).

    Root mean square over time, mean over bands (their published code averages over axis 1). On the
    demo's benchmark copied content is at 16.8 (the floor), the target through the vocoder at 4.5
    (the ceiling); with levels that count, the same.

    Args:
        output: `(128, T)`, as `log_mel` gives it: the level of a clip does not matter.
        target: the same.

    Returns:
        dB, from 0 for equal clips up; lower is better.
    """
    return float(np.mean(np.sqrt(np.mean((output - target) ** 2, axis=1))))


def lsd_frames(output: Signal, target: Signal) -> float:
    """Log-spectral distance as it is usual elsewhere: RMS over bands, mean over frames.

    Source: Gray and Markel, "Distance measures for speech processing", IEEE TASSP 1976. Arguments,
    unit and direction as for `lsd`; floor 17.2, ceiling 4.9.
    """
    return float(np.mean(np.sqrt(np.mean((output - target) ** 2, axis=0))))


def roughness(output: Signal, target: Signal) -> float:
    """Roughness: change of an output from frame to frame, against the target's.

    `lsd` rewards noise, which this shows: the mean absolute difference of neighbouring frames in
    dB, as a ratio from 0 up. 1 is the target's own; below is blur, above is roughness. Copied
    content has 1.11, the target through the vocoder 0.98. Arguments as for `lsd`.
    """
    changes = [float(np.abs(np.diff(mel, axis=1)).mean()) for mel in (output, target)]
    return changes[0] / max(changes[1], np.finfo(float).eps)


def frame_f1(estimated: NDArray[np.bool_], true: NDArray[np.bool_]) -> float:
    """F1 of the pitches that sound in each frame, over the whole clip.

    Precision and recall as in MIREX's multiple fundamental frequency estimation: an estimated pitch
    is right if that semitone is in the score at that frame (Bay, Ehmann and Downie, ISMIR 2009). On
    the demo's benchmark other notes have 0.09 (the floor), the true ones in another timbre 0.71,
    the target itself 0.74 (notes ring on, harmonics pass for notes).

    Args:
        estimated: `(128, T)`, which MIDI pitches were found.
        true: `(128, T)`, which are in the score.

    Returns:
        0 to 1, higher is better; 1 if nothing sounds and nothing was found.
    """
    both = int((estimated & true).sum())
    total = int(estimated.sum() + true.sum())
    return 2 * both / total if total else 1.0
