"""Picture of what listeners said."""

from pathlib import Path
from textwrap import fill

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from timbre.core.errors import InputError
from timbre.core.files import replacing
from timbre.listening.design import Method
from timbre.listening.pairs import Preference
from timbre.listening.ranking import Ranked
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


def write(path: Path, kind: str, summary: Summary) -> None:
    """Draw the ranking by question, and of comparisons the share of each pair, with intervals.

    Equal answers give an equal file.

    Args:
        path: of the picture.
        kind: "png" or "svg".
        summary: what to draw.
    """
    metadata = {"Software": None} if kind == "png" else {"Date": None}
    # SVG names its parts by chance if no salt is given
    with matplotlib.rc_context({"svg.hashsalt": "timbre"}), replacing(path) as temporary:
        _drawn(summary).savefig(temporary, format=kind, dpi=150, metadata=metadata)


def _drawn(summary: Summary) -> Figure:
    is_ab = summary.method is Method.ab
    ranked = max(1, *(len(each) for each in summary.rankings.values()))
    compared = len(next(iter(summary.pairs.values()))) if is_ab else 0
    heights = [ranked, compared] if compared else [ranked]
    figure = Figure(figsize=(11, 1.2 * len(heights) + 0.34 * sum(heights)), layout="constrained")
    panels = figure.subplots(
        len(heights), len(summary.questions), squeeze=False, height_ratios=[h + 2 for h in heights]
    )
    for column, question in enumerate(summary.questions):
        panels[0, column].set_title(fill(question.text, 28), fontsize=10)
        _rank(panels[0, column], summary.rankings[question.name], is_ab)
        shares = [each for each in summary.pairs[question.name] if isinstance(each, Preference)]
        if compared:
            _shares(panels[1, column], shares)
    return figure


def _rank(panel: Axes, ranked: list[Ranked], is_ab: bool) -> None:
    panel.set_yticks(range(len(ranked)), [each.system for each in ranked])
    panel.invert_yaxis()
    panel.set_xlabel("strength, log odds" if is_ab else "mean rating")
    panel.spines[["top", "right"]].set_visible(False)
    for row, each in enumerate(ranked):
        panel.plot([each.low, each.high], [row, row], color=COLOR, alpha=0.5)
        panel.plot(each.value, row, "o", color=COLOR, clip_on=False)


def _shares(panel: Axes, preferences: list[Preference]) -> None:
    panel.axvline(50, color=GREY, linewidth=1, linestyle="--")
    panel.set(xlim=(0, 100), ylim=(len(preferences) - 0.5, -0.5))
    panel.set_xlabel("answers for the first, %")
    names = [f"{each.one} over {each.other} ({each.answers})" for each in preferences]
    panel.set_yticks(range(len(preferences)), names)
    panel.spines[["top", "right"]].set_visible(False)
    for row, each in enumerate(preferences):
        if each.answers:
            panel.plot([100 * end for end in each.interval], [row, row], color=COLOR, alpha=0.5)
            panel.plot(100 * each.share, row, "o", color=COLOR, clip_on=False)
