"""The command `timbre listen demo`: clips for a listening test, made by the models that ship."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from timbre.cli.models import Weights, models_folder
from timbre.cli.progress import progress
from timbre.clips import clips
from timbre.core.errors import InputError
from timbre.core.files import replacing

if TYPE_CHECKING:
    from timbre.core.signal import Signal

PAIRS = (  # content and style: registers that meet
    ("saxophone", "violins"),
    ("upright_piano", "vibraphone"),
    ("nylon_guitar", "celtic_harp"),
    ("violins", "saxophone"),
    ("celtic_harp", "upright_piano"),
    ("electric_guitar", "sitar"),
    ("bassoon", "double_bass_bowed"),
    ("sitar", "nylon_guitar"),
)
MAX_CLIP_SECONDS = 6.0  # of a clip at most


def demo(
    out: Annotated[Path, typer.Argument(help="Folder to write.")],
    weights: Weights = None,
) -> None:
    """Make a listening test's clips: CC0 phrases, transferred by each of the models.

    timbre listen demo test && timbre listen test --answers answers.sqlite --ties

    Beside the models stands the content itself, which keeps the melody and has the wrong sound.
    """
    from timbre.models import shipped

    place = models_folder(weights)
    models = shipped.transfer_models(place)
    if not models:
        raise InputError(
            f"expected models that transfer in {place}, found none; please name another folder "
            "with --weights."
        )
    if out.exists():
        raise InputError(
            f"expected a folder of a new name to write, {out} is there already; "
            "please delete it or name another."
        )
    with replacing(out, folder=True) as folder, progress() as watch:
        from timbre.core.signal import flac, resampled
        from timbre.transfer.transfer import Transfer  # loads PyTorch

        library = clips()
        for name in ("copy_content", "copy_style", "content", *models):
            (folder / name).mkdir(parents=True)
        for done, model in enumerate(models):
            tool = Transfer.load(model, place)
            for number, (content, style) in enumerate(PAIRS):
                notes, rate = _heard(library[content].path)
                sound, other = _heard(library[style].path)
                output = tool(notes, resampled(sound, other, rate), rate)
                for name, clip in (
                    ("copy_content", notes), ("content", notes), ("copy_style", sound),
                    (model, output),
                ):  # fmt: skip
                    path = folder / name / f"{number:02} {content} as {style}.flac"
                    path.write_bytes(flac(clip, other if name == "copy_style" else rate))
                watch((done + (number + 1) / len(PAIRS)) / len(models))
        about = {"licence": "CC0-1.0", "cases": [list(pair) for pair in PAIRS]}
        (folder / "about.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    print(f"timbre listen {out} --answers answers.sqlite --ties")


def _heard(path: Path) -> "tuple[Signal, int]":
    """The beginning of a clip, mono, and its rate."""
    import soundfile

    sound, rate = soundfile.read(path, dtype="float32")
    return sound[: round(MAX_CLIP_SECONDS * rate)], rate
