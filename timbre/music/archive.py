"""Archives of MIDI files: streamed from folder, zip or tar into one tar, never unpacked to disk.

By the standard library, which tells of all damage. libarchive (libarchive-c 5.3) reads 3,000 files
in half the time, but takes an archive that ends between two members for whole, and passes over
wrong checksums of zip and gzip.
"""

import gzip
import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Self

from timbre.core.errors import InputError
from timbre.core.files import replacing
from timbre.music.refusals import Refused
from timbre.music.standard_midi import is_midi

_HEAD_BYTES = 12  # bytes that tell a MIDI file from others


def read_members(
    source: Path, max_bytes: int, refused: list[Refused]
) -> Iterator[tuple[str, bytes]]:
    """The MIDI files in `source`, streamed: a folder by sorted names, an archive in its order.

    A file is MIDI by its first bytes, whatever it is called. Names are labels: relative, with `/`
    between their parts.

    Args:
        source: a folder, or an archive: .zip, .tar, .tar.gz.
        max_bytes: larger MIDI files are not read further and not given.
        refused: the others are added here, as `hidden`, `not_a_file` (a link, a device),
            `not_midi` or `too_large`; complete at the end of the iteration.

    Yields:
        The name and the content of each MIDI file.

    Raises:
        InputError: if `source` is missing, no archive, without a MIDI file, or cut short, which
            may show only at its end.
    """
    if not source.exists():
        raise InputError(f"expected MIDI files at {source}, found nothing; please check the path.")
    has_midi = False
    with _faults_explained(source):
        for name, file in _files(source):
            label = _label(name)
            if label is None:
                refused.append(Refused(name, "hidden"))
                continue
            if file is None:
                refused.append(Refused(label, "not_a_file"))
                continue
            # No declared size is trusted: a member is read to the limit at most.
            content = file.read(_HEAD_BYTES)
            if not is_midi(content):
                refused.append(Refused(label, "not_midi"))
                continue
            has_midi = True
            content += file.read(max_bytes + 1 - len(content))
            if len(content) > max_bytes:
                refused.append(Refused(label, "too_large", f"more than {max_bytes} bytes"))
            else:
                yield label, content
    if not has_midi:
        raise InputError(
            f"expected MIDI files in {source}, found none among {len(refused)} files; "
            "please give another folder or archive."
        )


def write_tar(path: Path, members: Iterable[tuple[str, bytes]]) -> int:
    """Write an uncompressed tar, whole or not at all: equal members give equal bytes.

    It holds no times or owners; a name that came before gets `~2`, `~3` ... before its suffix.

    Args:
        path: where the tar is to appear.
        members: names and contents, in the order wanted; if they raise, nothing is written.

    Returns:
        How many members were written.
    """
    names: dict[str, int] = {}  # and how often each was asked for
    with (
        replacing(path) as temporary,
        tarfile.open(
            temporary, "w", format=tarfile.GNU_FORMAT, encoding="utf-8", errors="surrogateescape"
        ) as tar,
    ):
        for name, content in members:
            header = tarfile.TarInfo(_unused(name, names))
            header.size = len(content)
            tar.addfile(header, io.BytesIO(content))
    return len(names)


def _unused(name: str, names: dict[str, int]) -> str:
    """`name`, or a variation of it that is not in `names` yet; it is entered there."""
    path = PurePosixPath(name)
    candidate = name
    while candidate in names:
        names[name] += 1
        candidate = str(path.with_name(f"{path.stem}~{names[name]}{path.suffix}"))
    names[candidate] = 1
    return candidate


def _label(name: str) -> str | None:
    """`name` without anything that leads out of its folder; None for hidden files."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    if not parts or any(part.startswith(".") or part == "__MACOSX" for part in parts):
        return None
    return "/".join(parts)


@contextmanager
def _faults_explained(source: Path) -> Iterator[None]:
    """Turn what the archive readers raise for a bad archive into the user's sentence."""
    try:
        yield
    except (EOFError, tarfile.TarError, zipfile.BadZipFile, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(
            f"expected a whole archive, got {source}, which is cut short or damaged ({error}); "
            "please fetch or pack it again."
        ) from error
    except (RuntimeError, NotImplementedError) as error:  # zipfile: encrypted, unknown compression
        raise InputError(
            f"expected a common archive without password, got {source} ({error}); "
            "please pack it again."
        ) from error
    except PermissionError as error:
        raise InputError(
            f"expected readable files, got {error.filename}; please change its permissions."
        ) from error


def _files(source: Path) -> Iterator[tuple[str, IO[bytes] | None]]:
    """Every file in `source`, open for reading until the next one is asked for.

    None stands for what is no regular file.
    """
    if source.is_dir():
        yield from _folder(source)
        return
    with source.open("rb") as file:
        magic = file.read(2)
        file.seek(0)
        if magic == b"PK":
            yield from _zip(file)
        elif magic == b"\x1f\x8b":
            with gzip.open(file) as unpacked:
                yield from _tar(source, unpacked)
        else:
            yield from _tar(source, file)


def _folder(source: Path) -> Iterator[tuple[str, IO[bytes] | None]]:
    # a link to a folder is not followed, but named
    paths = (path for path in source.rglob("*") if path.is_symlink() or not path.is_dir())
    for name in sorted(path.relative_to(source).as_posix() for path in paths):
        if not (source / name).is_file():
            yield name, None
            continue
        with (source / name).open("rb") as file:
            yield name, file


def _zip(packed: IO[bytes]) -> Iterator[tuple[str, IO[bytes]]]:
    with zipfile.ZipFile(packed) as archive:
        for member in archive.infolist():
            if not member.is_dir():
                with archive.open(member) as file:
                    yield member.filename, file


def _tar(
    source: Path, unpacked: IO[bytes] | gzip.GzipFile
) -> Iterator[tuple[str, IO[bytes] | None]]:
    try:
        # "|" reads forward only: tarfile keeps no place to go back to
        archive = tarfile.open(  # noqa: SIM115  (closed below; here only its first header may fail)
            fileobj=unpacked, mode="r|", tarinfo=_StrictHeader
        )
    except tarfile.ReadError as error:
        raise InputError(
            f"expected a folder, a .zip, a .tar or a .tar.gz, got {source}, which is none; "
            "please put MIDI files into a folder or an archive."
        ) from error
    with archive:
        while (member := archive.next()) is not None:
            archive.members = []  # type: ignore[attr-defined]  # or memory grows with each
            file = archive.extractfile(member) if member.isreg() else None
            if file:
                with file:
                    yield member.name, file
            elif not member.isdir():
                yield member.name, None
    while unpacked.read(1 << 20):  # the checksum of a .gz stands at its end
        pass


class _StrictHeader(tarfile.TarInfo):
    """tarfile takes a missing or damaged header for the end; the end is a block of zeros only."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        try:
            return super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            if len(buf) == tarfile.BLOCKSIZE and not any(buf):
                raise
            raise tarfile.ReadError(str(error)) from error
