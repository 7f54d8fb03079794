"""The continuous autoencoder: notes through a narrow code, timbre through one vector.

Trained on the cross view (content in another timbre than the target), it is what `vqvae` puts its
quantiser into and what `glow` stands on.
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from timbre.audio.mel import FRAME_MULTIPLE
from timbre.core.params import Audio
from timbre.models.autoencoder import style_fitting
from timbre.models.autoencoder.config import AutoencoderConfig
from timbre.models.autoencoder.decoder import Decoder
from timbre.models.autoencoder.encoders import STRIDE, ContentEncoder, StyleEncoder
from timbre.models.autoencoder.power import frame_power, restore_frame_power
from timbre.models.blocks import normalize_channels
from timbre.models.contract import Losses, TransferModel
from timbre.models.style import Style

Transferring = Callable[[Tensor, Style], Tensor]

PITCHES = 128  # of MIDI
NOTE_WEIGHT = 5.0  # weight of a sounding pitch in the note loss: most are silent
POWER_KERNEL = 5  # frames
NOTE_BIAS = -4.0  # where the note head begins: a pitch sounds in two frames of a hundred


class Model(TransferModel):
    """Content encoder, style encoder, decoder; mels in dB outside, normalised inside.

    Args:
        config: sizes.
        audio: the mel's settings.
        base: must be None; other models are given this one here.
    """

    supports_bf16 = True  # may be trained in bfloat16
    splits = ("train", "valid")
    extra_inputs = ("notes",)  # what it learns from beside the mels
    readouts = ("out", "note_head", "power_head")  # layers whose outputs are no hidden values

    def __init__(self, config: AutoencoderConfig, audio: Audio, base: None = None) -> None:
        super().__init__()
        assert base is None
        self.config, self.audio = config, audio
        self.content_encoder = ContentEncoder(audio, config)
        self.style_encoder = StyleEncoder(audio.n_mels, config)
        self.decoder = Decoder(audio.n_mels, config)
        self.power_head = None
        if config.peaks_db:
            self.power_head = nn.Conv1d(audio.n_mels, 1, POWER_KERNEL, padding=POWER_KERNEL // 2)
            nn.init.zeros_(self.power_head.weight)
            assert self.power_head.bias is not None
            nn.init.zeros_(self.power_head.bias)
        self.note_head = None
        if config.note_weight:
            self.note_head = nn.Conv1d(config.content_dim, PITCHES, 1)
            assert self.note_head.bias is not None
            nn.init.constant_(self.note_head.bias, NOTE_BIAS)

    def normalize(self, mel: Tensor) -> Tensor:
        """Take dB to about zero mean and unit variance."""
        return (mel - self.audio.db_mean) / self.audio.db_std

    def denormalize(self, mel: Tensor) -> Tensor:
        """The inverse of `normalize`."""
        return mel * self.audio.db_std + self.audio.db_mean

    def encode(self, content: Tensor) -> Tensor:
        """Normalised mel `(B, M, T)` -> code `(B, D, T / 4)`, each frame of unit variance.

        In training noise is added, so that what the code can carry is bounded: with a narrow code
        the notes pass and the timbre does not.
        """
        code = normalize_channels(self.content_encoder(content))
        if self.training and self.config.content_noise:
            code = code + self.config.content_noise * torch.randn_like(code)
        return code

    def encode_style(self, clip: Tensor) -> Style:
        """Style of a clip by the encoder: mel in dB, `(B, M, T')`."""
        style: Style = self.style_encoder(self.normalize(clip))
        return style

    def style(self, clip: Tensor | Style) -> Style:
        """Style of a clip for transfers: of its mel in dB, `(B, M, T')`, or what this returned."""
        return self.fitted_style(clip, self.encode, self.transfer)

    def fitted_style(
        self, clip: Tensor | Style, encode: Callable[[Tensor], Tensor], transfer: Transferring
    ) -> Style:
        """The style of a clip, fitted to it as `style_fitting` does where the settings say so.

        Args:
            clip: mel in dB, `(B, M, T')`; a style is returned as it is.
            encode: normalised mel -> code, of the model that transfers.
            transfer: of that model.
        """
        if isinstance(clip, Style):
            return clip
        steps, whole = self.config.fitting_steps, clip.shape[2] // FRAME_MULTIPLE * FRAME_MULTIPLE
        if not steps or not whole:
            return self.encode_style(clip)
        with torch.inference_mode(False):  # what is made in that mode has no gradient
            clip = clip.clone()
            with torch.no_grad():
                start, crop = self.encode_style(clip), clip[..., :whole]
                code, target = encode(self.normalize(crop)), self.normalize(crop)
            result = style_fitting.fit_style(
                start, lambda style: self.decoder(code, style), target, steps,
                self.config.fitting_rate,
            )  # fmt: skip
        return result._replace(
            equalizer=style_fitting.residual_gain(transfer(crop, result), crop, self.audio)
        )

    def losses(
        self, code: Tensor, style: Tensor, target: Tensor, notes: Tensor | None = None
    ) -> Losses:
        """Losses: the decoder's output against the target, and the code against the notes.

        The error of the normalised mel is absolute, and counts more where the target is loud:
        partials are few, and a blur between them would cost little. Beside it counts the
        log-spectral distance as it is measured (`distances.lsd`), whose best guess is a mean, not a
        median. Blur lowers peaks, and so the power of a frame, which therefore is told
        apart. The notes are known of what was rendered; that the code must tell them is what makes
        it learn pitch in minutes.

        Args:
            code: `(B, D, T / 4)`.
            style: mel in dB, `(B, M, T')`.
            target: mel in dB, `(B, M, T)`.
            notes: `(B, 128, T)`, which pitches sound, or None where nobody knows.

        Returns:
            `total` and its parts, `reconstruction` without weights, `distance`, `power`, `notes`.
        """
        truth = self.normalize(target)
        output = self.decoder(code, self.encode_style(style))
        error = (output - truth).abs()
        weight = 1 + self.config.loudness_weight * (target - self.audio.db_min) / 20
        total = (weight * error).mean() / weight.mean()
        terms = {"reconstruction": error.mean().detach()}
        if self.config.distance_weight:
            terms["distance"] = style_fitting.spectral_distance(output, truth)
            total = total + self.config.distance_weight * terms["distance"]
        if self.power_head is not None:
            off = self.power(output.detach()) - frame_power(target)
            terms["power"] = off.abs().mean() / self.audio.db_std
            total = total + self.config.power_weight * terms["power"]
        if notes is not None and self.note_head is not None:
            logits = self.note_head(code).float()
            sounding = F.avg_pool1d(notes.float(), STRIDE)
            terms["notes"] = F.binary_cross_entropy_with_logits(
                logits, sounding, pos_weight=logits.new_tensor(NOTE_WEIGHT)
            )
            total = total + self.config.note_weight * terms["notes"]
        return {"total": total, **terms}

    def forward(
        self, content: Tensor, style: Tensor, target: Tensor, notes: Tensor | None = None
    ) -> Losses:
        """Mels in dB, `(B, M, T)` each, and the content's notes -> see `losses`."""
        return self.losses(self.encode(self.normalize(content)), style, target, notes)

    def power(self, output: Tensor) -> Tensor:
        """Power in dB that frames of an output should have: normalised `(B, M, T)` -> `(B, 1, T)`.

        Learned, as the error of the mel alone prefers the median of decibels, 7 dB too soft.
        """
        power = frame_power(self.denormalize(output.float()))
        if self.power_head is None:
            return power
        lacking: Tensor = self.power_head(output)
        return power + self.audio.db_std * lacking.float()

    def finish(self, output: Tensor, power: Tensor, style: Style) -> Tensor:
        """Normalised mel `(B, M, T)` -> dB, as it shall sound.

        Its peaks are lifted until frames have their power, then the style's equaliser is applied.
        """
        mel = self.denormalize(output.float())
        if self.config.peaks_db:
            mel = restore_frame_power(mel, power, self.config.peaks_db)
        if style.equalizer is not None:
            mel = style_fitting.equalized(mel, style.equalizer, self.audio)
        return mel

    def transfer(self, content: Tensor, style: Tensor | Style, **options: Any) -> Tensor:
        """The notes of `content` in the sound of `style`: mels in dB, `(B, M, T)`, T of content."""
        representation = self.style(style)
        output = self.decoder(self.encode(self.normalize(content)), representation)
        return self.finish(output, self.power(output), representation)
