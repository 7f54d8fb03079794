"""A model with one sound built in: audio to audio, with one knob for the strength."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from timbre.audio.mel import FRAME_MULTIPLE, mel_filters
from timbre.core.params import Audio
from timbre.core.signal import RUMBLE_SECONDS, SILENCE_PEAK
from timbre.export import drawn_noise
from timbre.export.loudness import Loudness
from timbre.export.spectra import Parts, Transform
from timbre.export.vocoding import CorrectedVocoder
from timbre.models.autoencoder.encoders import StyleEncoder
from timbre.models.contract import TransferModel
from timbre.models.style import Style
from timbre.transfer import strength as between
from timbre.transfer.engine import MAX_PEAK
from timbre.transfer.loudness import MAX_TRUE_PEAK

QUIETEST = 1e-9  # amplitude re full scale, by which nothing is divided


def mixing_window(audio: Audio) -> int:
    """Samples of a window in which strength is between the content and what is made."""
    return 1 << round(math.log2(between.WINDOW_SECONDS * audio.sample_rate))


def rumble_samples(audio: Audio) -> int:
    """Samples of the mean that is taken out; see `timbre.core.signal.without_rumble`."""
    return max(3, round(RUMBLE_SECONDS * audio.sample_rate) | 1)


def unit_samples(audio: Audio) -> int:
    """Samples that the length of a sound has to be a multiple of."""
    eights = math.lcm(
        FRAME_MULTIPLE * audio.hop_length,
        max(1, audio.n_fft // (2 * audio.hop_length)) * audio.hop_length,  # of the corrections
        mixing_window(audio) // between.WINDOWS_PER_SAMPLE,
    )
    # the analysis takes no less than a window, the filter against rumble no less than its half
    least = max(audio.n_fft, rumble_samples(audio) // 2)
    return -(-least // eights) * eights


class BakedModel(nn.Module):
    """What `timbre.transfer` does with a recording of one channel, in one window.

    Args:
        model: as `timbre.export.substitutes.exportable` returns it.
        style: its frames are normalised, and in one piece.
        vocoder: for the same mels.
        audio: the mel's settings.
    """

    filters: Tensor
    audible: Tensor

    def __init__(
        self, model: TransferModel, style: Style, vocoder: CorrectedVocoder, audio: Audio
    ) -> None:
        super().__init__()
        for module in list(model.modules()):
            for name, child in list(module.named_children()):
                if isinstance(child, StyleEncoder):  # has done its work
                    setattr(module, name, nn.Identity())
        self.model, self.vocoder, self.audio = model, vocoder, audio
        (frames,) = style.frames
        self.register_buffer("vector", style.vector)
        self.register_buffer("frames", frames)
        self.register_buffer("bias", style.bias)
        self.register_buffer("equalizer", style.equalizer)
        self.register_buffer("patches", style.patches[0] if style.patches else None)
        self.analysis = Transform(audio.n_fft, audio.hop_length)
        filters = torch.from_numpy(mel_filters(audio).T.copy()).float()
        self.register_buffer("filters", filters)  # (F, M)
        window = mixing_window(audio)
        self.mixing = Transform(window, window // between.WINDOWS_PER_SAMPLE)
        self.loudness = Loudness(audio.sample_rate, window, self.mixing.hop)
        hertz = torch.fft.rfftfreq(window, 1 / audio.sample_rate)
        self.register_buffer("audible", hertz <= audio.f_max)

    def forward(self, audio: Tensor, strength: Tensor) -> Tensor:
        """Samples `(1, 1, L)` -> as many, as loud.

        Args:
            audio: at the model's rate, L a multiple of `unit_samples`.
            strength: 0, the sound itself, to 1, all of the transfer; of shape ().
        """
        dry = self._without_rumble(audio[0, 0])
        peak, rms = dry.abs().amax(dim=0), dry.square().mean().sqrt()
        quietest = torch.full_like(peak, SILENCE_PEAK)
        level = 10 ** (self.audio.level_db / 20) / rms.clamp(min=QUIETEST)
        wet = self._made(dry * torch.minimum(level, MAX_PEAK / peak.maximum(quietest)))
        wet = wet * (rms / wet.square().mean().sqrt().clamp(min=QUIETEST))
        one, other = self._spectrum(dry), self._spectrum(wet)
        nearer = self._between(one, other, strength.clamp(0, 1))
        mixed = self.mixing.inverse(*nearer)[: dry.shape[0]]
        lacking = self._lufs(one) - self._lufs(self._spectrum(mixed))
        most = MAX_TRUE_PEAK / mixed.abs().amax(dim=0).clamp(min=QUIETEST)
        gain = torch.minimum(10 ** (lacking / 20), most)
        # of silence nothing but silence can be made
        return (gain * mixed * (peak >= quietest))[None, None]

    def _without_rumble(self, sound: Tensor) -> Tensor:
        """See `timbre.core.signal.without_rumble`; sums of many samples take double precision."""
        width = rumble_samples(self.audio)
        half, mean = width // 2, sound.double()
        for _ in range(2):
            padded = torch.cat([mean[:half].flip(0), mean, mean[-half:].flip(0)])
            sums = torch.cat([padded.new_zeros(1), padded.cumsum(0)])
            mean = (sums[width:] - sums[:-width]) / width
        return (sound - mean).float()

    def _spectrum(self, sound: Tensor) -> Parts:
        """Spectrum of a sound whose beginning is reflected, and whose end is silence."""
        parts: Parts = self.mixing(F.pad(sound, (0, self.mixing.n_fft)))
        return parts

    def _lufs(self, parts: Parts) -> Tensor:
        """Loudness of the sound of a spectrum, without the silence at its end."""
        silent = self.mixing.n_fft // self.mixing.hop + 1
        found: Tensor = self.loudness(_power(parts)[:-silent])
        return found

    def _made(self, sound: Tensor) -> Tensor:
        """Samples at the level of the mel's settings -> what the model makes of them."""
        power = _power(self.analysis(sound))[:-1]
        scale = (2 / self.analysis.window.sum()) ** 2
        mel = ((power * scale) @ self.filters).clamp(min=10 ** (self.audio.db_min / 10))
        mel = 10 * mel.log10().T[None]
        patches = self._buffers["patches"]
        style = Style(
            self.get_buffer("vector"), (self.get_buffer("frames"),), self._buffers["bias"],
            self._buffers["equalizer"], () if patches is None else (patches,),
        )  # fmt: skip
        given = {}
        if self.model.draws:
            times = torch.arange(mel.shape[2])
            given["noise"] = drawn_noise.normal(times, self.audio.n_mels)[None]
        found: Tensor = self.vocoder(self.model.transfer(mel, style, **given))
        return found

    def _between(self, one: Parts, other: Parts, strength: Tensor) -> Parts:
        """See `timbre.transfer.strength`."""
        heard = [a + strength * (b - a) for a, b in zip(one, other, strict=True)]
        scale = 2 / self.mixing.window.sum()
        levels = [
            (_power(each).sqrt() * scale).clamp(min=between.MIN_AMPLITUDE)
            for each in (one, other, (heard[0], heard[1]))
        ]
        wanted = levels[0] ** (1 - strength) * levels[1] ** strength
        gain = (wanted / levels[2]).clamp(max=between.MAX_BIN_GAIN)
        gain = torch.where(self.audible, gain, 1.0)
        return heard[0] * gain, heard[1] * gain


def _power(parts: Parts) -> Tensor:
    return parts[0] ** 2 + parts[1] ** 2
