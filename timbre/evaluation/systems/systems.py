"""Systems that are evaluated: each makes audio of a test case, and none is special.

Here are the two that copy, and the type of all; those with settings are in the registry, trained
models in `neural`.
"""

from collections.abc import Callable

import numpy as np

from timbre.core.params import Section
from timbre.core.signal import Signal
from timbre.evaluation.cases.cases import Case
from timbre.evaluation.systems import registry

# (case, seed of what is drawn) -> (L,) of the content's length; None where a case lacks what it
# takes
System = Callable[[Case, int], Signal | None]


def copy_content(case: Case, seed: int) -> Signal:
    """The floor: the right notes in the wrong sound."""
    return case.content


def copy_style(case: Case, seed: int) -> Signal:
    """The right sound with the wrong notes, repeated if it is the shorter."""
    return np.resize(case.style, len(case.content))


COPIES: dict[str, System] = {"copy_content": copy_content, "copy_style": copy_style}


def baseline(name: str, settings: Section | None) -> System:
    """A system that learns nothing.

    Args:
        name: of a copy, or of a system in the registry.
        settings: of the system; None for a copy.
    """
    if settings is None:
        return COPIES[name]
    transfer = registry.system_class(name)(settings)
    return lambda case, seed: transfer(case.content, case.style, seed)
