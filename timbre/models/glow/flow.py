"""The invertible layers of a conditional Glow.

Each layer has `forward(x, condition) -> (y, log_det)` and `inverse(y, condition) -> x`, where `x`
and `y` are `(B, C, T)`, `condition` is `(B, H, T)` and `log_det` is the `(B,)` logarithm of the
absolute determinant of dy/dx.
"""

from typing import Any

import torch
from torch import Tensor, nn

from timbre.models.glow.config import FlowConfig

ACTNORM_STD = 1e-2  # added to a channel's deviation: a channel that never moves must not explode


class ActNorm(nn.Module):
    """Scale and shift of each channel, begun so that the first batch has mean 0 and variance 1.

    Glow, Kingma and Dhariwal, NeurIPS 2018, arXiv:1807.03039, section 3.1.
    """

    initialized: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(channels, 1))
        self.log_scale = nn.Parameter(torch.zeros(channels, 1))
        self.register_buffer("initialized", torch.tensor(False))

    def forward(self, x: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """`y = (x + shift) exp(log_scale)`."""
        if self.training and not self.initialized:
            with torch.no_grad():
                mean = _over_processes(x.mean(dim=(0, 2)))[:, None]
                variance = _over_processes(((x - mean) ** 2).mean(dim=(0, 2)))[:, None]
                self.shift.copy_(-mean)
                self.log_scale.copy_(-(variance.sqrt() + ACTNORM_STD).log())
                self.initialized.fill_(True)
        log_det = self.log_scale.sum() * x.shape[2]
        return (x + self.shift) * self.log_scale.exp(), log_det.expand(len(x))

    def inverse(self, y: Tensor, condition: Tensor) -> Tensor:
        """The `x` that `forward` took."""
        return y * (-self.log_scale).exp() - self.shift


class InvertibleConv1x1(nn.Module):
    """Mixes the channels by one matrix, kept as P L U with a positive diagonal's logarithm.

    Glow, section 3.2, eq. 10: begun as a random rotation; the determinant costs nothing. Both
    triangles stand in one matrix, whose diagonal is not used, and P as the order of the channels.
    """

    order: Tensor
    sign: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        rotation = torch.linalg.qr(torch.randn(channels, channels))[0]
        permutation, lower, upper = torch.linalg.lu(rotation)
        self.register_buffer("order", permutation.argmax(dim=0))
        self.register_buffer("sign", torch.sign(upper.diagonal()))
        self.triangles = nn.Parameter(lower.tril(-1) + upper.triu(1))
        self.log_diagonal = nn.Parameter(upper.diagonal().abs().log())

    def _factors(self) -> tuple[Tensor, Tensor]:
        eye = torch.eye(len(self.sign), device=self.sign.device, dtype=self.triangles.dtype)
        diagonal = torch.diag(self.sign * self.log_diagonal.exp())
        return self.triangles.tril(-1) + eye, self.triangles.triu(1) + diagonal

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *arguments: Any, **options: Any
    ) -> None:
        """Of checkpoints from before version 0.2.0 too, with a matrix for each factor."""
        if (permutation := state_dict.pop(f"{prefix}permutation", None)) is not None:
            lower, upper = (state_dict.pop(f"{prefix}{name}") for name in ("lower", "upper"))
            state_dict[f"{prefix}triangles"] = lower.tril(-1) + upper.triu(1)
            state_dict[f"{prefix}order"] = permutation.argmax(dim=0)
        super()._load_from_state_dict(state_dict, prefix, *arguments, **options)

    def forward(self, x: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """`y = W x` at every frame."""
        lower, upper = self._factors()
        log_det = self.log_diagonal.sum() * x.shape[2]
        return (lower @ upper)[self.order.argsort()] @ x, log_det.expand(len(x))

    def inverse(self, y: Tensor, condition: Tensor) -> Tensor:
        """The `x` that `forward` took, by two triangular solutions."""
        lower, upper = self._factors()
        z = y[:, self.order]
        z = torch.linalg.solve_triangular(lower, z, upper=False, unitriangular=True)
        x: Tensor = torch.linalg.solve_triangular(upper, z, upper=True)
        return x


class GatedTanhUnit(nn.Module):
    """`h + tanh(conv(h)) * sigmoid(conv1x1(condition))`: the condition says what passes.

    The gate of WaveNet (arXiv:1609.03499, eq. 2), with the condition alone in the sigmoid.
    """

    def __init__(self, channels: int, condition: int, kernel: int, dilation: int) -> None:
        super().__init__()
        padding = dilation * (kernel // 2)
        self.filter = nn.Conv1d(channels, channels, kernel, padding=padding, dilation=dilation)
        self.gate = nn.Conv1d(condition, channels, 1)

    def forward(self, h: Tensor, condition: Tensor) -> Tensor:
        """`(B, C, T)` and `(B, H, T)` -> `(B, C, T)`."""
        return h + torch.tanh(self.filter(h)) * torch.sigmoid(self.gate(condition))


class AffineCoupling(nn.Module):
    """One half passes, and with the condition says how the other is scaled and shifted.

    Glow, section 3.3; its network is a 1x1 convolution, Gated Tanh Units and a convolution that
    begins at zero, so that the layer begins as the identity. The log scale is bounded by
    `max_log_scale`, without which training in single precision does not last.
    """

    def __init__(self, channels: int, config: FlowConfig, dilation: int) -> None:
        super().__init__()
        self.bound = config.max_log_scale
        self.enter = nn.Conv1d(channels // 2, config.hidden, 1)
        self.units = nn.ModuleList(
            GatedTanhUnit(config.hidden, config.condition, config.kernel, dilation)
            for _ in range(config.layers)
        )
        self.out = nn.Conv1d(config.hidden, channels, 1)
        nn.init.zeros_(self.out.weight)
        assert self.out.bias is not None
        nn.init.zeros_(self.out.bias)

    def _scale_and_shift(self, passed: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        h = self.enter(passed)
        for unit in self.units:
            h = unit(h, condition)
        log_scale, shift = self.out(h).chunk(2, dim=1)
        return self.bound * torch.tanh(log_scale / self.bound), shift

    def forward(self, x: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """`y = [x1, x2 exp(s(x1)) + t(x1)]`."""
        passed, changed = x.chunk(2, dim=1)
        log_scale, shift = self._scale_and_shift(passed, condition)
        y = torch.cat([passed, changed * log_scale.exp() + shift], dim=1)
        return y, log_scale.sum(dim=(1, 2))

    def inverse(self, y: Tensor, condition: Tensor) -> Tensor:
        """The `x` that `forward` took."""
        passed, changed = y.chunk(2, dim=1)
        log_scale, shift = self._scale_and_shift(passed, condition)
        return torch.cat([passed, (changed - shift) * (-log_scale).exp()], dim=1)


def squeeze(x: Tensor) -> Tensor:
    """Two frames become one of twice the channels: `(B, C, T)` -> `(B, 2 C, T / 2)`."""
    batch, channels, frames = x.shape
    pairs = x.reshape(batch, channels, frames // 2, 2)
    return pairs.permute(0, 1, 3, 2).reshape(batch, 2 * channels, frames // 2)


def unsqueeze(x: Tensor) -> Tensor:
    """The inverse of `squeeze`."""
    batch, channels, frames = x.shape
    pairs = x.reshape(batch, channels // 2, 2, frames)
    return pairs.permute(0, 1, 3, 2).reshape(batch, channels // 2, 2 * frames)


def _over_processes(mean: Tensor) -> Tensor:
    """The mean over all processes of means over their equal shares of a batch."""
    if torch.distributed.is_initialized():
        torch.distributed.all_reduce(mean)
        mean = mean / torch.distributed.get_world_size()
    return mean
