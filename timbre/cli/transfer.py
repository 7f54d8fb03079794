"""The command `timbre transfer`: one recording, or a list of them."""

import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from json import dumps
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from timbre.audio.pairs import read as read_pairs
from timbre.cli.many import Report, piped, resuming, transfer_many
from timbre.cli.models import Weights, chosen_model, models_folder
from timbre.cli.progress import progress
from timbre.core.errors import InputError
from timbre.transfer import pairs as lists
from timbre.transfer.settings import DEFAULT_SETTINGS, OutputFormat, TransferSettings

if TYPE_CHECKING:
    from timbre.transfer.progress import ProgressCallback

STREAM, STDIN = Path("-"), Path("/dev/stdin")


def transfer(
    content: Annotated[
        Path | None,
        typer.Argument(help="A recording with the notes, a MIDI file, a folder of these, or -."),
    ] = None,
    style: Annotated[Path | None, typer.Argument(help="One with the sound, 0.5 s or more.")] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="WAV, FLAC, OGG, MP3, M4A or AIFF file to write, or - for standard output; of "
            "several contents a folder.",
        ),
    ] = None,
    pairs: Annotated[
        Path | None,
        typer.Option(
            help="List of pairs instead, a text file: content, tab, style on each line; or columns "
            "that its first line names: content, style, output."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The same as --output, for --pairs.", hidden=True)
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="Name of the model to use, see `timbre info`.", show_default="the first"),
    ] = None,
    strength: Annotated[
        float,
        typer.Option(min=0, max=1, help="0: the content itself; 1: all of the transfer."),
    ] = 1.0,
    dynamics: Annotated[
        float,
        typer.Option(min=0, max=1, help="0: loud and soft as the content; 1: as the model has it."),
    ] = 1.0,
    blend: Annotated[
        Path | None, typer.Option(help="Recording of a second style to blend in.")
    ] = None,
    mix: Annotated[float, typer.Option(min=0, max=1, help="The second style's share.")] = 0.5,
    temperature: Annotated[
        float | None,
        typer.Option(min=0, help="How freely glow samples: 0 is smoothest, 2 is roughest."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of what a model that samples draws.")] = 0,
    sample_rate: Annotated[
        int | None,
        typer.Option(help="Sample rate of the output in Hz.", show_default="the models'"),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(
            help="Format of outputs in a folder or a pipe: flac, mp3, ...", show_default="wav"
        ),
    ] = None,
    stereo: Annotated[
        bool, typer.Option("--stereo", help="Keep the two channels of a content apart.")
    ] = False,
    normalize: Annotated[
        bool, typer.Option("--normalize", help="Make the output as loud as goes without clipping.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print what was written as JSON.")] = False,
    device: Annotated[
        str | None,
        typer.Option(
            help="Where to compute: cpu, or cuda by PyTorch.",
            show_default="cpu where there are graphs",
        ),
    ] = None,
    backend: Annotated[
        str | None,
        typer.Option(
            help="What computes: onnx or torch.", show_default="onnx where there are graphs"
        ),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Show no progress and no notes.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Keep outputs of a list or folder that are there.")
    ] = False,
    weights: Weights = None,
) -> None:
    """Hear the notes of CONTENT in the sound of STYLE, one recording or a list of pairs.

    timbre transfer song.wav violin.wav -o out.wav

    timbre transfer songs violin.wav -o outputs --format flac

    ffmpeg -i film.mp4 -f wav - | timbre transfer - violin.wav -o - --format mp3 > out.mp3

    timbre transfer --pairs pairs.tsv -o outputs --model vqvae
    """
    if pairs:
        output, out = None, out or output
    single, many = (content, style, output), (pairs, out)
    from timbre.models import registry

    folder = models_folder(weights)
    name = chosen_model(model, folder)
    settings = TransferSettings(strength, mix, temperature, seed, dynamics)
    if temperature is not None and "temperature" not in (registry.transfer_options(name) or ()):
        raise InputError(
            f"expected --temperature for a model that draws, got it for {name}; "
            "please leave it out."
        )
    output_format = OutputFormat(sample_rate, stereo, normalize)
    say = _silent if quiet else _note
    if blend is None and mix != DEFAULT_SETTINGS.mix:
        say("--mix has no effect without --blend")
    if seed and "temperature" not in (registry.transfer_options(name) or ()):
        say(f"--seed has no effect, {name} draws nothing")
    load = partial(_load, name, folder, settings, blend, output_format, (device, backend), say)
    suffix = f".{(format or 'wav').lower().lstrip('.')}"
    if format is not None and not (pairs or (content and content.is_dir()) or output == STREAM):
        say("--format has no effect on one output, whose name says its format")
    if content and content.is_dir() and style and output and many == (None, None):
        lines = lists.in_folder(content, style)
        one = resuming(load(lambda share: None)) if resume else load(lambda share: None)
        raise typer.Exit(transfer_many(lines, content, output, one, suffix, json, quiet))
    if content and style and output and many == (None, None):
        content = STDIN if content == STREAM else content
        if output == STREAM:
            if json:
                raise InputError("expected --output FILE with --json, got -; please name a file.")
            with progress(quiet) as watch, piped(suffix) as file:
                load(watch)(content, style, file)
            return
        with progress(quiet) as watch:
            report = load(watch)(content, style, output)
        if json:
            print(dumps(report))
    elif pairs and out and single == (None, None, None):
        lines = read_pairs(pairs)  # a list that is none is refused before anything is loaded
        one = resuming(load(lambda share: None)) if resume else load(lambda share: None)
        raise typer.Exit(transfer_many(lines, pairs, out, one, suffix, json, quiet))
    else:
        raise InputError(
            f"expected CONTENT STYLE --output FILE, or --pairs FILE --output FOLDER, got "
            f"{_wrong_arguments(content, style, output, pairs, out)}; see `timbre transfer --help`."
        )


def _load(
    name: str,
    weights: Path,
    settings: TransferSettings,
    blend: Path | None,
    output_format: OutputFormat,
    where: tuple[str | None, str | None],
    say: Callable[[str], None],
    watch: "ProgressCallback",
) -> Callable[[Path, Path, Path], Report]:
    """Function that transfers and reports one pair; weights are loaded before it is returned."""
    begun = perf_counter()
    from timbre.transfer.transfer import Transfer  # takes time: only where needed

    tool = Transfer.load(name, weights, *where)
    if tool.skips_fitting:
        say(f"{name} was made to fit a style to its clip, which takes --backend torch")

    def one(content: Path, style: Path, out: Path) -> Report:
        nonlocal begun
        result = tool.file(content, style, out, settings, blend, watch, output_format)
        begun, took = perf_counter(), perf_counter() - begun
        for remark in result.remarks:
            say(remark)
        if output_format.stereo and result.channels == 1:
            say(f"--stereo has no effect, {content} has one channel")
        report: Report = {"output": str(out), "content": str(content), "style": str(style)}
        if blend is not None:
            report["blend"] = str(blend)
        report |= {"model": name, **asdict(settings), **result._asdict()}
        return report | {"took_seconds": round(took, 3)}

    return one


def _wrong_arguments(
    content: Path | None, style: Path | None, output: Path | None, pairs: Path | None,
    out: Path | None,
) -> str:  # fmt: skip
    """Arguments of a call that are missing or too much."""
    if pairs and (content or style):
        return "--pairs beside CONTENT"
    if pairs:
        return "no --output for --pairs"
    if out:
        return "--out without --pairs"
    missing = {"CONTENT": content, "STYLE": style, "--output": output}
    return f"no {', no '.join(name for name, value in missing.items() if value is None)}"


def _note(remark: str) -> None:
    """Print a note to standard error."""
    print(f"note: {remark}", file=sys.stderr)


def _silent(remark: str) -> None:
    """Say nothing."""
