"""Parameters of the timbre net and of its training."""

from typing import Self

from pydantic import Field, model_validator

from timbre.core.optimization import Training
from timbre.core.params import Section


class TimbreNetConfig(Section):
    """The metric's net."""

    channels: int = Field(ge=1)  # of each block, and of the embedding
    floor_db: float = Field(gt=0)  # what is so far below a clip's loudest value is not looked at
    margin: float = Field(gt=0)  # of the triplet hinge, in cosine similarity
    family_weight: float = Field(ge=0)  # of telling the instrument's family
    equalizer_db: float = Field(ge=0)  # deviation of gains drawn in training, to make timbres
    roughness_db: float = Field(ge=0)  # noise put on mels in training, as a vocoder's, at most


class TimbreNetTraining(Training):
    """Section `train.timbre`: the net that measures timbre, apart from all that it judges."""

    network: TimbreNetConfig

    @model_validator(mode="after")
    def _alike(self) -> Self:
        if not self.crop_frames == self.style_frames == self.style_frames_min:
            raise ValueError(
                "style_frames and style_frames_min that equal crop_frames expected, "
                f"got style_frames: {self.style_frames}, style_frames_min: {self.style_frames_min}"
            )
        return self
