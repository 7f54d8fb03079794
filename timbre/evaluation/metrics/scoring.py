"""Scores of what systems made of a test case: they hear audio, whatever it was made by."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from timbre.audio.mel import mel_spectrogram
from timbre.core.params import Audio
from timbre.core.signal import Signal, resampled
from timbre.evaluation.cases.cases import Case
from timbre.evaluation.metrics.basic_pitch import BasicPitch
from timbre.evaluation.metrics.distances import SAMPLE_RATE
from timbre.evaluation.metrics.features import ClipFeatures, Extractors, Reference, Vector
from timbre.evaluation.metrics.melodia import Melodia, Pitches
from timbre.evaluation.metrics.registry import METRICS
from timbre.models import checkpoint
from timbre.models.timbre_net.families import FAMILIES
from timbre.models.timbre_net.model import Model as TimbreNet

Scores = dict[str, float]


class Scorer:
    """Scores outputs, all at one rate whatever that of the clips is.

    Args:
        timbre: checkpoint of the timbre net.
        sample_rate: Hz, of all clips.
        melodia: the guarded pitch tracker.
    """

    def __init__(self, timbre: Path, sample_rate: int, melodia: Melodia) -> None:
        _, net = checkpoint.load(timbre)
        assert isinstance(net, TimbreNet)
        self._net, self._rate, self._melodia = net, sample_rate, melodia
        self._audio = Audio.model_validate(checkpoint.description(timbre)["audio"])
        self._extractors = Extractors(self._embed, self._family, self._pitches, BasicPitch())

    def score(self, case: Case, outputs: Mapping[str, Signal]) -> dict[str, Scores]:
        """Score what several systems made of a case; none sees another.

        What is known to be right decides which metrics there are: distances to the target need a
        target, note scores need the notes. Without a target the timbre is compared with the style
        clip and the pitches with the content, as the reference does with its real recordings.

        Args:
            case: the test case.
            outputs: by system, `(L,)` of the content's length.

        Returns:
            By system, scores by the names in `timbre.evaluation.metrics.registry.METRICS`.
        """
        target = None if case.target is None else self._features(case.target)
        reference = Reference(
            target=target,
            timbre=target or self._features(case.style),
            sounding=target or self._features(case.content),
            notes=case.notes,
            family=case.style_family,
        )
        return {
            name: self._scores(self._features(sound), reference) for name, sound in outputs.items()
        }

    @staticmethod
    def _scores(output: ClipFeatures, reference: Reference) -> Scores:
        measured = {name: metric.measure(output, reference) for name, metric in METRICS.items()}
        return {name: value for name, value in measured.items() if value is not None}

    def _features(self, sound: Signal) -> ClipFeatures:
        return ClipFeatures(sound, self._rate, self._extractors)

    @torch.inference_mode()
    def _embed(self, sound: Signal, sample_rate: int) -> Vector:
        own = self._audio.sample_rate  # what the net was trained with
        mel = mel_spectrogram(resampled(sound, sample_rate, own), self._audio)
        embedding: Tensor = self._net.embed(torch.from_numpy(mel).float()[None])[0]
        vector: Vector = embedding.numpy()
        return vector

    @torch.inference_mode()
    def _family(self, embedding: Vector) -> str:
        return FAMILIES[int(self._net.families(torch.from_numpy(embedding)[None]).argmax())]

    def _pitches(self, sound: Signal, sample_rate: int) -> Pitches | None:
        return self._melodia.pitches(resampled(sound, sample_rate, SAMPLE_RATE), SAMPLE_RATE)
