"""Examples on the web page: the clips of the package, as pairs to click and as styles by name."""

import shutil
from pathlib import Path
from typing import NamedTuple

from timbre.clips import clips

PAIRS = (  # content and style
    ("upright_piano", "saxophone"),
    ("nylon_guitar", "violins"),
    ("saxophone", "vibraphone"),
)


class Example(NamedTuple):
    """Two clips."""

    label: str
    content: Path
    style: Path


def write(folder: Path) -> tuple[list[Example], dict[str, Path]]:
    """Copy the clips into a folder that the server may hand out.

    Returns:
        The pairs, and all clips by title.
    """
    known = clips()
    paths = {name: Path(shutil.copy(clip.path, folder)) for name, clip in known.items()}
    examples = [
        Example(
            f"{known[content].title} notes, {known[style].title.lower()} sound",
            paths[content],
            paths[style],
        )
        for content, style in PAIRS
    ]
    return examples, {clip.title: paths[name] for name, clip in known.items()}
