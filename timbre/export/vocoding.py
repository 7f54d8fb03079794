"""The vocoder with its corrections, of what exporters take; see `timbre.models.vocoder.model`."""

import torch
from torch import Tensor, nn

from timbre.audio.mel import mel_filters
from timbre.export.graphs import VocoderGraph
from timbre.export.spectra import Transform
from timbre.models.vocoder import model as vocoder
from timbre.models.vocos import model as vocos


class CorrectedVocoder(nn.Module):
    """Mel, of a multiple of `step` frames, -> audio.

    Args:
        model: the corrections.
        base: the network that they are of.
    """

    filters: Tensor
    shares: Tensor

    def __init__(self, model: vocoder.Model, base: vocos.Model) -> None:
        super().__init__()
        audio = model.audio
        self.audio, self.step, self.iterations = audio, model.step, model.config.iterations
        self.network = VocoderGraph(base)
        self.decoding = Transform(base.config.n_fft, audio.hop_length)
        self.correcting = Transform(audio.n_fft, self.step * audio.hop_length)
        filters = torch.from_numpy(mel_filters(audio))
        shares = filters / filters.sum(dim=0).clamp(min=1e-6)
        self.register_buffer("filters", filters.T.float().contiguous())  # (F, M)
        self.register_buffer("shares", shares.float())  # (M, F)

    def forward(self, mel: Tensor) -> Tensor:
        """`(1, M, T)` in dB -> `(T * hop_length,)`."""
        real, imaginary = self.network(mel)
        sound = self.decoding.inverse(real[0], imaginary[0])
        target, before = vocoder.power(mel[0].T, self.audio), sound
        halves = [_HalfTurn(self, sound, target, early) for early in (0, self.step // 2)]
        for number in range(2 * self.iterations):
            ahead = sound + vocoder.MOMENTUM * (sound - before)
            before, sound = sound, halves[number % 2](ahead)
        return sound.clamp(-1, 1)


class _HalfTurn:
    """Half a turn of the corrections: what is the same for all sounds of one length and mel.

    Args:
        corrected: whose it is.
        sound: of the length.
        target: power `(T, M)`.
        early: frames of the mel by which those that are corrected lie before every `step`-th.
    """

    def __init__(
        self, corrected: CorrectedVocoder, sound: Tensor, target: Tensor, early: int
    ) -> None:
        self.transform, step = corrected.correcting, corrected.step
        self.filters, self.shares = corrected.filters, corrected.shares
        self.before = early * corrected.audio.hop_length
        # sounds are whole hops
        self.ends = (self.before, -self.before % self.transform.hop)
        self.length = sound.shape[0]
        # frames before the first and after the last have no mel
        none, kept = target.new_zeros(1, target.shape[1]), target[(step - early) % step :: step]
        self.target = torch.cat([none, kept, none] if early else [kept, none])
        inside = torch.ones_like(kept[:, :1])
        outside = none[:, :1]
        self.inside = torch.cat([outside, inside, outside] if early else [inside, outside])
        self.weights = self.transform.weights(self.target)

    def __call__(self, sound: Tensor) -> Tensor:
        """Samples `(L,)` -> the same, nearer to the mel."""
        padded = nn.functional.pad(sound[None, None], self.ends, mode="reflect")[0, 0]
        real, imaginary = self.transform(padded)
        scale = (2 / self.transform.window.sum()) ** 2
        floor, limit = vocoder.POWER_FLOOR, vocoder.MAX_RATIO
        power = ((real**2 + imaginary**2) * scale) @ self.filters
        ratio = ((self.target + floor) / (power + floor)).clamp(1 / limit, limit)
        gain = ((ratio.log() * self.inside) @ self.shares / 2).exp()
        made = self.transform.inverse(real * gain, imaginary * gain, self.weights)
        return made[self.before : self.before + self.length]
