"""Parameters of the system `musaicing`."""

from pydantic import Field

from timbre.evaluation.systems.frames import Frames


class MusaicingConfig(Frames):
    """Section `systems.musaicing`; in brackets the paper's letters."""

    iterations: int = Field(ge=1)  # L
    repetition: int = Field(ge=0)  # r, frames to each side in which a template comes once
    polyphony: int = Field(ge=1)  # p, templates that sound at once
    continuity: int = Field(ge=0)  # c, frames to each side in which a template's neighbours follow
