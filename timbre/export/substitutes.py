"""Layers put in the place of those that ONNX has no words for; weights keep their names."""

import copy
from typing import Any

import torch
import torch.nn.functional as F
import torch.onnx.ops
from torch import Tensor, nn

from timbre.models.autoencoder.decoder import FrameRetrieval, StyleAttention
from timbre.models.glow.flow import InvertibleConv1x1
from timbre.models.vqvae.quantizer import Quantizer

BLOCK_ROWS = 64  # rows that are solved at once


class ChannelAffine(nn.Module):
    """What follows the normalisation in a `GroupNorm` of one group.

    The normalisation itself belongs to the style: it is of each clip, and several are concatenated
    before a transfer.

    Args:
        norm: the whole.
    """

    def __init__(self, norm: nn.GroupNorm) -> None:
        super().__init__()
        self.weight, self.bias = norm.weight, norm.bias

    def forward(self, normalized: Tensor) -> Tensor:
        """`(B, C, T)` -> `(B, C, T)`."""
        return normalized * self.weight[:, None] + self.bias[:, None]


class NearestCodes(nn.Module):
    """Quantiser outside of training: the nearest code has the largest `f c - |c|^2 / 2`.

    Args:
        quantizer: whose codebook it is.
    """

    codebook: Tensor

    def __init__(self, quantizer: Quantizer) -> None:
        super().__init__()
        self.register_buffer("codebook", quantizer.codebook)

    def forward(self, code: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """`(1, D, T)` -> the same, quantised, and no terms."""
        groups, _, part = self.codebook.shape
        frames = code.reshape(groups, part, -1).transpose(1, 2)  # g t d
        lengths = self.codebook.square().sum(dim=2)[:, None]
        best = (frames @ self.codebook.transpose(1, 2) - lengths / 2).argmax(dim=2)
        books = zip(self.codebook, best, strict=True)
        quantized = torch.stack([F.embedding(index, book) for book, index in books])
        return quantized.transpose(1, 2).reshape(1, groups * part, -1), {}


class SolvedConv1x1(InvertibleConv1x1):
    """The inverse of a 1x1 convolution by substitution, block by block.

    The blocks on the diagonals are inverted here, in double precision; the rest stays as it is in
    the checkpoint, so that a graph need not hold a second copy of the matrices.

    Args:
        conv: whose inverse it is.
    """

    def __init__(self, conv: InvertibleConv1x1) -> None:
        nn.Module.__init__(self)
        self.triangles = conv.triangles
        self.register_buffer("order", conv.order)
        lower, upper = (each.double().detach() for each in conv._factors())
        self.count = len(conv.sign)
        for number, block in enumerate(self._blocks()):
            eye = torch.eye(block.stop - block.start, dtype=torch.float64)
            for name, factor in (("lower", lower), ("upper", upper)):
                solved = torch.linalg.solve_triangular(
                    factor[block, block], eye, upper=name == "upper", unitriangular=name == "lower"
                )
                self.register_buffer(f"{name}_inverse{number}", solved.float())

    def _blocks(self) -> list[slice]:
        return [
            slice(start, min(start + BLOCK_ROWS, self.count))
            for start in range(0, self.count, BLOCK_ROWS)
        ]

    def inverse(self, y: Tensor, condition: Tensor) -> Tensor:
        """`(B, C, T)`: the `x` that `forward` took."""
        z = y[:, self.get_buffer("order")]
        blocks = self._blocks()
        lower_parts: list[Tensor] = []
        for number, block in enumerate(blocks):
            right = z[:, block]
            if lower_parts:
                right = right - self.triangles[block, : block.start] @ torch.cat(lower_parts, dim=1)
            lower_parts.append(self.get_buffer(f"lower_inverse{number}") @ right)
        upper_parts: list[Tensor] = []
        for number, block in reversed(list(enumerate(blocks))):
            right = lower_parts[number]
            if upper_parts:
                right = right - self.triangles[block, block.stop :] @ torch.cat(upper_parts, dim=1)
            upper_parts.insert(0, self.get_buffer(f"upper_inverse{number}") @ right)
        return torch.cat(upper_parts, dim=1)


class OperatorGRU(nn.Module):
    """A gated recurrent unit as ONNX's own operator, for PyTorch unrolls it to one length.

    It computes in the graph alone; PyTorch sees zeros of the right shape.

    Args:
        gru: of one layer and direction, batch first.
    """

    def __init__(self, gru: nn.GRU) -> None:
        super().__init__()
        self.hidden = gru.hidden_size
        # PyTorch's gates are reset, update, new; ONNX's update, reset, new
        order = [1, 0, 2]
        weights: dict[str, Tensor] = {
            name: value.detach().reshape(3, self.hidden, -1)[order].flatten(0, 1)
            for name, value in gru.named_parameters()
        }
        self.register_buffer("inputs", weights["weight_ih_l0"][None])
        self.register_buffer("states", weights["weight_hh_l0"][None])
        bias = torch.cat([weights["bias_ih_l0"], weights["bias_hh_l0"]]).reshape(1, -1)
        self.register_buffer("bias", bias)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """`(B, T, C)` -> the states `(B, T, H)` and the last one `(1, B, H)`."""
        batch, time, _ = x.shape
        inputs = [
            x.transpose(0, 1),
            *(self.get_buffer(name) for name in ("inputs", "states", "bias")),
        ]
        states, last = torch.onnx.ops.symbolic_multi_out(
            "GRU", inputs, {"hidden_size": self.hidden, "linear_before_reset": 1},
            dtypes=(x.dtype, x.dtype), version=14,
            shapes=((time, 1, batch, self.hidden), (1, batch, self.hidden)),
        )  # fmt: skip
        return states[:, 0].transpose(0, 1), last


def exportable(model: nn.Module) -> nn.Module:
    """A copy of a model in evaluation mode that consists of what ONNX knows.

    It fits no styles, and takes those whose frames are normalised.
    """
    plain = copy.deepcopy(model).eval().requires_grad_(False)
    for module in list(plain.modules()):
        if isinstance(module, StyleAttention | FrameRetrieval):
            module.add_module("norm", ChannelAffine(module.norm))
        for name, child in list(module.named_children()):
            if isinstance(child, Quantizer):
                setattr(module, name, NearestCodes(child))
            elif isinstance(child, InvertibleConv1x1):
                setattr(module, name, SolvedConv1x1(child))
            elif isinstance(child, nn.GRU):
                setattr(module, name, OperatorGRU(child))
        config: Any = getattr(module, "config", None)
        if getattr(config, "fitting_steps", 0):
            module.config = config.model_copy(update={"fitting_steps": 0})
    return plain


def fitting_steps(model: nn.Module) -> int:
    """In how many steps a model, or the one it stands on, fits a style to its clip."""
    return max(
        int(getattr(getattr(each, "config", None), "fitting_steps", 0)) for each in model.modules()
    )
