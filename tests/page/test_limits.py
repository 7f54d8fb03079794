"""What an upload may be: found out at once, whatever the file says or is."""

import struct
import subprocess
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
import soundfile

from timbre.core.errors import InputError
from timbre.page.limits import Limits, checked, decoded_seconds, stated_seconds

RATE = 16_000
AT_ONCE = 5.0  # s: far less than decoding would take, far more than a slow machine needs


def tone(path: Path, seconds: float) -> Path:
    soundfile.write(path, 0.1 * np.sin(np.arange(round(seconds * RATE)) / 5), RATE)
    return path


def hours(path: Path, count: int) -> Path:
    """A WAV file of so many hours, of which only the header takes room on the disk."""
    size = count * 3600 * RATE * 2
    header = b"RIFF" + struct.pack("<I", size + 36) + b"WAVEfmt "
    header += struct.pack("<IHHIIHH", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    path.write_bytes(header + b"data" + struct.pack("<I", size))
    with path.open("r+b") as file:
        file.truncate(size + len(header) + 8)
    return path


def converted(path: Path, *arguments: str) -> Path:
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", *arguments, path], check=True)
    return path


def test_what_keeps_the_limits_is_taken(tmp_path: Path) -> None:
    path = tone(tmp_path / "a.wav", 2.0)
    assert checked(path, "content", Limits(1, 2)) == path


def test_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^expected a recording as style, got none; please"):
        checked(None, "style")
    with pytest.raises(InputError, match=r"^expected a\.wav, the style, it is deleted by now"):
        checked(tmp_path / "a.wav", "style")


def test_an_empty_file_and_one_of_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    with pytest.raises(InputError, match=r"a\.wav is empty; please"):
        checked(tmp_path / "a.wav", "content")
    (tmp_path / "a.wav").write_text("no sound\n" * 500)
    with pytest.raises(InputError, match=r"a\.wav is damaged or no audio; please convert"):
        checked(tmp_path / "a.wav", "content")


def test_ten_hours_are_refused_by_the_header(tmp_path: Path) -> None:
    path = hours(tmp_path / "a.wav", 10)
    begun = perf_counter()
    with pytest.raises(InputError, match=r"600 s at most, a\.wav lasts 36,000 s by its header"):
        checked(path, "content", Limits(megabytes=2000))
    with pytest.raises(InputError, match=r"50 MB at most, a\.wav has 1,099 MB"):
        checked(path, "content")
    assert perf_counter() - begun < AT_ONCE


@pytest.mark.parametrize("frames", [1, 50, 0x7FFFFFFF])
def test_an_mp3_is_as_long_as_it_is_whatever_its_header_says(tmp_path: Path, frames: int) -> None:
    path = converted(tmp_path / "a.mp3", "-i", str(tone(tmp_path / "a.wav", 3.0)))
    data = bytearray(path.read_bytes())
    tag = max(data.find(b"Xing"), data.find(b"Info"))
    assert tag > 0
    data[tag + 8 : tag + 12] = struct.pack(">I", frames)
    path.write_bytes(data)
    assert checked(path, "content", Limits(seconds=4)) == path
    with pytest.raises(InputError, match=r"^expected 2 s at most, a.mp3 lasts longer; please"):
        checked(path, "content", Limits(seconds=2))


def test_what_is_too_short_is_refused_by_what_it_is_for(tmp_path: Path) -> None:
    path = tone(tmp_path / "a.wav", 0.2)
    assert checked(path, "content") == path
    with pytest.raises(
        InputError, match=r"^expected a style of 0\.5 s or more, a\.wav lasts 0\.200 s"
    ):
        checked(path, "style", least=0.5)


def test_what_only_ffmpeg_decodes_is_decoded_no_further_than_the_limit(tmp_path: Path) -> None:
    path = converted(tmp_path / "a.m4a", "-i", str(tone(tmp_path / "a.wav", 8.0)))
    assert stated_seconds(path) is None
    assert decoded_seconds(path, 20) == pytest.approx(8.0, abs=0.2)
    assert decoded_seconds(path, 3) == pytest.approx(3.0, abs=0.2)
    assert checked(path, "content", Limits(seconds=9)) == path
    with pytest.raises(InputError, match=r"^expected 5 s at most, a\.m4a lasts longer; please"):
        checked(path, "content", Limits(seconds=5))


def test_a_stream_that_states_no_length_is_measured(tmp_path: Path) -> None:
    whole = tone(tmp_path / "a.wav", 2.0)
    command = ["ffmpeg", "-v", "error", "-i", str(whole), "-f", "flac", "-"]
    streamed = subprocess.run(command, check=True, capture_output=True).stdout
    (tmp_path / "a.flac").write_bytes(streamed)
    assert stated_seconds(tmp_path / "a.flac") is None
    assert checked(tmp_path / "a.flac", "content", Limits(seconds=3))
    with pytest.raises(InputError, match="lasts longer"):
        checked(tmp_path / "a.flac", "content", Limits(seconds=1))


def test_a_playlist_leads_to_no_other_file(tmp_path: Path) -> None:
    secret = converted(tmp_path / "secret.ts", "-i", str(tone(tmp_path / "b.wav", 2.0)))
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:2", "#EXTINF:2,", str(secret), "#EXT-X-ENDLIST"]
    (tmp_path / "a.wav").write_text("\n".join(lines))
    with pytest.raises(InputError, match="is damaged or no audio"):
        checked(tmp_path / "a.wav", "content")
