"""Short-time Fourier transforms as exporters take them: real numbers and shapes that may vary.

Hann windows, frames centered on every `hop` samples. A spectrum is `(T, F)`, a frame a row, its
real and imaginary part apart.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MIN_WINDOW_SUM = 1e-11  # sum of squared windows, below which PyTorch divides by none

Parts = tuple[Tensor, Tensor]  # real and imaginary


class Transform(nn.Module):
    """Both directions of a transform.

    Args:
        n_fft: samples of a frame.
        hop: samples from one to the next.
    """

    window: Tensor

    def __init__(self, n_fft: int, hop: int) -> None:
        super().__init__()
        self.n_fft, self.hop = n_fft, hop
        self.parts = -(-n_fft // hop)  # hops of a frame
        self.register_buffer("window", torch.hann_window(n_fft))

    def forward(self, sound: Tensor, ends: str = "reflect") -> Parts:
        """Samples `(L,)`, L a multiple of the hop -> spectrum of `L / hop + 1` frames.

        Args:
            sound: of more than n_fft / 2 samples, if its ends are reflected.
            ends: a mode of `torch.nn.functional.pad`.
        """
        half, parts = self.n_fft // 2, self.parts
        # up to whole hops, as many as the last frame has
        padded = F.pad(sound[None, None], (half, half), mode=ends)
        if rest := parts * self.hop - self.n_fft:
            padded = F.pad(padded, (0, rest))
        hops = padded.reshape(-1, self.hop)
        count = sound.shape[0] // self.hop + 1
        frames = torch.cat([hops[part : part + count] for part in range(parts)], dim=1)
        if rest:
            frames = frames[:, : self.n_fft]
        spectrum = torch.view_as_real(torch.fft.rfft(frames * self.window))
        return spectrum[..., 0], spectrum[..., 1]

    def inverse(self, real: Tensor, imaginary: Tensor, weights: Tensor | None = None) -> Tensor:
        """Spectrum of T frames -> samples `((T - 1) hop,)`.

        Args:
            real: `(T, F)`.
            imaginary: the same.
            weights: what `weights` returns for so many frames, if it is known.
        """
        spectrum = torch.view_as_complex(torch.stack([real, imaginary], dim=2))
        frames = torch.fft.irfft(spectrum, n=self.n_fft) * self.window
        return self._overlapped(frames) / (self.weights(real) if weights is None else weights)

    def weights(self, frames: Tensor) -> Tensor:
        """Sums of squared windows of as many frames as `(T, ...)` has: `((T - 1) hop,)`."""
        found = self._overlapped((self.window**2).expand(frames.shape[0], self.n_fft))
        return torch.where(found > MIN_WINDOW_SUM, found, 1.0)

    def _overlapped(self, frames: Tensor) -> Tensor:
        """Frames `(T, n_fft)` added up, each a hop after the one before, without the ends."""
        if rest := self.parts * self.hop - self.n_fft:
            frames = F.pad(frames, (0, rest))
        hops = frames.reshape(-1, self.parts, self.hop)
        last = self.parts - 1
        moved = [F.pad(hops[:, part], (0, 0, part, last - part)) for part in range(self.parts)]
        half, length = self.n_fft // 2, (frames.shape[0] - 1) * self.hop
        return sum(moved[1:], moved[0]).flatten()[half : half + length]
