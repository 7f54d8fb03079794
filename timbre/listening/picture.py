"""Picture of listeners' preferences."""

from pathlib import Path
from textwrap import fill

import matplotlib
from matplotlib.figure import Figure

from timbre.core.errors import InputError
from timbre.core.files import replacing
from timbre.listening.plan import QUESTIONS
from timbre.listening.report import Summary

COLOR, GREY = "#0b6b62", "#85898d"


def kind(path: Path) -> str:
    """The format that a picture's name asks for.

    Raises:
        InputError: if it is neither PNG nor SVG.
    """
    if path.suffix.lower() not in (".png", ".svg"):
        raise InputError(
            f"expected a picture that ends with .png or .svg, got {path}; "
            "please give it one of these."
        )
    return path.suffix.lower()[1:]


def write(path: Path, kind: str, found: Summary) -> None:
    """Draw the share of answers for the first of each pair, with its interval, by question.

    Equal answers give an equal file.

    Args:
        path: of the picture.
        kind: "png" or "svg".
        found: what to draw.
    """
    metadata = {"Software": None} if kind == "png" else {"Date": None}
    # SVG names its parts by chance if no salt is given
    with matplotlib.rc_context({"svg.hashsalt": "timbre"}), replacing(path) as temporary:
        _drawn(found).savefig(temporary, format=kind, dpi=150, metadata=metadata)


def _drawn(found: Summary) -> Figure:
    pairs = len(next(iter(found.preferences.values())))
    figure = Figure(figsize=(11, 1.6 + 0.34 * pairs), layout="constrained")
    panels = figure.subplots(1, len(QUESTIONS), sharey=True, squeeze=False)[0]
    for panel, (question, preferences) in zip(panels, found.preferences.items(), strict=True):
        panel.set_title(fill(QUESTIONS[question], 28), fontsize=10)
        panel.axvline(50, color=GREY, linewidth=1, linestyle="--")
        panel.set(xlim=(0, 100), ylim=(pairs - 0.5, -0.5), xlabel="answers for the first, %")
        panel.set_yticks(
            range(pairs), [f"{each.one} over {each.other} ({each.answers})" for each in preferences]
        )
        panel.spines[["top", "right"]].set_visible(False)
        for row, each in enumerate(preferences):
            if each.answers:
                panel.plot([100 * end for end in each.interval], [row, row], color=COLOR, alpha=0.5)
                panel.plot(100 * each.share, row, "o", color=COLOR, clip_on=False)
    return figure
