"""Systems that learn nothing: what a model has to beat, and what it cannot pass."""

from models.systems import Case, Signal, System, decode
from models.vocoder import Vocoder


def build(name: str, vocoder: Vocoder) -> System:
    """The baseline of a name.

    `copy_content` is the floor: the right notes in the wrong sound. `copy_style` is the right sound
    with the wrong notes. `resynthesis` is the ceiling of all that goes through the vocoder: the
    target's own mel.
    """

    def copy_content(case: Case, seed: int) -> Signal:
        return case.content

    def copy_style(case: Case, seed: int) -> Signal:
        return case.style

    def resynthesis(case: Case, seed: int) -> Signal:
        return decode(vocoder, case.target_mel)

    systems = (copy_content, copy_style, resynthesis)
    return {system.__name__: system for system in systems}[name]
