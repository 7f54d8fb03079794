"""Checkpoints: the same model comes back, and nothing but a model."""

import json
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from tests import tiny
from timbre.core.errors import InputError
from timbre.models import checkpoint


def used(name: str, seed: int = 0) -> nn.Module:
    """A model that has seen a batch."""
    model = tiny.build(name, seed)
    model(*tiny.mels(2))
    tiny.randomize(model, scale=0.05)
    return model.eval()


@torch.no_grad()
def output(model: nn.Module) -> Tensor:
    content, style, _ = tiny.mels(2, seed=1)
    torch.manual_seed(0)
    mel: Tensor = model.transfer(content, style)
    return mel


@pytest.mark.parametrize("name", tiny.MODELS)
def test_a_model_comes_back_as_it_was(name: str, tmp_path: Path) -> None:
    model = used(name)
    checkpoint.save(tmp_path / "model", model)
    found, loaded = checkpoint.load(tmp_path / "model")
    assert found == name
    assert not any(module.training for module in loaded.modules())
    assert loaded.description == model.description
    assert tiny.same_state(loaded, model)
    assert torch.equal(output(loaded), output(model))


@pytest.mark.parametrize("name", tiny.MODELS)
def test_equal_models_are_equal_bytes(name: str, tmp_path: Path) -> None:
    for file, seed in (("one", 0), ("same", 0), ("other", 1)):
        checkpoint.save(tmp_path / file, used(name, seed))
    one, same, other = ((tmp_path / file).read_bytes() for file in ("one", "same", "other"))
    assert one == same != other


def test_a_model_on_a_base_needs_no_other_file(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "base", used("autoencoder"))
    base = checkpoint.load(tmp_path / "base")[1]
    model = checkpoint.build("glow", tiny.settings("glow").network, tiny.AUDIO, base)
    checkpoint.save(tmp_path / "model", model)
    (tmp_path / "base").unlink()
    assert tiny.same_state(checkpoint.load(tmp_path / "model")[1], model)


def test_the_description_tells_name_network_and_mel(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "model", used("glow"))
    described = checkpoint.description(tmp_path / "model")
    assert described["name"] == "glow"
    assert described["network"] == tiny.settings("glow").network.model_dump()
    assert described["audio"] == tiny.AUDIO.model_dump()
    assert described["base"]["name"] == "autoencoder"


def test_nothing_else_is_left_in_the_folder(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "new" / "model", used("autoencoder"))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["model"]


def refused(path: Path) -> None:
    with pytest.raises(InputError, match=r"^expected a checkpoint .* in .*; please .*\.$"):
        checkpoint.load(path)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
def test_a_file_cut_off_is_refused(share: float, tmp_path: Path) -> None:
    path = tmp_path / "model"
    checkpoint.save(path, used("autoencoder"))
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    refused(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "model")


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model").write_text("RIFF" * 100)
    refused(tmp_path / "model")


def test_weights_of_another_project_are_refused(tmp_path: Path) -> None:
    save_file({"weight": torch.zeros(2)}, tmp_path / "model", metadata={"format": "pt"})
    refused(tmp_path / "model")


class Harm:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


def test_loading_runs_no_code(tmp_path: Path) -> None:
    harm, path = tmp_path / "harm", tmp_path / "model"
    path.write_bytes(pickle.dumps(Harm(harm)))
    refused(path)
    torch.save({"weights": Harm(harm)}, path)
    refused(path)
    assert not harm.exists()


ODD = {
    "no JSON": "{",
    "unknown model": json.dumps({"name": "nothing", "network": {}, "audio": {}, "base": None}),
    "no model": json.dumps({"name": "training", "network": {}, "audio": {}, "base": None}),
    "other settings": json.dumps({"name": "vqvae", "network": {}, "audio": {}, "base": None}),
    "nothing in it": "{}",
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_a_description_that_fits_no_model_is_refused(text: str, tmp_path: Path) -> None:
    save_file({"weight": torch.zeros(2)}, tmp_path / "model", metadata={"timbre": text})
    refused(tmp_path / "model")


def test_weights_that_do_not_fit_the_description_are_refused(tmp_path: Path) -> None:
    text = json.dumps(used("autoencoder").description)
    save_file({"weight": torch.zeros(2)}, tmp_path / "model", metadata={"timbre": text})
    refused(tmp_path / "model")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    refused(tmp_path)


@pytest.mark.parametrize("name", tiny.MODELS)
def test_a_model_takes_over_the_weights_of_another(name: str, tmp_path: Path) -> None:
    model, other = used(name), tiny.build(name, seed=3)
    checkpoint.save(tmp_path / "model", model)
    assert not tiny.same_state(other, model)
    checkpoint.load_into(other, tmp_path / "model")
    assert tiny.same_state(other, model)


@pytest.mark.parametrize(
    ("name", "network", "sentence"),
    [
        ("autoencoder", {"channels": 32}, "expected weights of the same network in "),
        ("glow", {}, "expected weights for name glow in .*, got those for autoencoder; "),
    ],
)
def test_weights_of_another_model_are_not_taken_over(
    name: str, network: dict[str, int], sentence: str, tmp_path: Path
) -> None:
    checkpoint.save(tmp_path / "model", used("autoencoder"))
    model = tiny.build(name, **network)  # type: ignore[arg-type]  # not the seed
    before = [value.clone() for value in model.state_dict().values()]
    with pytest.raises(InputError, match=sentence):
        checkpoint.load_into(model, tmp_path / "model")
    if name == "glow":
        assert all(map(torch.equal, before, model.state_dict().values()))
