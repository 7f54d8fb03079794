"""The commands `timbre listen FOLDER` and those on what listeners answered."""

import socket
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from timbre.cli import listen_demo
from timbre.core.errors import InputError

if TYPE_CHECKING:
    from timbre.listening.clips import Clips
    from timbre.listening.design import Design

DEFAULT_TRIALS = {"ab": 20, "mushra": 10, "rating": 10}
PORT = 8000
COMMANDS = ("report", "export", "demo")


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
app.command()(listen_demo.demo)


@app.command("folder")
def serve(
    folder: Annotated[Path, typer.Argument(help="Folder with a folder of clips for each system.")],
    answers: Annotated[Path, typer.Option(help="SQLite file to keep the answers in.")],
    method: Annotated[
        str,
        typer.Option(
            help="ab: which of two is nearer; mushra: all against a reference, 0 to 100; rating: "
            "all on a scale of words."
        ),
    ] = "ab",
    systems: Annotated[
        list[str] | None,
        typer.Option(
            help="A system to compare; once for each.",
            show_default="all but resynthesis and *_shuffled",
        ),
    ] = None,
    content: Annotated[str, typer.Option(help="Folder of the contents.")] = "copy_content",
    style: Annotated[str, typer.Option(help="Folder of the styles.")] = "copy_style",
    reference: Annotated[
        str, typer.Option(help="Folder of the true targets, for mushra.")
    ] = "resynthesis",
    anchor: Annotated[
        list[int] | None,
        typer.Option(
            help="Hz of a low-passed reference among what is rated, for mushra; once for each.",
            show_default="3500 and 7000",
        ),
    ] = None,
    questions: Annotated[
        Path | None, typer.Option(help="YAML file of questions and the words of a scale.")
    ] = None,
    ties: Annotated[bool, typer.Option("--ties", help="Let listeners say: no difference.")] = False,
    trials: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="How many pages that count each listener gets.",
            show_default="20 of ab, 10 of the others",
        ),
    ] = None,
    consent: Annotated[
        Path | None, typer.Option(help="Markdown file that listeners agree to first.")
    ] = None,
    headphones: Annotated[
        bool, typer.Option("--headphones", help="Check by ear that headphones are worn.")
    ] = False,
    closing_text: Annotated[
        Path | None, typer.Option("--closing", help="Markdown file that thanks listeners.")
    ] = None,
    completion_code: Annotated[
        str, typer.Option(help="Code to show in the end, that a panel asks for.")
    ] = "",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the order and of the sides.")] = 0,
    host: Annotated[
        str, typer.Option(help="Address to serve at; 0.0.0.0: to other machines too.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to serve at; 0: any that is free.")
    ] = PORT,
) -> None:
    """Serve a blind listening test of the clips in FOLDER.

    timbre listen data/examples --answers answers.sqlite --systems vqvae --systems glow --ties

    timbre listen data/examples --answers mushra.sqlite --method mushra --headphones

    Listeners open http://ADDRESS/?participant=NAME, or the address alone.
    `timbre listen report FILE` says what they answered, `timbre listen export FILE` writes it down.
    """
    import uvicorn  # only where it is needed, as are the modules that bring its like

    from timbre.listening import answers as listening_answers
    from timbre.listening import clips as listening_clips
    from timbre.listening import design as designs
    from timbre.listening.frame import Frame, markdown
    from timbre.listening.page import Page

    if method not in DEFAULT_TRIALS:
        raise InputError(
            f"expected a --method among {', '.join(DEFAULT_TRIALS)}, got {method!r}; "
            "please name one."
        )
    way = designs.Method(method)
    how: dict[str, Any] = {"method": way, "questions": designs.QUESTIONS[way], "ties": ties}
    if ties and method != "ab":
        raise InputError("expected --ties with the method ab; please leave it out.")
    if questions:
        how |= dict(designs.read_questions(questions))
    if method == "mushra":
        how |= {"reference": reference, "anchors": tuple(sorted({*(anchor or designs.ANCHORS)}))}
    frame = Frame(markdown(consent), markdown(closing_text), completion_code, headphones)
    target = how.get("reference", "")
    names, clips = listening_clips.find(folder, systems or [], content, style, target)
    design = listening_clips.design(
        names, clips, content, style, trials or DEFAULT_TRIALS[method], seed, **how
    )
    minutes = design.minutes(listening_clips.seconds(clips))
    with (
        listening_socket(host, port) as bound,
        closing(listening_answers.begin(answers, design)) as store,
    ):
        address = f"[{host}]" if ":" in host else host
        print(f"{_told(design, clips)}; about {minutes} minutes a listener")
        print(
            f"listening test at http://{address}:{bound.getsockname()[1]}/, answers go to "
            f"{answers}; Ctrl-C ends it",
            flush=True,
        )
        config = uvicorn.Config(
            Page(design, clips, store, frame._replace(minutes=minutes)).application(),
            http="h11", ws="none", lifespan="off", log_level="warning", server_header=False,
        )  # fmt: skip
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run([bound])


def _told(design: "Design", clips: "Clips") -> str:
    """What a test compares, and how many listeners it needs."""
    from timbre.listening.design import LEVEL, POWER, SHARE, SPREAD, STEP, Method

    pairs = len(design.pairs())
    if design.method is Method.ab:
        shows = f"{SHARE:.0%} of answers for one of two"
    elif design.method is Method.mushra:
        shows = f"{STEP:.0f} points between two (where listeners differ by {SPREAD:.0f})"
    else:
        shows = f"a difference of {STEP / SPREAD:.2f} deviations between listeners"
    return (
        f"{len(design.systems)} systems ({pairs} of two), questions: {len(design.questions)}; "
        f"{shows} will show from about {design.listeners()} listeners on (power {POWER:.0%}, "
        f"{LEVEL:.0%} for all tests together)"
    )


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
    answers: Annotated[Path, typer.Argument(help="SQLite file of the answers.")],
    json: Annotated[Path | None, typer.Option(help="JSON file to write, as metrics.")] = None,
    plot: Annotated[Path | None, typer.Option(help="PNG or SVG file to write.")] = None,
) -> None:
    """Say what listeners answered: a ranking with intervals, and every pair of systems.

    timbre listen report answers.sqlite

    timbre listen report answers.sqlite --json preferences.json --plot preferences.svg
    """
    from timbre.core.files import apart, writable, write_json
    from timbre.listening import answers as listening_answers
    from timbre.listening import picture, report

    kind = picture.kind(plot) if plot else ""
    for path in (json, plot):
        if path:
            apart(writable(path), [answers])
    if json and plot:
        apart(plot, [json], "output")
    summary = report.summary(*listening_answers.read(answers))
    if json:
        write_json(json, report.metrics(summary))
    if plot:
        picture.write(plot, kind, summary)
    print(report.markdown(summary), end="")


@app.command()
def export(
    answers: Annotated[Path, typer.Argument(help="SQLite file of the answers.")],
    csv: Annotated[Path, typer.Option(help="CSV file to write, a row an answer or a rating.")],
) -> None:
    """Write all answers as a table, for statistics of your own.

    timbre listen export answers.sqlite --csv answers.csv
    """
    from timbre.listening import export

    print(f"{csv}: {export.write(csv, answers):,} answers")
