"""Presets of the project's own synthesizer: all that a sound is, apart from the notes it plays."""

from typing import NamedTuple

MAX_PARTIALS = 128  # of a spectrum, at most; of them those below half the sample rate sound


class Peak(NamedTuple):
    """A formant, or a band of noise: a Gaussian over log-frequency."""

    hertz: float
    octaves: float  # its deviation
    level_db: float


class Voice(NamedTuple):
    """One of the oscillators that play the same spectrum."""

    cents: float
    gain: float
    offset: float  # periods
    sweep: float  # periods by which its phase goes to and fro
    sweep_rate: float  # Hz


class Preset(NamedTuple):
    """A sound: everything but which notes it plays.

    Attributes:
        seed: of the experiment.
        number: of the preset.
        kind: its name in `KINDS`.
        program: the General MIDI program, 0-127, that it is nearest to.
        levels: dB of the partials, of the sound as it rests and as it is brightest.
        ratios: frequency of each partial re the note's; empty: multiples of it.
        divisor: multiples of the note's frequency divided by this.
        stiffness: B of a stiff string, partial h lies at `h sqrt(1 + B h^2)` (Fletcher,
            "Normal vibration frequencies of a stiff piano string", 1964).
        decay: seconds to -60 dB at middle C; 0: it is held.
        decay_tracking: octaves that the decay shortens by for each octave up.
        damping: how much faster partials decay for each kHz.
        formants: fixed resonances.
        cutoff: Hz of a low-pass filter at middle C.
        slope: dB an octave above it, per 6.
        resonance: dB at the cutoff.
        tracking: octaves the cutoff moves for each octave of the note.
        bright: octaves that it is opened by at the brightest.
        velocity_octaves: octaves that it is opened by over the range of velocities.
        velocity_db: from the softest to the loudest.
        key_db: an octave up.
        attack: seconds.
        attack_power: 1: linear; above: swelling.
        fall: seconds to the level that is held.
        sustain: that level, 0-1.
        release: seconds to silence.
        rise: seconds until it is brightest.
        dim: seconds from there to its rest; 0: it stays bright.
        vibrato_cents: its amplitude.
        vibrato_rate: Hz, of tremolo too.
        vibrato_delay: seconds.
        tremolo: share of the amplitude.
        voices: oscillators.
        noise: bands.
        breath: amplitude of the noise that is held, re the tone.
        burst: amplitude of the noise at the onset.
        burst_seconds: to -60 dB.
    """

    seed: int
    number: int
    kind: str
    program: int
    levels: tuple[tuple[float, ...], tuple[float, ...]]
    ratios: tuple[float, ...]
    divisor: int
    stiffness: float
    decay: float
    decay_tracking: float
    damping: float
    formants: tuple[Peak, ...]
    cutoff: float
    slope: float
    resonance: float
    tracking: float
    bright: float
    velocity_octaves: float
    velocity_db: float
    key_db: float
    attack: float
    attack_power: float
    fall: float
    sustain: float
    release: float
    rise: float
    dim: float
    vibrato_cents: float
    vibrato_rate: float
    vibrato_delay: float
    tremolo: float
    voices: tuple[Voice, ...]
    noise: tuple[Peak, ...]
    breath: float
    burst: float
    burst_seconds: float

    @property
    def family(self) -> int:
        """The General MIDI family, 0-15."""
        return self.program // 8
