"""The artificial benchmark: the test examples of a store as cases that need it no longer."""

from pathlib import Path

import pretty_midi

from timbre.dataset import table
from timbre.evaluation.cases.cases import Case
from timbre.models.timbre_net.families import family
from timbre.store.store import Split
from timbre.synthesis.timbres import Timbre


def cases(store: Path, examples: Path) -> list[Case]:
    """The cases of the test split, in its order.

    Args:
        store: the spectrograms, which keep the audio of their test split.
        examples: the table that the store was rendered from.

    Raises:
        InputError: if either is missing or damaged.
    """
    split = Split(store, "test")
    rendered = []
    for number, example in enumerate(table.read(examples, "test")):
        content, style, target = split.audio(number)
        rendered.append(
            Case(
                name=f"case{number:03d}",
                group=example.group,
                content_timbre=_label(example.content_timbre),
                style_timbre=_label(example.timbre),
                content_family=family(example.content_timbre.program),
                style_family=family(example.timbre.program),
                font=example.timbre.font,
                notes=example.notes,
                content=content,
                style=style,
                target=target,
                style_music=example.style_music,
            )
        )
    return rendered


def _label(timbre: Timbre) -> str:
    """The name that General MIDI gives a program."""
    return str(pretty_midi.program_to_instrument_name(timbre.program))
