"""The commands `timbre listen FOLDER` and `timbre listen report FILE`."""

import socket
from contextlib import closing, suppress
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from timbre.core.errors import InputError

TRIALS = 20  # about a quarter of an hour with clips of 8 s
PORT = 8000


COMMANDS = ("report", "export")


class FolderOrCommand(TyperGroup):
    """Takes the first word for a folder to serve unless it is one of `COMMANDS`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the name of the command before a folder or an option."""
        return super().parse_args(
            ctx, args if args[:1] and args[0] in COMMANDS else ["folder", *args]
        )

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Keep that name out of what the help says."""
        name, command, rest = super().resolve_command(ctx, args)
        return "" if name == "folder" else name, command, rest


app = typer.Typer(cls=FolderOrCommand, rich_markup_mode=None)


@app.command("folder")
def serve(
    folder: Annotated[Path, typer.Argument(help="With a folder of clips for each system.")],
    answers: Annotated[Path, typer.Option(help="SQLite file to keep the answers in.")],
    systems: Annotated[
        list[str] | None,
        typer.Option(
            help="A system to compare; once for each.",
            show_default="all but resynthesis and *_shuffled",
        ),
    ] = None,
    content: Annotated[str, typer.Option(help="Folder of the contents.")] = "copy_content",
    style: Annotated[str, typer.Option(help="Folder of the styles.")] = "copy_style",
    host: Annotated[str, typer.Option(help="Address to serve at; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any free one.")] = PORT,
    trials: Annotated[int, typer.Option(min=1, help="That count, a listener.")] = TRIALS,
    seed: Annotated[int, typer.Option(min=0, help="Of order and sides.")] = 0,
) -> None:
    """Ask listeners which of two systems is nearer: serve a blind AB test of the clips in FOLDER.

    `timbre listen report FILE` says what they answered, `timbre listen export FILE` writes it down.
    """
    import uvicorn  # only where it is needed, as are the modules that bring its like

    from timbre.listening import answers as listening_answers
    from timbre.listening import clips as listening_clips
    from timbre.listening.page import Page

    names, clips = listening_clips.find(folder, systems or [], content, style)
    design = listening_clips.design(names, clips, content, style, trials, seed)
    with (
        listening_socket(host, port) as bound,
        closing(listening_answers.begin(answers, design)) as kept,
    ):
        shown = f"[{host}]" if ":" in host else host
        print(
            f"listening test at http://{shown}:{bound.getsockname()[1]}/, answers go to {answers}; "
            "Ctrl-C ends it",
            flush=True,
        )
        config = uvicorn.Config(
            Page(design, clips, kept).application(),
            http="h11", ws="none", lifespan="off", log_level="warning", server_header=False,
        )  # fmt: skip
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run([bound])


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket that accepts connections.

    Raises:
        InputError: if the address is none of this machine's or taken.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise InputError(
            f"expected to serve at {host}, port {port}: {error.strerror}; "
            "please give another --port or --host."
        ) from None


@app.command()
def report(
    answers: Annotated[Path, typer.Argument(help="The SQLite file.")],
    json: Annotated[Path | None, typer.Option(help="JSON to write, as metrics.")] = None,
    plot: Annotated[Path | None, typer.Option(help="PNG or SVG to write.")] = None,
) -> None:
    """Say which systems listeners preferred: shares with exact 95 % intervals."""
    from timbre.core.files import apart, writable, write_json
    from timbre.listening import answers as listening_answers
    from timbre.listening import picture, report

    kind = picture.kind(plot) if plot else ""
    for path in (json, plot):
        if path:
            apart(writable(path), [answers])
    found = report.summary(*listening_answers.read(answers))
    if json:
        write_json(json, report.metrics(found))
    if plot:
        picture.write(plot, kind, found)
    print(report.markdown(found), end="")


@app.command()
def export(
    answers: Annotated[Path, typer.Argument(help="The SQLite file.")],
    csv: Annotated[Path, typer.Option(help="CSV to write, a row an answer.")],
) -> None:
    """Write all answers as a table, for statistics of your own."""
    from timbre.listening import export

    print(f"{csv}: {export.write(csv, answers):,} answers")
