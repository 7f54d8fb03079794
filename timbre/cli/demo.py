"""The command `timbre demo`: a page on which transfers of the package's own clips are heard."""

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from timbre.cli.models import Weights, models_folder
from timbre.cli.progress import progress
from timbre.clips import Clip, clips
from timbre.core.errors import InputError
from timbre.core.files import replacing

if TYPE_CHECKING:
    from timbre.transfer.progress import ProgressCallback
    from timbre.transfer.transfer import Transfer

CONTENTS = ("upright_piano", "nylon_guitar", "saxophone")
STYLES = ("saxophone", "violins", "vibraphone", "sitar", "double_bass_bowed")
PAGE_HEAD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Timbre transfer</title>
<style>
body { font: 16px/1.5 sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
section { border-top: 1px solid #ccc; padding: 1rem 0; }
.row { display: flex; flex-wrap: wrap; gap: 1rem; }
figure { margin: 0; flex: 1 1 16rem; } audio { width: 100%; }
</style>
<h1>Timbre transfer</h1>
<p>The notes of one recording in the sound of another. The models never heard these instruments.</p>
"""


def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")] = Path(
        "timbre-demo"
    ),
    model: Annotated[
        list[str] | None, typer.Option(help="Model to hear; all of them unless given.")
    ] = None,
    weights: Weights = None,
) -> None:
    """Write a page with transfers of short clips, to be opened in a browser.

    Takes some seconds: three phrases, each in the sound of other instruments, by each model.
    """
    from timbre.models import shipped

    place = models_folder(weights)
    there = shipped.transfer_models(place)
    models = tuple(model or there)
    if lacking := [name for name in models if name not in there]:
        raise InputError(
            f"expected models that are in {place}, got {', '.join(lacking)}; please name "
            f"some of {', '.join(there) or 'none, as there are none'}."
        )
    if out.exists():
        raise InputError(
            f"expected a folder of a new name to write, {out} is there already; "
            "please delete it or name another with --out."
        )
    with replacing(out, folder=True) as folder:
        folder.mkdir()
        from timbre.transfer.progress import subtask
        from timbre.transfer.transfer import Transfer  # loads PyTorch

        tools = {name: Transfer.load(name, place) for name in models}
        with progress() as watch:
            parts = [
                _content(name, tools, folder, subtask(watch, number, len(CONTENTS)))
                for number, name in enumerate(CONTENTS)
            ]
        (folder / "index.html").write_text(PAGE_HEAD + "".join(parts), encoding="utf-8")
    print(f"Open {(out / 'index.html').resolve()}")


def _content(
    name: str, tools: dict[str, "Transfer"], folder: Path, watch: "ProgressCallback"
) -> str:
    """The part of the page with one content: its transfers are made."""
    library = clips()
    content, styles = library[name], [library[style] for style in STYLES if style != name]
    _copy(content, folder)
    rows = [_player(f"{name}.ogg", f"Content: {content.title}, {content.plays}")]
    for number, style in enumerate(styles):
        _copy(style, folder)
        players = [_player(f"{style.name}.ogg", f"Style: {style.title}")]
        for place, (model, tool) in enumerate(tools.items()):
            output = folder / f"{name} as {style.name} by {model}.ogg"
            tool.file(content.path, style.path, output)
            players.append(_player(output.name, f"Result of {model}"))
            watch((number + (place + 1) / len(tools)) / len(styles))
        rows.append(f'<div class="row">{"".join(players)}</div>')
    return f"<section><h2>{escape(content.title)}</h2>{''.join(rows)}</section>\n"


def _copy(clip: Clip, folder: Path) -> None:
    """Put a clip beside the page."""
    (folder / f"{clip.name}.ogg").write_bytes(clip.path.read_bytes())


def _player(file: str, caption: str) -> str:
    """A caption and a player."""
    source = escape(file.replace(" ", "%20"), quote=True)
    return (
        f"<figure><figcaption>{escape(caption)}</figcaption>"
        f'<audio controls preload="none" src="{source}"></audio></figure>'
    )
