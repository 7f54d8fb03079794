"""Models with one sound built in, as files: ONNX for whole sounds, TorchScript for streams."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnxruntime
import torch
import torch.nn.functional as F
from torch.export import Dim

from timbre.core.errors import InputError
from timbre.core.files import replacing
from timbre.export import onnx_files
from timbre.export.baked import BakedModel, unit_samples
from timbre.export.nn_tilde import Stream, scripted
from timbre.export.substitutes import exportable
from timbre.export.vocoding import CorrectedVocoder
from timbre.models import card, checkpoint
from timbre.models.contract import TransferModel
from timbre.models.style import Style
from timbre.models.vocoder import model as vocoder
from timbre.models.vocos import model as vocos
from timbre.runtime.graph_files import METADATA
from timbre.runtime.torch_backend import TorchBackend
from timbre.transfer import styles
from timbre.transfer.engine import Engine

FORMAT = 1  # of what the files tell of themselves
ABOUT_FILE = f"{METADATA}.json"  # in a TorchScript file
EXAMPLE_UNITS = 11  # that are traced: a length must equal no other size
TIMED_SECONDS = 8.0


class Baked(NamedTuple):
    """What was written of a sound."""

    path: Path  # of the graph
    streamed: Path  # of the TorchScript file
    about: dict[str, Any]
    realtime: tuple[float, float]  # seconds a second, of both files on one thread


def bake(weights: Path, clips: Sequence[Path], folder: Path, name: str) -> list[Baked]:
    """Write a model with each of some sounds built in.

    Args:
        weights: folder of models or checkpoints.
        clips: recordings of the sounds, no two of one name.
        folder: to write to, two files for each.
        name: of the model.

    Raises:
        InputError: if a clip cannot be used, two have one name, or the vocoder has no network.
    """
    stems = [clip.stem for clip in clips]
    if twice := sorted({stem for stem in stems if stems.count(stem) > 1}):
        raise InputError(
            f"expected clips of different names, got {twice[0]} twice; files are named after "
            "them, so please rename one."
        )
    backend = TorchBackend.load(name, weights, "cpu")
    path = card.verified(weights, "vocoder")
    voice = checkpoint.load(path)[1]
    if not (isinstance(voice, vocoder.Model) and isinstance(voice.base, vocos.Model)):
        raise InputError(
            f"expected a vocoder that has learned in {path}, got another one; "
            "please train it, or give the folder of other weights."
        )
    engine = Engine(backend)
    sounds = [styles.parts(styles.read(each, backend.audio), str(each), backend.audio)
              for each in clips]  # fmt: skip
    done = []
    for stem, parts in zip(stems, sounds, strict=True):
        style = engine.average([(engine.styles(parts), 1.0)])
        model = exportable(backend.model)
        assert isinstance(model, TransferModel)
        baked = (
            BakedModel(
                model, _normalized(style), CorrectedVocoder(voice, voice.base), backend.audio
            )
            .eval()
            .requires_grad_(False)
        )
        done.append(_write(baked, folder / stem, name))
    return done


def _normalized(style: Style) -> Style:
    """A style as exported models take it, in one piece."""
    frames = torch.cat([F.group_norm(clip, 1) for clip in style.frames], dim=2)
    bias = torch.zeros(1, frames.shape[2]) if style.bias is None else style.bias
    patches = (torch.cat(style.patches, dim=2),) if style.patches else ()
    return Style(style.vector, (frames,), bias, style.equalizer, patches)


def _write(baked: BakedModel, path: Path, name: str) -> Baked:
    audio, unit = baked.audio, unit_samples(baked.audio)
    stream = Stream(baked, audio)
    about = {
        "format": FORMAT,
        "model": name,
        "style": path.name,
        "sample_rate": audio.sample_rate,
        "multiple": unit,  # samples, of the graph's input
        "latency": stream.latency,  # samples, of the stream
        "look_ahead": stream.look_ahead,  # samples, of that
    }
    sound = torch.zeros(1, 1, EXAMPLE_UNITS * unit)
    given = {"audio": sound, "strength": torch.ones(())}
    axes: list[onnx_files.Axes] = [{2: unit * Dim("units", min=1)}, None]
    graph = onnx_files.trace(baked, given, axes, ["made"])
    files = [path.with_name(f"{path.name}.{ending}") for ending in ("onnx", "ts")]
    onnx_files.write_whole(files[0], graph, about)
    module = scripted(stream)
    with replacing(files[1]) as temporary:
        module.save(str(temporary), _extra_files={ABOUT_FILE: json.dumps(about, sort_keys=True)})
    return Baked(
        files[0], files[1], about, (_graph_speed(files[0], about), _stream_speed(module, about))
    )


def _graph_speed(path: Path, about: dict[str, Any]) -> float:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    count = max(1, round(TIMED_SECONDS * about["sample_rate"] / about["multiple"]))
    sound = _noise(count * about["multiple"])[None, None]
    begun = time.perf_counter()
    session.run(None, {"audio": sound, "strength": np.ones((), np.float32)})
    return float(sound.size / about["sample_rate"] / (time.perf_counter() - begun))


def _stream_speed(module: Any, about: dict[str, Any]) -> float:
    block = about["latency"] - about["look_ahead"]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            sound = torch.from_numpy(_noise(block))[None, None]
            for _ in range(3):  # the first calls compile
                begun = time.perf_counter()
                module(sound)
                seconds = time.perf_counter() - begun
    finally:
        torch.set_num_threads(threads)
    return float(block / about["sample_rate"] / seconds)


def _noise(length: int) -> Any:
    return np.random.default_rng(0).normal(0, 0.1, length).astype(np.float32)
