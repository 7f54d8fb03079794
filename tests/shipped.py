"""Weights to ship, small and untrained: what the tool is tried with."""

from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from torch import nn

from stages.publish import publish
from tests import tiny
from timbre.models import checkpoint
from timbre.models.card import About
from timbre.models.griffin_lim.config import GriffinLimConfig
from timbre.models.vocoder.config import RefinementConfig

NAMES = ("glow", "vqvae", "vocoder")
ABOUT: dict[str, Any] = {
    "title": "Gives the notes of one recording the sound of another",
    "date": "2026-01-31",
    "licence": "Apache-2.0",
    "seed": 0,
    "steps": {"autoencoder": 20_000, "glow": 4000},
    "data": [
        {"name": "Scores", "what": "900 pieces", "licence": "public", "url": "https://example.org"}
    ],
    "measured_on": "60 cases of pieces and a soundfont it never saw.",
    "metrics": {"lsd": 14.25, "timbre": 0.25},
    "limits": ["Drums and voices."],
}


def build(name: str) -> nn.Module:
    """An untrained model, or the vocoder without training."""
    if name == "vocoder":
        config = GriffinLimConfig(iterations=1, momentum=0.0, mel_iterations=4)
        base = checkpoint.build("griffin_lim", config, tiny.AUDIO)
        return checkpoint.build("vocoder", RefinementConfig(iterations=1), tiny.AUDIO, base).eval()
    model = tiny.build(name)
    model(*tiny.mels(2))  # what begins with the first batch has begun
    tiny.randomize(model, scale=0.05)
    return model.eval()


def write(folder: Path, half: bool = False) -> Path:
    """A folder of weights with their cards."""
    for name in NAMES:
        checkpoint.save(folder / "checkpoint", build(name))
        publish(folder / "checkpoint", folder, name, About.model_validate(ABOUT), half)
    (folder / "checkpoint").unlink()
    return folder


def recording(path: Path, seconds: float, seed: int = 0, level: float = 0.1) -> Path:
    """Some notes: half a second each, of a few partials, mono at the models' rate."""
    rng = np.random.default_rng(seed)
    rate = tiny.AUDIO.sample_rate
    time = np.arange(round(seconds * rate)) / rate
    hertz = rng.uniform(200, 800, len(time) * 2 // rate + 1)[(time * 2).astype(int)]
    sound = sum(np.sin(2 * np.pi * n * hertz * time) / n for n in (1, 2, 3)) * np.exp(-(time % 0.5))
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, level * sound, rate, subtype="FLOAT" if path.suffix == ".wav" else None)
    return path
