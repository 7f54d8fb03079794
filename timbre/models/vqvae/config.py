"""Parameters of the VQ-VAE and of its training."""

from pydantic import Field

from timbre.core.optimization import Training
from timbre.core.params import Section

TRANSFER_OPTIONS: tuple[str, ...] = ()  # settings that a transfer takes


class QuantizerConfig(Section):
    """Grouped vector quantisation of the content code."""

    groups: int = Field(ge=1)  # the code is cut into this many parts, each with a codebook
    codes: int = Field(ge=2)  # entries of a codebook
    decay: float = Field(gt=0, lt=1)  # of the moving averages
    commitment: float = Field(ge=0)  # weight of the commitment loss
    restart_below: float = Field(ge=0)  # uses a step, averaged; less than that is a dead code


class VQVAETraining(Training):
    """Section `train.vqvae`: a quantiser is put into the trained autoencoder."""

    network: QuantizerConfig
