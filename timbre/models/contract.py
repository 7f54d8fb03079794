"""Contract of models: what training, the checkpoints and the tools ask of them."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from torch import Tensor, nn

from timbre.models.style import Style

Losses = dict[str, Tensor]


class TrainableModel(nn.Module, ABC):
    """A network that `timbre.training` can train; its constructor takes `(config, audio, base)`.

    Attributes:
        supports_bf16: whether it may be trained in bfloat16.
        splits: of the store, that it is trained and validated on.
        validate_full_segments: validate on whole segments rather than on crops.
        extra_inputs: what `forward` takes by name beside the mels: `notes`, `timbres`.
        readouts: last parts of the names of layers that map to outputs, which Muon leaves to AdamW.
        description: name, settings, mel and base, which the checkpoint carries; set when it is
            built.
    """

    supports_bf16: ClassVar[bool]
    splits: ClassVar[tuple[str, str]]
    validate_full_segments: ClassVar[bool] = False
    extra_inputs: ClassVar[tuple[str, ...]] = ()
    readouts: ClassVar[tuple[str, ...]] = ()
    description: dict[str, Any]


class TransferModel(TrainableModel):
    """A model that transfers.

    Attributes:
        draws: whether what it makes depends on chance, and `transfer` takes `noise`.
    """

    draws: ClassVar[bool] = False

    @abstractmethod
    def style(self, clip: Tensor | Style) -> Style:
        """Representation of a style clip, mel in dB `(B, M, T')`; a representation stays one."""

    @abstractmethod
    def transfer(self, content: Tensor, style: Tensor | Style, **options: Any) -> Tensor:
        """The notes of `content` in the sound of `style`: mels in dB, `(B, M, T)`, T of content.

        Args:
            content: `(B, M, T)`, T a multiple of 8.
            style: `(B, M, T')`, or what `style` makes of it.
            **options: those that the model's `config.TRANSFER_OPTIONS` names; None is the default.
                And `noise` where the model draws, standard normal, `(B, M, T)`; None draws it.
        """
