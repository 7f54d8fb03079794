"""Drawing of the synthesizer's presets, each from (seed, number) and nothing else.

A preset is one of the kinds in `KINDS`, ways in which instruments make sound, with all that its
kind leaves open drawn by chance: there are as many as numbers. Variety counts here, not likeness:
a model that is to meet any instrument has to have heard many spectra and envelopes.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from timbre.synthesis.synthesizer_kinds import KINDS, RATIOS, VOWELS, Kind
from timbre.synthesis.synthesizer_presets import MAX_PARTIALS, Peak, Preset, Voice

PERIOD_SAMPLES = 1024  # in which a period of frequency modulation is computed
SILENT_DB = -100.0

Range = tuple[float, float]
Levels = NDArray[np.float64]


@lru_cache(maxsize=256)
def draw_preset(seed: int, number: int) -> Preset:
    """Draw a preset; equal arguments give an equal one.

    Args:
        seed: of the experiment, 0 or more.
        number: which, 0 or more.
    """
    rng = np.random.default_rng([seed, number])
    name = str(rng.choice(list(KINDS)))
    kind = KINDS[name]
    ratios = _ratios(rng, kind)
    levels, divisor = _levels(rng, kind, len(ratios) or MAX_PARTIALS)
    held = kind.decay == (0, 0)
    sustained = rng.random() < kind.held_share
    return Preset(
        seed=seed,
        number=number,
        kind=name,
        program=int(rng.choice(kind.programs)),
        levels=levels,
        ratios=ratios,
        divisor=divisor,
        stiffness=_logarithmic(rng, kind.stiffness),
        decay=0.0 if held else _logarithmic(rng, kind.decay),
        decay_tracking=rng.uniform(0.2, 0.8),
        damping=_logarithmic(rng, kind.damping),
        formants=_formants(rng, kind),
        cutoff=_logarithmic(rng, kind.cutoff),
        slope=rng.uniform(0.5, 4),
        resonance=rng.uniform(*kind.resonance),
        tracking=rng.uniform(0.2, 1),
        bright=rng.uniform(*kind.bright),
        velocity_octaves=rng.uniform(*kind.velocity_octaves),
        velocity_db=rng.uniform(15, 40),
        key_db=rng.uniform(-2, 2),
        attack=_logarithmic(rng, kind.attack),
        attack_power=rng.uniform(0.6, 2),
        fall=_logarithmic(rng, (0.05, 2)),
        sustain=1.0 if sustained else rng.uniform(*kind.sustain),
        release=_logarithmic(rng, kind.release),
        rise=_logarithmic(rng, kind.rise),
        dim=_logarithmic(rng, kind.dim),
        vibrato_cents=rng.uniform(*kind.vibrato) if rng.random() < kind.vibrato_share else 0.0,
        vibrato_rate=rng.uniform(3.5, 7.5),
        vibrato_delay=rng.uniform(0, 0.6),
        tremolo=rng.uniform(0, 0.5) if rng.random() < kind.tremolo_share else 0.0,
        voices=_voices(rng, kind),
        noise=tuple(
            Peak(_logarithmic(rng, (300, 8000)), rng.uniform(0.2, 1.5), rng.uniform(-20, 0))
            for _ in range(int(rng.integers(1, 4)))
        ),
        breath=_amplitude(rng, kind.breath_db),
        burst=_amplitude(rng, kind.burst_db),
        burst_seconds=_logarithmic(rng, (0.01, 0.25)),
    )


def _logarithmic(rng: np.random.Generator, span: Range) -> float:
    """Uniform in the logarithm; 0 where the range ends there."""
    return float(np.exp(rng.uniform(*np.log(span)))) if span[0] else 0.0


def _amplitude(rng: np.random.Generator, decibels: Range) -> float:
    """Of a level in dB; 0 where the range lies below what can be heard."""
    level = rng.uniform(*decibels)
    return float(10 ** (level / 20)) if level > SILENT_DB else 0.0


def _ratios(rng: np.random.Generator, kind: Kind) -> tuple[float, ...]:
    """Modes of a solid body, each moved a little but the first, or of none."""
    if kind.spectrum != "body":
        return ()
    body = np.array(RATIOS[str(rng.choice(list(RATIOS)))])
    upper = body[1:] * np.exp(rng.normal(0, 0.04, len(body) - 1))
    return (1.0, *(float(ratio) for ratio in upper))


def _levels(
    rng: np.random.Generator, kind: Kind, count: int
) -> tuple[tuple[tuple[float, ...], tuple[float, ...]], int]:
    """Levels of the partials at rest and at the brightest, and what their base is divided by."""
    number = np.arange(1, count + 1)
    divisor = 1
    tilt = rng.uniform(*kind.tilt)
    if kind.spectrum == "modulated":
        divisor = int(rng.integers(2, 6)) if rng.random() < kind.divided_share else 1
        rest, bright = _modulated(rng, divisor)
    elif kind.spectrum == "wave":
        rest = bright = _wave(rng, number)
    elif kind.spectrum == "drawbars":
        drawbars = np.isin(number, (1, 2, 3, 4, 5, 6, 8, 10, 12, 16)) & (rng.random(count) < 0.7)
        drawbars[0] = True
        rest = bright = np.where(drawbars, rng.uniform(-24, 0, count), -60 - 6 * np.log2(number))
    else:
        rest = bright = tilt * np.log2(number)
    if kind.sparse_share and rng.random() < kind.sparse_share:
        mask = rng.random(count) < rng.uniform(0.2, 0.6)
        mask[0] = True
        rest, bright = (np.where(mask, each, each - 40) for each in (rest, bright))
    shape = rng.normal(0, rng.uniform(*kind.scatter_db), count)
    shape[0] = abs(shape[0])  # the fundamental stays
    shape += np.where(number % 2, 0.0, rng.uniform(*kind.even_db))
    if rng.random() < kind.comb_share:  # plucked, struck or bowed at this share of a string
        place = rng.uniform(0.06, 0.45)
        shape += 20 * np.log10(np.abs(np.sin(np.pi * number * place)) + 0.03)
    both = tuple(tuple((each + shape).round(2).tolist()) for each in (rest, bright))
    return (both[0], both[1]), divisor


def _wave(rng: np.random.Generator, number: NDArray[np.int64]) -> Levels:
    """A saw-tooth, or a pulse of some width."""
    saw = -20 * np.log10(number)
    if rng.random() < 0.4:
        return saw
    width = rng.uniform(0.08, 0.5)
    return np.asarray(saw + 20 * np.log10(np.abs(np.sin(np.pi * number * width)) + 1e-3))


def _modulated(rng: np.random.Generator, divisor: int) -> tuple[Levels, Levels]:
    """Spectra of two to four sine operators that modulate each other's phase.

    Chowning, "The synthesis of complex audio spectra by means of frequency modulation", 1973. The
    last operator is heard and has the note's frequency; each of the others modulates the next one
    or the last.

    Returns:
        With small and with large indices of modulation.
    """
    count = int(rng.integers(2, 5))
    ratios = [int(ratio) for ratio in rng.integers(1, 3 + 6 * divisor, count - 1)]
    targets = [index + 1 if rng.random() < 0.5 else count - 1 for index in range(count - 1)]
    indices = np.exp(rng.uniform(np.log(0.3), np.log(6), count - 1))
    share = rng.uniform(0.05, 0.6)
    phase = 2 * np.pi * np.arange(PERIOD_SAMPLES) / PERIOD_SAMPLES
    spectra = []
    for scale in (share, 1.0):
        moved = np.zeros((count, PERIOD_SAMPLES))
        for index, (ratio, target) in enumerate(zip(ratios, targets, strict=True)):
            moved[target] += scale * indices[index] * np.sin(ratio * phase + moved[index])
        spectrum = np.abs(np.fft.rfft(np.sin(divisor * phase + moved[-1])))[1 : MAX_PARTIALS + 1]
        spectra.append(20 * np.log10(spectrum / (PERIOD_SAMPLES / 2) + 10 ** (SILENT_DB / 20)))
    return spectra[0], spectra[1]


def _formants(rng: np.random.Generator, kind: Kind) -> tuple[Peak, ...]:
    """Resonances of a body anywhere, or those of a vowel, each moved a little."""
    if kind.vowel:
        centres = np.array(VOWELS[int(rng.integers(len(VOWELS)))]) * rng.uniform(0.8, 1.35)
        centres *= np.exp(rng.normal(0, 0.08, len(centres)))
    else:
        low, high = kind.formants
        centres = np.exp(rng.uniform(np.log(200), np.log(6000), int(rng.integers(low, high + 1))))
    return tuple(
        Peak(float(hertz), rng.uniform(0.08, 0.5), rng.uniform(*kind.formant_db))
        for hertz in centres
    )


def _voices(rng: np.random.Generator, kind: Kind) -> tuple[Voice, ...]:
    """One oscillator, or several that are out of tune to both sides alike, or a pulse's two."""
    if rng.random() >= kind.voices_share:
        return (Voice(0.0, 1.0, 0.0, 0.0, 0.0),)
    if kind.spectrum == "wave" and rng.random() < 0.5:  # a pulse is the difference of two saws
        width, sweep = rng.uniform(0.1, 0.5), rng.uniform(0.02, 0.09)
        moving = Voice(0.0, -0.9, width, sweep, _logarithmic(rng, (0.2, 4)))
        return Voice(0.0, 1.0, 0.0, 0.0, 0.0), moving
    cents = _logarithmic(rng, (2, 14))
    return tuple(
        Voice(sign * cents, 1.0, rng.uniform(0, 1), 0.0, 0.0)
        for sign in ((-1, 1) if rng.random() < 0.6 else (-1, 0, 1))
    )
