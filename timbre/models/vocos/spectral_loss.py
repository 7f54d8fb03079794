"""Multi-resolution spectral loss between audio and audio; phases do not matter."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from timbre.audio.mel import mel_filters
from timbre.core.params import Audio

DYNAMIC_RANGE = 1e-4  # re the loudest, 80 dB: what lies deeper hardly counts, as in the metric
MAGNITUDE_FLOOR = 1e-5  # magnitude re full scale, -100 dB: what is silent has no range
COARSER_FACTOR = 4  # how much shorter the second mel's window is, and how many fewer its bands are
MIN_N_FFT = 64  # of that window

Losses = dict[str, Tensor]


class SpectralLoss(nn.Module):
    """Spectral convergence and the L1 of log magnitudes, and the L1 of log mels.

    The first two after Yamamoto, Song and Kim, ICASSP 2020, arXiv:1910.11480, section 3.2. The mels
    are the project's own and one with a shorter window and fewer bands. Logarithms are of the
    magnitude and a floor 80 dB below the louder clip's loudest, so that the gradient does not end
    where one of the two is silent.

    Args:
        resolutions: ms, of the windows of the spectra, four of which overlap.
        audio: the mel's settings.
    """

    def __init__(self, resolutions: list[float], audio: Audio) -> None:
        super().__init__()
        quarters = (each / 4000 * audio.sample_rate for each in resolutions)
        self.resolutions = [4 * max(1, round(each)) for each in quarters]  # n_fft
        shorter = max(MIN_N_FFT, audio.n_fft // COARSER_FACTOR)
        coarse = {"n_fft": shorter, "n_mels": max(1, audio.n_mels // COARSER_FACTOR)}
        self.mels = [audio, audio.model_copy(update=coarse)]
        for number, each in enumerate(self.mels):
            filters = torch.from_numpy(mel_filters(each)).float()
            self.register_buffer(f"filters{number}", filters, persistent=False)

    def forward(self, output: Tensor, target: Tensor) -> Losses:
        """Audio `(B, L)` and what it should be -> means over batch and resolutions.

        Returns:
            `convergence`, 0 for equal clips and about 1 for silence; `magnitude` and `mel`, in
            natural logarithms of magnitudes, and the same if the clips change places.
        """
        convergence, magnitude, mel = [], [], []
        lengths = {*self.resolutions, *(each.n_fft for each in self.mels)}  # many are alike
        spectra = {
            n_fft: [_magnitude(sound, n_fft) for sound in (output, target)] for n_fft in lengths
        }
        for n_fft in self.resolutions:
            one, other = spectra[n_fft]
            lacking = torch.linalg.vector_norm(one - other, dim=(1, 2))
            norm = torch.linalg.vector_norm(other, dim=(1, 2))
            convergence.append((lacking / norm).mean())
            magnitude.append(_log_distance(one, other))
        for number, each in enumerate(self.mels):
            filters = self.get_buffer(f"filters{number}")
            one, other = ((filters @ spectrum**2).sqrt() for spectrum in spectra[each.n_fft])
            mel.append(_log_distance(one, other))
        terms = {"convergence": convergence, "magnitude": magnitude, "mel": mel}
        return {name: torch.stack(values).mean() for name, values in terms.items()}


def _magnitude(sound: Tensor, n_fft: int) -> Tensor:
    """`(B, L)` -> `(B, F, T)`, where a sine of amplitude 1 has 1."""
    window = torch.hann_window(n_fft, device=sound.device)
    spectrum = torch.stft(sound, n_fft, n_fft // 4, window=window, return_complex=True)
    power = (spectrum.real**2 + spectrum.imag**2) * (2 / window.sum()) ** 2
    return (power + MAGNITUDE_FLOOR**2).sqrt()  # at 0 the root has no gradient


def _log_distance(one: Tensor, other: Tensor) -> Tensor:
    """Mean absolute difference of the logarithms of magnitudes `(B, F, T)`."""
    louder = torch.maximum(one, other).amax(dim=(1, 2), keepdim=True).detach()
    floor = DYNAMIC_RANGE * louder
    return F.l1_loss((one + floor).log(), (other + floor).log())
