"""All metrics of one output: they depend on its test case alone."""

from pathlib import Path

import torch
import torch.nn.functional as F

from audio import metrics, pitch, transcription
from audio.benchmark import Case, Signal
from audio.families import FAMILIES
from audio.melodia import Melodia, jaccard
from audio.notes import piano_roll
from audio.params import Audio
from models import checkpoint
from models.systems import mel
from models.timbre import Model as TimbreNet

PITCH_HOP = 2  # spectrogram hops between the frames in which pitches are compared

Scores = dict[str, float]


class Scorer:
    """Scores outputs.

    Args:
        timbre: checkpoint of the timbre net.
        audio: the mel's settings.
        melodia: the guarded pitch tracker.
    """

    def __init__(self, timbre: Path, audio: Audio, melodia: Melodia) -> None:
        _, net = checkpoint.load(timbre)
        assert isinstance(net, TimbreNet)
        self._net, self._audio, self._melodia = net, audio, melodia

    def score(self, case: Case, output: Signal) -> Scores:
        """What is known to be right decides which metrics there are.

        Distances to the target need a target, note scores need the notes. Without a target the
        timbre is compared with the style clip and the pitches with the content, as the reference
        does with its real recordings.

        Args:
            case: the test case.
            output: `(L,)`, of the content's length.

        Returns:
            Scores by name; `audio.results.METRICS` says what they mean.
        """
        scores: Scores = {}
        if case.target is not None:
            scores |= self._distances(output, case.target)
        scores |= self._timbre(output, case)
        scores |= self._pitch(output, case.content if case.target is None else case.target)
        if case.notes is not None:
            scores |= self._notes(output, case)
        return scores

    def _distances(self, output: Signal, target: Signal) -> Scores:
        rate = self._audio.sample_rate
        level, true = (metrics.log_mel(sound, rate) for sound in (output, target))
        raw, true_raw = (
            metrics.log_mel(sound, rate, normalize=False) for sound in (output, target)
        )
        return {
            "lsd": metrics.lsd(level, true),
            "lsd_frames": metrics.lsd_frames(level, true),
            "lsd_raw": metrics.lsd(raw, true_raw),
            "lsd_frames_raw": metrics.lsd_frames(raw, true_raw),
            "rough": metrics.roughness(level, true),
        }

    @torch.inference_mode()
    def _timbre(self, output: Signal, case: Case) -> Scores:
        reference = case.style if case.target is None else case.target
        heard, wanted = (
            self._net.embed(torch.from_numpy(mel(sound, self._audio))[None])
            for sound in (output, reference)
        )
        scores = {"timbre": 1 - F.cosine_similarity(heard, wanted).item()}
        if case.style_family:
            found = FAMILIES[int(self._net.families(heard).argmax())]
            scores["family"] = float(found == case.style_family)
        return scores

    def _pitch(self, output: Signal, reference: Signal) -> Scores:
        rate = self._audio.sample_rate
        found, true = (self._melodia.pitches(sound, rate) for sound in (output, reference))
        return {} if found is None or true is None else {"jaccard": jaccard(found, true)}

    def _notes(self, output: Signal, case: Case) -> Scores:
        assert case.notes is not None
        rate, hop = self._audio.sample_rate, PITCH_HOP * self._audio.hop_length
        found = pitch.pitches(output, rate, hop)
        true = piano_roll(case.notes, found.shape[1], rate / hop)
        notes = transcription.transcribe(found, output, rate, hop)
        onset, note = transcription.note_f1(notes, case.notes)
        return {"onset_f1": onset, "note_f1": note, "frame_f1": metrics.frame_f1(found, true)}
