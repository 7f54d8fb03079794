"""The tool: `./run timbre transfer content.wav style.wav -o out.wav`."""

import os
import sys
from typing import Annotated

import typer

from app import listening, transferring
from app.transferring import WEIGHTS, Weights
from audio.errors import InputError
from stages.console import run

app = typer.Typer(
    help="Hear the notes of one recording in the sound of another.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # an InputError is for `run`, anything else is a fault of ours
    rich_markup_mode=None,
)
app.add_typer(listening.app, name="listen", help="Ask listeners which of two systems is nearer.")
app.command()(transferring.transfer)


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
    try:
        run(main)
    except SystemExit as end:
        # all is written and closed: torch would take a fifth of a second to put its things away
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(end.code if isinstance(end.code, int) else int(end.code is not None))
