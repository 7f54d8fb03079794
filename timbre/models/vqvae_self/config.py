"""Parameters of the self-supervised VQ-VAE and of its training."""

from timbre.core.optimization import Training
from timbre.core.params import Section
from timbre.models.autoencoder.config import AutoencoderConfig
from timbre.models.vqvae.config import QuantizerConfig

TRANSFER_OPTIONS: tuple[str, ...] = ()  # settings that a transfer takes


class SelfSupervisedConfig(Section):
    """The network of `vqvae_self`: all of a VQ-VAE at once."""

    autoencoder: AutoencoderConfig
    quantizer: QuantizerConfig


class SelfSupervisedTraining(Training):
    """Section `train.vqvae_self`: the paper's own training, from nothing."""

    network: SelfSupervisedConfig
