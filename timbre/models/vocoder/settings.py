"""Section `vocoder` of the parameters."""

from typing import Literal

from pydantic import Field

from timbre.core.params import Section
from timbre.models.griffin_lim.config import GriffinLimConfig
from timbre.models.vocos.config import VocosTraining


class VocoderSettings(Section):
    """Section `vocoder`: what makes audio of mels."""

    kind: Literal["griffin_lim", "vocos"]
    refinements: int = Field(ge=0)  # corrections of the audio by its mel
    griffin_lim: GriffinLimConfig
    vocos: VocosTraining
