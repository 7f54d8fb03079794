"""The command `timbre transfer`: one recording, or a list of them."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from json import dumps
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import typer

from timbre.core.errors import InputError
from timbre.models import registry, shipped
from timbre.transfer import pairs as lists
from timbre.transfer.progress import ProgressCallback, no_progress
from timbre.transfer.settings import OutputFormat, TransferSettings

Weights = Annotated[
    Path, typer.Option(help="Folder of models or checkpoints.", show_default="those that ship")
]
Report = dict[str, Any]  # of one transfer, for JSON


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
    model: Annotated[
        str | None,
        typer.Option(help="That transfers; see `timbre info`.", show_default="the first"),
    ] = None,
    strength: Annotated[
        float, typer.Option(min=0, max=1, help="0: the content's own sound; 1: the style's.")
    ] = 1.0,
    blend: Annotated[Path | None, typer.Option(help="A second style.")] = None,
    mix: Annotated[float, typer.Option(min=0, max=1, help="The second style's share.")] = 0.5,
    temperature: Annotated[
        float | None, typer.Option(min=0, help="Of glow: more is rougher, 0 is smoothest.")
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
    weights: Weights = shipped.FOLDER,
) -> None:
    """Transfer CONTENT into the sound of STYLE; or all pairs of a list."""
    single, many = (content, style, output), (pairs, out)
    name = chosen_model(model, weights)
    settings = TransferSettings(strength, mix, temperature, seed)
    if temperature is not None and "temperature" not in (registry.transfer_options(name) or ()):
        raise InputError(
            f"expected --temperature for a model that draws, got it for {name}; "
            "please leave it out."
        )
    output_format = OutputFormat(sample_rate, stereo, normalize)
    load = partial(_loaded, name, weights, settings, blend, output_format)
    if content and style and output and many == (None, None):
        with progress() as watch:
            report = load(watch)(content, style, output)
        if json:
            print(dumps(report))
    elif pairs and out and single == (None, None, None):
        lists.read(pairs)  # a list that is none is refused before anything is loaded
        raise typer.Exit(_list(pairs, out, load(no_progress), json))
    else:
        raise InputError(
            "expected CONTENT STYLE --output FILE, or --pairs FILE --out FOLDER, "
            "got something else; see `timbre transfer --help`."
        )


def chosen_model(name: str | None, weights: Path) -> str:
    """Name of the model to use: the one that was named, or else the first.

    Raises:
        InputError: if it is not there, or does not transfer.
    """
    found = shipped.transfer_models(weights)
    if name is None and found:
        return found[0]
    if name not in found:
        raise InputError(
            f"expected trained weights of {name or 'a model that transfers'} in {weights}, found "
            f"{', '.join(found) or 'none'}; please name one of these, or another folder with "
            "--weights."
        )
    return name


def _loaded(
    name: str,
    weights: Path,
    settings: TransferSettings,
    blend: Path | None,
    output_format: OutputFormat,
    watch: ProgressCallback,
) -> Callable[[Path, Path, Path], Report]:
    """What transfers one pair and reports it; the weights are loaded before it is returned."""
    begun = perf_counter()
    from timbre.transfer.transfer import Transfer  # PyTorch takes a second: only where needed

    tool = Transfer.load(name, weights)

    def one(content: Path, style: Path, out: Path) -> Report:
        nonlocal begun
        written = tool.file(content, style, out, settings, blend, watch, output_format)
        begun, took = perf_counter(), perf_counter() - begun
        for remark in written.remarks:
            print(f"note: {remark}", file=sys.stderr)
        report: Report = {"output": str(out), "content": str(content), "style": str(style)}
        if blend is not None:
            report["blend"] = str(blend)
        report |= {"model": name, **asdict(settings), **written._asdict()}
        return report | {"took_seconds": round(took, 3)}

    return one


def _list(pairs: Path, out: Path, one: Callable[[Path, Path, Path], Report], json: bool) -> bool:
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
def progress() -> Iterator[ProgressCallback]:
    """A bar of how far it is, where somebody looks on."""
    if not sys.stderr.isatty():
        yield no_progress
        return
    from tqdm import tqdm

    shape = "{percentage:3.0f}% {bar} {remaining} left"
    with tqdm(total=1.0, leave=False, mininterval=0, bar_format=shape) as bar:

        def watch(share: float) -> None:
            bar.update(share - bar.n)

        yield watch
