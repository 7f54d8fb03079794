"""Make the vocoder: train it, or only write down the one that needs no training.

Usage: python -m stages.vocoder STORE CHECKPOINT HISTORY METRICS [--model CHECKPOINT]

What is trained learns from true mels and, in a share that `vocoder.vocos.model_mels` says, from
those that the model makes.
"""

import argparse
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from torch import nn

from audio.errors import InputError
from audio.files import replacing, sha256, write_json
from audio.mel import dequantize, mel_spectrogram
from audio.params import Audio
from audio.scratch import Scratch
from audio.store import VIEWS, Split
from models import blocks, checkpoint, made_mels, vocoder, vocos
from models.audio_dataset import AudioDataset
from models.params import Refinement
from models.training import DivergedError, Trainer
from stages.console import run
from stages.params import Params, load

Figures = dict[str, float]

NO_CURVE = "step,train_loss,valid_loss\n"  # the history of what was not trained
TRIED = 16  # examples on which the mel is compared


def trained(
    store: Path, history: Path, params: Params, path: Path | None
) -> tuple[nn.Module, Figures] | None:
    """Train the network; a killed run is taken up where it was last saved.

    Args:
        store: the spectrograms, with audio.
        history: CSV to write.
        params: all of them.
        path: checkpoint of the model whose mels it learns from beside true ones.

    Returns:
        The network and what its training led to; None in a process that only takes part.

    Raises:
        InputError: if the store keeps no audio, no model is given though there should be mels of
            one, or the training diverges.
    """
    settings = params.vocoder.vocos
    splits = [Split(store, split) for split in vocos.Model.splits]
    attributes = splits[0].attributes
    audio = Audio.model_validate(attributes["audio"])
    if path is None and settings.model_mels:
        raise InputError(
            f"expected --model CHECKPOINT for vocoder.vocos.model_mels: {settings.model_mels}, "
            "got none; please give one or set it to 0."
        )
    scratch = Scratch(
        "vocoder",
        params.seed,
        settings.model_dump(),
        attributes,
        sha256(path) if path is not None and settings.model_mels else None,
        *(code.read_bytes() for code in sorted(Path(str(blocks.__file__)).parent.glob("*.py"))),
    )
    batches, others = heard(splits, path, audio, params, scratch)
    torch.manual_seed(params.seed)
    model = checkpoint.build("vocos", settings.network, audio)
    file = scratch.path / "progress.pt"
    trainer = Trainer("vocoder.vocos", model, settings, audio, params.seed, file)
    if not trainer.leads:
        with suppress(DivergedError):  # the first process says it
            trainer.fit(*batches, **others)
        return None
    progress = trainer.progress
    with scratch:
        if progress.step:
            print(f"vocos: taken up after step {progress.step}")
        trainer.fit(*batches, **others)
        progress.write_history(history)
    losses = [name for name in progress.kept if name.startswith("valid_loss")]
    figures = {name: round(progress.kept[name], 4) for name in losses}
    figures["steps"] = progress.step
    return model.to("cpu").eval(), figures


def heard(
    splits: list[Split], path: Path | None, audio: Audio, params: Params, scratch: Scratch
) -> tuple[list[AudioDataset], dict[str, AudioDataset]]:
    """What is learned from and validated on; mels of the model are made where none are yet.

    Returns:
        Batches of training and of validation by true mels, and what is validated beside it: where
        there is a model, `made`, its mels.
    """
    settings = params.vocoder.vocos
    crop, share = settings.crop_frames, settings.model_mels
    if path is None or not share or not all(split.heard for split in splits):
        return [AudioDataset(split, crop) for split in splits], {}
    model = made_mels.transferring(path, audio)
    train, valid = (
        made_mels.made(model, split, audio, params.seed, scratch.path / f"made_{split.name}.npy")
        for split in splits
    )
    batches = [AudioDataset(splits[0], crop, train, share), AudioDataset(splits[1], crop)]
    return batches, {"made": AudioDataset(splits[1], crop, valid, 1.0)}


def mel_error(model: vocoder.Vocoder, split: Split, audio: Audio) -> float:
    """How far the mel of the audio is from the mel it was made of, over some targets of a split.

    Returns:
        Mean absolute difference in dB.
    """
    codes = split.mel(0, TRIED)[:, VIEWS.index("target")]
    errors = []
    for wanted in dequantize(codes, audio):
        with torch.inference_mode():
            sound = model(torch.from_numpy(wanted)[None])[0].numpy()
        errors.append(float(np.abs(mel_spectrogram(sound, audio) - wanted).mean()))
    return float(np.mean(errors))


def main() -> None:
    """Make it, try it, write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path, help="the spectrograms, with audio if it is trained")
    parser.add_argument("checkpoint", type=Path, help="safetensors to write")
    parser.add_argument("history", type=Path, help="CSV to write: the curves")
    parser.add_argument("metrics", type=Path, help="JSON to write: how near it comes, its size")
    parser.add_argument("--model", type=Path, help="checkpoint whose mels it is trained on too")
    args = parser.parse_args()

    params = load()
    settings, figures = params.vocoder, Figures()
    valid = Split(args.store, "valid")
    audio = Audio.model_validate(valid.attributes["audio"])
    if settings.kind == "vocos":
        found = trained(args.store, args.history, params, args.model)
        if found is None:
            return
        base, figures = found
    else:
        base = checkpoint.build("griffin_lim", settings.griffin_lim, audio)
        with replacing(args.history) as temporary:
            temporary.write_text(NO_CURVE)
    refinement = Refinement(iterations=settings.refinements)
    model = checkpoint.build("vocoder", refinement, audio, base).eval()
    error = mel_error(model, valid, audio)
    checkpoint.save(args.checkpoint, model)
    write_json(
        args.metrics,
        {
            "kind": settings.kind,
            "mel_error_db": round(error, 4),
            "parameters": blocks.parameter_count(model),
            **figures,
        },
    )
    print(f"{settings.kind}: its mel is {error:.2f} dB from the wanted one")


if __name__ == "__main__":
    run(main)
