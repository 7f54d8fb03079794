"""Sources of MIDI files: a folder, an archive, or a listing of where they are."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from timbre.core import scratch
from timbre.core.errors import InputError
from timbre.core.files import fingerprint
from timbre.core.params import Section, read
from timbre.music.archive import read_members
from timbre.music.download import download
from timbre.music.refusals import Refused
from timbre.music.scores import export_all, works


class Midi(Section):
    """Parameters of the MIDI files that are brought in."""

    source: str = Field(min_length=1)  # path of a folder, of an archive or of a `Listing`
    limit_per_collection: int = Field(ge=1)  # of scores
    max_bytes: int = Field(ge=1)  # a larger MIDI file is refused


class Listing(Section):
    """A YAML file in place of MIDI files: scores to make them of, or where an archive is."""

    collections: list[str] | None = Field(None, min_length=1)  # patterns in music21's corpus
    url: str | None = Field(None, pattern=r"^https?://")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.collections is None) == (self.url is None):
            raise ValueError("either collections or url expected, got both or neither")
        return self


def locate(section: Midi) -> Path | list[str]:
    """Contents of the source: the path of MIDI files, downloaded if need be, or patterns of scores.

    Raises:
        InputError: if the source does not exist or lists nothing, or cannot be downloaded.
    """
    path = Path(section.source)
    if not path.exists():
        raise InputError(
            "expected midi.source to be the path of a folder or an archive of MIDI files, or of "
            f"one of sources/*.yaml, got {section.source!r}, which does not exist; please mend it."
        )
    if path.is_dir() or path.suffix.lower() not in (".yaml", ".yml"):
        return path
    listing = read(path, Listing)
    if listing.collections is not None:
        return listing.collections
    assert listing.url is not None
    name = PurePosixPath(urlsplit(listing.url).path).name
    # where a download survives whatever Git and DVC clean up
    archive = scratch.ROOT / f"{fingerprint(listing.url)}-{name}"
    download(listing.url, archive)
    return archive


def members(
    section: Midi, source: Path | list[str], refused: list[Refused]
) -> Iterator[tuple[str, bytes]]:
    """The MIDI files of a source, one at a time, in an order that does not change.

    Args:
        section: how many works, and how large a file may be.
        source: what `locate` gave.
        refused: what was left out is added here.

    Yields:
        The name and the content of each MIDI file.

    Raises:
        InputError: if the source cannot be read, or has no MIDI file.
    """
    if isinstance(source, Path):
        yield from read_members(source, section.max_bytes, refused)
        return
    names = works(source, section.limit_per_collection)
    total = 0
    for name, content in export_all(names, refused):
        if len(content) > section.max_bytes:
            refused.append(Refused(name, "too_large", f"more than {section.max_bytes} bytes"))
        else:
            total += 1
            yield name, content
    if not total:
        raise InputError(
            f"expected scores of at most {section.max_bytes} bytes in {section.source}, got none "
            f"of {len(names)}; please choose other collections or raise midi.max_bytes."
        )
