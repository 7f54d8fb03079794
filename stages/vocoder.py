"""Make the vocoder: train it, or only write down the one that needs no training.

Usage: python -m stages.vocoder STORE CHECKPOINT HISTORY METRICS [--model CHECKPOINT]
"""

import argparse
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from torch import nn

from stages.params import Params, load
from timbre.audio.mel import dequantize, mel_spectrogram
from timbre.core import dependencies
from timbre.core.console import run
from timbre.core.errors import InputError
from timbre.core.files import replacing, sha256, write_json
from timbre.core.params import Audio
from timbre.core.scratch import Scratch
from timbre.models import blocks, checkpoint
from timbre.models.vocoder import model as vocoder
from timbre.models.vocoder.config import RefinementConfig
from timbre.models.vocos import model as vocos
from timbre.models.vocos.config import VocosTraining
from timbre.store.audio_batches import AudioDataset, ModelMels
from timbre.store.store import VIEWS, Split
from timbre.training.model_mels import load_transfer_model, model_mels
from timbre.training.trainer import DivergedError, Trainer

Figures = dict[str, float]

NO_CURVE = "step,train_loss,valid_loss\n"  # the history of what was not trained
MEL_ERROR_EXAMPLES = 16  # examples on which the mel is compared


def datasets(
    splits: list[Split], model: Path | None, settings: VocosTraining, audio: Audio, scratch: Scratch
) -> tuple[list[AudioDataset], dict[str, AudioDataset]]:
    """Datasets of training and validation, and, where models' mels count, of validation in use.

    Raises:
        InputError: if mels of a model are wanted and none is given.
    """
    crop, share = settings.crop_frames, settings.model_mels
    if not share:
        return [AudioDataset(split, crop) for split in splits], {}
    if model is None:
        raise InputError(
            f"expected a trained model by --model for vocoder.vocos.model_mels: {share}, "
            "got none; please give its checkpoint, or set that to 0."
        )
    AudioDataset(splits[0], crop, in_memory=False)  # refuses what cannot be learned from
    valid = AudioDataset(splits[1], crop)
    transfer = load_transfer_model(model, audio)
    mels = [
        model_mels(transfer, split, audio, scratch.path / f"made_{split.name}.npy")
        for split in splits
    ]
    train = AudioDataset(splits[0], crop, model_mels=ModelMels(mels[0], share))
    return [train, valid], {
        "in_use": AudioDataset(splits[1], crop, model_mels=ModelMels(mels[1], 1.0))
    }


def trained(
    store: Path, history: Path, params: Params, transfer: Path | None
) -> tuple[nn.Module, Figures] | None:
    """Train the network; a killed run is taken up where it was last saved.

    Args:
        store: the spectrograms, with audio.
        history: CSV to write.
        params: all of them.
        transfer: checkpoint of the model whose mels it learns from too, or None.

    Returns:
        The network and what its training led to; None in a process that only takes part.

    Raises:
        InputError: if the store keeps no audio, or the training diverges.
    """
    settings = params.vocoder.vocos
    splits = [Split(store, split) for split in vocos.Model.splits]
    audio = Audio.model_validate(splits[0].attributes["audio"])
    scratch = Scratch(
        "vocoder",
        params.seed,
        settings.model_dump(),
        splits[0].attributes,
        sha256(transfer) if settings.model_mels and transfer is not None else None,
        *dependencies.contents(
            "timbre.training.trainer", "timbre.training.model_mels", vocos.Model.__module__
        ),
    )
    (train, valid), in_use = datasets(splits, transfer, settings, audio, scratch)
    torch.manual_seed(params.seed)
    model = checkpoint.build("vocos", settings.network, audio)
    path = scratch.path / "progress.pt"
    trainer = Trainer("vocoder.vocos", model, settings, audio, params.seed, path)
    if not trainer.leads:
        with suppress(DivergedError):  # the first process says it
            trainer.fit(train, valid, **in_use)
        return None
    progress = trainer.progress
    with scratch:
        if progress.step:
            print(f"vocos: {progress.begun}")
        trainer.fit(train, valid, **in_use)
        progress.write_history(history)
    losses = [name for name in progress.final_row if name.startswith("valid_loss")]
    figures = {name: round(progress.final_row[name], 4) for name in losses}
    figures |= {"steps": progress.step, "threads": torch.get_num_threads()}
    return model.to("cpu").eval(), figures


def mel_error(model: vocoder.Vocoder, split: Split, audio: Audio) -> float:
    """Distance of the audio's mel from the mel it was made of, over some targets of a split.

    Returns:
        Mean absolute difference in dB.
    """
    codes = split.mel(0, MEL_ERROR_EXAMPLES)[:, VIEWS.index("target")]
    errors = []
    for target in dequantize(codes, audio):
        with torch.inference_mode():
            sound = model(torch.from_numpy(target)[None])[0].numpy()
        errors.append(float(np.abs(mel_spectrogram(sound, audio) - target).mean()))
    return float(np.mean(errors))


def main() -> None:
    """Make it, try it, write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path, help="the spectrograms, with audio if it is trained")
    parser.add_argument("checkpoint", type=Path, help="safetensors to write")
    parser.add_argument("history", type=Path, help="CSV to write: the curves")
    parser.add_argument("metrics", type=Path, help="JSON to write: how near it comes, and its size")
    parser.add_argument("--model", type=Path, help="checkpoint whose mels it learns from too")
    args = parser.parse_args()

    params = load()
    settings, figures = params.vocoder, Figures()
    valid = Split(args.store, "valid")
    audio = Audio.model_validate(valid.attributes["audio"])
    if settings.kind == "vocos":
        result = trained(args.store, args.history, params, args.model)
        if result is None:
            return
        base, figures = result
    else:
        base = checkpoint.build("griffin_lim", settings.griffin_lim, audio)
        with replacing(args.history) as temporary:
            temporary.write_text(NO_CURVE)
    refinement = RefinementConfig(iterations=settings.refinements)
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
