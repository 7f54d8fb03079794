"""Parameters of the system `eq_match`."""

from timbre.evaluation.systems.frames import Frames


class EqMatchConfig(Frames):
    """Section `systems.eq_match`."""
