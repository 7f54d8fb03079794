"""Test cases of recordings: a list of pairs that somebody wants transferred."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from timbre.audio import pairs
from timbre.audio.pairs import Pair
from timbre.audio.recordings import read
from timbre.core.errors import InputError
from timbre.core.params import Audio
from timbre.core.signal import Signal, at_level
from timbre.evaluation.cases.cases import Case


def cases(path: Path, audio: Audio, max_seconds: float) -> list[Case]:
    """The test cases that a file of pairs lists, as the reference implementation takes them.

    Args:
        path: of the list.
        audio: the analysis settings: everything is brought to their rate and level.
        max_seconds: longer recordings are cut.

    Returns:
        A case a line, named by its output's or else its content's path; content and target are cut
        to one length.

    Raises:
        InputError: naming the line that is wrong, or if there is none.
    """
    by_name: dict[str, Case] = {}
    for number, pair in pairs.read(path):
        try:
            if isinstance(pair, InputError):
                raise pair
            case = _case(pair, path.parent, audio, max_seconds)
        except InputError as error:
            raise InputError(f"{path}, line {number}: {error}") from None
        name = _unused(case.name, by_name)
        by_name[name] = case._replace(name=name)
    return list(by_name.values())


def _case(pair: Pair, folder: Path, audio: Audio, max_seconds: float) -> Case:
    """The case of one line."""
    content, style, *target = (
        read(folder / path, audio.sample_rate, max_seconds).astype(np.float64)
        for path in pair.inputs()
    )
    length = min(map(len, (content, *target)))
    # a name is one for a file too: it may not lead out of a folder
    called = pair.output or pair.content
    parts = [part for part in called.with_suffix("").parts if part not in ("..", called.anchor)]
    return Case(
        name="_".join(parts),
        group="",
        content_timbre=pair.content.stem,
        style_timbre=pair.style.stem,
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
