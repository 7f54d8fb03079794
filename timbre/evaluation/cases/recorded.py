"""Test cases of recordings: a list of pairs that somebody wants transferred."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from timbre.audio.recordings import read
from timbre.core.errors import InputError
from timbre.core.params import Audio
from timbre.core.signal import Signal, at_level
from timbre.evaluation.cases.cases import Case


def cases(pairs: Path, audio: Audio, max_seconds: float) -> list[Case]:
    """The test cases that a file of pairs lists, as the reference implementation takes them.

    A line holds `content`, `style` and perhaps `target`, parted by tabs; paths are relative to the
    file (data.py of the implementation published with arXiv:2102.05749, which knows no comments).
    Empty lines and those that begin with # are passed over.

    Args:
        pairs: the file.
        audio: the analysis settings: everything is brought to their rate and level.
        max_seconds: longer recordings are cut.

    Returns:
        A case a line, named by its content's path; content and target are cut to one length.

    Raises:
        InputError: naming the line that is wrong, or if there is none.
    """
    try:
        lines = pairs.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"expected a text file of pairs in {pairs}: {error}; please name another."
        ) from None
    found: dict[str, Case] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            case = _case(line, pairs.parent, audio, max_seconds)
        except InputError as error:
            raise InputError(f"{pairs}, line {number}: {error}") from None
        name = _unused(case.name, found)
        found[name] = case._replace(name=name)
    if not found:
        raise InputError(
            f"expected pairs of recordings in {pairs}, found no line with any; "
            "please write content, tab, style."
        )
    return list(found.values())


def _case(line: str, folder: Path, audio: Audio, max_seconds: float) -> Case:
    """The case of one line."""
    paths = [Path(field.strip()) for field in line.strip().split("\t")]
    if len(paths) not in (2, 3) or Path() in paths:
        raise InputError(
            f"expected content, style and perhaps target parted by tabs, got {len(paths)} "
            "fields or an empty one; please mend the line."
        )
    content, style, *target = (
        read(folder / path, audio.sample_rate, max_seconds).astype(np.float64) for path in paths
    )
    length = min(map(len, (content, *target)))
    # a name is one for a file too: it may not lead out of a folder
    parts = [part for part in paths[0].with_suffix("").parts if part not in ("..", paths[0].anchor)]
    return Case(
        name="_".join(parts),
        group="",
        content_timbre=paths[0].stem,
        style_timbre=paths[1].stem,
        content_family="",
        style_family="",
        font="",
        notes=None,
        content=_leveled(content[:length], audio),
        style=_leveled(style, audio),
        target=_leveled(target[0][:length], audio) if target else None,
    )


def _leveled(signal: NDArray[np.float64], audio: Audio) -> Signal:
    return at_level(signal, audio.level_db).astype(np.float32)


def _unused(name: str, used: dict[str, Case]) -> str:
    """The name, with a number behind if another case has it."""
    number, free = 1, name
    while free in used:
        number += 1
        free = f"{name}_{number}"
    return free
