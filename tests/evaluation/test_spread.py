"""Mean and spread over runs: laws, and folders and commits read alike."""

import json
import math
import subprocess
from pathlib import Path

import numpy as np
import pytest

from stages import spread as stage
from timbre.core.errors import InputError
from timbre.evaluation.metrics.registry import HEADLINE
from timbre.evaluation.results.spread import Spread, spread, table


def test_mean_and_deviation_are_those_of_the_runs() -> None:
    values = np.random.default_rng(0).normal(10, 2, 5)
    found = spread([{"glow": {"lsd": value}} for value in values])["glow"]["lsd"]
    assert found.mean == pytest.approx(values.mean())
    assert found.deviation == pytest.approx(values.std(ddof=1))
    assert found.runs == 5


def test_equal_runs_do_not_spread_and_one_run_has_no_spread() -> None:
    same = {"glow": {"lsd": 3.0}}
    assert spread([same] * 3)["glow"]["lsd"] == Spread(3.0, 0.0, 3)
    assert math.isnan(spread([same])["glow"]["lsd"].deviation)


def test_a_system_is_counted_where_it_was_scored() -> None:
    runs = [{"glow": {"lsd": 1.0, "timbre": 0.5}}, {"glow": {"lsd": 3.0}, "vqvae": {"lsd": 2.0}}]
    found = spread(runs)
    assert found["glow"]["lsd"][::2] == (2.0, 2)
    assert found["glow"]["timbre"].runs == found["vqvae"]["lsd"].runs == 1


def test_the_table_fits_a_terminal() -> None:
    means = dict.fromkeys(HEADLINE, 0.75) | {"lsd": 12.25}
    lines = table(spread([{"vqvae_self_shuffled": means}] * 3)).splitlines()
    assert {len(line) for line in lines} == {len(lines[0])}
    assert len(lines[0]) <= 120
    assert "12.25 ±0.00" in lines[1]
    assert lines[1].endswith(" 3")


def commit(folder: Path, lsd: float) -> None:
    """Commit scores of one system."""
    (folder / "scores").mkdir(exist_ok=True)
    (folder / "scores/glow.json").write_text(json.dumps({"cases": 4, "lsd": lsd}))
    author = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["add", "."], ["commit", "--quiet", "--message", str(lsd)]):
        subprocess.run(["git", *author, *command], cwd=folder, check=True)


def test_commits_are_read_as_folders_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc/config").touch()
    commit(tmp_path, 5.0)
    commit(tmp_path, 7.0)
    monkeypatch.chdir(tmp_path)
    assert (
        stage.of_revision("HEAD", "scores") == stage.of_folder("scores") == {"glow": {"lsd": 7.0}}
    )
    both = [stage.of_revision(name, "scores") for name in ("HEAD", "HEAD~1")]
    assert spread(both)["glow"]["lsd"].mean == 6.0
    with pytest.raises(InputError, match=r"got none-such, which is none; .*\.$"):
        stage.of_revision("none-such", "scores")
    with pytest.raises(InputError, match=r"in elsewhere of HEAD, found none; please"):
        stage.of_revision("HEAD", "elsewhere")


@pytest.mark.parametrize("text", ["{", "[1]", '{"lsd": "low"}', '{"lsd": null}', "3"])
def test_what_is_no_score_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "glow.json").write_text(text)
    with pytest.raises(InputError, match=r"numbers in glow\.json of .*; please"):
        stage.of_folder(str(tmp_path))
    with pytest.raises(InputError, match="found none"):
        stage.of_folder(str(tmp_path / "nowhere"))
