"""Kinds of sound that the synthesizer's presets are drawn from, and between which bounds."""

from typing import NamedTuple

Range = tuple[float, float]
NO_RANGE: Range = (0, 0)
UNHEARD_DB: Range = (-120, -110)  # dB

# partials of solid bodies re the one that is heard as the pitch: Fletcher and Rossing, "The physics
# of musical instruments", 1998: bars (2.15), marimba and xylophone (19), bells (21), membranes (3)
RATIOS = {
    "bar": (1, 2.756, 5.404, 8.933, 13.34, 18.64),
    "marimba": (1, 3.92, 9.24, 16.27, 24.22),
    "xylophone": (1, 3, 6, 10.2, 15.4),
    "tubular": (1, 1.52, 2.0, 2.55, 3.12, 3.74, 5.1),
    "church": (1, 1.2, 1.5, 2, 2.5, 2.67, 3.0, 4.0, 5.33, 6.7),
    "membrane": (1, 1.5, 1.99, 2.44, 2.89, 3.33, 4.1),
    "plate": (1, 1.73, 2.33, 3.91, 4.11, 6.3, 6.71, 8.2),
    "glass": (1, 2.32, 4.25, 6.63, 9.38),
}
# Hz of the first four formants of vowels: Peterson and Barney, "Control methods used in a study of
# the vowels", 1952; the fourth about where it lies in singing
VOWELS = (
    (730, 1090, 2440, 3300),
    (530, 1840, 2480, 3500),
    (390, 1990, 2550, 3500),
    (270, 2290, 3010, 3700),
    (570, 840, 2410, 3300),
    (440, 1020, 2240, 3200),
    (300, 870, 2240, 3200),
    (490, 1350, 1690, 3100),
)


class Kind(NamedTuple):
    """Bounds between which the values of `Preset` are drawn, and chances of what may be absent.

    Attributes:
        programs: General MIDI programs that it is nearest to.
        spectrum: harmonic, drawbars, wave (saw or pulse), modulated, or body (`RATIOS`).
        tilt: dB an octave.
        even_db: of even partials re odd ones.
        scatter_db: deviation of each partial by chance.
        comb_share: of presets that are excited at one point of a string.
        sparse_share: of presets that lack many partials.
        divided_share: of modulated presets whose partials are no multiples of the note's frequency.
        formants: how many; `vowel`: those of a vowel instead.
        decay: s; none: the sound is held by its envelope.
        held_share: of presets that stay as loud as they begin, the others fall to `sustain`.
        voices_share: of presets with several oscillators.
    """

    programs: tuple[int, ...]
    spectrum: str = "harmonic"
    tilt: Range = (-10, 0)
    even_db: Range = (-12, 4)
    scatter_db: Range = (3, 12)
    comb_share: float = 0
    sparse_share: float = 0
    divided_share: float = 0
    vowel: bool = False
    formants: tuple[int, int] = (1, 6)
    formant_db: Range = (-25, 25)
    stiffness: Range = NO_RANGE
    decay: Range = NO_RANGE
    damping: Range = (0.03, 2)
    cutoff: Range = (700, 14000)
    resonance: Range = (0, 6)
    bright: Range = (0, 2)
    velocity_octaves: Range = (0, 2)
    attack: Range = (0.004, 0.1)
    sustain: Range = (0.2, 1)
    held_share: float = 0.6
    release: Range = (0.03, 0.4)
    rise: Range = (0.005, 0.2)
    dim: Range = (0.05, 1)
    vibrato: Range = (5, 40)
    vibrato_share: float = 0
    tremolo_share: float = 0.1
    voices_share: float = 0
    breath_db: Range = UNHEARD_DB
    burst_db: Range = UNHEARD_DB


