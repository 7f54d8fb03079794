"""One ranking of all systems, with intervals: Bradley and Terry's model of who is preferred.

A system of strength s is preferred to one of strength t with probability 1 / (1 + exp(t - s)). To
each pair that was compared half an answer each way is added, so that systems which always win have
a strength too (Bradley and Terry, Biometrika 39, 1952; ties count as half an answer each way).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

RESAMPLES = 1000
INTERVAL_PERCENTILES = (2.5, 97.5)  # percentiles of 95 % intervals
Floats = NDArray[np.float64]


class Ranked(NamedTuple):
    """A system's place."""

    system: str
    value: float
    low: float  # of its 95 % interval, by bootstrap over listeners
    high: float


def bradley_terry(wins: Floats) -> Floats:
    """Strengths of systems, with mean 0.

    Args:
        wins: `(R, N, N)`: in each of R sets, how often the row's system was preferred to the
            column's.

    Returns:
        `(R, N)`.
    """
    compared = (wins + wins.swapaxes(1, 2)) > 0
    weighted = wins + 0.5 * compared
    shape = wins.shape[:2]

    def loss(flat: Floats) -> tuple[float, Floats]:
        strengths = flat.reshape(shape)
        apart = strengths[:, :, None] - strengths[:, None, :]
        likely = expit(apart)
        wrong = weighted * (1 - likely)
        # a little pull to 0 decides what answers leave open: the mean, and parts never compared
        slope = wrong.swapaxes(1, 2).sum(axis=2) - wrong.sum(axis=2) + 1e-6 * strengths
        value = -np.sum(weighted * np.log(np.maximum(likely, 1e-300))) + 5e-7 * np.sum(strengths**2)
        return float(value), slope.ravel()

    solution = minimize(loss, np.zeros(shape[0] * shape[1]), jac=True, method="L-BFGS-B",
                     options={"maxiter": 1000, "ftol": 1e-13})  # fmt: skip
    strengths: Floats = solution.x.reshape(shape)
    centred: Floats = strengths - strengths.mean(axis=1, keepdims=True)
    return centred


def ranking(
    systems: Sequence[str],
    by_listener: Sequence[Floats],
    value: Callable[[Floats], Floats],
    seed: int = 0,
) -> list[Ranked]:
    """Systems from best to worst, with intervals of what another set of listeners would say.

    Args:
        systems: by name, N.
        by_listener: what each listener gave, of equal shapes that can be added.
        value: sums of these of R sets of listeners, `(R, ...)`, to `(R, N)`.
        seed: of the resamples.
    """
    totals = np.stack(by_listener)
    count = len(totals)
    drawn = np.random.default_rng(seed).multinomial(count, [1 / count] * count, RESAMPLES)
    weights = np.vstack([np.ones(count), drawn])
    values = value(np.tensordot(weights, totals, axes=1))
    low, high = np.nanpercentile(values[1:], INTERVAL_PERCENTILES, axis=0)
    ranked = [
        Ranked(name, float(values[0, n]), float(low[n]), float(high[n]))
        for n, name in enumerate(systems)
    ]
    return sorted(ranked, key=lambda each: (-each.value, each.system))
