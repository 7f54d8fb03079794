"""Timbre net: embeddings of clips, of which those of one sound lie close, whatever they play.

The shape is that of Cifka et al. 2021 (arXiv:2102.05749, section 4.3, and the code published with
it): mel-frequency cepstral coefficients 2 to 13, four blocks of convolution, normalisation and
pooling, trained by a triplet hinge on cosine similarity. Beside the mean over time we take the
maximum too, and mix them linearly, which ordered two or three more of a hundred unseen triplets
rightly. It hears the same bands up to 8 kHz in whatever mel. It is trained on soundfonts and pieces
that neither the models nor the benchmark know. A second output tells the family of the instrument.
"""

import numpy as np
import scipy.fft
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from timbre.audio.mel import band_spacing, mel_edges
from timbre.core.params import Audio
from timbre.models.contract import Losses, TrainableModel
from timbre.models.timbre_net.config import TimbreNetConfig
from timbre.models.timbre_net.families import FAMILIES

BANDS, LOWEST_HZ, HIGHEST_HZ = 128, 20.0, 8000.0  # Hz, what it hears of any mel
MFCC_RANGE = slice(1, 13)  # the 2nd to the 13th; the first is the level
HOP_SECONDS = 0.032  # of the frames that the net sees, about the reference's 500 of 16,000
KERNELS = (4, 4, 4, 2)  # of the blocks, which also pool by as much
SCALE_DB = 18.0  # what the coefficients are divided by
KNOT_SPACING = 7.5  # Slaney's mel between the knots of the random equalizer, about
SMEAR_FRAMES = 2  # frames to either side, at most


