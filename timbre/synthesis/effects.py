"""Audio effects by SoX, through pipes: no file is written."""

import json
from typing import Any

import numpy as np
import sox
from numpy.typing import NDArray

MAX_PEAK = 0.98  # SoX works on integers: keep its input just inside [-1, 1]

Effect = tuple[str, dict[str, Any]]


class EffectsError(RuntimeError):
    """SoX failed."""


def draw(rng: np.random.Generator, chances: list[float]) -> list[Effect]:
    """Draw a chain of effects as the reference's training data has them.

    Source: the data preparation published with Cifka et al. 2021 (arXiv:2102.05749), whose ranges
    these are: overdrive gain 10-40 dB; phaser gains .6-.9 and .66-.85, delay 1-4 ms, decay .2-.45,
    speed .5-2 Hz; reverb at SoX's defaults after 3 dB less gain; tremolo 1-15 Hz, depth 20-60 %.

    Args:
        rng: all chance comes from here.
        chances: probability of 0, 1, 2, ... effects; each is one of the four, equally likely.

    Returns:
        `(name of the method of sox.Transformer, its arguments)` in the order of application.
    """
    chain: list[Effect] = []
    for _ in range(int(rng.choice(len(chances), p=chances))):
        kind = int(rng.integers(4))
        if kind == 0:
            chain.append(("overdrive", {"gain_db": rng.uniform(10, 40)}))
        elif kind == 1:
            chain.append(
                (
                    "phaser",
                    {
                        "gain_in": rng.uniform(0.6, 0.9),
                        "gain_out": rng.uniform(0.66, 0.85),
                        "delay": 1 + 3 * rng.power(0.4),
                        "decay": rng.uniform(0.2, 0.45),
                        "speed": rng.uniform(0.5, 2),
                        "modulation_shape": ("sinusoidal", "triangular")[int(rng.integers(2))],
                    },
                )
            )
        elif kind == 2:
            chain.append(("gain", {"gain_db": -3.0, "normalize": False}))
            chain.append(("reverb", {}))
        else:
            speed, depth = 1 + 14 * rng.power(0.5), rng.uniform(20, 60)
            chain.append(("tremolo", {"speed": speed, "depth": depth}))
    return chain


def dumps(chain: list[Effect]) -> str:
    """A chain as text for a table; numbers with four digits, which is finer than one can hear."""
    rounded = [
        (name, {k: round(float(v), 4) if isinstance(v, float) else v for k, v in values.items()})
        for name, values in chain
    ]
    return json.dumps(rounded)


def loads(text: str) -> list[Effect]:
    """The chain that `dumps` wrote."""
    return [(name, values) for name, values in json.loads(text)]


def apply(audio: NDArray[np.float64], sample_rate: int, chain: list[Effect]) -> NDArray[np.float64]:
    """Play `audio` through a chain of effects.

    Args:
        audio: `(L,)`, brought to peak `MAX_PEAK` first, as overdrive depends on level.
        sample_rate: Hz.
        chain: as `draw` gives it; empty returns `audio` as it is.

    Returns:
        `(L,)`; an effect's tail beyond the end is cut.

    Raises:
        EffectsError: with what SoX said.
    """
    peak = np.abs(audio).max(initial=0)
    if not chain or peak == 0:
        return audio
    transformer = sox.Transformer()
    transformer.set_globals(dither=False, verbosity=1)
    for name, values in chain:
        getattr(transformer, name)(**values)
    try:
        loud = (audio * (MAX_PEAK / peak)).astype(np.float32)
        processed = transformer.build_array(input_array=loud, sample_rate_in=sample_rate)
    except sox.core.SoxError as error:
        raise EffectsError(f"SoX failed on {dumps(chain)}: {error}") from error
    result = np.zeros(len(audio))
    length = min(len(audio), len(processed))
    result[:length] = processed[:length]
    return result
