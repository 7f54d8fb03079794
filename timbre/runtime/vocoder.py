"""Vocoder without PyTorch: a graph tells the spectrum, and the audio is corrected by the mel.

The same as `timbre.models.vocoder.model`, in which it says why.
"""

from functools import lru_cache

import numpy as np

from timbre.audio.mel import mel_filters
from timbre.core.params import Audio
from timbre.core.signal import Signal
from timbre.runtime.backend import Floats
from timbre.runtime.banded import BandedMatrix
from timbre.runtime.onnx_session import Session
from timbre.runtime.spectra import hann, istft, stft

POWER_FLOOR, MAX_RATIO, MOMENTUM = 1e-14, 1e6, 0.8  # see there


class Vocoder:
    """The vocoder of a graph.

    Args:
        session: of the graph.
        audio: the mel's settings.
    """

    def __init__(self, session: Session, audio: Audio) -> None:
        self._session, self._audio = session, audio
        self._n_fft, self._iterations = session.about["n_fft"], session.about["iterations"]
        self._step = max(1, audio.n_fft // (2 * audio.hop_length))

    def __call__(self, mel: Floats) -> Signal:
        """Mel in dB `(M, T)` -> audio `(T * hop_length,)`; equal mel, equal audio."""
        audio = self._audio
        length = mel.shape[1] * audio.hop_length
        real, imaginary = self._session(mel=mel[None])
        sound = istft(real[0] + 1j * imaginary[0], self._n_fft, audio.hop_length, length)
        audible = mel > audio.db_min + audio.db_step / 2
        target = np.where(audible, 10 ** (mel / np.float32(10)), np.float32(0)).T
        before = sound
        for half in range(2 * self._iterations):
            ahead = sound + np.float32(MOMENTUM) * (sound - before)
            before, sound = sound, self._corrected(ahead, target, half % 2 * (self._step // 2))
        return np.clip(sound, -1, 1)

    def _corrected(self, sound: Signal, target: Floats, early: int) -> Signal:
        """Half a turn, of the frames that lie so many frames of the mel before every `step`-th."""
        n_fft, hop, length = self._audio.n_fft, self._step * self._audio.hop_length, len(sound)
        filters, shares = _matrices(self._audio)
        before = early * self._audio.hop_length
        padded = np.pad(sound, (before, -(before + length) % hop), mode="reflect")
        spectrum = stft(padded, n_fft, hop)
        frames = np.arange(len(spectrum)) * self._step - early
        inside = (frames >= 0) & (frames < len(target))
        target = target[frames.clip(0, len(target) - 1)]
        scale = np.float32((2 / hann(n_fft).sum()) ** 2)
        power = (spectrum.real**2 + spectrum.imag**2) * scale
        ratio = (target + np.float32(POWER_FLOOR)) / (filters(power) + np.float32(POWER_FLOOR))
        ratio = np.clip(ratio, np.float32(1 / MAX_RATIO), np.float32(MAX_RATIO))
        gain = np.exp(shares(np.log(ratio) * inside[:, None]) / 2)
        return istft(spectrum * gain, n_fft, hop, len(padded))[before : before + length]


@lru_cache(maxsize=2)
def _matrices(audio: Audio) -> tuple[BandedMatrix, BandedMatrix]:
    """The mel filters, and what each band has to say in each bin."""
    filters = mel_filters(audio)
    shares = filters.T / filters.sum(axis=0).clip(min=1e-6)[:, None]
    return BandedMatrix(filters, np.float32), BandedMatrix(shares, np.float32)
