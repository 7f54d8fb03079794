"""Transcription by Basic Pitch: notes that a network hears, which other groups use too.

Bittner et al., "A lightweight instrument-agnostic model for polyphonic note transcription and
multipitch estimation", ICASSP 2022, arXiv:2203.09893. The network is the ONNX model that the
package `basic-pitch` brings; the package itself, which wants TensorFlow, is not imported.
"""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.signal import argrelmax

from timbre.core.errors import InputError
from timbre.core.notes import Notes, notes_from_columns
from timbre.core.signal import Signal

SAMPLE_RATE, HOP = 22_050, 256  # Hz, samples a frame
WINDOW_SAMPLES = 43_844  # samples that the network hears at once
OVERLAP_FRAMES = 30  # frames that two windows share, of which each keeps half
LOWEST_PITCH, PITCHES = 21, 88  # MIDI pitch of the first bin; bins
# probabilities above which a note begins and sounds: the package's
MIN_ONSET_PROBABILITY, MIN_FRAME_PROBABILITY = 0.5, 0.3
MIN_NOTE_FRAMES, MAX_GAP_FRAMES = 11, 11  # of a note, and of silence that does not end one
VELOCITY = 64  # that notes get; it is not heard
MODEL = Path("saved_models", "icassp_2022", "nmp.onnx")  # in the package
OUTPUTS = ("StatefulPartitionedCall:1", "StatefulPartitionedCall:2")  # frames, onsets


class Transcription(NamedTuple):
    """Notes that were heard, and which pitches sound in each frame."""

    notes: Notes
    frames: NDArray[np.bool_]  # (128, T), `frames_per_second` a second
    frames_per_second: float = SAMPLE_RATE / HOP


class BasicPitch:
    """The network, in one thread.

    Raises:
        InputError: if the packages `basic-pitch` and `onnxruntime` are not installed.
    """

    def __init__(self) -> None:
        spec = find_spec("basic_pitch")
        if spec is None or spec.origin is None or find_spec("onnxruntime") is None:
            raise InputError(
                "expected the packages basic-pitch and onnxruntime, they are not installed; please "
                "install them: pip install onnxruntime && pip install --no-deps basic-pitch"
            )
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # as in `timbre.runtime.onnx_session`
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            Path(spec.origin).parent / MODEL, options, providers=["CPUExecutionProvider"]
        )
        self._input = self._session.get_inputs()[0].name

    def __call__(self, audio: Signal, sample_rate: int) -> Transcription:
        """Notes of a clip.

        Args:
            audio: `(L,)` in [-1, 1].
            sample_rate: Hz.
        """
        frames, onsets = self._posteriors(soxr.resample(audio, sample_rate, SAMPLE_RATE))
        notes = _notes(frames, onsets)
        sounding = np.zeros((128, len(frames)), bool)
        sounding[LOWEST_PITCH : LOWEST_PITCH + PITCHES] = (frames > MIN_FRAME_PROBABILITY).T
        return Transcription(notes, sounding)

    def _posteriors(self, audio: Signal) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Probabilities that a pitch sounds and that it begins, `(T, 88)` each."""
        half, hop = OVERLAP_FRAMES // 2, WINDOW_SAMPLES - OVERLAP_FRAMES * HOP
        padded = np.pad(audio, (half * HOP, WINDOW_SAMPLES))
        starts = range(0, len(audio), hop)
        windows = np.stack([padded[start : start + WINDOW_SAMPLES] for start in starts])
        outputs = self._session.run(
            list(OUTPUTS), {self._input: windows[:, :, None].astype(np.float32)}
        )
        # a window's kept frames last a little longer than the step to the next: without this the
        # frames would fall behind by most of one with each window
        times = [
            (start / HOP) + np.arange(outputs[0].shape[1] - OVERLAP_FRAMES) for start in starts
        ]
        nearest = np.searchsorted(np.concatenate(times), np.arange(-(-len(audio) // HOP)) - 0.5)
        frames, onsets = (
            each[:, half:-half].reshape(-1, PITCHES)[nearest].astype(np.float32) for each in outputs
        )
        return frames, onsets


def _notes(frames: NDArray[np.float32], onsets: NDArray[np.float32]) -> Notes:
    """Notes from the peaks of onsets to where their pitch ends, late ones first."""
    left = frames.copy()
    rows = []
    begins, bins = argrelmax(np.pad(onsets, ((1, 1), (0, 0))), axis=0)
    begins -= 1
    strong = onsets[begins, bins] >= MIN_ONSET_PROBABILITY
    for begin, pitch in sorted(zip(begins[strong], bins[strong], strict=True), reverse=True):
        end, gap = begin + 1, 0
        while end < len(left) and gap < MAX_GAP_FRAMES:
            gap = gap + 1 if left[end, pitch] < MIN_FRAME_PROBABILITY else 0
            end += 1
        end -= gap
        if end - begin >= MIN_NOTE_FRAMES:
            left[begin:end, pitch] = 0  # it does not sound for an earlier note
            rows.append(
                (
                    pitch + LOWEST_PITCH,
                    VELOCITY,
                    begin * HOP / SAMPLE_RATE,
                    end * HOP / SAMPLE_RATE,
                )
            )
    if not rows:
        return notes_from_columns([], [], [], [])
    return notes_from_columns(*zip(*sorted(rows, key=lambda row: row[2]), strict=True))
