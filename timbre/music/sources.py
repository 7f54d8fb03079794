"""Where the MIDI files come from: music21's scores, the Lakh MIDI dataset, or a path."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import Field

from timbre.core.errors import InputError
from timbre.core.params import Section
from timbre.music.archive import read_members
from timbre.music.download import download
from timbre.music.refusals import Refused
from timbre.music.scores import export_all, works

SCRATCH = Path(".scratch")  # ignored by Git and DVC: a download survives whatever they clean up


class Midi(Section):
    """Which MIDI files are brought in."""

    source: str = Field(min_length=1)  # "scores", "lmd_full", or the path of a folder or an archive
    collections: list[str] = Field(min_length=1)  # of "scores": patterns of files in the corpus
    limit_per_collection: int = Field(ge=1)
    max_bytes: int = Field(ge=1)  # a larger MIDI file is refused
    lmd_full_url: str = Field(pattern=r"^https?://")


def locate(section: Midi) -> Path | None:
    """The folder or archive that `section` names, downloaded if need be; None for "scores".

    "lmd_full" is the Lakh MIDI dataset: 176,581 MIDI files, CC-BY 4.0,
    https://colinraffel.com/projects/lmd/. Colin Raffel, "Learning-Based Methods for Comparing
    Sequences, with Applications to Audio-to-MIDI Alignment and Matching", PhD thesis, Columbia
    University, 2016.

    Raises:
        InputError: if the source is none of the three, or cannot be downloaded.
    """
    if section.source == "scores":
        return None
    if section.source == "lmd_full":
        archive = SCRATCH / "lmd_full.tar.gz"
        download(section.lmd_full_url, archive)
        return archive
    path = Path(section.source)
    if not path.exists():
        raise InputError(
            "expected midi.source to be scores, lmd_full or the path of a folder or an archive of "
            f"MIDI files, got {section.source!r}, which does not exist; please choose one of these."
        )
    return path


def members(
    section: Midi, path: Path | None, refused: list[Refused]
) -> Iterator[tuple[str, bytes]]:
    """The MIDI files of a source, one at a time, in an order that does not change.

    Args:
        section: which works, and how large a file may be.
        path: what `locate` gave.
        refused: what was left out is added here.

    Yields:
        The name and the content of each MIDI file.

    Raises:
        InputError: if the source cannot be read, or has no MIDI file.
    """
    if path is not None:
        yield from read_members(path, section.max_bytes, refused)
        return
    names = works(section.collections, section.limit_per_collection)
    given = 0
    for name, content in export_all(names, refused):
        if len(content) > section.max_bytes:
            refused.append(Refused(name, "too_large", f"more than {section.max_bytes} bytes"))
        else:
            given += 1
            yield name, content
    if not given:
        raise InputError(
            f"expected scores of at most {section.max_bytes} bytes in midi.collections, got none "
            f"of {len(names)}; please choose other collections or raise midi.max_bytes."
        )
