"""Backends of transfers: networks that run in ONNX Runtime, or in PyTorch."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from timbre.core.params import Audio
from timbre.core.signal import Signal

Floats = NDArray[np.float32]
Style = TypeVar("Style")


class Backend(ABC, Generic[Style]):
    """A model and the vocoder, from arrays to arrays.

    Attributes:
        name: what it is chosen by.
        audio: the mel's settings.
        options: settings that the model takes, see `timbre.models.registry.transfer_options`.
        draws: whether the model takes noise.
        skips_fitting: whether the model was made to fit a style to its clip, which is left out.
    """

    name: ClassVar[str]
    audio: Audio
    options: tuple[str, ...]
    draws: bool
    skips_fitting: bool = False

    @abstractmethod
    def styles(self, mels: Floats) -> list[Style]:
        """How each of some clips sounds: mels in dB `(N, M, T')`, T' a multiple of 8."""

    @abstractmethod
    def blend(self, styles: Sequence[Style], weights: Sequence[float]) -> Style:
        """Blend of several sounds: mean of the vectors, attention shared out by the weights.

        Args:
            styles: none of them a blend.
            weights: as many, of 0 or more, that sum to 1.
        """

    @abstractmethod
    def transfer(
        self, mel: Floats, style: Style, noise: Floats | None, options: dict[str, Any]
    ) -> Floats:
        """The notes of a mel in a sound.

        Args:
            mel: in dB, `(M, T)`, T a multiple of 8.
            style: the sound.
            noise: standard normal, `(M, T)`, where the model draws.
            options: by name; None is the default.

        Returns:
            `(M, T)` in dB.
        """

    @abstractmethod
    def decode(self, mel: Floats) -> Signal:
        """Mel in dB `(M, T)` -> audio `(T * hop_length,)` in [-1, 1]; equal mel, equal audio."""
