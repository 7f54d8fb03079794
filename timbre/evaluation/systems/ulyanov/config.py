"""Parameters of the system `ulyanov`."""

from pydantic import Field

from timbre.evaluation.systems.frames import Frames


class UlyanovConfig(Frames):
    """Section `systems.ulyanov`."""

    filters: int = Field(ge=1)  # twice as many as bins at least, else bins are left to chance
    kernel: int = Field(ge=1)  # frames
    style_weight: float = Field(gt=0)  # the content's weight is 1
    iterations: int = Field(ge=1)  # of L-BFGS
    griffin_lim_iterations: int = Field(ge=1)
