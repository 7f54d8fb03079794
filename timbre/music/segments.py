"""Segments of pieces that hold enough notes to be examples."""

import numpy as np

from timbre.core.notes import Track, segment_numbers


class RefusedError(Exception):
    """A piece that gives no example; the message is the reason, for counting."""


def candidates(tracks: list[Track], seconds: float, min_onsets: int) -> list[tuple[int, list[int]]]:
    """Parts and their segments that have enough onsets: `(part, segment numbers)`, two or more.

    Raises:
        RefusedError: if no part has two such segments.
    """
    if not tracks:
        raise RefusedError("no_notes")
    if all(track.is_drum for track in tracks):
        raise RefusedError("only_drums")
    parts = []
    for part, track in enumerate(tracks):
        if track.is_drum or not len(track.notes):
            continue
        # the last segment counts only if it is whole, as in the reference
        whole = segment_numbers(track.notes["end"], seconds).max()
        numbers, onsets = np.unique(
            segment_numbers(track.notes["start"], seconds), return_counts=True
        )
        active = numbers[(onsets >= min_onsets) & (numbers < whole)]
        if len(active) >= 2:
            parts.append((part, active.tolist()))
    if not parts:
        raise RefusedError("too_short")
    return parts
