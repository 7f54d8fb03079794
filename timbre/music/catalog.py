"""Catalog of an archive of MIDI files: those that can be used, and duplicates."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

import numpy as np

from timbre.core.notes import content_key
from timbre.core.workers import Fault, guarded
from timbre.music import duplicates, midi
from timbre.music.refusals import Refused
from timbre.music.segments import RefusedError, candidates

DUPLICATES = ("same_notes", "same_music")  # the rules by which files are removed


class Piece(NamedTuple):
    """A file that is used."""

    file: str
    number: int  # of the file in the archive, from 0
    key: str  # names what it plays
    cluster: str  # names it and all its near duplicates: the least of their keys


class Examined(NamedTuple):
    """Facts of a usable file, found by a worker."""

    key: str
    music: str
    signature: duplicates.Signature


def examine(member: tuple[str, bytes], seconds: float, min_onsets: int) -> Examined | Refused:
    """Read one file, in a worker.

    Args:
        member: its name and its bytes.
        seconds: length of a segment.
        min_onsets: that a segment must have.
    """
    name, data = member
    try:
        tracks = midi.read(data)
        candidates(tracks, seconds, min_onsets)
    except midi.MidiError as error:
        return Refused.by(error, name, "unreadable")
    except RefusedError as reason:
        return Refused(name, str(reason))
    return Examined(content_key(tracks), duplicates.music_key(tracks), duplicates.signature(tracks))


def survey(
    members: Iterable[tuple[str, bytes]],
    seconds: float,
    min_onsets: int,
    refused: list[Refused],
    count: Callable[[], object] = lambda: None,
) -> list[Piece]:
    """The pieces of an archive, in its order, each once.

    Args:
        members: names and bytes.
        seconds: length of a segment.
        min_onsets: that a segment must have.
        refused: all other files are added here.
        count: called after each file.
    """
    files: list[tuple[str, int, Examined]] = []
    # the file that is kept, by rule and name of the content
    first_files: dict[tuple[str, str], str] = {}
    examiner = partial(examine, seconds=seconds, min_onsets=min_onsets)
    for number, ((name, _), outcome) in enumerate(guarded(examiner, members)):
        count()
        if isinstance(outcome, Fault):
            refused.append(Refused(name, outcome.reason))
        elif isinstance(outcome, Refused):
            refused.append(outcome)
        else:
            names = list(zip(DUPLICATES, (outcome.key, outcome.music), strict=True))
            rule = next((rule for rule in names if rule in first_files), None)
            if rule is not None:
                refused.append(Refused(name, rule[0], first_files[rule]))
                continue
            first_files |= dict.fromkeys(names, name)
            files.append((name, number, outcome))
    clusters = _clusters([outcome for *_, outcome in files])
    return [
        Piece(name, number, outcome.key, cluster)
        for (name, number, outcome), cluster in zip(files, clusters, strict=True)
    ]


def _clusters(examined: list[Examined]) -> list[str]:
    """The name of each piece's cluster; a piece without a signature is its own."""
    names = [each.key for each in examined]
    signed = [i for i, each in enumerate(examined) if len(each.signature)]
    if not signed:
        return names
    labels = duplicates.clusters(np.stack([examined[i].signature for i in signed]))
    least: dict[int, str] = {}
    for i, label in zip(signed, labels.tolist(), strict=True):
        least[label] = min(names[i], least.get(label, names[i]))
    for i, label in zip(signed, labels.tolist(), strict=True):
        names[i] = least[label]
    return names
