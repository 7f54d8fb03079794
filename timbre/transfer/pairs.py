"""Transfers of a whole list of pairs."""

from collections.abc import Callable, Iterator
from pathlib import Path, PurePath
from typing import TypeVar

from timbre.audio import pairs
from timbre.core.errors import InputError

Done = TypeVar("Done")

CONTENT_SUFFIX = ".content.wav"  # as in the reference's lists; style and target have their like


def named(content: PurePath) -> PurePath:
    """Name of the output of a content; it never leads out of a folder.

    Raises:
        InputError: if nothing is left of the name.
    """
    if content.is_absolute():
        content = PurePath(content.name)
    parts = [part for part in content.parts if part not in ("..", content.anchor)]
    if not parts:
        raise InputError(f"expected a recording as content, got {content}; please mend the line.")
    inside = PurePath(*parts)
    if inside.name.endswith(CONTENT_SUFFIX) and inside.name != CONTENT_SUFFIX:
        return inside.with_name(inside.name.removesuffix(CONTENT_SUFFIX) + ".wav")
    return inside.with_suffix(".wav")


def transfer(
    path: Path, folder: Path, one: Callable[[Path, Path, Path], Done]
) -> Iterator[tuple[int, Done | InputError]]:
    """Transfer each pair of a list, whatever becomes of the others.

    Args:
        path: of the list.
        folder: for the outputs, named as the contents are.
        one: is called with content, style and output.

    Yields:
        The number of a line with what that returned, or with the reason for which it did not.

    Raises:
        InputError: if the list cannot be read or has no pairs.
    """
    lines = pairs.read(path)
    inputs = {
        _resolved(path.parent / file)
        for _, pair in lines
        if isinstance(pair, pairs.Pair)
        for file in (pair.content, pair.style)
    }
    written: dict[Path, int] = {}
    for number, pair in lines:
        if isinstance(pair, InputError):
            yield number, pair
            continue
        try:
            out = folder / named(pair.content)
            if (place := out.resolve()) in inputs:
                raise InputError(
                    f"expected an output of its own, {out} is also an input; "
                    "please give another folder for the outputs."
                )
            if place in written:  # a content that comes again, with another style
                out = out.with_stem(f"{out.stem} as {pair.style.stem}")
                place = out.resolve()
            if place in written:
                raise InputError(
                    f"expected an output of its own, {out} is that of line {written[place]}; "
                    "please name the contents differently."
                )
            written[place] = number
            done = one(path.parent / pair.content, path.parent / pair.style, out)
        except InputError as error:
            yield number, error
        except OSError as error:  # a name that no file can have
            yield number, InputError(f"expected to read and write files: {error}; please mend it.")
        else:
            yield number, done


def _resolved(path: Path) -> Path:
    """Place that a path leads to; itself where that cannot be found out."""
    try:
        return path.resolve()
    except OSError:
        return path
