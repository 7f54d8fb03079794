"""Timbres: what notes are played with, whatever source plays them."""

from typing import NamedTuple


class Timbre(NamedTuple):
    """Timbre: what notes are played with."""

    program: int  # General MIDI, 0-127
    font: str  # or another source, as section `soundfonts` names it
    effects: str  # as `effects.dumps` writes them
    variation: str = ""  # as `variation.Variation.dumps` writes it
    preset: str = (
        ""  # its name, of a source in `presets.DRAWN_SOURCES`; `program` is what it is nearest to
    )
