"""Make the vocoder: train it, or only write down the one that needs no training.

Usage: python -m stages.vocoder STORE CHECKPOINT HISTORY METRICS
"""

import argparse
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from torch import nn

from audio.files import replacing, write_json
from audio.mel import dequantize, mel_spectrogram
from audio.params import Audio
from audio.scratch import Scratch
from audio.store import VIEWS, Split
from models import blocks, checkpoint, vocoder, vocos
from models.audio_dataset import AudioDataset
from models.params import Refinement
from models.training import DivergedError, Trainer
from stages.console import run
from stages.params import Params, load

Figures = dict[str, float]

NO_CURVE = "step,train_loss,valid_loss\n"  # the history of what was not trained
TRIED = 16  # examples on which the mel is compared


def trained(store: Path, history: Path, params: Params) -> tuple[nn.Module, Figures] | None:
    """Train the network; a killed run is taken up where it was last saved.

    Returns:
        The network and what its training led to; None in a process that only takes part.

    Raises:
        InputError: if the store keeps no audio, or the training diverges.
    """
    settings = params.vocoder.vocos
    train, valid = (Split(store, split) for split in vocos.Model.splits)
    audio = Audio.model_validate(train.attributes["audio"])
    batches = [AudioDataset(split, settings.crop_frames) for split in (train, valid)]
    scratch = Scratch(
        "vocoder",
        params.seed,
        settings.model_dump(),
        train.attributes,
        *(code.read_bytes() for code in sorted(Path(str(blocks.__file__)).parent.glob("*.py"))),
    )
    torch.manual_seed(params.seed)
    model = checkpoint.build("vocos", settings.network, audio)
    path = scratch.path / "progress.pt"
    trainer = Trainer("vocoder.vocos", model, settings, audio, params.seed, path)
    if not trainer.leads:
        with suppress(DivergedError):  # the first process says it
            trainer.fit(*batches)
        return None
    progress = trainer.progress
    with scratch:
        if progress.step:
            print(f"vocos: taken up after step {progress.step}")
        trainer.fit(*batches)
        progress.write_history(history)
    figures = {"valid_loss": round(progress.kept["valid_loss"], 4), "steps": progress.step}
    return model.to("cpu").eval(), figures


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
    parser.add_argument("metrics", type=Path, help="JSON to write: how near it comes, and its size")
    args = parser.parse_args()

    params = load()
    settings, figures = params.vocoder, Figures()
    valid = Split(args.store, "valid")
    audio = Audio.model_validate(valid.attributes["audio"])
    if settings.kind == "vocos":
        found = trained(args.store, args.history, params)
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
