"""Parameters of the fast Griffin-Lim algorithm."""

from pydantic import Field

from timbre.core.params import Section


class GriffinLimConfig(Section):
    """Section `vocoder.griffin_lim`, which needs no training."""

    iterations: int = Field(ge=1)
    momentum: float = Field(ge=0, lt=1)
    mel_iterations: int = Field(ge=1)  # of the inversion of the mel filters
