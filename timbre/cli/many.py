"""Batch transfers on the command line: reports, failures, a progress bar; and output to a pipe."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from json import dumps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from timbre.cli.progress import file_progress
from timbre.core.errors import InputError
from timbre.transfer import pairs as lists

Report = dict[str, Any]  # of one transfer, for JSON


def resuming(one: Callable[[Path, Path, Path], Report]) -> Callable[[Path, Path, Path], Report]:
    """Wrapper that skips outputs that exist, as none is ever half-written."""

    def resumed(content: Path, style: Path, out: Path) -> Report:
        return {"output": str(out), "kept": True} if out.is_file() else one(content, style, out)

    return resumed


def transfer_many(
    lines: lists.Lines,
    source: Path,
    out: Path,
    one: Callable[[Path, Path, Path], Report],
    suffix: str,
    json: bool,
    quiet: bool,
) -> bool:
    """Run all transfers of a list or folder, report each; return whether any failed."""
    failed, in_folder = False, source.is_dir()
    results = lists.transfer(lines, source if in_folder else source.parent, out, one, suffix)
    with file_progress(len(lines), quiet) as advance:
        for (_, pair), (number, result) in zip(lines, results, strict=True):
            advance()
            if isinstance(result, InputError):
                failed = True
                where = f"line {number}"
                if in_folder and not isinstance(pair, InputError):
                    where = str(pair.content)
                print(f"{source}, {where}: {result}", file=sys.stderr)
                result = {"error": str(result)}
            elif not json:
                print(result["output"])
            if json:
                print(dumps({"line": number, **result}))
    return failed


@contextmanager
def piped(suffix: str) -> Iterator[Path]:
    """Temporary file whose contents go to standard output, once it is written."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"out{suffix}"
        yield path
        with path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
