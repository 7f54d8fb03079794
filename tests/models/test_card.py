"""Weights that ship: what was trained comes out, and each file is what its card says."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from ruamel.yaml import YAML

from stages.publish import publish
from tests import shipped, tiny
from tests.conftest import ROOT, run_stage
from timbre.core.errors import InputError
from timbre.core.files import sha256
from timbre.core.params import ParamsError
from timbre.models import card, checkpoint
from timbre.models import shipped as models
from timbre.models.blocks import parameter_count
from timbre.models.card import About

COMMITTED = sorted((ROOT / "models").glob("*/weights.safetensors"))
MEBIBYTE = 1 << 20


@pytest.fixture(scope="module", params=[False, True], ids=["whole", "half"])
def weights(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of shipped weights."""
    return shipped.write(tmp_path_factory.mktemp("weights"), request.param)


@pytest.mark.parametrize("name", shipped.NAMES)
def test_what_is_shipped_is_what_was_trained(weights: Path, name: str) -> None:
    half = card.read(models.card_path(weights, name)).precision == "float16"
    original = shipped.build(name).state_dict()
    loaded = checkpoint.load(card.verified(weights, name))[1].state_dict()
    assert loaded.keys() == original.keys()
    for key, value in original.items():
        assert loaded[key].dtype == value.dtype
        assert torch.equal(loaded[key], value.half().to(value.dtype) if half else value)


@pytest.mark.parametrize("name", shipped.NAMES)
def test_the_card_says_what_the_file_says(weights: Path, name: str) -> None:
    found, path = card.read(models.card_path(weights, name)), models.weights_path(weights, name)
    described = checkpoint.description(path)
    assert (found.name, found.sha256) == (name, sha256(path))
    assert found.bytes == path.stat().st_size
    assert found.model == {key: described[key] for key in ("name", "network", "base")}
    assert found.audio == tiny.AUDIO
    assert found.parameters == parameter_count(shipped.build(name))
    assert found.about == About.model_validate(shipped.ABOUT)


def test_the_page_says_what_the_card_says(weights: Path) -> None:
    page = (weights / "glow" / models.PAGE).read_text()
    found = card.read(models.card_path(weights, "glow"))
    for part in (found.sha256, found.about.title, "20,000", "900 pieces", "| lsd | 14.25 |"):
        assert part in page
    assert '  - name: "autoencoder"' in page
    assert f"- n_mels: {tiny.AUDIO.n_mels}\n" in page
    assert "\n\n\n" not in page
    assert page.endswith("\n")


def test_half_takes_half_the_room(tmp_path: Path) -> None:
    whole, half = (shipped.write(tmp_path / name, name == "half") for name in ("whole", "half"))
    sizes = [
        sum(path.stat().st_size for path in one.glob("glow/weights.safetensors"))
        for one in (whole, half)
    ]
    assert sizes[1] < 0.75 * sizes[0]  # descriptions take as much as before


def test_shipping_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    one, other = (shipped.write(tmp_path / name) for name in ("one", "other"))
    paths = [path.relative_to(one) for path in one.rglob("*.*")]
    assert len(paths) == 3 * len(shipped.NAMES)
    assert all((one / path).read_bytes() == (other / path).read_bytes() for path in paths)


def test_numbers_that_half_cannot_hold_are_refused(tmp_path: Path) -> None:
    model = shipped.build("vqvae")
    with torch.no_grad():
        next(model.parameters()).view(-1)[0] = 1e6
    checkpoint.save(tmp_path / "checkpoint", model)
    about = About.model_validate(shipped.ABOUT)
    with pytest.raises(InputError, match=r"^expected numbers below .* without --half\.$"):
        publish(tmp_path / "checkpoint", tmp_path / "out", "vqvae", about, half=True)
    assert not (tmp_path / "out").exists()


def test_the_command_ships(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "checkpoint", shipped.build("vqvae"))
    (tmp_path / "about.json").write_text(json.dumps(shipped.ABOUT))
    words = ["stages.publish", "checkpoint", "--to", "weights", "--name", "vqvae"]
    result = run_stage(tmp_path, *words, "--about", "about.json", "--half")
    assert result.returncode == 0, result.stderr
    assert card.verified(tmp_path / "weights", "vqvae").is_file()


def test_an_about_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^expected a JSON file in .*none\.json"):
        card.read_about(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"data": []}, "data"),
        ({"date": "May"}, "date"),
        ({"titel": "x"}, "titel"),
        ({"seed": -1}, "seed"),
    ],
)
def test_what_is_wrong_in_an_about_is_named(
    tmp_path: Path, change: dict[str, Any], key: str
) -> None:
    (tmp_path / "about.json").write_text(json.dumps(shipped.ABOUT | change))
    with pytest.raises(ParamsError, match=f"about.json: {key}: "):
        card.read_about(tmp_path / "about.json")


def test_missing_or_other_weights_are_refused_and_own_ones_need_no_card(tmp_path: Path) -> None:
    shipped.write(tmp_path)
    path = models.weights_path(tmp_path, "glow")
    path.write_bytes(models.weights_path(tmp_path, "vqvae").read_bytes())
    with pytest.raises(
        InputError, match=r"^expected the weights that .*; please get both again\.$"
    ):
        card.verified(tmp_path, "glow")
    models.card_path(tmp_path, "glow").unlink()
    assert card.verified(tmp_path, "glow") == path
    path.unlink()
    with pytest.raises(InputError, match=r"^expected trained weights in .*--weights\.$"):
        card.verified(tmp_path, "glow")


def test_a_card_that_is_none_is_refused(tmp_path: Path) -> None:
    shipped.write(tmp_path)
    for text in ("", "[]", "{}"):
        models.card_path(tmp_path, "glow").write_text(text)
        with pytest.raises(InputError, match=r"glow/card\.json"):
            card.verified(tmp_path, "glow")


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.parent.name)
def test_committed_weights_are_what_their_cards_say_and_load(path: Path) -> None:
    name = path.parent.name
    found = card.read(models.card_path(ROOT / "models", name))
    assert card.verified(ROOT / "models", name) == path
    assert found.name == name
    assert parameter_count(checkpoint.load(path)[1]) == found.parameters
    assert (path.parent / models.PAGE).read_text() == card.markdown(found)


def test_committed_weights_are_small() -> None:
    assert sum(path.stat().st_size for path in COMMITTED) < 30 * MEBIBYTE


def test_the_page_begins_with_what_a_hub_indexes(weights: Path) -> None:
    found = card.read(weights / "glow" / models.CARD)
    _, head, page = card.markdown(found).split("---\n", 2)
    values = YAML(typ="safe").load(head)
    assert values["license"] == "apache-2.0"
    (index,) = values["model-index"]
    (result,) = index["results"]
    assert index["name"] == "glow"
    assert result["dataset"]["name"] == found.about.measured_on
    assert {each["type"]: each["value"] for each in result["metrics"]} == found.about.metrics
    assert page.lstrip().startswith("# glow\n")
