"""Notes heard in audio, without trained weights, and how many of the true notes are among them."""

from itertools import pairwise

import numpy as np
import scipy.fft
import scipy.ndimage
from numpy.typing import NDArray

from timbre.core.notes import Notes, notes_from_columns

# Chosen for the best onset F1 on notes of the Lakh MIDI data set rendered in two soundfonts, at
# 16 kHz and pitches every 512 samples.
GAP = 2  # frames of `found` that a pitch may be away within a note
SHORTEST = 5  # frames of `found` that a note takes; its window lengthens what it finds
ONSET_WINDOW = 1024  # samples; that of the pitches is longer and smears onsets
ONSET_HOP = 128  # samples
PARTIALS = 6  # of a pitch whose rise is looked at
RANGE_DB = 60.0  # what lies further below the loudest value of the clip does not rise
ENTER_DB = 5.0  # mean rise of the partials over three hops at which a pitch begins to sound
STRUCK_DB = 3.5  # rise of all partials but one at which a pitch that sounds is struck again
APART = 0.08  # s between two onsets of a pitch
BEFORE, AFTER = 0.08, 0.08  # s around the first frame of a pitch in which its onset is looked for
RELEASE = 0.06  # s that a pitch is found for after its end
VELOCITY = 64  # of all notes: loudness is not estimated


def transcribe(
    found: NDArray[np.bool_], audio: NDArray[np.floating], sample_rate: int, hop_length: int
) -> Notes:
    """Notes of the pitches that sound.

    A run of frames of a pitch is a note. Its onset is moved to where the partials of that pitch
    rise most, and it is split where they rise again.

    Args:
        found: `(128, T)`, as `timbre.evaluation.metrics.pitch.pitches` gives it.
        audio: `(L,)`, what they were found in; its level does not matter.
        sample_rate: Hz.
        hop_length: samples between the frames of `found`.

    Returns:
        Notes with times in seconds; one velocity for all.
    """
    steady = scipy.ndimage.binary_closing(
        np.pad(found, ((0, 0), (GAP, GAP))), np.ones((1, GAP + 1))
    )[:, GAP : GAP + found.shape[1]]
    decibels = _decibels(audio)
    step, hop = ONSET_HOP / sample_rate, hop_length / sample_rate
    rows: list[tuple[int, int, float, float]] = []
    for pitch in np.flatnonzero(steady.any(axis=1)).tolist():
        rises = _rises(decibels, pitch, sample_rate)
        rise = rises.mean(axis=0)
        struck = _strikes(rises, round(APART / step)) * step
        edges = np.diff(steady[pitch].astype(np.int8), prepend=0, append=0)
        runs = zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True)
        for first, last in runs:
            if last - first < SHORTEST:
                continue
            begin, end = first * hop, last * hop
            near = slice(max(0, round((begin - BEFORE) / step)), round((begin + AFTER) / step) + 1)
            if rise[near].max(initial=0) < ENTER_DB:  # a partial of what sounds already
                continue
            onset = (near.start + int(np.argmax(rise[near]))) * step
            again = struck[(struck > onset + APART) & (struck < end - APART)].tolist()
            times = [onset, *again, end - RELEASE]
            rows += [
                (pitch, VELOCITY, start, max(stop, start + step)) for start, stop in pairwise(times)
            ]
    return notes_from_columns(*(zip(*rows, strict=True) if rows else ((),) * 4))


def _decibels(audio: NDArray[np.floating]) -> NDArray[np.float32]:
    """Magnitudes in dB above what is too soft to count, `(F, N)`."""
    padded = np.pad(audio.astype(np.float32), ONSET_WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, ONSET_WINDOW)[::ONSET_HOP]
    window = np.hanning(ONSET_WINDOW).astype(np.float32)
    spectrum = np.abs(scipy.fft.rfft(frames * window, axis=1)).T
    decibels = 20 * np.log10(spectrum + np.float32(1e-9))
    above: NDArray[np.float32] = np.maximum(
        decibels - decibels.max(initial=-180) + np.float32(RANGE_DB), 0
    )
    return above


def _rises(decibels: NDArray[np.float32], pitch: int, sample_rate: int) -> NDArray[np.float32]:
    """How much each partial of a pitch rises over three hops, in dB, `(H, N)`."""
    f0 = 440 * 2 ** ((pitch - 69) / 12)
    bins = np.rint(f0 * np.arange(1, PARTIALS + 1) * ONSET_WINDOW / sample_rate).astype(int)
    partials: NDArray[np.float32] = decibels[bins[bins < len(decibels)]]
    rises = np.zeros_like(partials)
    rises[:, 2:-1] = np.maximum(partials[:, 3:] - partials[:, :-3], 0)
    return rises


def _strikes(rises: NDArray[np.float32], apart: int) -> NDArray[np.int_]:
    """The frames in which all partials but one rise most, and enough.

    Another note that shares some of the partials, as one an octave higher does, is no strike.
    """
    least = np.sort(rises, axis=0)[min(1, len(rises) - 1)]
    largest = scipy.ndimage.maximum_filter1d(least, 2 * apart + 1)
    return np.flatnonzero((least >= STRUCK_DB) & (least == largest))


def note_f1(estimated: Notes, true: Notes) -> tuple[float, float]:
    """F1 of notes with the right onset, and of those with the right offset too.

    A note is right if its pitch is within 50 cents and its onset within 50 ms of a true one, each
    true note found once; its offset within 50 ms or a fifth of the note's duration (Bay, Ehmann and
    Downie, ISMIR 2009; Raffel et al., "mir_eval", ISMIR 2014). On the demo's benchmark other notes
    have 0.02 and 0.01 (the floor), the target through the vocoder 0.56 and 0.38 (the ceiling, which
    is the transcriber's: slow attacks and notes that ring on are hard to place).

    Args:
        estimated: as `transcribe` gives it.
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
    return intervals, 440 * 2 ** ((notes["pitch"].astype(float) - 69) / 12)
