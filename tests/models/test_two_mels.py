"""Nothing but the `audio` section says what a mel is: the same laws hold in any."""

from pathlib import Path

import numpy as np
import pytest
import soxr
import torch
from numpy.typing import NDArray
from torch import nn

from tests import tiny
from tests.conftest import committed
from timbre.audio.mel import band_spacing, mel_edges, mel_spectrogram
from timbre.core.optimization import Augmentation
from timbre.core.params import Audio, Section
from timbre.evaluation.cases.cases import Case
from timbre.evaluation.metrics import distances as metrics
from timbre.evaluation.systems import neural
from timbre.models import checkpoint
from timbre.models.autoencoder.encoders import LOWEST_PITCH, PitchFront, harmonic_combs
from timbre.models.vocoder.config import RefinementConfig
from timbre.models.vocoder.settings import VocoderSettings
from timbre.training.augmentation import augment

COARSE = tiny.AUDIO
FINE = COARSE.model_copy(
    update={"sample_rate": 16_000, "n_fft": 512, "hop_length": 128, "n_mels": 24, "f_max": 8000.0}
)
USUAL = Audio.model_validate(committed()["audio"])
FULL_BAND = USUAL.model_copy(
    update={"sample_rate": 32_000, "n_fft": 4096, "hop_length": 512, "n_mels": 256, "f_max": 16e3}
)
Signal = NDArray[np.float64]


def tone(pitch: int, rate: int, seconds: float = 0.5) -> Signal:
    """A harmonic tone whose partials end below 7 kHz, so that it is the same at any rate."""
    time = np.arange(round(seconds * rate)) / rate
    f0 = 440 * 2 ** ((pitch - 69) / 12)
    partials = range(1, min(20, int(7000 / f0)) + 1)
    return 0.05 * sum(np.sin(2 * np.pi * f0 * n * time) / n for n in partials)


def network(name: str, audio: Audio) -> nn.Module:
    """A small model in a mel, its weights moved from where they begin."""
    torch.manual_seed(0)
    base = network("autoencoder", audio) if name in ("vqvae", "glow") else None
    model = checkpoint.build(name, tiny.settings(name).network, audio, base)
    tiny.randomize(model, scale=0.05)
    return model


@pytest.mark.parametrize("audio", [COARSE, FINE], ids=["coarse", "fine"])
@pytest.mark.parametrize("name", [*tiny.MODELS, "timbre_net"])
def test_a_model_learns_in_any_mel(name: str, audio: Audio) -> None:
    mels = [
        torch.from_numpy(
            mel_spectrogram(np.stack([tone(p, audio.sample_rate) for p in row]), audio)
        )
        for row in ((50, 62), (55, 67), (50, 62))
    ]
    frames = mels[0].shape[2] // 8 * 8
    batch = [mel[..., :frames].float() for mel in mels]
    if name == "timbre_net":
        batch.append(torch.tensor([[0, 40, 40], [8, 48, 48]]))
    model = network(name, audio).train()
    loss = model(*batch)["total"]
    loss.backward()
    assert loss.isfinite()
    assert any(p.grad is not None and p.grad.abs().max() > 0 for p in model.parameters())


@pytest.mark.parametrize("audio", [COARSE, FINE], ids=["coarse", "fine"])
@pytest.mark.parametrize("rate", [11_025, 16_000, 48_000])
@pytest.mark.parametrize("kind", ["griffin_lim", "vocos"])
def test_a_transfer_is_as_long_as_its_content_in_any_mel_and_at_any_rate(
    kind: str, rate: int, audio: Audio, tmp_path: Path
) -> None:
    vocoder = VocoderSettings.model_validate(tiny.parameters()["vocoder"])
    n_fft = 2 * audio.hop_length
    settings: Section = vocoder.griffin_lim
    if kind == "vocos":
        settings = vocoder.vocos.network.model_copy(update={"n_fft": n_fft})
    voice = checkpoint.build(
        "vocoder", RefinementConfig(iterations=2), audio, checkpoint.build(kind, settings, audio)
    )
    checkpoint.save(tmp_path / "model.safetensors", network("autoencoder", audio))
    checkpoint.save(tmp_path / "vocoder.safetensors", voice)
    system = neural.NeuralSystem(
        tmp_path / "model.safetensors", rate, tmp_path / "vocoder.safetensors"
    )
    content, style = (tone(pitch, rate, 1.01).astype(np.float32) for pitch in (60, 48))
    case = Case("one", "", "", "", "", "", "", None, content, style, None)
    made = system(case, 0)
    assert made.shape == content.shape
    assert np.isfinite(made).all()


@pytest.mark.parametrize("audio", [USUAL, FULL_BAND], ids=["usual", "full band"])
@pytest.mark.parametrize("pitch", [40, 52, 57, 64, 71, 79, 88])
def test_the_comb_of_the_pitch_that_sounds_fits_best_in_any_mel(pitch: int, audio: Audio) -> None:
    mel = torch.from_numpy(mel_spectrogram(tone(pitch, audio.sample_rate), audio)).float()
    front = PitchFront(audio)
    fits = front(mel[None])[0, 2 * audio.n_mels :, mel.shape[1] // 2]
    assert LOWEST_PITCH + int(fits.argmax()) == pitch


def test_combs_rise_at_the_same_frequencies_in_both_mels() -> None:
    centers = [mel_edges(a.n_mels, a.f_min, a.f_max)[1:-1] for a in (USUAL, FULL_BAND)]
    usual, full_band = (harmonic_combs(audio).numpy() for audio in (USUAL, FULL_BAND))
    heard = centers[0] < 7000
    for one, other in zip(usual, full_band, strict=True):
        there = np.interp(centers[0], centers[1], other)
        assert np.corrcoef(one[heard], there[heard])[0, 1] > 0.95


def test_widths_over_frequency_do_not_depend_on_the_bands() -> None:
    reaches = [PitchFront(a).neighbours * band_spacing(a) for a in (USUAL, FULL_BAND)]
    assert reaches[0] == pytest.approx(reaches[1], rel=0.05)
    assert PitchFront(USUAL).neighbours == 6  # what was found best there
    settings = Augmentation(equalizer_db=8.0, level_db=0.0, noise=0.0, noise_db=-60.0)
    bends = []
    for audio in (USUAL, FULL_BAND):
        torch.manual_seed(0)
        mel = torch.full((2000, audio.n_mels, 8), -40.0)
        gain = augment(mel, mel, mel, settings, audio)[2][..., 0]
        octave = round(5 / band_spacing(audio))  # bands of a stretch in mel
        bends.append((gain[:, octave:] - gain[:, :-octave]).std().item())
    assert bends[0] == pytest.approx(bends[1], rel=0.1)


def test_a_clip_measures_the_same_at_any_rate() -> None:
    rng = np.random.default_rng(0)
    clips = [np.concatenate([tone(p, 32_000) for p in row]) for row in ((50, 57), (52, 59))]
    clips = [clip + 1e-4 * rng.normal(size=len(clip)) for clip in clips]
    full = [metrics.log_mel(clip, 32_000) for clip in clips]
    half = [metrics.log_mel(soxr.resample(clip, 32_000, 16_000), 16_000) for clip in clips]
    assert all(metrics.lsd(*pair) < 0.01 for pair in zip(full, half, strict=True))
    assert metrics.lsd(*full) == pytest.approx(metrics.lsd(*half), abs=0.01)
