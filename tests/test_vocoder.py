"""The vocoder: as long as the mel, the same each time, in tune and silent where it should be."""

import numpy as np
import pytest
import torch
from torch import Tensor

from audio.mel import mel_spectrogram
from audio.params import Audio
from models.params import Vocoder
from models.vocoder import GriffinLim
from tests import tiny

AUDIO = Audio.model_validate(tiny.COMMITTED["audio"])  # the true one: a tone needs its bins
VOCODER = GriffinLim(Vocoder.model_validate(tiny.COMMITTED["vocoder"]), AUDIO)
SECOND = AUDIO.sample_rate // AUDIO.hop_length * AUDIO.hop_length  # samples, whole hops


def tone(hz: float) -> Tensor:
    """Mel `(1, M, T)` of a second of a sine."""
    wave = 0.1 * np.sin(2 * np.pi * hz * np.arange(SECOND) / AUDIO.sample_rate)
    return torch.from_numpy(mel_spectrogram(wave, AUDIO)).float()[None]


def loudest_hz(audio: Tensor) -> float:
    spectrum = torch.fft.rfft(audio * torch.hann_window(len(audio))).abs()
    return float(spectrum.argmax()) * AUDIO.sample_rate / len(audio)


@pytest.mark.parametrize("frames", [8, 20, 62])
def test_a_frame_becomes_a_hop_of_samples(frames: int) -> None:
    audio = VOCODER(tone(440)[..., :frames].expand(2, -1, -1))
    assert audio.shape == (2, frames * AUDIO.hop_length)


def test_equal_mels_are_equal_audio() -> None:
    first = VOCODER(tone(440))
    torch.manual_seed(1)
    assert torch.equal(VOCODER(tone(440)), first)


@pytest.mark.parametrize("hz", [220.0, 440.0, 1760.0])
def test_a_tone_keeps_its_frequency(hz: float) -> None:
    assert loudest_hz(VOCODER(tone(hz))[0]) == pytest.approx(hz, rel=0.03)


def test_a_tone_keeps_its_level() -> None:
    level = VOCODER(tone(440))[0].square().mean().sqrt()
    assert level == pytest.approx(0.1 / 2**0.5, rel=0.3)


def test_silence_stays_silence() -> None:
    audio = VOCODER(torch.full((1, AUDIO.n_mels, 20), AUDIO.db_min))
    assert audio.isfinite().all()
    assert audio.abs().max() < 1e-4
