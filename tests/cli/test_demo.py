"""Clips of the package, and the page on which they are heard."""

import re
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from tests import shipped
from timbre.cli import demo
from timbre.cli.main import app
from timbre.clips import clips
from timbre.core.errors import InputError


@pytest.mark.parametrize("name", clips())
def test_a_clip_is_a_free_sound_of_a_few_seconds(name: str) -> None:
    clip = clips()[name]
    sound, rate = soundfile.read(clip.path)
    assert (clip.name, clip.licence) == (name, "CC0-1.0")
    assert (rate, sound.ndim) == (32_000, 1)
    assert 4 < len(sound) / rate < 6
    assert np.sqrt(np.mean(sound**2)) > 0.03


def test_the_page_plays_what_is_beside_it(tmp_path: Path) -> None:
    weights = shipped.write(tmp_path / "weights")
    out = tmp_path / "demo"
    words = ["demo", "--out", str(out), "--model", "vqvae", "--weights", str(weights)]
    assert CliRunner().invoke(app, words, catch_exceptions=False).exit_code == 0
    page = (out / "index.html").read_text()
    played = {unquote(source) for source in re.findall(r'src="([^"]+)"', page)}
    assert played == {path.name for path in out.iterdir()} - {"index.html"}
    made = [name for name in played if name.endswith("by vqvae.ogg")]
    pairs = {(content, style) for content in demo.CONTENTS for style in demo.STYLES}
    assert len(made) == len({pair for pair in pairs if pair[0] != pair[1]})
    for name in made:
        content = clips()[name.split(" as ")[0]]
        assert soundfile.info(out / name).duration == pytest.approx(
            soundfile.info(content.path).duration, abs=0.01
        )


def test_a_folder_that_is_there_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "work").touch()
    with pytest.raises(InputError, match=r"is there already; please"):
        CliRunner().invoke(app, ["demo", "--out", str(tmp_path / "demo")], catch_exceptions=False)
    assert (tmp_path / "demo" / "work").exists()


def test_a_model_that_is_not_there_is_told(tmp_path: Path) -> None:
    words = ["demo", "--out", str(tmp_path / "demo"), "--model", "none"]
    with pytest.raises(InputError, match=r"got none; please name some of glow, vqvae\."):
        CliRunner().invoke(app, words, catch_exceptions=False)
