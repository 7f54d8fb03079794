"""Parameters of the correction of a vocoder's audio by its mel."""

from pydantic import Field

from timbre.core.params import Section


class RefinementConfig(Section):
    """Refinement of the audio of any vocoder."""

    iterations: int = Field(ge=0)  # of the correction by its mel, two halves each
