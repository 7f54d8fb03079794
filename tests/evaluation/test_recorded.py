"""Test cases of recordings: a line of a list is a case, a bad line is named."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from timbre.core.errors import InputError
from timbre.core.params import Audio
from timbre.evaluation.cases import cases as benchmark
from timbre.evaluation.cases import recorded

RATE = 16_000
HERTZ = 440.0


def tone(rate: int, seconds: float = 1.0, hertz: float = HERTZ) -> NDArray[np.float64]:
    time = np.arange(round(seconds * rate)) / rate
    return 0.5 * np.sin(2 * np.pi * hertz * time)


def strongest(signal: NDArray[np.floating]) -> float:
    """The frequency, in Hz, of the strongest partial."""
    return float(np.abs(np.fft.rfft(signal)).argmax() * RATE / len(signal))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three recordings of different length, level, rate and format."""
    (tmp_path / "songs").mkdir()
    soundfile.write(tmp_path / "songs/a.b.wav", tone(44_100, 1.5), 44_100)
    soundfile.write(tmp_path / "style one.flac", 0.01 * tone(22_050, 3.0, 200), 22_050)
    soundfile.write(tmp_path / "target.wav", tone(RATE, 1.25, 880), RATE)
    return tmp_path


def pairs(folder: Path, text: str) -> Path:
    (folder / "pairs.tsv").write_text(text)
    return folder / "pairs.tsv"


def test_a_line_is_a_case(folder: Path, audio_settings: Audio) -> None:
    text = (
        "# content\tstyle\ttarget\n\n"
        "songs/a.b.wav\tstyle one.flac\n"
        "songs/a.b.wav\tstyle one.flac\ttarget.wav\r\n"
    )
    first, second = recorded.cases(pairs(folder, text), audio_settings, 2.0)
    assert [first.name, second.name] == ["songs_a.b", "songs_a.b_2"]
    assert (first.content_timbre, first.style_timbre) == ("a.b", "style one")
    assert first.notes is None
    assert first.target is None
    assert first.content.shape == (1.5 * RATE,)
    assert first.style.shape == (2 * RATE,)  # cut
    assert second.target is not None
    assert second.content.shape == second.target.shape == (1.25 * RATE,)
    assert strongest(second.target) == pytest.approx(880, abs=1)
    for signal in (first.content, first.style, second.content, second.style, second.target):
        level = 10 * np.log10(np.mean(signal.astype(np.float64) ** 2))
        assert level == pytest.approx(audio_settings.level_db, abs=0.01)


def test_cases_survive_being_written_and_read(folder: Path, audio_settings: Audio) -> None:
    path = pairs(folder, "songs/a.b.wav\tstyle one.flac\ttarget.wav\n")
    (case,) = recorded.cases(path, audio_settings, 2.0)
    benchmark.write(folder / "cases.parquet", [case], RATE)
    again = benchmark.Cases(folder / "cases.parquet")[0]
    assert again.name == case.name
    assert again.target is not None
    for one, other in ((case.content, again.content), (case.target, again.target)):
        assert one == pytest.approx(other, abs=2**-15)


def test_names_stay_in_their_folder_and_differ(folder: Path, audio_settings: Audio) -> None:
    soundfile.write(folder / "target_2.wav", tone(RATE), RATE)
    inside = f"../{folder.name}/target.wav"
    lines = ["target.wav", "target_2.wav", "target.wav", inside, str(folder / "target.wav")]
    text = "".join(f"{line}\ttarget.wav\n" for line in lines)
    names = [case.name for case in recorded.cases(pairs(folder, text), audio_settings, 1.0)]
    assert len(set(names)) == len(lines)
    assert names[:3] == ["target", "target_2", "target_3"]
    assert all(Path(name).parts == (name,) for name in names)


@pytest.mark.parametrize(
    "line",
    ["songs/a.b.wav", "a\tb\tc\td", "songs/a.b.wav\t\ttarget.wav", "songs/a.b.wav\tmissing.wav"],
)
def test_a_bad_line_is_refused_with_its_number(
    folder: Path, audio_settings: Audio, line: str
) -> None:
    path = pairs(folder, f"# one\nsongs/a.b.wav\ttarget.wav\n{line}\n")
    with pytest.raises(InputError, match="line 3: expected"):
        recorded.cases(path, audio_settings, 2.0)


def test_a_file_without_pairs_is_refused(folder: Path, audio_settings: Audio) -> None:
    with pytest.raises(InputError, match="no line"):
        recorded.cases(pairs(folder, "# nothing\n\n"), audio_settings, 2.0)
    for path in (folder / "none.tsv", folder / "target.wav"):
        with pytest.raises(InputError, match="text file"):
            recorded.cases(path, audio_settings, 2.0)
