"""The tool: `./run timbre transfer content.wav style.wav -o out.wav`."""

import sys
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from app import listening
from app import pairs as lists
from audio.errors import InputError
from stages.console import run

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
    strength: Annotated[
        float, typer.Option(min=0, max=1, help="0: the content's own sound; 1: the style's.")
    ] = 1.0,
    blend: Annotated[Path | None, typer.Option(help="A second style.")] = None,
    mix: Annotated[float, typer.Option(min=0, max=1, help="The second style's share.")] = 0.5,
    temperature: Annotated[
        float | None, typer.Option(min=0, help="Of glow: more is rougher, 0 smoothest.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of what is drawn.")] = 0,
    weights: Weights = WEIGHTS,
) -> None:
    """Transfer CONTENT into the sound of STYLE; or all pairs of a list."""
    single, many = (content, style, output), (pairs, out)
    if temperature is not None and model is not Model.glow:
        raise InputError(
            f"expected --temperature for glow alone, got it for {model}, which draws nothing; "
            "please leave it out."
        )
    if content and style and output and many == (None, None):
        from app.transfer import How, Transfer  # torch takes seconds: only where it is needed

        how = How(seed, strength, mix, temperature)
        Transfer.load(model, weights).file(content, style, output, how, blend)
    elif pairs and out and single == (None, None, None):
        lists.read(pairs)  # a list that is none is refused before anything is loaded
        from app.transfer import How, Transfer

        how = How(seed, strength, mix, temperature)
        one = partial(Transfer.load(model, weights).file, how=how, blend=blend)
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
def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on: 127.0.0.1 for this machine alone.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 7860,
    weights: Weights = WEIGHTS,
    max_upload_mb: Annotated[int, typer.Option(min=1, help="Of a file.")] = 50,
    max_seconds: Annotated[int, typer.Option(min=1, help="Of a recording.")] = 600,
    queue: Annotated[int, typer.Option(min=1, help="How many may wait.")] = 20,
) -> None:
    """Serve a web page that transfers what is dropped on it or recorded."""
    from app import serving_server  # so that the other commands need no web server
    from app.serving_limits import Limits

    serving_server.serve(host, port, weights, Limits(max_upload_mb, max_seconds), queue)


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


def main() -> None:
    """Run what was typed."""
    app(prog_name="timbre")


if __name__ == "__main__":
    run(main)
