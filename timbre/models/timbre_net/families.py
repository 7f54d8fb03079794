"""Families of instruments: the sixteen groups of eight programs that General MIDI names."""

FAMILIES = (
    "piano", "mallets", "organ", "guitar", "bass", "strings", "ensemble", "brass",
    "reed", "pipe", "synth lead", "synth pad", "synth effects", "ethnic", "percussive",
    "sound effects",
)  # fmt: skip


def family(program: int) -> str:
    """The family of a General MIDI program, 0 to 127."""
    return FAMILIES[program // 8]
