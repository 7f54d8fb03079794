"""Many transfers at once: a list of pairs, a line each."""

from collections.abc import Callable, Iterator
from pathlib import Path, PurePath
from typing import NamedTuple, TypeVar

from timbre.core.errors import InputError

Done = TypeVar("Done")

CONTENT = ".content.wav"  # how the reference's lists end a content's name, for style and target too


class Pair(NamedTuple):
    """A line of the list."""

    content: Path
    style: Path
    out: PurePath  # below the folder of the outputs


def read(path: Path) -> list[tuple[int, Pair | InputError]]:
    """What the lines of a list hold: `content`, `style` and perhaps a target, parted by tabs.

    Paths are relative to the list. Empty lines and those that begin with # are passed over, and
    the target too.

    Args:
        path: of the list.

    Returns:
        Line numbers from 1, with a pair or what is wrong with the line.

    Raises:
        InputError: if the list cannot be read or has no line of that kind.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"expected a text file of pairs in {path}: {error}; please name another."
        ) from None
    found: list[tuple[int, Pair | InputError]] = []
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                found.append((number, _pair(line, path.parent)))
            except InputError as error:
                found.append((number, error))
    if not found:
        raise InputError(
            f"expected pairs of recordings in {path}, found no line with any; "
            "please write content, tab, style."
        )
    return found


def _pair(line: str, folder: Path) -> Pair:
    fields = [field.strip() for field in line.strip().split("\t")]
    if len(fields) not in (2, 3) or not all(fields):
        raise InputError(
            f"expected content, style and perhaps target parted by tabs, got {len(fields)} "
            "fields or an empty one; please mend the line."
        )
    return Pair(folder / fields[0], folder / fields[1], named(PurePath(fields[0])))


def named(content: PurePath) -> PurePath:
    """What the output of a content is called; it never leads out of a folder.

    Raises:
        InputError: if nothing is left of the name.
    """
    if content.is_absolute():
        content = PurePath(content.name)
    parts = [part for part in content.parts if part not in ("..", content.anchor)]
    if not parts:
        raise InputError(f"expected a recording as content, got {content}; please mend the line.")
    inside = PurePath(*parts)
    if inside.name.endswith(CONTENT) and inside.name != CONTENT:
        return inside.with_name(inside.name.removesuffix(CONTENT) + ".wav")
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
    lines = read(path)
    pairs = [pair for _, pair in lines if isinstance(pair, Pair)]
    inputs = {_resolved(file) for pair in pairs for file in (pair.content, pair.style)}
    written: dict[Path, int] = {}
    for number, pair in lines:
        if isinstance(pair, InputError):
            yield number, pair
            continue
        out = folder / pair.out
        try:
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
            done = one(pair.content, pair.style, out)
        except InputError as error:
            yield number, error
        except OSError as error:  # a name that no file can have
            yield number, InputError(f"expected to read and write files: {error}; please mend it.")
        else:
            yield number, done


def _resolved(path: Path) -> Path:
    """Where a path leads; itself where that cannot be found out."""
    try:
        return path.resolve()
    except OSError:
        return path
