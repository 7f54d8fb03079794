"""What only a graphics card can show; skipped, with the reason, where there is none."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from ruamel.yaml import YAML
from torch import Tensor, nn

from stages.params import Params
from stages.profile import merge
from tests import sounding, tiny
from timbre.models import checkpoint
from timbre.models.registry import Train
from timbre.models.vocoder.settings import VocoderSettings
from timbre.store.audio_batches import AudioDataset
from timbre.store.batches import StoreDataset
from timbre.store.store import Split
from timbre.training.trainer import Trainer

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA graphics card"),
]

SIX_GB = 6 * 2**30  # bytes: the smallest card that the laptop's profile is made for
TOLERANCE_DB = 0.1  # between a card's transfer and a processor's, both in float32
TRAINED = (*tiny.MODELS, "timbre_net")
Data = tuple[StoreDataset, StoreDataset]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return tiny.datasets(tmp_path_factory.mktemp("data") / "store")


@pytest.fixture
def deterministic(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Sums in a fixed order, which a card does not take by itself."""
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    yield
    torch.use_deterministic_algorithms(False)


def trainer(name: str, folder: Path, seed: int = 0, *, compiled: bool = False) -> Trainer:
    return Trainer(
        f"train.{name}", tiny.build(name, seed), tiny.settings(name), tiny.AUDIO, 0,
        folder / "progress.pt", compiled=compiled,
    )  # fmt: skip


@pytest.mark.parametrize("name", TRAINED)
def test_a_model_is_trained_on_the_card_in_its_precision(
    name: str, data: Data, tmp_path: Path
) -> None:
    made = trainer(name, tmp_path)
    made.fit(*data)
    assert made.fabric.device.type == "cuda"
    halved = made.model.supports_bf16 and torch.cuda.is_bf16_supported(including_emulation=False)
    assert (made.fabric._precision.precision == "bf16-mixed") == halved
    assert all(torch.isfinite(weight).all() for weight in made.model.parameters())
    assert not tiny.same_state(made.model.cpu(), tiny.build(name))


def test_the_vocoder_is_trained_on_the_card(tmp_path: Path) -> None:
    sounding.write_store(tmp_path / "store", train=12, valid=6)
    batches = [AudioDataset(Split(tmp_path / "store", name), 16) for name in ("train", "valid")]
    settings = VocoderSettings.model_validate(tiny.parameters()["vocoder"]).vocos
    model = checkpoint.build("vocos", settings.network, tiny.AUDIO)
    path = tmp_path / "progress.pt"
    made = Trainer("vocoder.vocos", model, settings, tiny.AUDIO, 0, path)
    made.fit(*batches)
    assert made.fabric.device.type == "cuda"
    assert made.progress.step == settings.steps


def test_compiled_code_learns_what_plain_code_does(data: Data, tmp_path: Path) -> None:
    losses = []
    for compiled in (False, True):
        made = trainer("autoencoder", tmp_path / str(compiled), compiled=compiled)
        made.fit(*data)
        losses.append([row["valid_loss"] for row in made.progress.history])
    assert losses[1] == pytest.approx(losses[0], rel=0.02)


@pytest.mark.usefixtures("deterministic")
@pytest.mark.parametrize("name", TRAINED)
def test_interrupted_and_taken_up_again_is_the_same(name: str, data: Data, tmp_path: Path) -> None:
    train, valid = data
    whole = trainer(name, tmp_path / "whole")
    whole.fit(train, valid)
    cut = trainer(name, tmp_path / "cut")
    for step in range(2):  # as far as the first save
        cut._step(step, train)
    cut.progress.add(2, cut.validate(valid))
    cut.progress.save()
    resumed = trainer(name, tmp_path / "cut", seed=1)
    resumed.fit(train, valid)
    assert tiny.same_state(resumed.model, whole.model)


@torch.inference_mode()
@pytest.mark.parametrize("name", tiny.MODELS)
def test_a_transfer_is_the_processors(name: str) -> None:
    model, (content, style, _) = tiny.build(name).eval(), tiny.mels(2)
    tiny.randomize(model, scale=0.02)
    options: dict[str, Any] = {"temperature": 0.0} if name == "glow" else {}
    transfer: Any = model.transfer
    here = transfer(content, style, **options)
    model.to("cuda")
    there = transfer(content.to("cuda"), style.to("cuda"), **options).cpu()
    torch.testing.assert_close(there, here, atol=TOLERANCE_DB, rtol=0)


def laptop() -> Params:
    """The committed parameters with the laptop's profile."""
    values, profile = (
        YAML(typ="safe").load(tiny.ROOT / name)
        for name in ("params.yaml", "profiles/laptop_gpu.yaml")
    )
    merge(values, profile)
    return Params.model_validate(values)


def built(name: str, params: Params) -> tuple[nn.Module, Any]:
    """A model of the full size and its settings."""
    if name == "vocos":
        settings: Any = params.vocoder.vocos
        return checkpoint.build(name, settings.network, params.audio), settings
    base = built("autoencoder", params)[0] if name in ("vqvae", "glow") else None
    settings = getattr(params.train, name)
    return checkpoint.build(name, settings.network, params.audio, base), settings


def given(name: str, settings: Any, params: Params) -> tuple[list[Tensor], dict[str, Tensor]]:
    """A batch of noise of the size that it is trained on."""
    size, bands, crop = settings.batch_size, params.audio.n_mels, settings.crop_frames
    shapes = [(size, bands, crop), (size, crop * params.audio.hop_length)]
    if name != "vocos":
        shapes = [(size, bands, frames) for frames in (crop, settings.style_frames, crop)]
    batch = [params.audio.db_mean + torch.randn(shape, device="cuda") for shape in shapes]
    hints: dict[str, Tensor] = {}
    if name == "timbre_net":
        hints["programs"] = torch.zeros(size, 3, dtype=torch.uint8, device="cuda")
    elif name != "vocos":
        hints["notes"] = torch.zeros(size, 128, crop, dtype=torch.uint8, device="cuda")
    return batch, hints


@pytest.mark.parametrize("name", [*Train.model_fields, "vocos"])
def test_the_laptops_profile_fits_a_card_of_six_gigabytes(name: str, tmp_path: Path) -> None:
    params = laptop()
    model, settings = built(name, params)
    path = tmp_path / "progress.pt"
    made = Trainer(name, model, settings, params.audio, 0, path)
    torch.cuda.reset_peak_memory_stats()
    batch, hints = given(name, settings, params)
    for _ in range(2):  # the optimizer's state comes with the first
        loss = made._module(*batch, **hints)["total"]
        made._optimizer.zero_grad()
        made.fabric.backward(loss)
        made._optimizer.step()
    assert torch.cuda.max_memory_allocated() < SIX_GB
