"""The project's own synthesizer, in NumPy: notes are played by a preset drawn at random.

What is held (strings, winds, organs, modulated sounds) reads tables of one period, made for each
pitch of the partials below half the sample rate, so that nothing aliases; a table of the sound at
rest and one of it at its brightest are mixed over time. What is struck or plucked is a sum of
partials that each decay by themselves, at any ratio. Noise is added to either.

Equal arguments give equal bytes on one machine, whatever was rendered before and in whatever order.
All of it is computed in double precision by NumPy's functions, its FFT and a matrix product, whose
last bits may differ between processors and between versions of NumPy, by some 1e-14 of the loudest
sample. That is far less than the .35 dB to which a store rounds levels, so that its codes are equal
on other machines too but for a level that happens to lie in the very middle between two.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from timbre.audio.mel import midi_to_hz
from timbre.core.notes import Notes
from timbre.core.params import Audio
from timbre.synthesis.synthesizer_presets import MAX_PARTIALS, Peak, Preset, Voice

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]

MIDDLE_C = midi_to_hz(60)  # Hz, about which presets say how they change with the pitch
CONTROL_RATE = 500  # Hz, at which envelopes and vibrato are computed, linear in between
MIN_NOTE_SECONDS = 0.02  # that a note is held at least
NOISE_SAMPLES = 2**16  # samples that go round and round
MODES_BLOCK_SAMPLES = 128
MIN_AMPLITUDE = 1e-3  # re the loudest partial: softer ones are left out where each costs time
NEPERS = np.log(1000)  # of 60 dB


def render(notes: Notes, preset: Preset, audio: Audio) -> Floats:
    """Play one segment; what sounds on beyond its end is cut.

    Args:
        notes: times in seconds from the segment's start. Those above half the sample rate are
            silent.
        preset: the sound.
        audio: sample rate and segment length.

    Returns:
        `(L,)` at the sample rate, a note's RMS about .7 at most.
    """
    sound = np.zeros(audio.segment_samples)
    instrument = _Instrument(preset, audio.sample_rate)
    # in one order, as sums of floats depend on it
    for note in notes[np.lexsort([notes[name] for name in ("end", "velocity", "pitch", "start")])]:
        start = round(float(note["start"]) * audio.sample_rate)
        seconds = max(float(note["end"]) - float(note["start"]), MIN_NOTE_SECONDS)
        tone = instrument.play(
            int(note["pitch"]), int(note["velocity"]), seconds, start, len(sound) - start
        )
        sound[start : start + len(tone)] += tone
    return sound


@lru_cache(maxsize=1)
def _white() -> Complex:
    """The spectrum of noise that all presets filter, all of whose bins are equally strong."""
    phase = np.random.default_rng(0).uniform(0, 2 * np.pi, NOISE_SAMPLES // 2 + 1)
    return np.asarray(np.exp(1j * phase))


def _peaks_db(hertz: Floats, peaks: tuple[Peak, ...]) -> Floats:
    """The sum of the peaks' levels at these frequencies."""
    octaves = np.log2(hertz)
    total = np.zeros(len(hertz))
    for peak in peaks:
        away = (octaves - np.log2(peak.hertz)) / peak.octaves
        total += peak.level_db * np.exp(-0.5 * away**2)
    return total


