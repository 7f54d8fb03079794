"""Axes of spectrograms: marks stand where the picture shows what they name."""

import numpy as np
import pytest

from tests.conftest import committed
from timbre.audio.mel import mel_spectrogram
from timbre.core.params import Audio
from timbre.report.axes import OCTAVES, pitch_marks, time_marks

AUDIO = Audio.model_validate(committed()["audio"])


def test_a_tone_is_brightest_at_the_mark_of_its_pitch() -> None:
    time = np.arange(AUDIO.sample_rate) / AUDIO.sample_rate
    marks = pitch_marks(AUDIO)
    assert [mark.text for mark in marks] == list(OCTAVES)
    for mark in marks:
        hertz = 440 * 2 ** ((OCTAVES[mark.text] - 69) / 12)
        tone = (0.1 * np.sin(2 * np.pi * hertz * time)).astype(np.float32)
        brightest = int(mel_spectrogram(tone, AUDIO).mean(axis=1).argmax())
        assert abs(mark.place / 100 * AUDIO.n_mels - (brightest + 0.5)) <= 1.5


def test_no_mark_stands_outside_of_the_bands() -> None:
    low = AUDIO.model_copy(update={"f_max": 1500.0})
    assert [mark.text for mark in pitch_marks(low)] == ["C5", "C6"]


@pytest.mark.parametrize("seconds", [0.004, 0.5, 1, 7.96, 8, 60, 3599.5])
def test_times_are_few_even_and_within(seconds: float) -> None:
    marks = time_marks(seconds)
    assert marks[0] == ("0 s", 0)
    assert 2 <= len(marks) <= 6
    assert all(0 <= mark.place <= 100 for mark in marks)
    times = [float(mark.text.removesuffix(" s")) for mark in marks]
    assert np.allclose(np.diff(times), times[1])
    assert [mark.place for mark in marks] == pytest.approx(
        [100 * time / seconds for time in times], abs=0.06
    )
