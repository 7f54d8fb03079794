"""Previews of a training: pictures of what the model makes of a few validation examples."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from timbre.audio.pictures import side_by_side
from timbre.core.files import replacing
from timbre.core.optimization import Optimization
from timbre.core.params import Audio

PICTURE_EXAMPLES = 4  # a row each
MAX_PICTURES = 12  # pictures of one training


def is_due(step: int, settings: Optimization) -> bool:
    """Whether the validation after `step` steps is one to draw: the last is, and few before it."""
    ahead = (settings.steps - step) // settings.valid_every
    apart = -(-settings.steps // settings.valid_every // MAX_PICTURES)
    return ahead % apart == 0


@torch.no_grad()
def draw(path: Path, model: nn.Module, mels: list[Tensor], audio: Audio) -> None:
    """Write one picture: content, style, target and the model's output, an example a row.

    What the model draws by chance is the same each time.

    Args:
        path: of a PNG.
        model: in evaluation mode; its `transfer` takes content and style.
        mels: content, style and target in dB, `(N, M, T)` each, where the model is.
        audio: the mel's settings.
    """
    torch.manual_seed(0)
    transfer: Callable[[Tensor, Tensor], Tensor] = model.transfer  # type: ignore[assignment]
    views = (*mels, transfer(*mels[:2]))
    rows = [[mel.float().cpu().numpy() for mel in row] for row in zip(*views, strict=True)]
    with replacing(path) as temporary:
        temporary.write_bytes(side_by_side(rows, audio))
