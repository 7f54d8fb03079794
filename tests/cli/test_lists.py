"""Lists, folders and pipes of `timbre transfer`: each output in its place, faults told by line."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile
from typer.testing import CliRunner

from tests import tiny
from tests.conftest import ROOT, run_stage
from timbre.cli.main import app
from timbre.cli.progress import progress
from timbre.transfer.progress import no_progress


def seconds(path: Path) -> float:
    found = soundfile.info(path)
    assert (found.samplerate, found.channels) == (tiny.AUDIO.sample_rate, 1)
    return float(found.duration)


def test_a_list_is_told_as_json_a_line_each(clips: Path, weights: str) -> None:
    (clips / "pairs.tsv").write_text("a.content.wav\tstyle.wav\nnone.wav\tstyle.wav\n")
    words = ["transfer", "--pairs", str(clips / "pairs.tsv"), "--out", str(clips / "out"), "--json"]
    result = CliRunner().invoke(app, [*words, "--weights", weights], catch_exceptions=False)
    assert result.exit_code == 1
    done, failed = map(json.loads, result.stdout.splitlines())
    assert (done["line"], done["output"]) == (1, str(clips / "out/a.wav"))
    assert failed["line"] == 2
    assert failed["error"].startswith("expected a recording, found no file")
    assert failed["error"] in result.stderr


def test_a_bar_is_shown_where_somebody_looks_on(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    with progress() as watch:
        assert watch is no_progress  # the tests' own standard error is none
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with progress() as watch:
        for share in (0.25, 0.5, 1.0):
            watch(share)
    assert "100%" in terminal.getvalue()


def test_a_list_of_pairs_is_gone_through_to_its_end(
    clips: Path, weights: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ["a.content.wav\tstyle.wav", "none.wav\tstyle.wav", "more/b.flac\tstyle.wav\tnone.wav"]
    (clips / "pairs.tsv").write_text("\n".join(lines))
    words = ["transfer", "--pairs", "pairs.tsv", "--out", "out", "--weights", weights]
    result = run_stage(clips, "timbre", *words)
    assert result.returncode == 1
    assert result.stdout.split() == ["out/a.wav", "out/more/b.wav"]
    assert result.stderr.startswith("pairs.tsv, line 2: expected a recording, found no file")
    assert result.stderr.count("\n") == 1
    assert seconds(clips / "out/a.wav") == 1.0
    assert seconds(clips / "out/more/b.wav") == 0.7
    before = (clips / "out/a.wav").read_bytes()

    (clips / "pairs.tsv").write_text("\n".join(lines[::2]))
    (clips / "out/a.wav").write_bytes(b"old")
    monkeypatch.chdir(clips)
    again = CliRunner().invoke(app, words, catch_exceptions=False)
    assert (again.exit_code, again.stderr) == (0, "")
    assert (clips / "out/a.wav").read_bytes() == before


def test_a_list_is_written_to_the_folder_that_output_names(
    clips: Path, weights: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(clips)
    Path("one.tsv").write_text("a.content.wav\tstyle.wav\n")
    words = ["transfer", "--pairs", "one.tsv", "-o", "by output", "--weights", weights]
    assert CliRunner().invoke(app, words, catch_exceptions=False).exit_code == 0
    assert [path.name for path in Path("by output").iterdir()] == ["a.wav"]


def test_a_folder_is_transferred_in_one_style(
    clips: Path, weights: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(clips)
    (clips / "more" / "bad.wav").write_text("no sound")
    words = ["transfer", "more", "style.wav", "-o", "many", "--format", "FLAC", "--json"]
    result = CliRunner().invoke(app, [*words, "--weights", weights], catch_exceptions=False)
    assert result.exit_code == 1
    assert [path.name for path in Path("many").iterdir()] == ["b.flac"]
    assert soundfile.info("many/b.flac").format == "FLAC"
    assert result.stderr.startswith("more, bad.wav: expected a recording, ")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(line["line"], "error" in line) for line in lines] == [(1, False), (2, True)]


@pytest.mark.parametrize(("options", "kind"), [([], "WAV"), (["--format", "flac"], "FLAC")])
def test_content_and_output_go_through_pipes(
    clips: Path, weights: str, options: list[str], kind: str
) -> None:
    words = ["-m", "timbre", "transfer", "-", "style.wav", "-o", "-", "--weights", weights]
    result = subprocess.run(
        [sys.executable, *words, "--model", "vqvae", *options], cwd=clips, check=True,
        input=(clips / "a.content.wav").read_bytes(), capture_output=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    found = soundfile.info(io.BytesIO(result.stdout))
    assert (found.format, found.duration) == (kind, 1.0)
    assert result.stderr == b""


def test_a_list_is_taken_up_where_it_was_left(
    clips: Path, weights: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(clips)
    Path("two.tsv").write_text("a.content.wav\tstyle.wav\nmore/b.flac\tstyle.wav\n")
    words = ["transfer", "--pairs", "two.tsv", "-o", "out", "--weights", weights, "--json"]
    Path("out").mkdir()
    Path("out/a.wav").write_text("there")
    result = CliRunner().invoke(app, [*words, "--resume"], catch_exceptions=False)
    assert result.exit_code == 0
    assert [json.loads(line).get("kept", False) for line in result.stdout.splitlines()] == [
        True,
        False,
    ]
    assert Path("out/a.wav").read_text() == "there"
    assert seconds(Path("out/more/b.wav")) == pytest.approx(0.7, abs=1e-3)
    assert CliRunner().invoke(app, words, catch_exceptions=False).exit_code == 0
    assert seconds(Path("out/a.wav")) == 1.0
