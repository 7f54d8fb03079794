"""`timbre info`: which models a folder holds."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests import shipped
from timbre.cli.main import app
from timbre.core.errors import InputError


def test_info_names_the_weights(weights: str) -> None:
    result = CliRunner().invoke(app, ["info", "--weights", weights], catch_exceptions=False)
    assert result.exit_code == 0
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == sorted(shipped.NAMES)
    assert shipped.ABOUT["title"] in result.stdout


def test_info_as_json_holds_the_cards(weights: str) -> None:
    words = ["info", "--json", "--weights", weights]
    told = json.loads(CliRunner().invoke(app, words, catch_exceptions=False).stdout)
    assert {*told} >= {"glow", "vqvae", "vocoder"}
    assert told["glow"]["parameters"] > 0


def test_info_without_cards_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^expected weights with their cards in .*--weights\.$"):
        CliRunner().invoke(app, ["info", "--weights", str(tmp_path)], catch_exceptions=False)
