"""Hints where a clip does not suit: none for instruments, one for noise and far registers."""

from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
import soundfile

from tests import tiny
from timbre.audio.mel import mel_spectrogram
from timbre.clips import clips
from timbre.page.hints import Heard, hear, hints
from timbre.page.previews import pitches, preview

RATE = 16_000


@pytest.fixture(scope="module")
def heard() -> dict[str, Heard]:
    """What is measured of all clips that ship."""
    found = {}
    for name, clip in clips().items():
        sound, rate = soundfile.read(clip.path, dtype="float32")
        found[name] = hear(sound, rate)
    return found


def test_instruments_get_no_hint(heard: dict[str, Heard]) -> None:
    for name, each in heard.items():
        assert hints(each, each) == [], name


def test_noise_and_clicks_have_no_pitch(heard: dict[str, Heard]) -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.1, 3 * RATE).astype(np.float32)
    clicks = np.zeros(3 * RATE, np.float32)
    for start in range(0, len(clicks) - 800, RATE // 4):
        clicks[start : start + 800] = rng.normal(0, 0.3, 800) * np.exp(-np.arange(800) / 100)
    for sound in (noise, clicks):
        (said,) = hints(hear(sound, RATE), heard["violins"])
        assert said.startswith("The content has hardly any pitch")
        (said,) = hints(heard["violins"], hear(sound, RATE))
        assert said.startswith("The style has hardly any pitch")


def test_a_register_that_is_far_is_told_with_its_direction(heard: dict[str, Heard]) -> None:
    (said,) = hints(heard["electric_bass"], heard["glockenspiel"])
    assert "octaves above the content" in said
    (said,) = hints(heard["glockenspiel"], heard["electric_bass"])
    assert "octaves below the content" in said
    assert hints(heard["saxophone"], heard["violins"]) == []


@pytest.mark.parametrize("hertz", [55.0, 220.0, 1000.0])
def test_the_pitch_of_a_tone_is_found_at_any_rate(hertz: float) -> None:
    for rate in (RATE, 44_100):
        time = np.arange(2 * rate) / rate
        tone = sum(np.sin(2 * np.pi * n * hertz * time) / n for n in (1, 2, 3)).astype(np.float32)
        found = hear(0.1 * tone, rate)
        assert found.hertz == pytest.approx(hertz, rel=0.05)
        assert found.periodic > 0.95


def test_octaves_are_marked_where_their_tone_is_seen(tmp_path: Path) -> None:
    audio = tiny.AUDIO
    marks = dict(pitches(audio))
    heights = list(marks.values())
    assert heights == sorted(heights)
    assert np.diff(heights).min() > 0.05
    time = np.arange(audio.sample_rate) / audio.sample_rate
    for name, height in marks.items():
        tone = 0.1 * np.sin(2 * np.pi * 261.63 * 2.0 ** (int(name[1]) - 4) * time)
        band = mel_spectrogram(tone, audio)[:, 10].argmax()
        assert (band + 0.5) / audio.n_mels == pytest.approx(height, abs=1.5 / audio.n_mels)


def test_a_long_preview_has_a_picture_of_all_of_it_that_is_not_wider(tmp_path: Path) -> None:
    widths = []
    for seconds in (1, 60, 300):
        clip = np.random.default_rng(0).normal(0, 0.1, seconds * tiny.AUDIO.sample_rate)
        made = preview(clip.astype(np.float32), "It", "content", tmp_path, tiny.AUDIO)
        widths.append(matplotlib.image.imread(made["picture"]).shape[1])
        assert made["seconds"] == seconds
    assert widths[0] < widths[1] <= 1200
    assert widths[2] <= 1200
