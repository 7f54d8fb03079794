"""Any recording as content: over formats, rates, channels and lengths nothing audible is lost."""

import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import assume, given
from hypothesis import strategies as st

from timbre.audio import recordings
from timbre.transfer import streams, writing

RATE = 16_000  # Hz
FORMATS = [
    ("WAV", "PCM_U8"), ("WAV", "PCM_16"), ("WAV", "PCM_24"), ("WAV", "PCM_32"), ("WAV", "FLOAT"),
    ("WAV", "DOUBLE"), ("WAV", "ULAW"), ("WAVEX", "PCM_16"), ("RF64", "PCM_16"), ("W64", "PCM_24"),
    ("AIFF", "PCM_16"), ("AIFF", "FLOAT"), ("AU", "PCM_16"), ("CAF", "PCM_24"), ("FLAC", "PCM_16"),
    ("FLAC", "PCM_24"), ("OGG", "VORBIS"),
]  # fmt: skip
USUAL_RATES = (8000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000)
rates = st.sampled_from(USUAL_RATES) | st.integers(4000, 200_000)
# (libraries that tests load may let the processor take subnormal numbers for 0)
plain = partial(st.floats, allow_subnormal=False)
lengths = st.integers(1, 3000) | st.integers(20_000, 60_000)  # samples


@st.composite
def channels_of(draw: st.DrawFn) -> np.ndarray:
    """Gains of up to six channels of one sound, of either sign, or none."""
    gain = st.sampled_from([0.0, 1.0, -1.0]) | plain(-1, 1)
    return np.array(draw(st.lists(gain, min_size=1, max_size=6)))


@given(
    st.sampled_from(FORMATS), rates, lengths, channels_of(), plain(-0.2, 0.2),
    st.floats(100, 1800),
)  # fmt: skip
def test_what_was_recorded_is_heard(
    form: tuple[str, str], rate: int, length: int, gains: np.ndarray, offset: float, hertz: float
) -> None:
    if form[0] == "FLAC":
        rate = rate if rate <= 65_535 else rate // 10 * 10  # others it cannot state
    assume(length * RATE >= rate)  # a sample
    time = np.arange(length)[:, None] / rate
    sound = 0.5 * np.sin(2 * np.pi * hertz * time) * gains + offset
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "a.any"
        soundfile.write(path, sound, rate, subtype=form[1], format=form[0])
        found = np.array(streams.read(path, RATE, Path(name)))
        assert found.shape[1] == 1
        # ffmpeg may play a block of a page of Vorbis more or less
        padding = 2048 * RATE / rate if form[0] == "OGG" else 0
        assert -1 - padding <= len(found) - length * RATE / rate <= padding + 1
        assert np.isfinite(found).all()
        if length < rate / 2:  # an offset of what is shorter cannot be told from sound
            return
        inside = found[len(found) // 4 : -len(found) // 4]
        level = float(np.sqrt(np.mean(inside**2)))
        loudest = 0.5 / np.sqrt(2) * float(np.abs(gains).max())
        kept = 0.75 if form[0] == "OGG" else 0.9  # of six channels, Vorbis softens the last
        assert level <= 1.05 * loudest + 0.01
        assert (
            level
            >= kept * min(loudest, max(abs(0.5 * gains.mean()) / np.sqrt(2), loudest / 12)) - 0.01
        )
        if level > 0.02:
            whole = recordings.read(path, RATE)
            assert len(whole) == len(found)
            assert np.std(whole) == pytest.approx(np.std(found), rel=0.05)


@given(
    st.sampled_from(["a.wav", "a.flac", "a.aiff", "a.ogg"]),
    rates.filter(lambda rate: rate >= writing.MIN_SAMPLE_RATE and rate <= writing.MAX_SAMPLE_RATE),
    lengths, st.integers(1, 2), st.floats(0.01, 2),
)  # fmt: skip
def test_what_is_written_is_read_again(
    file: str, rate: int, length: int, channels: int, gain: float
) -> None:
    sound = np.sin(np.arange(length)[:, None] * np.linspace(0.05, 0.1, channels)).astype("f4")
    wanted = max(1, round(length * rate / RATE))
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / file
        if file == "a.flac" and rate > 65_535:
            rate = rate // 10 * 10
            wanted = max(1, round(length * rate / RATE))
        writing.write(writing.checked(path, rate), 0.5 * sound / gain, gain, RATE, rate)
        found, its_rate = soundfile.read(path, always_2d=True)
        assert [each.name for each in Path(name).iterdir()] == [file]
    assert its_rate == rate
    assert abs(len(found) - wanted) <= 1
    assert found.shape[1] == channels
    assert np.isfinite(found).all()
    if length > 20_000:
        assert abs(np.sqrt(np.mean(found**2)) - 0.5 / 2**0.5) < 0.02
