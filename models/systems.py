"""What is evaluated: every system makes audio of a test case, and none is special.

A system is a trained model; or the module of its name in `models`, whose class `System` takes its
settings and then `(content, style, seed)`; or a baseline, which is in this file. What needs torch
is imported when it is built, for that takes longer than many a system's work.
"""

import importlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from audio.benchmark import Case, Signal
from audio.params import Audio, Section

# (case, seed of what is drawn) -> (L,) of the content's length; None where a case lacks what it
# takes
System = Callable[[Case, int], Signal | None]


def trained(path: Path, audio: Audio, vocoder: Path, device: str = "cpu") -> System:
    """The system of a model's checkpoint; arguments as for `models.trained.System`."""
    system: System = importlib.import_module("models.trained").System(path, audio, vocoder, device)
    return system


def untrained(name: str, settings: Section | None, audio: Audio, vocoder: Path | None) -> System:
    """A system without a checkpoint: the baseline or the module of this name.

    Args:
        name: of a baseline or of a module in `models`.
        settings: of the module; None for a baseline.
        audio: the mel that everything here shares.
        vocoder: checkpoint of the vocoder, for `resynthesis`.
    """
    if settings is not None:
        transfer = importlib.import_module(f"models.{name}").System(settings)
        return lambda case, seed: transfer(case.content, case.style, seed)
    if name == "resynthesis":
        system: System = importlib.import_module("models.trained").Resynthesis(audio, vocoder)
        return system
    return {"copy_content": copy_content, "copy_style": copy_style}[name]


def copy_content(case: Case, seed: int) -> Signal:
    """The floor: the right notes in the wrong sound."""
    return case.content


def copy_style(case: Case, seed: int) -> Signal:
    """The right sound with the wrong notes, repeated if it is the shorter."""
    return np.resize(case.style, len(case.content))
