"""Systems that learn nothing and take no time: what a model has to beat, what it cannot pass."""

import numpy as np
import torch

from audio.benchmark import Case, Signal
from audio.params import Audio
from models.systems import System, decode, mel
from models.vocoder import Vocoder


def build(name: str, audio: Audio, vocoder: Vocoder) -> System:
    """The baseline of a name.

    `copy_content` is the floor: the right notes in the wrong sound. `copy_style` is the right sound
    with the wrong notes. `resynthesis` is the ceiling of all that goes through the vocoder: the
    target's own mel.
    """

    def copy_content(case: Case, seed: int) -> Signal:
        return case.content

    def copy_style(case: Case, seed: int) -> Signal:
        return np.resize(case.style, len(case.content))  # repeated, if it is the shorter

    @torch.inference_mode()
    def resynthesis(case: Case, seed: int) -> Signal | None:
        if case.target is None:
            return None
        return decode(vocoder, torch.from_numpy(mel(case.target, audio))[None], len(case.target))

    systems = (copy_content, copy_style, resynthesis)
    return {system.__name__: system for system in systems}[name]
