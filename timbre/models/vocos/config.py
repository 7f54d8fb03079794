"""Parameters of the neural vocoder and of its training."""

from pydantic import Field

from timbre.core.optimization import Optimization
from timbre.core.params import Section


class VocosConfig(Section):
    """The network that makes a short-time spectrum of a mel, and what it is held to."""

    n_fft: int = Field(ge=64, multiple_of=2)  # samples, of the spectrum it makes
    channels: int = Field(ge=1)
    hidden: int = Field(ge=1)  # channels inside a block
    layers: int = Field(ge=1)  # blocks
    noise_db: float = Field(ge=0)  # deviation of the noise put on mels in training, at most
    smear: int = Field(ge=0)  # frames and bands to each side that mels are blurred over in training
    resolutions: list[float] = Field(min_length=1)  # ms, windows of the spectra that are compared
    mel_weight: float = Field(ge=0)  # of the mels that are compared


class VocosTraining(Optimization):
    """Section `vocoder.vocos`: how the network is trained."""

    model_mels: float = Field(ge=0, le=1)  # share of the mels that a transfer model made

    network: VocosConfig