KINDS = {
    "struck": Kind(
        programs=(0, 1, 2, 3, 4, 5, 6, 7), tilt=(-10, 0), comb_share=0.7, stiffness=(1e-5, 2e-3),
        decay=(2, 20), cutoff=(1500, 14000), attack=(0.002, 0.006), release=(0.05, 0.3),
        voices_share=0.3, burst_db=(-45, -10),
    ),
    "plucked": Kind(
        programs=(24, 25, 26, 27, 28, 32, 33, 34, 35, 46, 104, 105, 106, 107), tilt=(-9, 1),
        comb_share=1, stiffness=(1e-6, 3e-4), decay=(0.5, 12), damping=(0.05, 4),
        cutoff=(1000, 14000), attack=(0.002, 0.005), release=(0.04, 0.3), burst_db=(-40, -6),
    ),
    "body": Kind(
        programs=(8, 9, 10, 11, 12, 13, 14, 15), spectrum="body", tilt=(-9, 6), formants=(0, 3),
        even_db=NO_RANGE, decay=(0.5, 10), damping=(0.03, 1), cutoff=(2000, 14000),
        attack=(0.002, 0.006), release=(0.1, 1), burst_db=(-40, -8), tremolo_share=0.2,
    ),
    "organ": Kind(
        programs=(16, 17, 18, 19), spectrum="drawbars", scatter_db=(0, 3), even_db=(-3, 3),
        cutoff=(2000, 12000), bright=NO_RANGE, velocity_octaves=NO_RANGE, attack=(0.003, 0.06),
        held_share=1, vibrato=(3, 15), vibrato_share=0.4, tremolo_share=0.4,
        burst_db=(-50, -20), breath_db=(-70, -35),
    ),
    "bowed": Kind(
        programs=(40, 41, 42, 43, 44, 48, 49), tilt=(-7, 0), formants=(3, 8), comb_share=0.4,
        attack=(0.02, 0.3), held_share=0.8, sustain=(0.5, 1), release=(0.05, 0.5),
        vibrato_share=0.7, voices_share=0.3, breath_db=(-55, -22),
    ),
    "blown": Kind(
        programs=(72, 73, 74, 75, 76, 77, 78, 79), tilt=(-20, -3), even_db=(-25, 6),
        formants=(0, 4), cutoff=(800, 10000), attack=(0.02, 0.15), held_share=0.8,
        sustain=(0.5, 1), vibrato_share=0.5, tremolo_share=0.3, breath_db=(-50, -6),
        burst_db=(-40, -8),
    ),
    "brass": Kind(
        programs=(56, 57, 58, 59, 60, 61, 62, 63), tilt=(-6, 2), scatter_db=(2, 8),
        formants=(1, 5), cutoff=(500, 5000), bright=(1, 3), velocity_octaves=(1, 3),
        attack=(0.015, 0.12), rise=(0.02, 0.15), dim=(0.1, 4), held_share=0.7,
        sustain=(0.5, 1), vibrato=(3, 25), vibrato_share=0.4, voices_share=0.2,
        breath_db=(-60, -20),
    ),
    "reed": Kind(
        programs=(20, 21, 22, 64, 65, 66, 67, 68, 69, 70, 71), tilt=(-8, 2), even_db=(-40, 4),
        formants=(2, 6), attack=(0.01, 0.1), held_share=0.8,
        sustain=(0.6, 1), vibrato_share=0.4, breath_db=(-60, -25),
    ),
    "modulated": Kind(
        programs=(4, 5, 38, 39, 62, 63, 80, 81), spectrum="modulated", scatter_db=(0, 8),
        even_db=NO_RANGE, formants=(0, 4), cutoff=(2000, 14000), bright=(0, 1),
        attack=(0.002, 0.08), held_share=0.4, sustain=(0, 0.8), dim=(0.1, 6),
        vibrato_share=0.2, voices_share=0.2,
    ),
    "modulated bell": Kind(
        programs=(8, 9, 10, 11, 14, 98), spectrum="modulated", scatter_db=(0, 8), even_db=NO_RANGE,
        divided_share=1, formants=(0, 4), cutoff=(2000, 12000), bright=(0, 1),
        attack=(0.002, 0.01), held_share=0.0, sustain=(0, 0.2), release=(0.1, 1), dim=(0.1, 2),
    ),
    "pad": Kind(
        programs=(50, 51, 88, 89, 90, 91, 92, 93, 94, 95), tilt=(-8, 0), sparse_share=0.4,
        bright=(0, 3), attack=(0.1, 1.2), held_share=0.9, release=(0.2, 1), rise=(0.1, 1.5),
        dim=(0.3, 3), vibrato=(3, 15), vibrato_share=0.3, tremolo_share=0.3, voices_share=0.8,
        breath_db=(-70, -30),
    ),
    "lead": Kind(
        programs=(38, 39, 80, 81, 82, 83, 84, 86, 87), spectrum="wave", scatter_db=(0, 6),
        even_db=(-6, 3), formants=(0, 4), cutoff=(400, 14000), resonance=(0, 20), bright=(0, 4),
        attack=(0.003, 0.06), held_share=0.5, release=(0.03, 0.3), rise=(0.004, 0.05),
        dim=(0.05, 1), vibrato_share=0.3, voices_share=0.6,
    ),
    "voice": Kind(
        programs=(52, 53, 54, 85, 91), tilt=(-12, -3), scatter_db=(2, 8), vowel=True,
        formant_db=(14, 30), cutoff=(3000, 12000), bright=(0, 1), attack=(0.03, 0.3),
        held_share=0.9, release=(0.08, 0.4), vibrato_share=0.7, voices_share=0.4,
        breath_db=(-55, -25),
    ),
    "free": Kind(
        programs=(96, 97, 98, 99, 100, 101, 102, 103), tilt=(-10, 3), even_db=(-40, 6),
        scatter_db=(4, 16), comb_share=0.3, sparse_share=0.6, formants=(0, 6),
        formant_db=(-30, 30), cutoff=(500, 14000), resonance=(0, 15), bright=(0, 4),
        attack=(0.002, 0.6), sustain=(0, 1), release=(0.03, 1), rise=(0.005, 1), dim=(0.05, 3),
        vibrato_share=0.3, tremolo_share=0.3, voices_share=0.3, breath_db=(-70, -15),
        burst_db=(-60, -10),
    ),
}  # fmt: skip
