"""Batch transfers: of a list of pairs, or of a folder in one style."""

from collections.abc import Callable, Iterator
from pathlib import Path, PurePath
from typing import TypeVar

from timbre.audio import pairs
from timbre.core.errors import InputError

Done = TypeVar("Done")

Lines = list[tuple[int, pairs.Pair | InputError]]  # numbers from 1

# of files in a folder that are taken for contents
SUFFIXES = frozenset([
    ".aac", ".aif", ".aiff", ".au", ".caf", ".flac", ".kar", ".m4a", ".mid", ".midi", ".mka",
    ".mp3", ".mp4", ".ogg", ".opus", ".rmi", ".w64", ".wav", ".webm", ".wma",
])  # fmt: skip
CONTENT_SUFFIX = ".content.wav"  # as in the reference's lists; style and target have their like


def in_folder(folder: Path, style: Path) -> Lines:
    """A pair for each recording and MIDI file in a folder, by name, with one style.

    Raises:
        InputError: if there is none.
    """
    contents = sorted(
        path  # (macOS leaves files such as ._song.wav beside songs on other disks)
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    )
    if not contents:
        raise InputError(
            f"expected recordings or MIDI files in {folder}, found none; please name another "
            "folder, or a file."
        )
    style = style.absolute()
    return [(n, pairs.Pair(Path(path.name), style)) for n, path in enumerate(contents, 1)]


def named(content: PurePath, suffix: str = ".wav") -> PurePath:
    """Name of the output of a content; it never leads out of a folder.

    Args:
        content: as it is written in a list.
        suffix: of the output.

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
        return inside.with_name(inside.name.removesuffix(CONTENT_SUFFIX) + suffix)
    return inside.with_suffix(suffix)


def chosen(output: PurePath, suffix: str = ".wav") -> PurePath:
    """Name of an output that a list says, with an extension; it never leads out of a folder.

    Args:
        output: as it is written in the list.
        suffix: that it gets unless it has one of a format that is written.

    Raises:
        InputError: if it leads out.
    """
    from timbre.transfer.writing import SUFFIXES  # brings NumPy

    if output.is_absolute() or ".." in output.parts or not output.name:
        raise InputError(
            f"expected an output inside the folder of outputs, got {output}; please mend the line."
        )
    known = output.suffix.lower() in SUFFIXES
    return output if known else output.with_name(output.name + suffix)


def transfer(
    lines: Lines,
    base: Path,
    folder: Path,
    one: Callable[[Path, Path, Path], Done],
    suffix: str = ".wav",
) -> Iterator[tuple[int, Done | InputError]]:
    """Transfer each pair of a list, whatever becomes of the others.

    Args:
        lines: as `timbre.audio.pairs.read` or `in_folder` gives them.
        base: folder that relative paths start from.
        folder: for the outputs, named as the list says or else as the contents are.
        one: is called with content, style and output.
        suffix: of the outputs.

    Yields:
        The number of a line with what that returned, or with the reason for which it did not.
    """
    inputs = {
        _resolved(base / file)
        for _, pair in lines
        if isinstance(pair, pairs.Pair)
        for file in pair.inputs()
    }
    line_of: dict[Path, int] = {}
    for number, pair in lines:
        if isinstance(pair, InputError):
            yield number, pair
            continue
        try:
            out = folder / (
                chosen(pair.output, suffix) if pair.output else named(pair.content, suffix)
            )
            if out.resolve() in line_of and not pair.output:
                # a content that comes again, with another style
                out = out.with_stem(f"{out.stem} as {pair.style.stem}")
            if (place := out.resolve()) in inputs:
                raise InputError(
                    f"expected an output of its own, {out} is also an input; "
                    "please give another folder for the outputs."
                )
            if place in line_of:
                raise InputError(
                    f"expected an output of its own, {out} is that of line {line_of[place]}; "
                    "please name the contents differently, or the outputs in a column."
                )
            line_of[place] = number
            result = one(base / pair.content, base / pair.style, out)
        except InputError as error:
            yield number, error
        except OSError as error:  # a name that no file can have
            yield number, InputError(f"expected to read and write files: {error}; please mend it.")
        else:
            yield number, result


def _resolved(path: Path) -> Path:
    """Place that a path leads to; itself where that cannot be found out."""
    try:
        return path.resolve()
    except OSError:
        return path
