"""How to transfer, and what kind of file to write."""

from typing import NamedTuple

from audio.errors import InputError


class How(NamedTuple):
    """How to transfer."""

    seed: int = 0  # of what is drawn
    strength: float = 1.0  # from 0, the content's own sound, to 1, the style's
    mix: float = 0.5  # share of a second style, where there is one
    temperature: float | None = None  # of `glow`, 0 is smoothest; None: as it was trained

    def checked(self) -> "How":
        """The same, if it can be done.

        Raises:
            InputError: naming what is out of range.
        """
        for name, value in (("strength", self.strength), ("mix", self.mix)):
            if not 0 <= value <= 1:
                raise InputError(
                    f"expected a {name} from 0 to 1, got {value}; please give one of these."
                )
        if self.temperature is not None and not self.temperature >= 0:
            raise InputError(
                f"expected a temperature of 0 or more, got {self.temperature}; "
                "please give one of these."
            )
        return self


class Form(NamedTuple):
    """What the written file is like."""

    sample_rate: int | None = None  # Hz; None: the models' own
    stereo: bool = False  # keep two channels of the content apart
    normalize: bool = False  # as loud as goes without clipping, instead of as the content is


PLAINLY, PLAIN = How(), Form()
