"""Parameters of a training, whatever network it trains."""

from typing import Literal, Self

from pydantic import Field, model_validator

from timbre.core.params import Section


class Augmentation(Section):
    """Augmentation of the mels of a batch in training, by chance; 0 is nothing."""

    equalizer_db: float = Field(ge=0)  # deviation of the gains over frequency, at most
    level_db: float = Field(ge=0)  # louder or softer by this, at most
    noise: float = Field(ge=0, le=1)  # share of the clips that get noise
    noise_db: float = Field(ge=-120, le=0)  # level of the noise in a band, at most


class Optimization(Section):
    """Parameters of an optimisation; everything is a function of the seed and the step."""

    steps: int = Field(ge=1)
    batch_size: int = Field(ge=2)  # over all devices
    crop_frames: int = Field(ge=8, multiple_of=8)  # of content and target
    optimizer: Literal["adamw", "muon"]  # muon: of the matrices, and adamw of all else
    learning_rate: float = Field(gt=0)  # peak, of adamw
    muon_rate: float = Field(gt=0)  # peak, of the matrices; unused by adamw
    warmup_steps: int = Field(ge=0)
    weight_decay: float = Field(ge=0)
    max_grad_norm: float = Field(gt=0)
    ema: float = Field(ge=0, lt=1)  # decay of the averaged weights, which are kept; 0: the last
    valid_every: int = Field(ge=1)  # steps; also how often progress is saved
    patience: int = Field(ge=0)  # validations without a lower loss that end it early; 0: never

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.steps % self.valid_every:
            raise ValueError(
                "steps that is a multiple of valid_every expected, "
                f"got steps: {self.steps}, valid_every: {self.valid_every}"
            )
        return self


class Training(Optimization):
    """Parameters of the training of a model of content, style and target."""

    style_frames: int = Field(ge=8, multiple_of=4)  # of the longest style clip
    style_frames_min: int = Field(ge=8, multiple_of=4)  # of the shortest
    style_pieces: int = Field(ge=1)  # a style clip is cut into, at most, and shuffled; 1: none
    style_view: Literal["style", "target"]  # where style is heard: other music, or the target's
    content_view: Literal["cross", "self"]  # the content's timbre: another one, or the target's
    augmentation: Augmentation
    network: Section  # each model's own

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.style_frames_min > self.style_frames:
            raise ValueError(
                "style_frames_min of at most style_frames expected, "
                f"got style_frames_min: {self.style_frames_min}, style_frames: {self.style_frames}"
            )
        return self
