"""The tool: `./run timbre transfer content.wav style.wav -o out.wav`."""

import sys
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app import listening
from app import pairs as lists
from audio.errors import InputError
from audio.params import Audio
from stages.console import run

if TYPE_CHECKING:
    from app.transfer import Transfer

WEIGHTS = Path(__file__).parents[1] / "weights"

app = typer.Typer(
    help="Hear the notes of one recording in the sound of another.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # an InputError is for `run`, anything else is a fault of ours
    rich_markup_mode=None,
)
app.add_typer(listening.app, name="listen", help="Ask listeners which of two systems is nearer.")


class Model(StrEnum):
    """The models that transfer."""

    glow = "glow"
    vqvae = "vqvae"


Weights = Annotated[Path, typer.Option(help="Folder of the weights.", show_default="weights")]


@app.command()
def transfer(
    content: Annotated[Path | None, typer.Argument(help="A recording with the notes.")] = None,
    style: Annotated[Path | None, typer.Argument(help="One with the sound, 0.5 s or more.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="WAV, FLAC or OGG to write.")
    ] = None,
    pairs: Annotated[
        Path | None,
        typer.Option(help="List of pairs instead: content, tab, style, a line each."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write those to.")] = None,
    model: Annotated[Model, typer.Option(help="That transfers.")] = Model.glow,
    seed: Annotated[int, typer.Option(min=0, help="Of what is drawn.")] = 0,
    weights: Weights = WEIGHTS,
) -> None:
    """Transfer CONTENT into the sound of STYLE; or all pairs of a list."""
    single, many = (content, style, output), (pairs, out)
    if content and style and output and many == (None, None):
        loaded(weights, model).file(content, style, output, seed)
    elif pairs and out and single == (None, None, None):
        lists.read(pairs)  # a list that is none is refused before anything is loaded
        one = partial(loaded(weights, model).file, seed=seed)
        failed = False
        for number, result in lists.transfer(pairs, out, one):
            if isinstance(result, InputError):
                failed = True
                print(f"{pairs}, line {number}: {result}", file=sys.stderr)
            else:
                print(result)
        raise typer.Exit(failed)
    else:
        raise InputError(
            "expected CONTENT STYLE --output FILE, or --pairs FILE --out FOLDER, "
            "got something else; see `timbre transfer --help`."
        )


@app.command()
def info(weights: Weights = WEIGHTS) -> None:
    """Say what the weights are."""
    from models import card

    cards = sorted(weights.glob("*.json"))
    if not cards:
        raise InputError(
            f"expected weights with their cards in {weights}, found none; "
            "please name another folder with --weights."
        )
    for path in cards:
        known = card.read(path)
        print(
            f"{known.name}: {known.about.title} ({known.parameters:,} numbers, {known.about.date})"
        )


def loaded(weights: Path, name: str) -> "Transfer":
    """The models of a folder, on the GPU where there is one.

    Raises:
        InputError: if they are missing, others than their cards say, or of different mels.
    """
    import torch  # seconds: only where it is needed

    from app.transfer import Transfer
    from models import card, checkpoint, vocoder

    device = "cuda" if torch.cuda.is_available() else "cpu"
    paths = [card.verified(weights, each) for each in (name, "vocoder")]
    mels = [checkpoint.description(path)["audio"] for path in paths]
    if mels[0] != mels[1]:
        raise InputError(
            f"expected {paths[0]} and {paths[1]} to share one mel, they have different settings; "
            "please train the vocoder for the model."
        )
    model = checkpoint.load(paths[0], device)[1]
    return Transfer(model, vocoder.load(paths[1], device), Audio.model_validate(mels[0]), device)


def main() -> None:
    """Run what was typed."""
    app(prog_name="timbre")


if __name__ == "__main__":
    run(main)
