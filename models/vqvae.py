"""VQ-VAE, warm-started: the trained autoencoder with a quantiser on its content code.

After Cifka et al., "Self-Supervised VQ-VAE for One-Shot Music Style Transfer", ICASSP 2021,
arXiv:2102.05749; what differs is the cross view, and that the quantiser comes last: one that is
trained from the start ruins the notes.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from audio.params import Audio
from models import autoencoder
from models.params import Quantizer as Config
from models.quantizer import Quantizer

Losses = dict[str, Tensor]


class Model(nn.Module):
    """Content encoder -> grouped quantiser -> decoder with the style vector.

    Args:
        config: of the quantiser.
        audio: the mel's settings.
        base: the autoencoder to put it into; it is trained on.
    """

    low_precision = True

    def __init__(self, config: Config, audio: Audio, base: autoencoder.Model) -> None:
        super().__init__()
        self.config, self.audio = config, audio
        self.base = base
        # the quantiser bounds what the code carries, noise would only hide it
        base.config = base.config.model_copy(update={"content_noise": 0.0})
        self.quantizer = Quantizer(base.config.content_dim, config)

    def forward(self, content: Tensor, style: Tensor, target: Tensor) -> Losses:
        """Mels in dB -> `total` = reconstruction + commitment, and `perplexity`."""
        output, terms = self._convert(content, style)
        terms["reconstruction"] = F.l1_loss(output, self.base.normalize(target))
        return {"total": terms["reconstruction"] + terms["commitment"], **terms}

    def transfer(self, content: Tensor, style: Tensor) -> Tensor:
        """The notes of `content` in the sound of `style`: mels in dB, `(B, M, T)`, T of content."""
        return self.base.denormalize(self._convert(content, style)[0])

    def _convert(self, content: Tensor, style: Tensor) -> tuple[Tensor, Losses]:
        base = self.base
        code, terms = self.quantizer(base.encode(base.normalize(content)))
        return base.decoder(code, base.style_encoder(base.normalize(style))), terms
