"""What transfers are tried with: a tool with small models, and two clips for it."""

from pathlib import Path

import numpy as np
import soundfile
from torch import nn

from tests import shipped, tiny
from timbre.models.contract import TransferModel
from timbre.runtime.torch_backend import TorchBackend
from timbre.transfer import loudness, streams, styles
from timbre.transfer.engine import Engine
from timbre.transfer.transfer import Transfer

RATE = tiny.AUDIO.sample_rate
VOCODER = shipped.build("vocoder")
GLOW = shipped.build("glow")


def engine(model: nn.Module) -> Engine:
    plain: TransferModel = model  # type: ignore[assignment]  # it has the methods
    options = ("temperature",) if model is GLOW else ()
    return Engine(TorchBackend(plain, VOCODER, tiny.AUDIO, "cpu", options))


def tool(model: nn.Module) -> Transfer:
    return Transfer(engine(model))


def samples(path: Path) -> np.ndarray:
    found: np.ndarray = soundfile.read(path, dtype="float32")[0]
    return found


def loudest(path: Path) -> np.ndarray:
    """The part of a style that counts most."""
    [part] = styles.parts(styles.read(path, tiny.AUDIO), str(path), tiny.AUDIO, most=1)
    return part


def loud(path: Path) -> loudness.Loudness:
    found = samples(path)
    found.tofile(path.with_suffix(".f32"))
    lufs = loudness.integrated(path.with_suffix(".f32"), len(found), 1, RATE)
    return loudness.Loudness(lufs, streams.level(found).rms)


def peak(path: Path) -> float:
    return loudness.rms_and_true_peak(samples(path)[:, None], RATE)[1]
