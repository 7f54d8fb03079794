"""Metrics of the evaluation: a name each, what computes it and how it is read.

Another metric is another entry of `METRICS`: scores, the report, plots and `dvc metrics show`
follow.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from timbre.core.notes import Notes, piano_roll
from timbre.evaluation.metrics import cepstrum, distances, envelope, melodia, transcription
from timbre.evaluation.metrics.features import ClipFeatures, Reference

Measure = Callable[[ClipFeatures, Reference], float | None]  # None where it cannot be measured


class Metric(NamedTuple):
    """A metric."""

    heading: str
    better: str  # lower, higher, or what is ideal
    digits: int  # after the point
    meaning: str  # one line for a reader who is new to it
    measure: Measure
    headline: bool = False  # shown by `dvc metrics show`; all others stand in the report
    compared: bool = False  # system by system, case by case

    @property
    def lower_is_better(self) -> bool | None:
        """None if the best value lies in between."""
        return {"lower": True, "higher": False}.get(self.better)


def _of_target(measure: Callable[[ClipFeatures, ClipFeatures], float | None]) -> Measure:
    """A measure of an output and its true target."""
    return lambda output, reference: (
        None if reference.target is None else measure(output, reference.target)
    )


def _of_notes(measure: Callable[[ClipFeatures, Notes], float]) -> Measure:
    """A measure of an output and the notes that are to be heard in it."""
    return lambda output, reference: (
        None if reference.notes is None else measure(output, reference.notes)
    )


def _timbre(output: ClipFeatures, reference: Reference) -> float:
    """1 - cosine of the embeddings, 0 to 2 (Cifka et al. 2021, section 4.3)."""
    one, other = output.embedding, reference.timbre.embedding
    return 1 - float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def _mfcc(output: ClipFeatures, reference: Reference) -> float:
    return cepstrum.mfcc_distance(output.mels[0], reference.timbre.mels[0])


def _family(output: ClipFeatures, reference: Reference) -> float | None:
    return float(output.family == reference.family) if reference.family else None


def _jaccard(output: ClipFeatures, reference: Reference) -> float | None:
    pitches, sounding = output.pitches, reference.sounding.pitches
    return None if pitches is None or sounding is None else melodia.jaccard(pitches, sounding)


def _frame_f1(output: ClipFeatures, notes: Notes) -> float:
    estimate = output.transcription
    true = piano_roll(notes, estimate.frames.shape[1], estimate.frames_per_second)
    return distances.frame_f1(estimate.frames, true)


def _attack(output: ClipFeatures, reference: Reference) -> float | None:
    if reference.target is None or reference.notes is None:
        return None
    return envelope.attack_difference(output.sound, reference.target.sound, reference.notes)


def _decay(output: ClipFeatures, reference: Reference) -> float | None:
    if reference.target is None or reference.notes is None:
        return None
    return envelope.decay_difference(output.sound, reference.target.sound, reference.notes)


METRICS = {
    "lsd": Metric(
        "LSD",
        "lower",
        2,
        "log-spectral distance to the target in dB, computed as Cífka et al. do: "
        "both clips are first brought to one loudness",
        _of_target(lambda output, target: distances.lsd(output.mels[0], target.mels[0])),
        headline=True,
        compared=True,
    ),
    "lsd_frames": Metric(
        "LSD by frame",
        "lower",
        2,
        "the same distance, with the mean taken over frames, as is usual elsewhere",
        _of_target(lambda output, target: distances.lsd_frames(output.mels[0], target.mels[0])),
    ),
    "lsd_raw": Metric(
        "LSD with level",
        "lower",
        2,
        "LSD where a wrong loudness counts too",
        _of_target(lambda output, target: distances.lsd(output.mels[1], target.mels[1])),
    ),
    "lsd_frames_raw": Metric(
        "LSD by frame, with level",
        "lower",
        2,
        "LSD by frame where a wrong loudness counts too",
        _of_target(lambda output, target: distances.lsd_frames(output.mels[1], target.mels[1])),
    ),
    "rough": Metric(
        "roughness",
        "near 1",
        2,
        "how much the sound changes from frame to frame against the target's: "
        "below 1 is blurred, above 1 is noisy",
        _of_target(lambda output, target: distances.roughness(output.mels[0], target.mels[0])),
        headline=True,
    ),
    "timbre": Metric(
        "timbre",
        "lower",
        3,
        "how unlike the target's the sound is (the style's, where there is no target), heard by a "
        "network that was trained to tell timbres apart: 0 is the same timbre, 2 the opposite",
        _timbre,
        headline=True,
        compared=True,
    ),
    "mfcc": Metric(
        "MFCC distance",
        "lower",
        1,
        "a second opinion on timbre, which nothing was trained for: the Fréchet distance of the "
        "distributions of MFCC 2-13, in dB",
        _mfcc,
        headline=True,
        compared=True,
    ),
    "family": Metric(
        "family",
        "higher",
        2,
        "the share of cases in which a classifier hears the style's family of instruments",
        _family,
    ),
    "jaccard": Metric(
        "pitch",
        "lower",
        3,
        "the share of pitches that are wrong (Jaccard distance), as Melodia follows them: "
        "0 is every pitch right, 1 is none",
        _jaccard,
        headline=True,
        compared=True,
    ),
    "onset_f1": Metric(
        "onset F1",
        "higher",
        3,
        "notes with the right pitch that begin at the right time, as Basic Pitch hears them",
        _of_notes(
            lambda output, notes: transcription.note_f1(output.transcription.notes, notes)[0]
        ),
        headline=True,
        compared=True,
    ),
    "note_f1": Metric(
        "note F1",
        "higher",
        3,
        "the same, where notes must also end rightly",
        _of_notes(
            lambda output, notes: transcription.note_f1(output.transcription.notes, notes)[1]
        ),
    ),
    "frame_f1": Metric(
        "frame F1",
        "higher",
        3,
        "all pitches that sound at a time against those of the notes",
        _of_notes(_frame_f1),
        headline=True,
    ),
    "envelope": Metric(
        "envelope",
        "higher",
        3,
        "the correlation of the loudness curves with the target's, in steps of 50 ms",
        _of_target(lambda output, target: envelope.correlation(output.sound, target.sound)),
        compared=True,
    ),
    "attack": Metric(
        "attack",
        "lower",
        0,
        "the difference of attack times to the target's, in ms",
        _attack,
    ),
    "decay": Metric(
        "decay",
        "lower",
        1,
        "the difference of how fast notes fade to the target's, in dB/s",
        _decay,
    ),
}
HEADLINE = tuple(name for name, metric in METRICS.items() if metric.headline)
COMPARED = tuple(name for name, metric in METRICS.items() if metric.compared)
