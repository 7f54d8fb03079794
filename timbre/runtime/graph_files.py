"""Graph files that lie beside a model's weights: their names, and whether they are there."""

from pathlib import Path

from timbre.models import shipped

METADATA = "timbre"  # the key under which they tell what they are
FORMAT = 1  # of what they tell
STYLE, TRANSFER, SPECTRUM = "style.onnx", "transfer.onnx", "spectrum.onnx"


def there(folder: Path, name: str) -> bool:
    """Whether a folder of models has the graphs of a model that transfers and of the vocoder."""
    paths = (folder / name / STYLE, folder / name / TRANSFER, folder / "vocoder" / SPECTRUM)
    return all(path.is_file() and (path.parent / shipped.WEIGHTS).is_file() for path in paths)


def remove(folder: Path) -> None:
    """Delete the graphs of one model, as those of other weights."""
    for name in (STYLE, TRANSFER, SPECTRUM):
        (folder / name).unlink(missing_ok=True)
