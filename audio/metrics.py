"""How far an output is from what it should be: distances between two clips of one length."""

import librosa
import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.floating]


def log_mel(audio: Signal, sample_rate: int) -> NDArray[np.float64]:
    """The reference evaluation's spectrogram: power mel of librosa's defaults, in dB.

    The clip is first brought to an RMS of 1; 128 bands, 80 dB down from the loudest value.

    Returns:
        `(128, T)`.
    """
    audio = audio.astype(np.float64)
    audio = audio / (np.sqrt(np.mean(audio**2)) + np.finfo(np.float32).eps)
    mel: NDArray[np.float64] = librosa.power_to_db(
        librosa.feature.melspectrogram(y=audio, sr=sample_rate)
    )
    return mel


def lsd(output: Signal, target: Signal) -> float:
    """Log-spectral distance as Cifka et al. 2021 compute it (arXiv:2102.05749, section 4.3).

    Root mean square over time, mean over bands (their published code averages over axis 1).

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
    unit and direction as for `lsd`.
    """
    return float(np.mean(np.sqrt(np.mean((output - target) ** 2, axis=0))))


def roughness(output: Signal, target: Signal) -> float:
    """How much an output changes from frame to frame, against how much the target does.

    `lsd` rewards noise, which this shows: the mean absolute difference of neighbouring frames in
    dB, as a ratio. 1 is the target's own; below is blur, above is roughness. Arguments as for
    `lsd`.
    """
    changes = [float(np.abs(np.diff(mel, axis=1)).mean()) for mel in (output, target)]
    return changes[0] / max(changes[1], np.finfo(float).eps)


def frame_f1(estimated: NDArray[np.bool_], true: NDArray[np.bool_]) -> float:
    """F1 of the pitches that sound in each frame, over the whole clip.

    Precision and recall as in MIREX's multiple fundamental frequency estimation: an estimated pitch
    is right if that semitone is in the score at that frame (Bay, Ehmann and Downie, ISMIR 2009).

    Args:
        estimated: `(128, T)`, which MIDI pitches were found.
        true: `(128, T)`, which are in the score.

    Returns:
        0 to 1, higher is better; 1 if nothing sounds and nothing was found.
    """
    both = int((estimated & true).sum())
    total = int(estimated.sum() + true.sum())
    return 2 * both / total if total else 1.0


def bootstrap(values: NDArray[np.float64], resamples: int, seed: int) -> tuple[float, float, float]:
    """Mean and its 95 % percentile bootstrap interval (Efron, 1979).

    The same seed and number of cases resample the same cases, so that intervals of systems that
    were scored on the same cases are paired.

    Args:
        values: `(N,)`, a score for each case.
        resamples: how many.
        seed: of the resampling.

    Returns:
        Mean, lower end, upper end.
    """
    chosen = np.random.default_rng(seed).integers(len(values), size=(resamples, len(values)))
    means = values[chosen].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(values.mean()), float(low), float(high)
