"""The paper's own training as a baseline: self-supervised, quantised from the start, GRU style.

Cifka et al., ICASSP 2021, arXiv:2102.05749. With `content_view: self` the content is the target
itself, and nothing makes the network ask the style clip for the timbre.
"""

from timbre.core.params import Audio
from timbre.models.autoencoder import model as autoencoder
from timbre.models.vqvae import model as vqvae
from timbre.models.vqvae_self.config import SelfSupervisedConfig


class Model(vqvae.Model):
    """A VQ-VAE that starts from nothing.

    Args:
        config: of all its parts.
        audio: the mel's settings.
        base: must be None.
    """

    def __init__(self, config: SelfSupervisedConfig, audio: Audio, base: None = None) -> None:
        assert base is None
        super().__init__(config.quantizer, audio, autoencoder.Model(config.autoencoder, audio))
