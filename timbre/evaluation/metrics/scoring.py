"""All metrics of what systems made of a test case: they hear audio, whatever it was made by."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from timbre.audio.mel import mel_spectrogram
from timbre.core.notes import Notes, piano_roll
from timbre.core.params import Audio
from timbre.core.signal import Signal, resampled
from timbre.evaluation.cases.cases import Case
from timbre.evaluation.metrics import distances as metrics
from timbre.evaluation.metrics import transcription
from timbre.evaluation.metrics.basic_pitch import BasicPitch
from timbre.evaluation.metrics.distances import SAMPLE_RATE
from timbre.evaluation.metrics.melodia import Melodia, Pitches, jaccard
from timbre.models import checkpoint
from timbre.models.timbre_net.families import FAMILIES
from timbre.models.timbre_net.model import Model as TimbreNet

Mel = NDArray[np.float64]
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
        self._transcriber = BasicPitch()
        self._audio = Audio.model_validate(checkpoint.description(timbre)["audio"])

    def score(self, case: Case, outputs: Mapping[str, Signal]) -> dict[str, Scores]:
        """Score what several systems made of a case; none sees another.

        What is known to be right decides which metrics there are: distances to the target need a
        target, note scores need the notes. Without a target the timbre is compared with the style
        clip and the pitches with the content, as the reference does with its real recordings.

        Args:
            case: the test case.
            outputs: by system, `(L,)` of the content's length.

        Returns:
            By system, scores by the names in `timbre.evaluation.metrics.distances.NAMES`.
        """
        timbre = case.style if case.target is None else case.target
        sounding = case.content if case.target is None else case.target
        wanted, pitches = self._embed(timbre), self._pitches(sounding)
        levels = None if case.target is None else metrics.log_mels(case.target, self._rate)
        scores = {}
        for name, output in outputs.items():
            found = self._timbre(output, wanted, case.style_family)
            heard = self._pitches(output)
            if pitches is not None and heard is not None:
                found["jaccard"] = jaccard(heard, pitches)
            if levels is not None:
                found |= self._distances(output, levels)
            if case.notes is not None:
                found |= self._notes(output, case.notes)
            scores[name] = {metric: found[metric] for metric in metrics.NAMES if metric in found}
        return scores

    def _distances(self, output: Signal, target: tuple[Mel, Mel]) -> Scores:
        level, raw = metrics.log_mels(output, self._rate)
        return {
            "lsd": metrics.lsd(level, target[0]),
            "lsd_frames": metrics.lsd_frames(level, target[0]),
            "lsd_raw": metrics.lsd(raw, target[1]),
            "lsd_frames_raw": metrics.lsd_frames(raw, target[1]),
            "rough": metrics.roughness(level, target[0]),
        }

    @torch.inference_mode()
    def _embed(self, sound: Signal) -> Tensor:
        own = self._audio.sample_rate  # what the net was trained with
        mel = mel_spectrogram(resampled(sound, self._rate, own), self._audio)
        return self._net.embed(torch.from_numpy(mel).float()[None])

    @torch.inference_mode()
    def _timbre(self, output: Signal, wanted: Tensor, family: str) -> Scores:
        """Timbre distance, and whether the wanted family of instruments is heard, if it is known.

        The distance is 1 - cosine between embeddings of the timbre net, from 0 (one timbre) to 2;
        lower is better (Cifka et al. 2021, section 4.3). On the demo's benchmark copied content has
        0.43 (the floor), copied style 0.15 (other notes cost that much), the target through the
        vocoder 0.01 (the ceiling). The family is 0 or 1, higher is better: 0.12, 0.52 and 0.57.
        """
        heard = self._embed(output)
        scores = {"timbre": 1 - F.cosine_similarity(heard, wanted).item()}
        if family:
            scores["family"] = float(FAMILIES[int(self._net.families(heard).argmax())] == family)
        return scores

    def _pitches(self, sound: Signal) -> Pitches | None:
        return self._melodia.pitches(resampled(sound, self._rate, SAMPLE_RATE), SAMPLE_RATE)

    def _notes(self, output: Signal, notes: Notes) -> Scores:
        heard = self._transcriber(output, self._rate)
        true = piano_roll(notes, heard.frames.shape[1], heard.frames_per_second)
        onset, note = transcription.note_f1(heard.notes, notes)
        frame = metrics.frame_f1(heard.frames, true)
        return {"onset_f1": onset, "note_f1": note, "frame_f1": frame}