class _Instrument:
    """A preset at a sample rate, with what its notes share."""

    def __init__(self, preset: Preset, rate: int) -> None:
        self._preset, self._rate = preset, rate
        self._block = max(1, rate // CONTROL_RATE)
        rng = np.random.default_rng([preset.seed, preset.number, 1])
        self._turn = np.exp(2j * np.pi * rng.random(MAX_PARTIALS))
        self._tables: dict[tuple[int, int], Complex] = {}
        self._noise = self._filtered() if preset.breath or preset.burst else None

    def play(self, pitch: int, velocity: int, seconds: float, start: int, room: int) -> Floats:
        """A note from its onset to its end, no longer than `room` samples.

        Args:
            pitch: MIDI number.
            velocity: MIDI number.
            seconds: that the key is down.
            start: sample, from which the place in the noise is taken.
            room: samples.
        """
        preset = self._preset
        hertz = midi_to_hz(pitch)
        count = min(room, round((seconds + preset.release) * self._rate))
        if count <= 0 or hertz >= self._rate / 2:
            return np.zeros(0)
        blocks = -(-count // self._block)
        time = np.arange(blocks + 1) * self._block / self._rate
        gate = np.clip(1 - (time - seconds) / preset.release, 0, 1) ** 2
        if preset.decay:
            sound = self._modes(hertz, velocity, blocks * self._block)
            envelope = np.minimum(time / preset.attack, 1) * gate
        else:
            sound = self._periods(hertz, pitch, velocity, time)
            envelope = self._envelope(time) * gate
        if preset.tremolo:
            swing = np.sin(2 * np.pi * preset.vibrato_rate * time)
            envelope *= 1 - preset.tremolo * (0.5 + 0.5 * swing)
        sound *= self._smooth(envelope)
        if self._noise is not None:
            loudness = preset.breath * envelope if preset.breath else np.zeros(len(time))
            if preset.burst:
                faded = np.exp(-NEPERS * time / preset.burst_seconds)
                loudness += preset.burst * faded * np.minimum(time * CONTROL_RATE, 1) * gate
            first = (start * 7 + pitch * 7919) % NOISE_SAMPLES
            place = np.arange(first, first + len(sound)) % NOISE_SAMPLES
            sound += self._noise[place] * self._smooth(loudness)
        decibels = preset.velocity_db * (velocity / 127 - 1) + preset.key_db * np.log2(
            hertz / MIDDLE_C
        )
        sound *= 10 ** (decibels / 20)
        return sound[:count]

    def _smooth(self, values: Floats) -> Floats:
        """Values at the borders of blocks `(blocks + 1,)` -> at all samples, linear in between."""
        ramp = np.arange(self._block) / self._block
        return (values[:-1, None] + np.diff(values)[:, None] * ramp).ravel()

    def _envelope(self, time: Floats) -> Floats:
        """Attack and what follows, while the key is down."""
        preset = self._preset
        rising = np.minimum(time / preset.attack, 1) ** preset.attack_power
        after = np.maximum(time - preset.attack, 0) / preset.fall
        return np.asarray(rising * (preset.sustain + (1 - preset.sustain) * np.exp(-3 * after)))

    def _amplitudes(
        self, partials: Floats, hertz: float, velocity: int, *, brightest: bool
    ) -> Floats:
        """Of the partials at these frequencies, of which those that would alias are 0; power 1."""
        preset = self._preset
        level = np.array(preset.levels[brightest][: len(partials)])
        level += _peaks_db(partials, preset.formants)
        opened = preset.velocity_octaves * (velocity / 127 - 0.7)
        opened += preset.tracking * np.log2(hertz / MIDDLE_C)
        cutoff = preset.cutoff * 2 ** (opened + (preset.bright if brightest else 0))
        level -= 10 * np.log10(1 + (partials / cutoff) ** (2 * preset.slope))
        level += _peaks_db(partials, (Peak(cutoff, 0.15, preset.resonance),))
        amplitudes = 10 ** (level / 20)
        cents = preset.vibrato_cents + max(voice.cents for voice in preset.voices)
        amplitudes[partials * 2 ** (cents / 1200) >= self._rate / 2] = 0
        power = np.sum(amplitudes**2)
        return np.asarray(amplitudes / np.sqrt(power)) if power else amplitudes

    def _table(self, hertz: float, pitch: int, velocity: int) -> Complex:
        """One period: the sound at rest, and how the brightest differs as the imaginary part."""
        key = pitch, velocity
        if key not in self._tables:
            base = hertz / self._preset.divisor
            count = min(MAX_PARTIALS, int(self._rate / 2 / base))
            partials = base * np.arange(1.0, count + 1)
            # 16 samples a period of the highest partial, so that linear interpolation does
            size = 1 << max(10, (16 * count - 1).bit_length())
            spectrum = np.zeros((2, size // 2 + 1), complex)
            for row, brightest in zip(spectrum, (False, True), strict=True):
                amplitudes = self._amplitudes(partials, hertz, velocity, brightest=brightest)
                row[1 : count + 1] = amplitudes * self._turn[:count]
            rest, bright = np.fft.irfft(spectrum) * (size / 2)
            self._tables[key] = rest + 1j * (bright - rest)
        return self._tables[key]

    def _periods(self, hertz: float, pitch: int, velocity: int, time: Floats) -> Floats:
        """The tables, read by all voices while the key is down and after."""
        preset = self._preset
        table = self._table(hertz, pitch, velocity)
        slope = np.roll(table, -1) - table
        middle = (time[:-1] + time[1:]) / 2
        swing = preset.vibrato_cents * np.sin(2 * np.pi * preset.vibrato_rate * middle)
        swing *= np.clip(middle - preset.vibrato_delay, 0, 0.2) / 0.2
        steps = hertz / preset.divisor / self._rate * self._block * 2 ** (swing / 1200)
        bright = np.minimum(time / preset.rise, 1)
        bright *= np.exp(-np.maximum(time - preset.rise, 0) / preset.dim)
        weight = self._smooth(bright)
        sound = np.zeros(len(weight))
        for voice in preset.voices:
            phase = self._smooth(_phase(voice, steps, time))
            phase *= len(table)
            index = phase.astype(np.int64)
            phase -= index
            index &= len(table) - 1
            both = slope[index]
            both *= phase
            both += table[index]
            sound += voice.gain * (both.real + weight * both.imag)
        sound /= np.sqrt(sum(voice.gain**2 for voice in preset.voices))
        return sound

    def _modes(self, hertz: float, velocity: int, count: int) -> Floats:
        """A sum of partials, each of which decays by itself: `exp((i omega - d) t)`."""
        preset = self._preset
        number = np.arange(1, MAX_PARTIALS + 1)
        ratios = np.array(preset.ratios or number * np.sqrt(1 + preset.stiffness * number**2))
        partials = hertz * ratios / ratios[0]
        amplitudes = self._amplitudes(partials, hertz, velocity, brightest=True)
        audible = amplitudes > MIN_AMPLITUDE * amplitudes.max()
        partials, amplitudes = partials[audible], amplitudes[audible]
        longest = preset.decay * (MIDDLE_C / hertz) ** preset.decay_tracking
        decay = NEPERS / longest * (1 + preset.damping * partials / 1000)
        poles, weights = [], []
        for voice in preset.voices:
            omega = 2 * np.pi * partials * 2 ** (voice.cents / 1200)
            poles.append((1j * omega - decay) / self._rate)
            weights.append(amplitudes * voice.gain / np.sqrt(len(preset.voices)))
        pole, weight = np.concatenate(poles), np.concatenate(weights)
        blocks = -(-count // MODES_BLOCK_SAMPLES)
        coarse = _powers(np.exp(pole * MODES_BLOCK_SAMPLES), blocks)
        # -1j: partials begin as sines, at 0
        fine = _powers(np.exp(pole), MODES_BLOCK_SAMPLES) * (-1j * weight)
        sound = coarse.real @ fine.real.T - coarse.imag @ fine.imag.T
        return np.asarray(sound.ravel()[:count])

    def _filtered(self) -> Floats:
        """The preset's noise, `(NOISE_SAMPLES,)` of RMS .7."""
        hertz = np.maximum(np.fft.rfftfreq(NOISE_SAMPLES, 1 / self._rate), 1.0)
        band = np.zeros(len(hertz))
        for peak in self._preset.noise:
            away = np.log2(hertz / peak.hertz) / peak.octaves
            band += 10 ** (peak.level_db / 20) * np.exp(-0.5 * away**2)
        noise = np.fft.irfft(_white() * band)
        return np.asarray(noise * np.sqrt(0.5 / np.mean(noise**2)))


def _phase(voice: Voice, steps: Floats, time: Floats) -> Floats:
    """In periods at the borders of blocks, never negative."""
    phase = np.concatenate([[0.0], np.cumsum(steps)]) * 2 ** (voice.cents / 1200)
    sweep = voice.sweep * np.sin(2 * np.pi * voice.sweep_rate * time)
    return np.asarray(phase + 1 + voice.offset + sweep)


def _powers(factors: Complex, count: int) -> Complex:
    """`(count, K)`: the powers 0, 1, 2 ... of `(K,)` factors, each from the one before."""
    powers = np.empty((count, len(factors)), complex)
    powers[0], powers[1:] = 1, factors
    return np.asarray(np.cumprod(powers, axis=0))
