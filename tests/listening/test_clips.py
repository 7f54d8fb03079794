"""Clips of listening tests: what is found, what is refused, and what listeners hear."""

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.listening.listeners import CASES, REFERENCES, SYSTEMS, opened, write_clips
from timbre.core.errors import InputError
from timbre.listening.clips import LEVEL_DB, find, heard


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_clips(tmp_path / "examples")


def test_systems_are_all_but_references_ceiling_and_wrong_styles(folder: Path) -> None:
    systems, clips = find(folder, [], *REFERENCES)
    assert systems == [*SYSTEMS]
    assert {*clips} == {*SYSTEMS, *REFERENCES}
    assert all([*cases] == [*CASES] for cases in clips.values())


def test_systems_can_be_named_the_references_among_them(folder: Path) -> None:
    systems, clips = find(folder, ["resynthesis", "copy_content"], *REFERENCES)
    assert systems == ["copy_content", "resynthesis"]
    assert {*clips} == {*systems, "copy_style"}


def test_cases_without_content_or_style_are_left_out(folder: Path) -> None:
    (folder / "copy_style/case0.flac").unlink()
    (folder / "betanet/case1.flac").unlink()
    _, clips = find(folder, [], *REFERENCES)
    assert [*clips["alphanet"]] == ["case1", "case2", "case3"]
    assert [*clips["betanet"]] == ["case2", "case3"]


def test_the_fingerprint_follows_the_content_of_clips(folder: Path) -> None:
    first = opened(folder)[0]
    shutil.copytree(folder, folder.parent / "elsewhere")
    assert opened(folder.parent / "elsewhere")[0] == first
    shutil.copy(folder / "betanet/case0.flac", folder / "betanet/case1.flac")
    assert opened(folder)[0].clips != first.clips


def spoil(folder: Path, kind: str) -> tuple[list[str], str, str]:
    """Make a folder useless; give the systems, content and style to ask for."""
    if kind == "no folder":
        shutil.rmtree(folder)
    elif kind == "empty":
        shutil.rmtree(folder)
        folder.mkdir()
    elif kind == "no style":
        shutil.rmtree(folder / "copy_style")
    elif kind == "one system":
        return ["alphanet"], *REFERENCES
    elif kind == "unknown system":
        return ["alphanet", "deltanet"], *REFERENCES
    elif kind == "one folder for both":
        return [], "copy_style", "copy_style"
    elif kind == "nothing shared":
        for case in CASES:
            (folder / f"gammanet/{case}.flac").rename(folder / f"gammanet/other{case}.flac")
    elif kind == "two formats":
        soundfile.write(folder / "alphanet/case0.wav", np.zeros(100), 16000)
    return [], *REFERENCES


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("no folder", r"^expected a folder with a folder for each system, .* is none; "),
        ("empty", r"^expected folders with clips .* found none; "),
        ("no style", r"^expected a folder copy_style in .*--style\.$"),
        ("one system", r"^expected two systems or more .* got alphanet; .*--systems\.$"),
        ("unknown system", r"^expected systems that .* deltanet is none; .* alphanet, "),
        ("one folder for both", r"^expected contents and styles in two folders"),
        ("nothing shared", r"^expected cases that gammanet shares with .* found none; "),
        ("two formats", r"^expected one clip a case, got .*case0.flac and case0.wav; "),
    ],
)
def test_what_makes_no_test_is_refused(folder: Path, kind: str, message: str) -> None:
    systems, content, style = spoil(folder, kind)
    with pytest.raises(InputError, match=message):
        find(folder, systems, content, style)


@pytest.mark.parametrize("kind", ["text", "empty", "truncated", "no samples", "not finite"])
def test_a_clip_that_is_no_audio_is_refused(folder: Path, kind: str) -> None:
    path = folder / "betanet/case2.flac"
    if kind in ("no samples", "not finite"):
        path.unlink()
        path = path.with_suffix(".wav")
        soundfile.write(path, np.full(100 * (kind == "not finite"), np.nan), 16000, "FLOAT")
    else:
        data = {"text": b"no audio", "empty": b"", "truncated": path.read_bytes()[:30]}[kind]
        path.write_bytes(data)
    with pytest.raises(InputError, match=r"^expected .* in .*betanet/case2\..*write .* again\.$"):
        opened(folder)


def test_listeners_hear_all_clips_in_one_format_and_at_one_level(tmp_path: Path) -> None:
    tone = np.sin(np.arange(16000) / 5)
    for name, gain, channels in (("a.wav", 0.9, 2), ("b.flac", 0.01, 1), ("c.ogg", 0.3, 1)):
        soundfile.write(tmp_path / name, np.tile(gain * tone[:, None], channels), 16000)
        data = heard(tmp_path / name)
        assert data == heard(tmp_path / name)
        info = soundfile.info(io.BytesIO(data))
        assert (info.format, info.subtype, info.channels) == ("FLAC", "PCM_16", 1)
        assert (info.samplerate, info.frames) == (16000, 16000)
        sound = soundfile.read(io.BytesIO(data))[0]
        assert 10 * np.log10(np.mean(sound**2)) == pytest.approx(LEVEL_DB, abs=0.05)


def test_tags_do_not_reach_listeners(tmp_path: Path) -> None:
    with soundfile.SoundFile(tmp_path / "a.flac", "w", 16000, 1) as file:
        file.title = "made by alphanet"
        file.write(np.sin(np.arange(1000)))
    assert b"alphanet" in (tmp_path / "a.flac").read_bytes()
    assert b"alphanet" not in heard(tmp_path / "a.flac")


def test_silence_and_peaks_are_no_trouble(tmp_path: Path) -> None:
    click = np.zeros(16000)
    click[100] = 0.5
    for name, sound, peak in (("a.wav", click, 0.99), ("b.wav", 0 * click, 0.0)):
        soundfile.write(tmp_path / name, sound, 16000)
        got = soundfile.read(io.BytesIO(heard(tmp_path / name)))[0]
        assert np.abs(got).max() == pytest.approx(peak, abs=1e-3)
