"""Parameters of a short-time spectrum."""

from typing import Self

from pydantic import Field, model_validator

from timbre.core.params import Section


class Frames(Section):
    """Parameters of a short-time spectrum."""

    n_fft: int = Field(ge=64, multiple_of=2)  # samples, also the length of the Hann window
    hop_length: int = Field(ge=16)  # samples

    @model_validator(mode="after")
    def _overlapping(self) -> Self:
        if self.n_fft < 2 * self.hop_length:
            raise ValueError(f"n_fft of at least 2 hops expected, got n_fft: {self.n_fft}")
        return self
