"""Check of headphones: tones that loudspeakers cancel (Woods et al., 2017).

Which of three tones is the softest? One is 6 dB softer. Another has its channels in opposite phase:
between loudspeakers it nearly vanishes, and is taken for the softest; in headphones it does not.

K. J. P. Woods et al.: "Headphone screening to facilitate web-based auditory experiments",
Attention, Perception and Psychophysics 79, 2017.
"""

import io

import numpy as np
import soundfile

from timbre.core.files import fingerprint

ROUND_COUNT, MIN_RIGHT_ROUNDS = 6, 5  # how often is asked, and how often has to be right
TONE_COUNT = 3
_RATE, _HERTZ, _TONE, _PAUSE, _RAMP = 44_100, 200.0, 1.0, 0.5, 0.1  # Hz, Hz, s
_LEVEL, _SOFTER = 0.1, 10 ** (-6 / 20)


def softest(listener: str, attempt: int, number: int) -> tuple[int, int]:
    """Tones of a round: which is the softest, and which has its channels in opposite phase."""
    drawn = int(fingerprint("headphones", listener, attempt, number), 16)
    soft = drawn % TONE_COUNT
    return soft, (soft + 1 + drawn // TONE_COUNT % (TONE_COUNT - 1)) % TONE_COUNT


def tones(soft: int, opposite: int) -> bytes:
    """The three tones of a round, as a FLAC file of two channels."""
    time = np.arange(round(_TONE * _RATE)) / _RATE
    ramp = np.minimum(1, np.minimum(time, _TONE - time) / _RAMP)
    tone = _LEVEL * ramp * np.sin(2 * np.pi * _HERTZ * time)
    pause = np.zeros((round(_PAUSE * _RATE), 2))
    parts = []
    for number in range(TONE_COUNT):
        level = _SOFTER if number == soft else 1.0
        sign = -1 if number == opposite else 1
        parts += [np.stack([level * tone, sign * level * tone], axis=1), pause]
    buffer = io.BytesIO()
    soundfile.write(buffer, np.concatenate(parts[:-1]), _RATE, "PCM_16", format="FLAC")
    return buffer.getvalue()
