"""The command `timbre transfer`: one recording, or a list of them."""

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from json import dumps
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any, NamedTuple

import typer

from app import pairs as lists
from app.how import Form, How
from app.watching import Watch, unwatched
from audio.errors import InputError

WEIGHTS = Path(__file__).parents[1] / "weights"
Weights = Annotated[Path, typer.Option(help="Folder of the weights.", show_default="weights")]
Told = dict[str, Any]  # of one transfer, for JSON


class Model(StrEnum):
    """The models that transfer."""

    glow = "glow"
    vqvae = "vqvae"


class Chosen(NamedTuple):
    """What is alike for all of a list."""

    model: Model
    weights: Path
    how: How
    blend: Path | None


def transfer(
    content: Annotated[
        Path | None, typer.Argument(help="A recording with the notes, or a MIDI file.")
    ] = None,
    style: Annotated[Path | None, typer.Argument(help="One with the sound, 0.5 s or more.")] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="WAV, FLAC, OGG, MP3, M4A or AIFF to write."),
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
    sample_rate: Annotated[
        int | None, typer.Option(help="Hz, of the output.", show_default="the models'")
    ] = None,
    stereo: Annotated[bool, typer.Option("--stereo", help="Keep two channels apart.")] = False,
    normalize: Annotated[
        bool, typer.Option("--normalize", help="As loud as goes, not as loud as the content.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print what was written as JSON.")] = False,
    weights: Weights = WEIGHTS,
) -> None:
    """Transfer CONTENT into the sound of STYLE; or all pairs of a list."""
    single, many = (content, style, output), (pairs, out)
    if temperature is not None and model is not Model.glow:
        raise InputError(
            f"expected --temperature for glow alone, got it for {model}, which draws nothing; "
            "please leave it out."
        )
    chosen = Chosen(model, weights, How(seed, strength, mix, temperature), blend)
    form = Form(sample_rate, stereo, normalize)
    if content and style and output and many == (None, None):
        with progress() as watch:
            told = _transferring(chosen, form, watch)(content, style, output)
        if json:
            print(dumps(told))
    elif pairs and out and single == (None, None, None):
        lists.read(pairs)  # a list that is none is refused before anything is loaded
        raise typer.Exit(_list(pairs, out, _transferring(chosen, form, unwatched), json))
    else:
        raise InputError(
            "expected CONTENT STYLE --output FILE, or --pairs FILE --out FOLDER, "
            "got something else; see `timbre transfer --help`."
        )


def _transferring(chosen: Chosen, form: Form, watch: Watch) -> Callable[[Path, Path, Path], Told]:
    """What transfers one pair and tells of it; the weights are loaded before it is returned."""
    begun = perf_counter()
    # the collector would look through all that is imported again and again, and find nothing
    gc.disable()
    try:
        from app.transfer import Transfer  # torch takes seconds: only where it is needed

        tool = Transfer.load(chosen.model, chosen.weights)
    finally:
        gc.freeze()
        gc.enable()

    def one(content: Path, style: Path, out: Path) -> Told:
        nonlocal begun
        made = tool.file(content, style, out, chosen.how, chosen.blend, watch, form)
        begun, took = perf_counter(), perf_counter() - begun
        told: Told = {"output": str(out), "content": str(content), "style": str(style)}
        if chosen.blend is not None:
            told["blend"] = str(chosen.blend)
        told |= {"model": str(chosen.model), **chosen.how._asdict(), **made._asdict()}
        return told | {"took_seconds": round(took, 3)}

    return one


def _list(pairs: Path, out: Path, one: Callable[[Path, Path, Path], Told], json: bool) -> bool:
    """Whether a line of the list failed; each is told of when it is done."""
    failed = False
    for number, result in lists.transfer(pairs, out, one):
        if isinstance(result, InputError):
            failed = True
            print(f"{pairs}, line {number}: {result}", file=sys.stderr)
            result = {"error": str(result)}
        elif not json:
            print(result["output"])
        if json:
            print(dumps({"line": number, **result}))
    return failed


@contextmanager
def progress() -> Iterator[Watch]:
    """A bar of how far it is, where somebody looks on."""
    if not sys.stderr.isatty():
        yield unwatched
        return
    from tqdm import tqdm

    shape = "{percentage:3.0f}% {bar} {remaining} left"
    with tqdm(total=1.0, leave=False, mininterval=0, bar_format=shape) as bar:

        def watch(share: float) -> None:
            bar.update(share - bar.n)

        yield watch
