"""The smallest of everything, for tests of models: settings, networks and data.

Settings are the committed ones with small numbers put in, so that a new key is met here too.
"""

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from ruamel.yaml import YAML
from torch import Tensor, nn

from timbre.audio.mel import Codes, dequantize
from timbre.core.params import Audio
from timbre.dataset.examples import STYLE_MUSIC
from timbre.models import checkpoint
from timbre.models.registry import Train
from timbre.store import writing as writing
from timbre.store.batches import StoreDataset
from timbre.store.store import VIEWS, Split
from timbre.store.style_crops import StyleCrops

torch.set_num_threads(1)

ROOT = Path(__file__).parents[1]
COMMITTED = YAML(typ="safe").load(ROOT / "params.yaml")
MODELS = ("autoencoder", "vqvae_self", "vqvae", "glow")
FRAMES = 32  # of a segment
AUTOENCODER = {
    "channels": 16, "content_dim": 8, "content_noise": 0.1, "style_channels": 16, "style_dim": 8,
    "encoder_dilations": [1], "decoder_dilations": [1], "fine_dilations": [1],
    "loudness_weight": 0.0, "distance_weight": 0.0, "power_weight": 0.0, "peaks_db": 0.0,
    "fitting_steps": 0,
}  # fmt: skip
QUANTIZER = {"groups": 2, "codes": 8, "decay": 0.9, "restart_below": 0.05}
NETWORKS: dict[str, dict[str, Any]] = {
    "autoencoder": AUTOENCODER,
    "vqvae_self": {"autoencoder": AUTOENCODER, "quantizer": QUANTIZER},
    "vqvae": QUANTIZER,
    "timbre_net": {"channels": 16},
    "glow": {"levels": 2, "steps": 2, "hidden": 8, "condition": 8},
}
TRAINING = {
    "steps": 6, "batch_size": 4, "crop_frames": 16, "style_frames": 16,
    "style_frames_min": 8, "style_pieces": 2, "learning_rate": 1e-3,
    "warmup_steps": 1, "valid_every": 2,
}  # fmt: skip
VOCOS = {"n_fft": 128, "channels": 16, "hidden": 32, "layers": 2, "resolutions": [8, 32]}
AUDIO = Audio(
    sample_rate=8000, n_fft=256, hop_length=64, n_mels=16, f_min=20.0, f_max=4000.0,
    db_min=-90.0, db_step=0.35, db_mean=-60.0, db_std=18.0, level_db=-24.0,
    segment_seconds=FRAMES * 64 / 8000,
)  # fmt: skip


def parameters(**training: Any) -> dict[str, Any]:
    """All of `params.yaml`, small; `training` changes every model's training."""
    params = deepcopy(COMMITTED)
    params["audio"] = AUDIO.model_dump()
    for name, network in NETWORKS.items():
        params["train"][name] |= TRAINING | training
        _update(params["train"][name]["network"], network)
    timbre = params["train"]["timbre_net"]
    # it compares clips of one length
    timbre["style_frames"] = timbre["style_frames_min"] = timbre["crop_frames"]
    vocos = params["vocoder"]["vocos"]
    vocos |= {name: value for name, value in (TRAINING | training).items() if name in vocos}
    _update(vocos["network"], VOCOS)
    return params


def _update(values: dict[str, Any], changes: dict[str, Any]) -> None:
    for key, value in changes.items():
        if isinstance(value, dict):
            _update(values[key], value)
        else:
            values[key] = value


def settings(name: str, **training: Any) -> Any:
    """How a model is trained: section `train.<name>`."""
    return getattr(Train.model_validate(parameters(**training)["train"]), name)


def build(name: str, seed: int = 0, **network: Any) -> nn.Module:
    """A new model, with its base where it stands on one; `network` changes its settings."""
    torch.manual_seed(seed)
    base = build("autoencoder", seed) if name in ("vqvae", "glow") else None
    config = settings(name).network
    config = type(config).model_validate(config.model_dump() | network)
    return checkpoint.build(name, config, AUDIO, base)


@torch.no_grad()
def randomize(module: nn.Module, seed: int = 1, scale: float = 0.2) -> None:
    """Move every weight, so that nothing is the identity that a layer may begin as."""
    torch.manual_seed(seed)
    for parameter in module.parameters():
        parameter.add_(scale * torch.randn_like(parameter))


def codes(count: int, seed: int = 0) -> Codes:
    """Examples `(N, V, M, T)`: notes switch bins on, and a timbre is one spectrum for all frames.

    Target and content share the notes, target and style the timbre.
    """
    rng = np.random.default_rng(seed)
    notes = rng.random((2, count, AUDIO.n_mels, FRAMES // 4)).repeat(4, axis=3) < 0.4
    spectra = rng.integers(-60, 60, (2, count, AUDIO.n_mels, 1))
    pairs = ((0, 1), (1, 0), (0, 0))  # content, style, target
    views = [20 + 60 * notes[note] + 60 + spectra[spectrum] for note, spectrum in pairs]
    return np.stack(views, axis=1).astype(np.uint8)


def notes(mel: Codes) -> NDArray[np.uint8]:
    """Which pitches sound: those above 60 stand for the mel bands, `(N, 16, T)` packed."""
    roll = np.zeros((len(mel), 128, FRAMES), bool)
    target = mel[:, 2].astype(int)
    roll[:, 60 : 60 + AUDIO.n_mels] = target > target.mean(axis=2, keepdims=True)
    return np.packbits(roll, axis=1)


def mels(count: int, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Content, style and target in dB, `(N, M, T)` each."""
    content, style, target = torch.from_numpy(dequantize(codes(count, seed), AUDIO)).unbind(1)
    return content, style, target


def write_store(path: Path, **splits: Codes) -> Path:
    """A spectrogram store of these splits."""
    writing.create(path, {"audio": AUDIO.model_dump(), "views": list(VIEWS), "fonts": ["one"]})
    for split, mel in splits.items():
        index = {
            "program": np.zeros((len(mel), 3), np.uint8),
            "style_music": (np.arange(len(mel)) % len(STYLE_MUSIC)).astype(np.uint8),
        }
        roll = notes(mel)
        writing.add_split(path, split, index, AUDIO, 4, 8, keep_notes=True, keep_audio=0)
        for shard in writing.shards(split, len(mel), 8):
            run = slice(shard.start, shard.stop)
            writing.write(path, shard, writing.Content(mel[run], roll[run], None))
    writing.finish(path, {"content": "none"})
    return path


def datasets(path: Path) -> tuple[StoreDataset, StoreDataset]:
    """Training and validation data of a store that is written to a path."""
    write_store(path, train=codes(16), valid=codes(6, seed=1))
    train, valid = (
        StoreDataset(Split(path, name), 16, StyleCrops.fixed(16), "cross")
        for name in ("train", "valid")
    )
    return train, valid


def overfit(model: nn.Module, batch: tuple[Tensor, ...], steps: int) -> list[float]:
    """Train on one batch.

    Returns:
        The loss before each step.
    """
    torch.manual_seed(0)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    model.train()
    losses = []
    for _ in range(steps):
        loss = model(*batch)["total"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def same_state(one: nn.Module, other: nn.Module) -> bool:
    """Whether all weights and buffers are equal, bit for bit."""
    left, right = one.state_dict(), other.state_dict()
    return left.keys() == right.keys() and all(torch.equal(left[k], right[k]) for k in left)
