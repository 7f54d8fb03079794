"""Parameters of the conditional Glow and of its training."""

from typing import Self

from pydantic import Field, model_validator

from timbre.core.optimization import Training
from timbre.core.params import Section

TRANSFER_OPTIONS: tuple[str, ...] = ("temperature",)  # settings that a transfer takes


class FlowConfig(Section):
    """The conditional Glow over the frozen autoencoder."""

    levels: int = Field(ge=1, le=3)  # squeeze, steps, split
    steps: int = Field(ge=1)  # of flow in a level
    hidden: int = Field(ge=1)  # channels inside a coupling
    kernel: int = Field(ge=1)  # of the Gated Tanh Unit, odd; 1 sees no time
    layers: int = Field(ge=1)  # Gated Tanh Units in a coupling
    condition: int = Field(ge=8, multiple_of=8)  # channels of the condition
    residual: bool  # model what the autoencoder's output lacks, not the whole mel
    dither: float = Field(gt=0)  # standard deviation of noise on the quantised mel, normalised
    max_log_scale: float = Field(gt=0)  # bound of a coupling's log scale
    temperature: float = Field(ge=0)  # of the base density when transferring

    @model_validator(mode="after")
    def _odd(self) -> Self:
        if self.kernel % 2 == 0:
            raise ValueError(f"an odd kernel expected, got kernel: {self.kernel}")
        return self


class GlowTraining(Training):
    """Section `train.glow`: a flow over the trained, frozen autoencoder."""

    network: FlowConfig
