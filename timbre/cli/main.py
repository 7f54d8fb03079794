"""Command line: `timbre transfer content.wav style.wav -o out.wav`."""

from json import dumps, loads
from typing import Annotated

import typer

from timbre.cli import demo, export, listen, transfer
from timbre.cli.models import Weights, models_folder
from timbre.core.console import run
from timbre.core.errors import InputError
from timbre.version import __version__

app = typer.Typer(
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,  # an InputError is for `run`, anything else is a fault of ours
    rich_markup_mode=None,
)
app.add_typer(listen.app, name="listen", help="Ask listeners which of two systems is nearer.")
app.command()(transfer.transfer)
app.command()(demo.demo)
app.command()(export.export)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"timbre {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    """Hear the notes of one recording in the sound of another."""


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on: 127.0.0.1 for this machine alone.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 7860,
    weights: Weights = None,
    max_upload_mb: Annotated[int, typer.Option(min=1, help="Of a file.")] = 50,
    max_seconds: Annotated[int, typer.Option(min=1, help="Of a recording.")] = 600,
    queue: Annotated[int, typer.Option(min=1, help="How many may wait.")] = 20,
    root_path: Annotated[
        str, typer.Option(help="Path under which a proxy serves the page, such as /timbre.")
    ] = "",
) -> None:
    """Serve a web page that transfers what is dropped on it or recorded."""
    from timbre.page import server  # so that the other commands need no web server
    from timbre.page.limits import Limits

    server.serve(
        host, port, models_folder(weights), Limits(max_upload_mb, max_seconds), queue, root_path
    )


@app.command()
def info(
    weights: Weights = None,
    json: Annotated[bool, typer.Option("--json", help="Print the cards as JSON.")] = False,
) -> None:
    """Say what the weights are.

    timbre info

    timbre info --weights data/checkpoints --json
    """
    from timbre.models import card, shipped

    folder = models_folder(weights)

    cards = sorted(folder.glob(f"*/{shipped.CARD}"))
    own = [
        name
        for name in shipped.transfer_models(folder)
        if folder / name / shipped.CARD not in cards
    ]
    if not cards and not own:
        raise InputError(
            f"expected weights with their cards in {folder}, found none; "
            "please name another folder with --weights."
        )
    if json:
        cards_of = {path.parent.name: loads(path.read_text(encoding="utf-8")) for path in cards}
        print(dumps(dict.fromkeys(own) | cards_of))
        return
    for name in own:
        print(f"{name}: a model of your own, without a card")
    for path in cards:
        each = card.read(path)
        print(f"{each.name}: {each.about.title} ({each.parameters:,} numbers, {each.about.date})")


def main() -> None:
    """Run what was typed; the entry point `timbre`."""
    run(lambda: app(prog_name="timbre"))


if __name__ == "__main__":
    main()
