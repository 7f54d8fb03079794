"""VQ-VAE, warm-started: the trained autoencoder with a quantiser on its content code.

After Cifka et al., "Self-Supervised VQ-VAE for One-Shot Music Style Transfer", ICASSP 2021,
arXiv:2102.05749; what differs is the cross view, and that the quantiser comes last: one that is
trained from the start ruins the notes.
"""

from typing import Any

from torch import Tensor

from timbre.core.params import Audio
from timbre.models.autoencoder import model as autoencoder
from timbre.models.contract import Losses, TransferModel
from timbre.models.style import Style
from timbre.models.vqvae.config import QuantizerConfig as Config
from timbre.models.vqvae.quantizer import Quantizer


class Model(TransferModel):
    """Content encoder -> grouped quantiser -> decoder with the style vector.

    Args:
        config: of the quantiser.
        audio: the mel's settings.
        base: the autoencoder to put it into; it is trained on.
    """

    supports_bf16 = True
    splits = ("train", "valid")
    extra_inputs = ("notes",)
    readouts = autoencoder.Model.readouts

    def __init__(self, config: Config, audio: Audio, base: autoencoder.Model) -> None:
        super().__init__()
        self.config, self.audio = config, audio
        self.base = base
        # the quantiser bounds what the code carries, noise would only hide it
        base.config = base.config.model_copy(update={"content_noise": 0.0})
        self.quantizer = Quantizer(base.config.content_dim, config)

    def forward(
        self, content: Tensor, style: Tensor, target: Tensor, notes: Tensor | None = None
    ) -> Losses:
        """Mels in dB and notes -> the autoencoder's terms, `commitment` and `perplexity`."""
        base = self.base
        code, terms = self.quantizer(base.encode(base.normalize(content)))
        losses = base.losses(code, style, target, notes)
        return {**losses, **terms, "total": losses["total"] + terms["commitment"]}

    def code(self, mel: Tensor) -> Tensor:
        """Normalised mel `(B, M, T)` -> quantised code `(B, D, T / 4)`."""
        code: Tensor = self.quantizer(self.base.encode(mel))[0]
        return code

    def style(self, clip: Tensor | Style) -> Style:
        """See the autoencoder's."""
        return self.base.fitted_style(clip, self.code, self.transfer)

    def transfer(self, content: Tensor, style: Tensor | Style, **options: Any) -> Tensor:
        """The notes of `content` in the sound of `style`: mels in dB, `(B, M, T)`, T of content."""
        base, representation = self.base, self.style(style)
        output = base.decoder(self.code(base.normalize(content)), representation)
        return base.finish(output, base.power(output), representation)