class Model(TrainableModel):
    """Embeds a clip; the cosine between two embeddings says how alike they sound.

    Args:
        config: sizes and how to train.
        audio: the mel's settings.
        base: must be None.
    """

    supports_bf16 = False  # it is small
    extra_inputs = ("programs",)
    readouts = ("out", "families")
    splits = ("timbre", "timbre_test")
    validate_full_segments = True  # clips are compared whole

    def __init__(self, config: TimbreNetConfig, audio: Audio, base: None = None) -> None:
        super().__init__()
        assert base is None
        self.config = config
        cosines = scipy.fft.dct(np.eye(BANDS), axis=0, norm="ortho")[MFCC_RANGE] @ _bands(audio)
        self.register_buffer("cosines", torch.from_numpy(cosines).float(), persistent=False)
        self.knots = max(2, round((audio.n_mels + 1) * band_spacing(audio) / KNOT_SPACING))
        self.pool = max(1, round(HOP_SECONDS * audio.frames_per_second))
        layers: list[nn.Module] = []
        for number, kernel in enumerate(KERNELS):
            entering = config.channels if number else len(cosines)
            layers += [
                nn.ConstantPad1d(((kernel - 1) // 2, kernel // 2), 0.0),
                nn.Conv1d(entering, config.channels, kernel),
                nn.BatchNorm1d(config.channels),
                nn.ReLU(),
                nn.MaxPool1d(kernel, ceil_mode=True),
            ]
        self.blocks = nn.Sequential(*layers)
        self.out = nn.Linear(2 * config.channels, config.channels)
        self.families = nn.Linear(config.channels, len(FAMILIES))

    def coefficients(self, mel: Tensor) -> Tensor:
        """Mel in dB `(B, M, T)` -> MFCC 2 to 13, `(B, 12, T')`; the level does not matter.

        What is far below the loudest value is levelled off: a vocoder's floor is no timbre.
        """
        loudest = mel.amax(dim=(1, 2), keepdim=True)
        levels = torch.maximum(mel, loudest - self.config.floor_db)
        assert isinstance(self.cosines, Tensor)
        return F.avg_pool1d(self.cosines @ levels / SCALE_DB, self.pool, ceil_mode=True)

    def embed(self, mel: Tensor) -> Tensor:
        """Mel in dB `(B, M, T)` -> `(B, D)`."""
        over_time = self.blocks(self.coefficients(mel))
        embedding: Tensor = self.out(
            torch.cat([over_time.mean(dim=2), over_time.amax(dim=2)], dim=1)
        )
        return embedding

    def forward(self, content: Tensor, style: Tensor, target: Tensor, programs: Tensor) -> Losses:
        """The hinge over triplets, the families, and the share of triplets in the right order.

        A target's positive is its style: other notes in the same timbre. Its negatives are its
        content, the same notes in another timbre, and the styles of the others in the batch that
        have another program. Of each kind, those count that are too close: else what is learned
        is soon drowned by what is easy.

        Args:
            content: mel in dB, `(B, M, T)`, as long as the others.
            style: see `content`.
            target: see `content`.
            programs: `(B, 3)`, what content, style and target are played with.

        Returns:
            `total`, `hinge`, `family`; `triplet_accuracy`, the share of cases whose style is
            closer than their content; and `family_accuracy`, of the style.
        """
        if self.training:
            one, other = (self._equalizer(len(target), target) for _ in range(2))
            views = (content + other, style + one, target + one)
            content, style, target = (self._roughened(mel) for mel in views)
        # in one go: what is normalised over a batch is then normalised alike
        content, style, target = self.embed(torch.cat([content, style, target])).chunk(3)
        near = F.cosine_similarity(target, style)
        same_notes = F.cosine_similarity(target, content)
        others = F.normalize(target, dim=1) @ F.normalize(style, dim=1).T
        margin = self.config.margin
        violations = F.relu(margin + others - near[:, None])
        violations = violations * (programs[:, None, 1] != programs[None, :, 1])
        hinge = _mean_of_positive(F.relu(margin + same_notes - near))
        hinge = hinge + _mean_of_positive(violations)
        logits = self.families(torch.cat([content, style]))
        truth = (programs[:, :2].long() // 8).T.reshape(-1)
        family = F.cross_entropy(logits, truth)
        right = logits.argmax(dim=1) == truth
        return {
            "total": hinge + self.config.family_weight * family,
            "hinge": hinge.detach(),
            "family": family.detach(),
            "triplet_accuracy": (near > same_notes).float().mean(),
            "family_accuracy": right[len(content) :].float().mean(),
        }

    def _equalizer(self, count: int, like: Tensor) -> Tensor:
        """Gains in dB drawn for each of `count` timbres, smooth over frequency: `(B, M, 1)`.

        Target and style share one, so that there are more timbres than programs.
        """
        knots = self.config.equalizer_db * torch.randn(count, 1, self.knots, device=like.device)
        return F.interpolate(knots, like.shape[1], mode="linear").transpose(1, 2)

    def _roughened(self, mel: Tensor) -> Tensor:
        """A mel with noise and smear as vocoders leave them, so that they are no timbre."""
        level = self.config.roughness_db * torch.rand(len(mel), 1, 1, device=mel.device)
        noisy = mel + level * torch.randn_like(mel)
        reach = int(torch.randint(SMEAR_FRAMES + 1, ()))
        padded = F.pad(noisy, (reach, reach), mode="replicate")
        return F.avg_pool1d(padded, 2 * reach + 1, stride=1)


def _bands(audio: Audio) -> NDArray[np.float64]:
    """Weights `(BANDS, M)` by which levels in dB are interpolated; of that very mel, the identity.

    Beyond the mel's own bands stands what is in the outermost.
    """
    own_centers = mel_edges(BANDS, LOWEST_HZ, HIGHEST_HZ)[1:-1]
    centers = mel_edges(audio.n_mels, audio.f_min, audio.f_max)[1:-1]
    return np.stack([np.interp(own_centers, centers, one) for one in np.eye(audio.n_mels)], axis=1)


def _mean_of_positive(violations: Tensor) -> Tensor:
    """The mean of what is above 0; 0 if nothing is."""
    return violations.sum() / (violations > 0).sum().clamp(min=1)
