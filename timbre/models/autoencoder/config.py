"""Parameters of the autoencoder and of its training."""

from typing import Literal

from pydantic import Field

from timbre.core.optimization import Training
from timbre.core.params import Section


class AutoencoderConfig(Section):
    """Content encoder, style encoder and decoder: what `vqvae` and `glow` stand on."""

    channels: int = Field(ge=8, multiple_of=8)  # of content encoder and decoder
    content_dim: int = Field(ge=1)  # of the narrow code that the notes pass through
    pitch_front: bool  # show the content encoder peaks and harmonic combs beside the mel
    content_noise: float = Field(ge=0)  # added to the normalised code in training
    note_weight: float = Field(ge=0)  # of telling the notes from the code, where they are known
    loudness_weight: float = Field(ge=0)  # how much more a value 20 dB louder counts
    distance_weight: float = Field(ge=0)  # of the log-spectral distance
    power_weight: float = Field(ge=0)  # of each frame's power, which lifts the peaks
    peaks_db: float = Field(ge=0)  # below a frame's loudest bin: what is lifted; 0: nothing
    style_channels: int = Field(ge=1)
    style_dim: int = Field(ge=1)
    style_pooling: Literal["statistics", "gru"]
    style_heads: int = Field(ge=0)  # of attention to style frames; 0: the vector alone
    retrieval_heads: int = Field(ge=0)  # that fetch the style clip's own mel frames; 0: none
    fine_dilations: list[int]  # of the decoder's blocks at the mel's full frame rate
    fitting_steps: int = Field(ge=0)  # in which a style is fitted to its clip; 0: it is not
    fitting_rate: float = Field(gt=0)
    encoder_dilations: list[int]
    decoder_dilations: list[int]


class AutoencoderTraining(Training):
    """Section `train.autoencoder`."""

    network: AutoencoderConfig
