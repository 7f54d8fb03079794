"""The mel spectrogram: the same numbers as the libraries', in decibels that mean something."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torchaudio
from numpy.typing import NDArray

from timbre.audio import mel
from timbre.audio.mel import dequantize, mel_filters, mel_spectrogram, quantize
from timbre.core.params import Audio

Tone = Callable[[float, Audio], NDArray[np.float64]]


def centers(settings: Audio) -> NDArray[np.float64]:
    """Frequency at which each filter has its peak, to a bin."""
    peak: NDArray[np.float64] = mel_filters(settings).argmax(axis=1) * settings.sample_rate
    return peak / settings.n_fft


@pytest.fixture(scope="module")
def noise(audio_settings: Audio) -> NDArray[np.float64]:
    return np.random.default_rng(0).normal(size=audio_settings.segment_samples) * 0.1


@pytest.mark.parametrize("hertz", [110, 440, 3520])
def test_a_tone_peaks_in_the_band_of_its_pitch(
    audio_settings: Audio, tone: Tone, hertz: float
) -> None:
    mel = mel_spectrogram(tone(hertz, audio_settings), audio_settings)
    band = np.abs(centers(audio_settings) - hertz).argmin()
    assert (abs(mel.argmax(axis=0) - band) <= 1).all()


def test_there_is_a_frame_a_hop(audio_settings: Audio, noise: NDArray[np.float64]) -> None:
    hop = audio_settings.hop_length
    assert mel_spectrogram(noise, audio_settings).shape == (128, audio_settings.segment_frames)
    assert mel_spectrogram(noise[: 9 * hop + 1], audio_settings).shape == (128, 9)
    assert mel_spectrogram(noise[: 10 * hop - 1], audio_settings).shape == (128, 9)


@pytest.mark.parametrize("band", [20, 64, 120])
def test_a_sine_at_full_scale_in_the_middle_of_a_band_reads_about_0_db(
    audio_settings: Audio, tone: Tone, band: int
) -> None:
    hertz = centers(audio_settings)[band]
    inner = mel_spectrogram(tone(hertz, audio_settings), audio_settings)[:, 10:-10]
    assert (inner[band] > -0.5).all()
    assert (inner[band] < 10 * np.log10(1.5)).all()  # a Hann window's lobe has half as much again
    assert np.array_equal(inner.max(axis=0), inner[band])


def test_a_tenth_of_the_amplitude_is_20_db_less(audio_settings: Audio, tone: Tone) -> None:
    hertz = centers(audio_settings)[64]
    loud, soft = (
        mel_spectrogram(tone(hertz, audio_settings) * gain, audio_settings) for gain in (1, 0.1)
    )
    assert (loud - soft)[64] == pytest.approx(20, abs=1e-6)


def test_silence_reads_the_lowest_level(audio_settings: Audio) -> None:
    silence = np.zeros(audio_settings.segment_samples)
    assert (mel_spectrogram(silence, audio_settings) == audio_settings.db_min).all()


def test_views_side_by_side_are_as_each_alone(
    audio_settings: Audio, noise: NDArray[np.float64], tone: Tone
) -> None:
    views = np.stack([noise, tone(440, audio_settings)])
    together = mel_spectrogram(views, audio_settings)
    assert np.array_equal(together[1], mel_spectrogram(views[1], audio_settings))
    assert np.array_equal(together[0], mel_spectrogram(views[0], audio_settings))


@pytest.mark.parametrize("frames", [8, 31, 32, 33, 64, 77])
def test_frames_do_not_depend_on_how_many_are_computed_at_once(
    audio_settings: Audio, noise: NDArray[np.float64], monkeypatch: pytest.MonkeyPatch, frames: int
) -> None:
    sounds = noise[: 2 * 100 * audio_settings.hop_length].reshape(2, -1)
    sounds = sounds[:, : frames * audio_settings.hop_length + 3]
    expected = mel_spectrogram(sounds, audio_settings)
    assert expected.shape == (2, 128, frames)
    for block in (1, 5, 1000):
        monkeypatch.setattr(mel, "_BLOCK_FRAMES", block)
        assert np.array_equal(mel_spectrogram(sounds, audio_settings), expected)


def test_a_batch_of_any_shape_is_as_each_sound_alone(
    audio_settings: Audio, noise: NDArray[np.float64]
) -> None:
    sounds = noise[: 6 * 20_000].reshape(2, 3, -1)
    together = mel_spectrogram(sounds, audio_settings)
    assert together.shape == (2, 3, 128, 20_000 // audio_settings.hop_length)
    for place in np.ndindex(2, 3):
        assert np.array_equal(together[place], mel_spectrogram(sounds[place], audio_settings))


def test_too_short_audio_is_refused(audio_settings: Audio) -> None:
    with pytest.raises(ValueError, match="at least 2048 samples expected, got 2047"):
        mel_spectrogram(np.zeros(2047), audio_settings)


def test_the_spectrum_is_torchs(audio_settings: Audio, noise: NDArray[np.float64]) -> None:
    window = torch.hann_window(audio_settings.n_fft, dtype=torch.float64)
    spectrum = torch.stft(
        torch.from_numpy(noise),
        audio_settings.n_fft,
        audio_settings.hop_length,
        window=window * 2 / window.sum(),
        pad_mode="reflect",
        return_complex=True,
    )[:, :-1]
    power = torch.from_numpy(mel_filters(audio_settings)) @ spectrum.abs() ** 2
    expected = 10 * np.log10(np.maximum(power.numpy(), 10 ** (audio_settings.db_min / 10)))
    assert np.abs(mel_spectrogram(noise, audio_settings) - expected).max() < 1e-6


def test_the_filters_are_torchaudios(audio_settings: Audio) -> None:
    expected = torchaudio.functional.melscale_fbanks(
        n_freqs=audio_settings.n_fft // 2 + 1,
        f_min=audio_settings.f_min,
        f_max=audio_settings.f_max,
        n_mels=audio_settings.n_mels,
        sample_rate=audio_settings.sample_rate,
        norm=None,
        mel_scale="slaney",
    )
    assert np.abs(mel_filters(audio_settings) - expected.T.numpy()).max() < 1e-4


def test_no_filter_is_empty_however_narrow(audio_settings: Audio) -> None:
    narrow = audio_settings.model_copy(update={"n_fft": 512, "n_mels": 128})
    assert (mel_filters(narrow).sum(axis=1) > 0).all()


def test_codes_are_within_half_a_step(audio_settings: Audio) -> None:
    highest = audio_settings.db_min + 255 * audio_settings.db_step
    mel = np.linspace(audio_settings.db_min, highest, 12_800).reshape(128, 100)
    back = dequantize(quantize(mel, audio_settings), audio_settings)
    assert np.abs(back - mel).max() <= audio_settings.db_step / 2 + 1e-5


def test_codes_survive_reading_and_writing(audio_settings: Audio) -> None:
    codes = np.arange(256, dtype=np.uint8)
    read = dequantize(codes, audio_settings).astype(np.float64)
    assert np.array_equal(quantize(read, audio_settings), codes)


def test_levels_out_of_range_are_clipped(audio_settings: Audio) -> None:
    levels = np.array([audio_settings.db_min - 50, 20.0])
    assert quantize(levels, audio_settings).tolist() == [0, 255]
