"""What of a style recording is heard."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests import tiny
from timbre.core.errors import InputError
from timbre.core.signal import at_level
from timbre.transfer.styles import MAX_PARTS, PART_SECONDS, READ_SECONDS, parts, read

RATE = tiny.AUDIO.sample_rate


def tone(seconds: float, level: float = 0.1, hertz: float = 300) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return (level * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def test_all_of_a_short_style_is_heard_at_the_usual_level() -> None:
    (found,) = parts(tone(PART_SECONDS), "it", tiny.AUDIO)
    expected = at_level(tone(PART_SECONDS).astype(np.float64), tiny.AUDIO.level_db)
    assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    "seconds", [PART_SECONDS + 0.01, 2 * PART_SECONDS, 2.5 * PART_SECONDS, 100.0]
)
def test_a_long_style_is_heard_in_equal_parts(seconds: float) -> None:
    found = parts(tone(seconds), "it", tiny.AUDIO)
    assert len(found) == min(MAX_PARTS, -(-seconds // PART_SECONDS))
    assert len({len(part) for part in found}) == 1
    assert PART_SECONDS / 2 * RATE <= len(found[0]) <= PART_SECONDS * RATE


def test_the_loudest_parts_are_heard_in_their_order() -> None:
    levels = [0.1, 0.3, 0.2, 0.4]
    whole = np.concatenate(
        [tone(PART_SECONDS, level, 200 * (n + 1)) for n, level in enumerate(levels)]
    )
    found = parts(whole, "it", tiny.AUDIO, most=2)
    hertz = [np.abs(np.fft.rfft(part)).argmax() / PART_SECONDS for part in found]
    assert hertz == pytest.approx([400, 800], abs=1)


def test_a_pause_is_no_style() -> None:
    whole = np.concatenate(
        [tone(PART_SECONDS), np.zeros(round(PART_SECONDS * RATE), np.float32), tone(PART_SECONDS)]
    )
    assert len(parts(whole, "it", tiny.AUDIO)) == 2


def test_half_a_second_is_enough_and_less_is_not() -> None:
    assert len(parts(tone(0.5), "it", tiny.AUDIO)[0]) == RATE // 2
    with pytest.raises(InputError, match=r"style of 0.5 s or more, it lasts 0.490 s; please"):
        parts(tone(0.49), "it", tiny.AUDIO)


def test_a_file_that_is_too_short_is_told_what_is_enough(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(0.2), RATE)
    with pytest.raises(InputError, match=r"style of 0.5 s or more, it lasts 0.200 s; please"):
        parts(read(tmp_path / "a.wav", tiny.AUDIO), "it", tiny.AUDIO)
    with pytest.raises(InputError, match="found no file"):
        read(tmp_path / "none.wav", tiny.AUDIO)


def test_of_a_long_file_no_more_than_two_minutes_are_read(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.tile(tone(READ_SECONDS), 2), RATE)
    command = ["ffmpeg", "-v", "error", "-i", "a.wav", "-c:a", "flac", "a.mka"]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, cwd=tmp_path)
    for name in ("a.wav", "a.mka"):
        assert len(read(tmp_path / name, tiny.AUDIO)) == READ_SECONDS * RATE


def test_silence_is_refused() -> None:
    with pytest.raises(InputError, match="it is silent"):
        parts(tone(1, 0.0), "it", tiny.AUDIO)
