"""Settings of a transfer, and of the file that is written."""

from dataclasses import dataclass
from numbers import Integral, Real

from timbre.core.errors import InputError

MAX_SEED = (1 << 63) - 1
MAX_TEMPERATURE = 2.0  # beyond which there is nothing but noise


@dataclass(frozen=True)
class TransferSettings:
    """Settings of a transfer.

    Attributes:
        strength: from 0, the content itself, to 1, all of the transfer, in even steps of decibels.
        mix: share of the second style, 0 to 1, where there is one.
        temperature: of a model that samples, as `glow`: 0 is smoothest, 2 the
            most; None is the trained one.
        seed: of what is drawn, 0 or more.
        dynamics: from 0, loudness over time as the content has it, to 1, as the model makes it.

    Raises:
        InputError: naming what is out of range.
    """

    strength: float = 1.0
    mix: float = 0.5
    temperature: float | None = None
    seed: int = 0
    dynamics: float = 1.0

    def __post_init__(self) -> None:
        """Check types and ranges."""
        _check("strength", self.strength, 0, 1)
        _check("mix", self.mix, 0, 1)
        _check("dynamics", self.dynamics, 0, 1)
        if self.temperature is not None:
            _check("temperature", self.temperature, 0, MAX_TEMPERATURE)
        if not isinstance(self.seed, Integral):
            raise InputError(
                f"expected a whole number as seed, got {self.seed!r}; please give one."
            )
        _check("seed", self.seed, 0, MAX_SEED)


def _check(name: str, value: object, low: float, high: float) -> None:
    """Refuse what is no number in a range."""
    if not isinstance(value, Real) or not low <= float(value) <= high:
        raise InputError(
            f"expected a {name} from {low} to {high}, got {value!r}; please give one of these."
        )


@dataclass(frozen=True)
class OutputFormat:
    """Format of the file that is written.

    Attributes:
        sample_rate: Hz; None: the models' own.
        stereo: keep two channels of the content apart.
        normalize: as loud as goes without clipping, instead of as the content is.
    """

    sample_rate: int | None = None
    stereo: bool = False
    normalize: bool = False


DEFAULT_SETTINGS, DEFAULT_FORMAT = TransferSettings(), OutputFormat()
