"""Scores of a transcription against the true notes, by mir_eval."""

import numpy as np
from numpy.typing import NDArray

from timbre.audio.mel import midi_to_hz
from timbre.core.notes import Notes


def note_f1(estimated: Notes, true: Notes) -> tuple[float, float]:
    """F1 of notes with the right onset, and of those with the right offset too.

    A note is right if its pitch is within 50 cents and its onset within 50 ms of a true one, each
    true note found once; its offset within 50 ms or a fifth of the note's duration (Bay, Ehmann and
    Downie, ISMIR 2009; Raffel et al., "mir_eval", ISMIR 2014). On the demo's benchmark other notes
    have 0.03 and 0.01 (the floor), the target itself 0.67 and 0.35, through the vocoder 0.53 and
    0.26: a transcriber misses slow attacks and notes that ring on, and vocoders blur attacks.

    Args:
        estimated: the notes that were heard.
        true: the score.

    Returns:
        Onset F1, onset and offset F1: 0 to 1, higher is better; 1 if neither has a note.
    """
    if not len(estimated) or not len(true):
        both = float(len(estimated) == len(true))
        return both, both
    # Imported here, for it imports all of scipy.stats, which takes a second.
    from mir_eval.transcription import precision_recall_f1_overlap

    intervals, hertz = zip(*(_columns(notes) for notes in (true, estimated)), strict=True)
    onset, offset = (
        precision_recall_f1_overlap(
            intervals[0], hertz[0], intervals[1], hertz[1], offset_ratio=ratio
        )[2]
        for ratio in (None, 0.2)
    )
    return float(onset), float(offset)


def _columns(notes: Notes) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Intervals in seconds `(N, 2)`, of a millisecond at least, and frequencies in Hz `(N,)`."""
    start = notes["start"].astype(float)
    intervals = np.stack([start, np.maximum(notes["end"], start + 1e-3)], axis=1)
    return intervals, midi_to_hz(notes["pitch"].astype(float))
