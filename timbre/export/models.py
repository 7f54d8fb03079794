"""Models and the vocoder as ONNX graphs: what `timbre.runtime` and the page in a browser run."""

import shutil
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim

from timbre.audio.mel import FRAME_MULTIPLE
from timbre.core.errors import InputError
from timbre.core.files import replacing, sha256
from timbre.core.params import Audio
from timbre.export import onnx_files
from timbre.export.graphs import StyleGraph, TransferGraph, VocoderGraph
from timbre.export.substitutes import exportable, fitting_steps
from timbre.models import card, checkpoint, registry, shipped
from timbre.models.contract import TransferModel
from timbre.models.vocoder import model as vocoder
from timbre.models.vocos import model as vocos
from timbre.runtime.graph_files import FORMAT, SPECTRUM, STYLE, TRANSFER

VOCODER = "vocoder"  # its folder
# eights of frames that are traced: a length must equal no other size
EXAMPLE_EIGHTS, CLIP_EIGHTS = 6, 11


def export(weights: Path, folder: Path, names: tuple[str, ...] = ()) -> list[str]:
    """Write models, the vocoder among them, as graphs that point into their checkpoints.

    Args:
        weights: folder of models or checkpoints.
        folder: to write to, a folder for each; checkpoint and card are copied there, if it is
            another folder.
        names: of models that transfer; all of them unless given.

    Returns:
        What is to be said of it, a line each.

    Raises:
        InputError: if a model is missing, is other than its card says, or cannot be exported.
    """
    there = shipped.transfer_models(weights)
    if lacking := [name for name in names if name not in there] or ([] if there else ["a model"]):
        raise InputError(
            f"expected trained weights of {', '.join(lacking)} in {weights}, found "
            f"{', '.join(there) or 'none'}; please name one of these, or another folder with "
            "--weights."
        )
    remarks = []
    for name in (*(names or there), VOCODER):
        source = card.verified(weights, name)
        target = folder / name / shipped.WEIGHTS
        _copy(source, target)
        if (source_card := shipped.card_path(weights, name)).is_file():
            _copy(source_card, shipped.card_path(folder, name))
        remarks += export_checkpoint(target, name)
    return remarks


def _copy(source: Path, target: Path) -> None:
    if target.exists() and target.samefile(source):
        return
    with replacing(target) as temporary:
        shutil.copyfile(source, temporary)


def export_checkpoint(path: Path, name: str) -> list[str]:
    """Write the graphs of a checkpoint beside it.

    Args:
        path: of the checkpoint, alone in its folder.
        name: what the tools know it by.

    Returns:
        What is to be said of it, a line each.

    Raises:
        InputError: if it is no model that transfers and no vocoder with a network.
    """
    model = checkpoint.load(path)[1]
    if isinstance(model, TransferModel):
        return _export_model(path, name, model)
    if isinstance(model, vocoder.Model) and isinstance(model.base, vocos.Model):
        _export_vocoder(path, name, model, model.base)
        return []
    raise InputError(
        f"expected a model that transfers, or a vocoder that has learned, in {path}, got another "
        "one; please use it with --backend torch."
    )


def _export_model(path: Path, name: str, model: TransferModel) -> list[str]:
    options = registry.transfer_options(name) or ()
    plain = exportable(model)
    assert isinstance(plain, TransferModel)
    about = _about(path, name, model) | {
        "draws": model.draws,
        "options": {each: getattr(model.config, each) for each in options},
        "fitting_steps": fitting_steps(model),
    }
    bands = Audio.model_validate(about["audio"]).n_mels
    eights, times = Dim("eights", min=1), Dim("style_frames", min=1)
    # levels as they are, for nothing that depends on values is traced
    clip = torch.full((1, bands, CLIP_EIGHTS * FRAME_MULTIPLE), -60.0)
    styled = StyleGraph(plain)
    style = dict(zip(("vector", "frames", "patches"), styled(clip), strict=False))
    graph = onnx_files.trace(styled, {"mel": clip}, [{2: FRAME_MULTIPLE * eights}], list(style))
    onnx_files.write(path.with_name(STYLE), graph, path, "", about)

    mel = torch.full((1, bands, EXAMPLE_EIGHTS * FRAME_MULTIPLE), -60.0)
    bias = torch.zeros(1, style["frames"].shape[2])
    inputs = {"mel": mel, "vector": style["vector"], "frames": style["frames"], "bias": bias}
    over: Any = {2: times}
    axes: list[onnx_files.Axes] = [{2: FRAME_MULTIPLE * eights}, None, over, {1: times}]
    others: dict[str, tuple[Tensor, onnx_files.Axes]] = {}
    if "patches" in style:
        others["patches"] = style["patches"], over
    if model.draws:
        others["noise"] = torch.zeros_like(mel), {2: FRAME_MULTIPLE * eights}
    for each in options:
        others[each] = torch.tensor(float(about["options"][each])), None
    inputs |= {each: example for each, (example, _) in others.items()}
    axes += [dynamic for _, dynamic in others.values()]
    wrapped = TransferGraph(plain, "patches" in style, options)
    graph = onnx_files.trace(wrapped, inputs, axes, ["made"], len(others))
    onnx_files.write(path.with_name(TRANSFER), graph, path, "", about)
    if about["fitting_steps"]:
        return [
            f"{name} fits a style to its clip in {about['fitting_steps']} steps; "
            "the graphs leave that out"
        ]
    return []


def _export_vocoder(path: Path, name: str, model: vocoder.Model, base: vocos.Model) -> None:
    about = _about(path, name, model) | {
        "n_fft": base.config.n_fft,
        "iterations": model.config.iterations,
    }
    mel = torch.full((1, base.audio.n_mels, EXAMPLE_EIGHTS * FRAME_MULTIPLE), -60.0)
    graph = onnx_files.trace(
        VocoderGraph(base), {"mel": mel}, [{2: Dim("frames", min=1)}], ["real", "imaginary"]
    )
    onnx_files.write(path.with_name(SPECTRUM), graph, path, "base.", about)


def _about(path: Path, name: str, model: nn.Module) -> dict[str, Any]:
    described: Any = model.description
    return {
        "format": FORMAT,
        "name": name,
        "audio": described["audio"],
        "weights": path.name,
        "weights_sha256": sha256(path),
    }
