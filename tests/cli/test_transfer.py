"""`timbre`: what people type, and what they are told when it cannot be done."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import soundfile
from typer.testing import CliRunner

from tests import shipped, tiny
from tests.conftest import ROOT, run_stage
from timbre.cli.main import app
from timbre.core.errors import InputError
from timbre.models import checkpoint
from timbre.models.griffin_lim.config import GriffinLimConfig
from timbre.models.vocoder.config import RefinementConfig
from timbre.transfer.transfer import Transfer


def seconds(path: Path) -> float:
    found = soundfile.info(path)
    assert (found.samplerate, found.channels) == (tiny.AUDIO.sample_rate, 1)
    return float(found.duration)


@pytest.mark.parametrize("name", ["glow", "vqvae"])
def test_one_content_takes_on_one_style(clips: Path, weights: str, name: str) -> None:
    words = [str(clips / name) for name in ("a.content.wav", "style.wav")]
    words += ["-o", str(clips / "out.wav")]
    result = CliRunner().invoke(
        app, ["transfer", *words, "--model", name, "--weights", weights], catch_exceptions=False
    )
    assert result.exit_code == 0
    assert seconds(clips / "out.wav") == 1.0


def test_between_two_styles_and_with_half_the_strength(clips: Path, weights: str) -> None:
    words = [str(clips / name) for name in ("a.content.wav", "style.wav")]
    made = []
    for more in ([], ["--blend", str(clips / "more/b.flac")], ["--strength", "0.5"]):
        out = str(clips / "out.wav")
        result = CliRunner().invoke(
            app,
            ["transfer", *words, "-o", out, "--weights", weights, *more],
            catch_exceptions=False,
        )
        assert result.exit_code == 0
        made.append((clips / "out.wav").read_bytes())
    assert len(set(made)) == 3


def test_what_was_written_is_told_as_json(clips: Path, weights: str) -> None:
    words = ["transfer", str(clips / "a.content.wav"), str(clips / "style.wav"), "--json"]
    words += ["-o", str(clips / "out.flac"), "--sample-rate", "22050", "--stereo", "--normalize"]
    result = CliRunner().invoke(app, [*words, "--weights", weights], catch_exceptions=False)
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert told["output"] == str(clips / "out.flac")
    assert (told["sample_rate"], told["channels"], told["seconds"]) == (22_050, 1, 1.0)
    assert (told["model"], told["seed"], told["strength"]) == ("glow", 0, 1.0)
    assert told["took_seconds"] > 0
    assert soundfile.info(clips / "out.flac").samplerate == 22_050


def test_a_temperature_is_for_the_flow_alone() -> None:
    words = ["transfer", "a.wav", "b.wav", "-o", "c.wav", "--model", "vqvae", "--temperature", "1"]
    with pytest.raises(InputError, match=r"^expected --temperature for a model that draws"):
        CliRunner().invoke(app, words, catch_exceptions=False)


WRONG = {
    "nothing": [],
    "no style": ["a.content.wav", "-o", "out.wav"],
    "no output": ["a.content.wav", "style.wav"],
    "no folder": ["--pairs", "pairs.tsv"],
    "both": ["a.content.wav", "style.wav", "-o", "out.wav", "--pairs", "pairs.tsv"],
}


@pytest.mark.parametrize("words", WRONG.values(), ids=WRONG.keys())
def test_half_a_command_is_refused(words: list[str]) -> None:
    with pytest.raises(InputError, match=r"^expected CONTENT STYLE --output FILE, or --pairs"):
        CliRunner().invoke(app, ["transfer", *words], catch_exceptions=False)


def test_missing_weights_are_one_sentence_and_exit_code_2(clips: Path) -> None:
    words = ["transfer", "a.content.wav", "style.wav", "-o", "out.wav", "--weights", "none"]
    result = run_stage(clips, "timbre", *words)
    assert result.returncode == 2
    assert result.stderr.startswith(
        "error: expected trained weights of a model that transfers in none"
    )
    assert result.stderr.count("\n") == 1
    assert not (clips / "out.wav").exists()


def test_weights_of_different_mels_are_refused(tmp_path: Path) -> None:
    folder = shipped.write(tmp_path / "weights")
    other = tiny.AUDIO.model_copy(update={"f_min": 30.0})
    config = GriffinLimConfig(iterations=1, momentum=0.0, mel_iterations=1)
    base = checkpoint.build("griffin_lim", config, other)
    vocoder = checkpoint.build("vocoder", RefinementConfig(iterations=0), other, base)
    checkpoint.save(folder / "vocoder" / "weights.safetensors", vocoder)
    (folder / "vocoder" / "card.json").unlink()
    with pytest.raises(InputError, match=r"^expected .* to share one mel"):
        Transfer.load("glow", folder)


@pytest.mark.skipif(not (ROOT / ".venv/requirements.installed").exists(), reason="not set up by it")
def test_run_knows_the_tool_in_any_folder(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("raise SystemExit('not this one')")
    result = subprocess.run(
        [ROOT / "run", "timbre", "--help"], cwd=tmp_path, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert "transfer" in result.stdout


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--mix", "0.2"], "note: --mix has no effect without --blend\n"),
        (["--seed", "3"], "note: --seed has no effect, vqvae draws nothing\n"),
        (["--stereo"], "note: --stereo has no effect, a.content.wav has one channel\n"),
        (["--mix", "0.2", "--quiet"], ""),
        ([], ""),
    ],
)
def test_options_without_effect_are_told(
    clips: Path, weights: str, more: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(clips)
    words = ["transfer", "a.content.wav", "style.wav", "-o", "told.wav", "--model", "vqvae"]
    result = CliRunner().invoke(app, [*words, *more, "--weights", weights], catch_exceptions=False)
    assert result.exit_code == 0
    assert result.stderr == said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["a.wav"], "got no STYLE, no --output"),
        (["a.wav", "b.wav"], "got no --output"),
        (["--pairs", "pairs.tsv"], "got no --output for --pairs"),
        (["a.wav", "b.wav", "--pairs", "pairs.tsv", "-o", "out"], "got --pairs beside CONTENT"),
        (["a.wav", "b.wav", "-o", "c.wav", "--device", "abacus"], "expected the device cpu"),
        (["a.wav", "b.wav", "-o", "-", "--json"], "expected --output FILE with --json"),
    ],
)
def test_what_is_missing_or_too_much_is_named(weights: str, words: list[str], said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        CliRunner().invoke(app, ["transfer", *words, "--weights", weights], catch_exceptions=False)


@pytest.mark.parametrize("words", [["--version"], ["-h"], ["transfer", "-h"], ["listen", "-h"]])
def test_help_and_version_are_said(words: list[str]) -> None:
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0
    assert ("timbre" if words == ["--version"] else "Usage: ") in result.stdout
