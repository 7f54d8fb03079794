"""Vocoders: as long as the mel, the same each time, in tune, and corrected by the mel."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from tests import tiny
from timbre.audio.mel import mel_spectrogram
from timbre.core.errors import InputError
from timbre.core.params import Audio
from timbre.models import checkpoint
from timbre.models.vocoder import model as vocoder
from timbre.models.vocoder.config import RefinementConfig
from timbre.models.vocoder.model import Vocoder
from timbre.models.vocoder.settings import VocoderSettings
from timbre.models.vocos.config import VocosConfig

AUDIO = Audio.model_validate(tiny.COMMITTED["audio"])  # the true one: a tone needs its bins
SETTINGS = VocoderSettings.model_validate(tiny.COMMITTED["vocoder"])
NETWORK = VocosConfig.model_validate(
    tiny.COMMITTED["vocoder"]["vocos"]["network"] | {"channels": 16, "hidden": 32, "layers": 2}
)
KINDS = ("griffin_lim", "vocos")
SECOND = AUDIO.sample_rate // AUDIO.hop_length * AUDIO.hop_length  # samples, whole hops


@cache
def build(kind: str, refinements: int = SETTINGS.refinements) -> vocoder.Model:
    """A vocoder; the network is untrained."""
    torch.manual_seed(0)
    config = SETTINGS.griffin_lim if kind == "griffin_lim" else NETWORK
    base = checkpoint.build(kind, config, AUDIO)
    refinement = RefinementConfig(iterations=refinements)
    model = checkpoint.build("vocoder", refinement, AUDIO, base).eval()
    assert isinstance(model, vocoder.Model)
    return model


@torch.inference_mode()
def decoded(made: Vocoder, mel: Tensor) -> Tensor:
    return made(mel)


def mel_of(sound: Tensor) -> Tensor:
    """`(B, L)` -> `(B, M, T)`."""
    return torch.from_numpy(mel_spectrogram(sound.numpy(), AUDIO)).float()


def wave(hz: float) -> Tensor:
    """A second of a sine, `(1, L)`."""
    sine = 0.1 * np.sin(2 * np.pi * hz * np.arange(SECOND) / AUDIO.sample_rate)
    return torch.from_numpy(sine)[None]


def tone(hz: float) -> Tensor:
    """Its mel."""
    return mel_of(wave(hz))


def music() -> Tensor:
    """Mel of two chords with noise, one loud and one soft, and silence."""
    notes = [wave(hz)[:, : SECOND // 2] for hz in (220.0, 277.2, 329.6, 523.3)]
    noise = torch.from_numpy(np.random.default_rng(0).normal(0, 0.003, SECOND // 2))
    loud, soft = sum(notes[:3]) + noise, 0.1 * (notes[2] + notes[3])
    return mel_of(torch.cat([loud, soft, torch.zeros(1, SECOND // 2)], dim=1))


def error(made: Vocoder, mel: Tensor) -> float:
    """How far the mel of what is made is from the mel, in dB."""
    return float((mel_of(decoded(made, mel)) - mel).abs().mean())


def loudest_hz(sound: Tensor) -> float:
    spectrum = torch.fft.rfft(sound * torch.hann_window(len(sound))).abs()
    return float(spectrum.argmax()) * AUDIO.sample_rate / len(sound)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("frames", [8, 20, 62])
def test_a_frame_becomes_a_hop_of_samples(kind: str, frames: int) -> None:
    sound = decoded(build(kind), tone(440)[..., :frames].expand(2, -1, -1))
    assert sound.shape == (2, frames * AUDIO.hop_length)
    assert sound.isfinite().all()


@pytest.mark.parametrize("kind", KINDS)
def test_equal_mels_are_equal_audio(kind: str) -> None:
    first = decoded(build(kind), music())
    torch.manual_seed(1)
    assert torch.equal(decoded(build(kind), music()), first)


@pytest.mark.parametrize("kind", KINDS)
def test_together_or_each_alone_it_is_the_same(kind: str) -> None:
    # by the mel, as Griffin-Lim's phases hang on how a processor rounds, which differs by batch
    made, mels = build(kind, 1), torch.cat([tone(440), tone(220), tone(1000) - 20])
    together = mel_of(decoded(made, mels))
    alone = torch.cat([mel_of(decoded(made, mel[None])) for mel in mels])
    audible = together > together.amax(dim=(1, 2), keepdim=True) - 40
    assert (together - alone)[audible].abs().mean() < 0.5
    swapped = (together - alone.roll(1, dims=0))[audible].abs().mean()
    assert swapped > 5


@pytest.mark.parametrize("kind", KINDS)
def test_silence_stays_silence(kind: str) -> None:
    sound = decoded(build(kind), torch.full((1, AUDIO.n_mels, 20), AUDIO.db_min))
    assert sound.isfinite().all()
    assert sound.abs().max() < 1e-4


@pytest.mark.parametrize("hz", [220.0, 440.0, 1760.0])
def test_a_tone_keeps_its_frequency(hz: float) -> None:
    assert loudest_hz(decoded(build("griffin_lim"), tone(hz))[0]) == pytest.approx(hz, rel=0.03)


def test_a_tone_keeps_its_level() -> None:
    level = decoded(build("griffin_lim"), tone(440))[0].square().mean().sqrt()
    assert level == pytest.approx(0.1 / 2**0.5, rel=0.3)


@pytest.mark.parametrize("kind", KINDS)
def test_each_correction_brings_the_mel_nearer(kind: str) -> None:
    errors = [error(build(kind, refinements), music()) for refinements in (0, 1, 2, 5)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.8 * errors[0]


@pytest.mark.parametrize("kind", KINDS)
def test_turns_that_go_on_the_way_of_those_before_come_nearer(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    going_on = error(build(kind, 8), music())
    monkeypatch.setattr(vocoder, "MOMENTUM", 0.0)
    assert going_on < error(build(kind, 8), music())


def test_what_has_the_mel_already_is_hardly_changed() -> None:
    class Given(torch.nn.Module):
        """Knows the sound."""

        def decode(self, mel: Tensor) -> Tensor:
            return (wave(440) + 0.2 * wave(1000)).float()

    model = vocoder.Model(RefinementConfig(iterations=5), AUDIO, Given())
    sound = Given().decode(tone(440))
    change = (decoded(model, mel_of(sound)) - sound).square() / sound.square().mean()
    assert change[..., : -AUDIO.n_fft].mean() < 1e-6
    assert change.mean() < 1e-3  # the last frame of the analysis is none of the mel


def test_without_corrections_it_is_the_vocoder_alone() -> None:
    model = build("vocos", 0)
    base = model.base.decode(music())  # type: ignore[operator]  # a method
    assert torch.equal(decoded(model, music()), base.detach())


@pytest.mark.parametrize("kind", KINDS)
def test_a_checkpoint_is_the_vocoder_with_all_its_settings(kind: str, tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "vocoder", build(kind, 3))
    loaded = vocoder.load(tmp_path / "vocoder")
    assert torch.equal(decoded(loaded, music()), decoded(build(kind, 3), music()))
    described = checkpoint.description(tmp_path / "vocoder")
    assert (described["network"]["iterations"], described["base"]["name"]) == (3, kind)


def test_a_checkpoint_of_something_else_is_refused(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "model", tiny.build("autoencoder"))
    with pytest.raises(
        InputError, match=r"expected a checkpoint of a vocoder in .*, got one of au"
    ):
        vocoder.load(tmp_path / "model")
