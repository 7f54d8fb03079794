"""Envelope metrics of two clips: what a style of a single vector loses."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from timbre.core.notes import Notes
from timbre.evaluation.metrics.distances import SAMPLE_RATE

Floats = NDArray[np.floating]

CURVE_SAMPLES = SAMPLE_RATE // 20  # samples, 50 ms: of the curves that are correlated
# samples, 10 and 5 ms: of single notes
FRAME_SAMPLES, STEP_SAMPLES = SAMPLE_RATE // 100, SAMPLE_RATE // 200
MIN_NOTE_SECONDS = 0.15  # from an onset to the next: in less no attack is told from a decay
MAX_NOTE_SECONDS = 0.5  # of a note that are looked at
ATTACK_END_SHARE = 0.5  # of the peak, where an attack ends
ATTACK_SECONDS = 0.08  # that are left out of a decay
RANGE_DB = 60.0  # below the peak: a decay ends there


def correlation(output: Floats, target: Floats) -> float | None:
    """Pearson correlation of two clips' RMS curves, in steps of 50 ms.

    Args:
        output: `(L,)` at `SAMPLE_RATE`.
        target: likewise.

    Returns:
        -1 to 1, higher is better; None where one of them does not move.
    """
    count = min(len(output), len(target)) // CURVE_SAMPLES
    curves = [
        np.sqrt(np.mean(sound[: count * CURVE_SAMPLES].reshape(count, CURVE_SAMPLES) ** 2, axis=1))
        for sound in (output, target)
    ]
    if count < 2 or any(np.ptp(curve) < 1e-9 for curve in curves):
        return None
    return float(np.corrcoef(curves)[0, 1])


def attack_difference(output: Floats, target: Floats, notes: Notes) -> float | None:
    """Difference of attack times: mean absolute difference over the onsets of a piece, in ms.

    An attack lasts from the onset in the score until the envelope has reached half of the note's
    peak. (Nine tenths, as usual where notes stand alone, are reached anywhere in a swelling note;
    Peeters et al., "The Timbre Toolbox", JASA 2011, section II.C, compare such thresholds.)

    Args:
        output: `(L,)` at `SAMPLE_RATE`.
        target: likewise.
        notes: that are played; onsets that follow each other too fast are left out.

    Returns:
        ms, lower is better; None where there is no such onset.
    """
    apart = [abs(_attack(one) - _attack(other)) for one, other in _envelopes(output, target, notes)]
    return float(np.mean(apart)) * 1000 if apart else None


def decay_difference(output: Floats, target: Floats, notes: Notes) -> float | None:
    """Difference of decays: mean absolute difference of their slopes over the onsets, in dB/s.

    The slope of the level after the attack, until the next onset, by least squares; arguments and
    None as for `attack_difference`.
    """
    apart = [abs(_decay(one) - _decay(other)) for one, other in _envelopes(output, target, notes)]
    return float(np.mean(apart)) if apart else None


def _envelopes(output: Floats, target: Floats, notes: Notes) -> Iterator[tuple[Floats, Floats]]:
    """Envelopes of both clips from each onset to the next, at most `MAX_NOTE_SECONDS`."""
    length = min(len(output), len(target))
    onsets = np.unique(np.round(notes["start"].astype(np.float64), 2))
    for onset, following in pairwise([*onsets, length / SAMPLE_RATE]):
        stop = min(following, onset + MAX_NOTE_SECONDS, length / SAMPLE_RATE)
        if stop - onset < MIN_NOTE_SECONDS:
            continue
        span = slice(round(onset * SAMPLE_RATE), round(stop * SAMPLE_RATE))
        one, other = (_envelope(sound[span]) for sound in (output, target))
        if one.max() > 0 and other.max() > 0:
            yield one, other


def _envelope(sound: Floats) -> Floats:
    frames = np.lib.stride_tricks.sliding_window_view(sound, FRAME_SAMPLES)[::STEP_SAMPLES]
    rms: Floats = np.sqrt(np.mean(frames**2, axis=1))
    return rms


def _attack(envelope: Floats) -> float:
    """Seconds until it has reached `ATTACK_END_SHARE` of its peak."""
    return (
        float(np.argmax(envelope >= ATTACK_END_SHARE * envelope.max())) * STEP_SAMPLES / SAMPLE_RATE
    )


def _decay(envelope: Floats) -> float:
    """Slope after the attack, in dB/s."""
    held = envelope[round(ATTACK_SECONDS * SAMPLE_RATE / STEP_SAMPLES) :]
    level = 20 * np.log10(np.maximum(held / envelope.max(), 10 ** (-RANGE_DB / 20)))
    return float(np.polyfit(np.arange(len(level)) * STEP_SAMPLES / SAMPLE_RATE, level, 1)[0])
