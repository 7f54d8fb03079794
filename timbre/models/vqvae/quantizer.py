"""Grouped vector quantisation with codebooks that follow what they quantise."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from timbre.models.vqvae.config import QuantizerConfig as Config

KMEANS_ITERATIONS = 8


class Quantizer(nn.Module):
    """Product quantiser: the channels are cut into groups, each with a codebook of its own.

    Straight-through gradient and codebooks as moving averages (van den Oord et al., NeurIPS 2017,
    arXiv:1711.00937, eq. 2-3 and appendix A.1), begun by k-means on the first batch; a code that is
    hardly used begins anew at a frame drawn from the batch (Jukebox, arXiv:2005.00341, section 3).
    Where processes share a batch, all follow the whole of it, and the first one draws.

    Args:
        dim: channels, a multiple of the groups.
        config: sizes and weights.
    """

    codebook: Tensor
    uses: Tensor
    sums: Tensor
    initialized: Tensor

    def __init__(self, dim: int, config: Config) -> None:
        super().__init__()
        if dim % config.groups:
            raise ValueError(f"content_dim {dim} must be a multiple of the {config.groups} groups")
        self.config = config
        part = dim // config.groups
        self.register_buffer("codebook", torch.zeros(config.groups, config.codes, part))
        self.register_buffer("uses", torch.ones(config.groups, config.codes))
        self.register_buffer("sums", torch.zeros(config.groups, config.codes, part))
        self.register_buffer("initialized", torch.tensor(False))

    def forward(self, code: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Quantise.

        Args:
            code: `(B, D, T)`.

        Returns:
            The quantised code `(B, D, T)`, whose gradient is passed on to `code` as it is, and
            `commitment` (weighted) and `perplexity` (in use, 1 to K, mean of the groups).
        """
        frames = self._split(code.float())  # (G, B T, D / G)
        if self.training:
            with torch.no_grad():
                everything = self._split(_gathered(code.detach().float()))
                if not self.initialized:
                    self._initialize(everything)
        codes = torch.cdist(frames, self.codebook).argmin(dim=2)  # (G, B T)
        nearest = self._look_up(codes)
        shares = F.one_hot(codes, self.config.codes).float().mean(dim=1)
        perplexity = torch.exp(-(shares * (shares + 1e-9).log()).sum(dim=1)).mean()
        commitment = self.config.commitment * F.mse_loss(frames, nearest)
        if self.training:
            with torch.no_grad():
                by_example = codes.reshape(len(codes), len(code), -1).transpose(0, 1)  # b g t
                self._follow(everything, _gathered(by_example).transpose(0, 1).flatten(1))
        passed = frames + (nearest - frames).detach()
        return self._join(passed, code), {"commitment": commitment, "perplexity": perplexity}

    def _look_up(self, codes: Tensor) -> Tensor:
        """`(G, N)` -> `(G, N, D / G)`, a copy: the codebook moves while gradients wait."""
        return torch.stack([book[index] for book, index in zip(self.codebook, codes, strict=True)])

    def _split(self, code: Tensor) -> Tensor:
        batch, dim, frames = code.shape
        parts = code.reshape(batch, self.config.groups, dim // self.config.groups, frames)
        return parts.permute(1, 0, 3, 2).flatten(1, 2)  # b g d t -> g (b t) d

    def _join(self, frames: Tensor, like: Tensor) -> Tensor:
        batch, dim, time = like.shape
        parts = frames.reshape(self.config.groups, batch, time, dim // self.config.groups)
        return parts.permute(1, 0, 3, 2).reshape(batch, dim, time).to(like.dtype)

    def _initialize(self, frames: Tensor) -> None:
        """K-means on the first batch."""
        for group, points in enumerate(frames):
            book = points[torch.randint(len(points), (self.config.codes,), device=points.device)]
            book = book + 1e-3 * torch.randn_like(book)  # tells equal draws apart
            for _ in range(KMEANS_ITERATIONS):
                count, total = self._assigned(points, torch.cdist(points, book).argmin(dim=1))
                book = torch.where(count[:, None] > 0, total / count.clamp(min=1)[:, None], book)
            self.codebook[group] = book
        _agree(self.codebook)
        self.sums.copy_(self.codebook)
        self.initialized.fill_(True)

    def _assigned(self, points: Tensor, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Number of points of each code, and their sum."""
        count = points.new_zeros(self.config.codes).index_add_(
            0, codes, points.new_ones(len(points))
        )
        total = points.new_zeros(self.config.codes, points.shape[1]).index_add_(0, codes, points)
        return count, total

    def _follow(self, frames: Tensor, codes: Tensor) -> None:
        """Move the averages on, restart dead codes."""
        decay = self.config.decay
        for group, (points, index) in enumerate(zip(frames, codes, strict=True)):
            count, total = self._assigned(points, index)
            self.uses[group].mul_(decay).add_(count, alpha=1 - decay)
            self.sums[group].mul_(decay).add_(total, alpha=1 - decay)
            dead = self.uses[group] < self.config.restart_below
            replacements = torch.randint(len(points), (self.config.codes,), device=points.device)
            self.sums[group] = torch.where(dead[:, None], points[replacements], self.sums[group])
            self.uses[group] = torch.where(dead, 1.0, self.uses[group])
        _agree(self.sums)
        _agree(self.uses)
        self.codebook.copy_(self.sums / self.uses.clamp(min=1e-3)[..., None])


def _gathered(share: Tensor) -> Tensor:
    """The whole batch `(W B, ...)` from each process's share `(B, ...)`: every W-th example."""
    if not torch.distributed.is_initialized():
        return share
    shares = [torch.empty_like(share) for _ in range(torch.distributed.get_world_size())]
    torch.distributed.all_gather(shares, share.contiguous())
    return torch.stack(shares, dim=1).flatten(0, 1)


def _agree(values: Tensor) -> None:
    """Take the first process's values: what was drawn differs from process to process."""
    if torch.distributed.is_initialized():
        torch.distributed.broadcast(values, 0)
