"""Agreements between sections of the parameters, so that no stage finds out after hours."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from timbre.core.optimization import Training
from timbre.core.params import Audio
from timbre.evaluation.systems.frames import Frames
from timbre.models.autoencoder.config import AutoencoderConfig
from timbre.models.vocos.config import VocosTraining
from timbre.models.vqvae.config import QuantizerConfig
from timbre.models.vqvae_self.config import SelfSupervisedConfig
from timbre.synthesis.synth import MAX_RENDER_RATE

if TYPE_CHECKING:
    from stages.params import Params


def faults(params: "Params") -> Iterator[str]:
    """Each value that does not go with the others, as `dotted.key: ... expected, got ...`."""
    audio, train = params.audio, params.train
    if audio.segment_samples < audio.n_fft:
        yield f"audio.segment_seconds: n_fft samples at least expected, got {audio.segment_seconds}"
    factor = params.spectrograms.synthesis.oversampling
    if audio.sample_rate * factor > MAX_RENDER_RATE:
        yield (
            "spectrograms.synthesis.oversampling: at most "
            f"{MAX_RENDER_RATE} Hz / audio.sample_rate expected, got {factor} times "
            f"{audio.sample_rate} Hz"
        )
    networks = {name: getattr(train, name).network for name in type(train).model_fields}
    for name, network in networks.items():
        key = f"train.{name}"
        yield from _of_training(key, getattr(train, name), audio)
        if isinstance(network, AutoencoderConfig):
            yield from _of_autoencoder(f"{key}.network", network)
        if isinstance(network, SelfSupervisedConfig):
            yield from _of_autoencoder(f"{key}.network.autoencoder", network.autoencoder)
            yield from _of_quantizer(
                f"{key}.network.quantizer", network.quantizer, network.autoencoder
            )
        if isinstance(network, QuantizerConfig):
            yield from _of_quantizer(f"{key}.network", network, networks["autoencoder"])
    if params.vocoder.kind == "vocos":
        yield from _of_vocos("vocoder.vocos", params.vocoder.vocos, audio)
        for split, count in params.spectrograms.keep_audio:
            if not count:
                yield (
                    f"spectrograms.keep_audio.{split}: 1 or more, as vocos learns from audio, "
                    "expected, got 0"
                )
    yield from _of_cases(params)


def _of_training(key: str, settings: Training, audio: Audio) -> Iterator[str]:
    for name in ("crop_frames", "style_frames"):
        if (frames := getattr(settings, name)) > audio.segment_frames:
            yield (
                f"{key}.{name}: at most the {audio.segment_frames} frames of "
                f"audio.segment_seconds expected, got {frames}"
            )


def _of_autoencoder(key: str, network: AutoencoderConfig) -> Iterator[str]:
    if network.style_heads and network.channels % network.style_heads:
        yield (
            f"{key}.style_heads: a number that divides the {network.channels} channels expected, "
            f"got {network.style_heads}"
        )
    for name in ("encoder_dilations", "decoder_dilations", "fine_dilations"):
        if min(dilations := getattr(network, name), default=1) < 1:
            yield f"{key}.{name}: 1 or more for each block expected, got {dilations}"
    if network.style_heads and not network.decoder_dilations:
        yield f"{key}.decoder_dilations: a block for style_heads to stand behind expected, got []"


def _of_quantizer(key: str, network: QuantizerConfig, base: AutoencoderConfig) -> Iterator[str]:
    if base.content_dim % network.groups:
        yield (
            f"{key}.groups: a number that divides the autoencoder's content_dim of "
            f"{base.content_dim} expected, got {network.groups}"
        )


def _of_vocos(key: str, settings: VocosTraining, audio: Audio) -> Iterator[str]:
    crop, network = settings.crop_frames, settings.network
    if crop > audio.segment_frames:
        yield (
            f"{key}.crop_frames: at most the {audio.segment_frames} frames of "
            f"audio.segment_seconds expected, got {crop}"
        )
    if network.n_fft < 2 * audio.hop_length:
        yield f"{key}.network.n_fft: 2 audio.hop_length at least expected, got {network.n_fft}"
    if min(network.resolutions) <= 0:
        yield f"{key}.network.resolutions: more than 0 ms expected, got {min(network.resolutions)}"
    # spectra of a crop are taken with its ends reflected by half a window
    longest = max(audio.n_fft, max(network.resolutions) / 1000 * audio.sample_rate)
    if 2 * crop * audio.hop_length <= longest:
        yield (
            f"{key}.crop_frames: more than half the longest window of audio.n_fft and "
            f"{key}.network.resolutions expected, got {crop}"
        )


def _of_cases(params: "Params") -> Iterator[str]:
    """Lengths that the systems and the phrases need of a case."""
    audio, systems = params.audio, params.systems
    names = type(systems).model_fields
    if params.transfer.limits.keys() != (needed := {*names, "shuffled"}):
        yield (
            f"transfer.limits: those of {', '.join(sorted(needed))} expected, got those of "
            f"{', '.join(sorted(params.transfer.limits))}"
        )
    for name in names:
        settings = getattr(systems, name)
        if not isinstance(settings, Frames):
            continue
        reach = max(settings.n_fft, (getattr(settings, "kernel", 1) - 1) * settings.hop_length)
        if audio.segment_samples < reach:
            yield (
                f"systems.{name}: windows and kernels of at most the {audio.segment_samples} "
                f"samples of a segment expected, got {reach} samples"
            )
    fade = params.benchmark.phrases.fade_seconds
    if audio.segment_seconds < 2 * fade:
        yield f"benchmark.phrases.fade_seconds: at most half a segment expected, got {fade}"
