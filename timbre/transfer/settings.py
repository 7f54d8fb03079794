"""Settings of a transfer, and of the file that is written."""

from dataclasses import dataclass

from timbre.core.errors import InputError

MAX_SEED = (1 << 63) - 1


@dataclass(frozen=True)
class TransferSettings:
    """Settings of a transfer.

    Attributes:
        strength: from 0, the content's own sound, to 1, the style's.
        mix: share of the second style, 0 to 1, where there is one.
        temperature: of a model that samples, as `glow`: 0 is smoothest; None is the trained one.
        seed: of what is drawn, 0 or more.

    Raises:
        InputError: naming what is out of range.
    """

    strength: float = 1.0
    mix: float = 0.5
    temperature: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name, value in (("strength", self.strength), ("mix", self.mix)):
            if not 0 <= value <= 1:
                raise InputError(
                    f"expected a {name} from 0 to 1, got {value}; please give one of these."
                )
        if self.temperature is not None and not 0 <= self.temperature < float("inf"):
            raise InputError(
                f"expected a temperature of 0 or more, got {self.temperature}; "
                "please give one of these."
            )
        if not 0 <= self.seed <= MAX_SEED:
            raise InputError(
                f"expected a seed from 0 to {MAX_SEED}, got {self.seed}; please give one of these."
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
