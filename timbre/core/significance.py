"""Significance of many tests at once."""

from collections.abc import Hashable, Mapping
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def holm(p_values: Mapping[Key, float]) -> dict[Key, float]:
    """P-values of many tests at once, adjusted by Holm's method (Scand. J. Statistics 6, 1979).

    The smallest is multiplied by how many there are, the next by one less, and so on; none becomes
    smaller than one before it. If all that are below 0.05 are believed, the chance that any of them
    is wrong is below 0.05.
    """
    adjusted, most = {}, 0.0
    for place, key in enumerate(sorted(p_values, key=lambda each: p_values[each])):
        most = max(most, min(1.0, (len(p_values) - place) * p_values[key]))
        adjusted[key] = most
    return {key: adjusted[key] for key in p_values}
