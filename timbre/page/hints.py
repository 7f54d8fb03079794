"""Hints where a clip does not suit, by measures of how periodic, noisy and high it is.

Measured on the CC0 clips and by FluidSynth: patterns of drums have less than 0.11 of their power in
pitches and more than 0.35 in beats. No clip and none of 18 phrases of instruments in their middle
register gets a hint without cause; of 57 low, fast or full ones nine do, those of harpsichord,
distorted guitars, slap bass and a xylophone. Tuned drums, speech and bands whose drums are soft
measure as instruments do and get none.
"""

from typing import NamedTuple

import numpy as np
import scipy.ndimage
import scipy.signal

from timbre.core.signal import Signal, resampled

SAMPLE_RATE = 16_000  # Hz, at which clips are measured
EXCERPT_SECONDS = 20.0  # that are heard, from where sound begins
WINDOW, HOP = 1024, 256  # samples, of the spectrum
MEDIAN_WIDTH = 31  # frames or bins, of what lasts and of what is broad (Fitzgerald, DAFx 2010)
MIN_HZ, MAX_HZ = 32.0, 2200.0  # Hz, of pitches
YIN_THRESHOLD = 0.2  # YIN's threshold (de Cheveigne and Kawahara, JASA 2002)
MIN_PERIODIC, BROAD_BEATS = 0.12, 0.3  # less pitch with more beats: a hint
MAX_BEATS, MAX_FLATNESS, MAX_OCTAVES = 0.2, 0.009, 1.5  # else a hint


class Heard(NamedTuple):
    """What is measured of a clip."""

    hertz: float  # median pitch; 0 where there is none
    periodic: float  # share of the power that has a pitch
    beats: float  # share of the power that is broad in frequency and short
    flatness: float  # 0 of a tone, 1 of white noise


def hear(clip: Signal, sample_rate: int) -> Heard:
    """Measure a clip `(L,)`, not silent."""
    start = int(np.argmax(np.abs(clip) > 0.01 * np.abs(clip).max()))
    begun = clip[start : start + round(EXCERPT_SECONDS * sample_rate)]
    sound = resampled(np.asarray(begun, np.float32), sample_rate, SAMPLE_RATE).astype(np.float64)
    sound = np.pad(sound, (0, max(0, 4 * WINDOW - len(sound))))
    spectrum = np.abs(scipy.signal.stft(sound, nperseg=WINDOW, noverlap=WINDOW - HOP)[2])
    power = spectrum**2
    lasting = scipy.ndimage.median_filter(spectrum, (1, MEDIAN_WIDTH)) ** 2
    broad = scipy.ndimage.median_filter(spectrum, (MEDIAN_WIDTH, 1)) ** 2
    beats = float(np.sum(power * broad / (lasting + broad + 1e-20)) / power.sum())
    frames = power.sum(axis=0)
    flat = np.exp(np.log(power + 1e-12).mean(axis=0)) / (power.mean(axis=0) + 1e-12)
    hertz, periodic = _pitch(sound)
    return Heard(hertz, periodic, beats, float((flat * frames).sum() / frames.sum()))


def _pitch(sound: np.ndarray) -> tuple[float, float]:
    """Median pitch in Hz, and the share of the power that has one, by YIN."""
    longest, shortest = round(SAMPLE_RATE / MIN_HZ), round(SAMPLE_RATE / MAX_HZ)
    pitches, powers, total = [], 0.0, 0.0
    for start in range(0, len(sound) - WINDOW - longest, WINDOW):
        frame = sound[start : start + WINDOW + longest]
        power = float(np.sum(frame[:WINDOW] ** 2))
        total += power
        sums = np.concatenate([[0.0], np.cumsum(frame**2)])
        moved = sums[WINDOW : WINDOW + longest] - sums[:longest]
        alike = scipy.signal.correlate(frame, frame[:WINDOW], "valid", "fft")[:longest]
        difference = power + moved - 2 * alike
        means = np.cumsum(difference[1:]) / np.arange(1, longest)
        normed = difference[1:] / np.maximum(means, 1e-12)
        dips = np.flatnonzero(normed[shortest - 1 :] < YIN_THRESHOLD)
        if len(dips) and power > 0:
            lag = int(dips[0]) + shortest - 1
            while lag + 1 < len(normed) and normed[lag + 1] < normed[lag]:
                lag += 1
            pitches.append(SAMPLE_RATE / (lag + 1))
            powers += power
    return (float(np.median(pitches)) if pitches else 0.0), powers / max(total, 1e-12)


def hints(content: Heard, style: Heard) -> list[str]:
    """What is to be said of two clips before somebody wonders, a sentence each."""
    found = []
    for name, heard in (("content", content), ("style", style)):
        if heard.periodic < MIN_PERIODIC and heard.beats > BROAD_BEATS:
            found.append(
                f"The {name} has hardly any pitch, as drums and noise have: the models have "
                "learned single instruments that play notes."
            )
        elif heard.beats > MAX_BEATS and heard.flatness > MAX_FLATNESS:
            found.append(
                f"The {name} has beats among its notes: if it is a whole band, transfer its stems "
                "one by one."
            )
    if min(content.periodic, style.periodic) >= MIN_PERIODIC:
        octaves = float(np.log2(style.hertz / content.hertz))
        if abs(octaves) >= MAX_OCTAVES:
            where = "above" if octaves > 0 else "below"
            found.append(
                f"The style sounds some {abs(octaves):.0f} octaves {where} the content: what it "
                "does there has to be guessed. Move the content by an octave, or take a style "
                "that is nearer."
            )
    return found
