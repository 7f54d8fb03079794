"""The web page's buttons: one sentence for what cannot be done, and a stop that stops."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from timbre.core.errors import InputError
from timbre.page.handlers import Handlers, figures
from timbre.page.service import Made

CHOSEN = ("a.wav", "b.wav", None, "glow", 1.0, 0.5, 0.2, 0)
SOMEBODY: Any = SimpleNamespace(session_hash="somebody")
ELSE: Any = SimpleNamespace(session_hash="somebody else")
MADE = Made(Path("out.wav"), (b"one", b"two", b"three"))


def test_a_result_can_be_heard_downloaded_and_seen() -> None:
    out, download, seen = Handlers(lambda *_: MADE).transfer(*CHOSEN, SOMEBODY)  # type: ignore[arg-type]
    assert out == "out.wav"
    assert download == gr.update(value="out.wav", interactive=True)
    assert seen == figures(MADE)
    assert seen.count("<img ") == 3


def test_what_cannot_be_used_is_one_sentence() -> None:
    def refuse(*_: Any) -> Made:
        raise InputError("expected this, got that; please mend it.")

    with pytest.raises(gr.Error) as refusal:
        Handlers(refuse).transfer(*CHOSEN, SOMEBODY)  # type: ignore[arg-type]
    assert refusal.value.message == "Expected this, got that; please mend it."
    assert not refusal.value.print_exception
    with pytest.raises(gr.Error) as refusal:
        Handlers(refuse).transfer(*CHOSEN[:-1], None, SOMEBODY)  # type: ignore[arg-type]
    assert refusal.value.message.startswith("Expected a whole number as seed")


def test_who_waits_can_stop_it_and_nobody_else() -> None:
    went_on = []

    def studio(*given: Any) -> Made:
        *_, watch = given
        for stopper in (ELSE, SOMEBODY):
            desk.stop(stopper)
            watch(0.5)
            went_on.append(stopper)
        return MADE

    desk = Handlers(studio)  # type: ignore[arg-type]
    assert desk.transfer(*CHOSEN, SOMEBODY) == (gr.skip(), gr.skip(), gr.skip())
    assert went_on == [ELSE]
    desk.stop(SOMEBODY)  # nothing runs any more


def test_all_can_be_stopped_at_once() -> None:
    def studio(*given: Any) -> Made:
        desk.stop_all()
        given[-1](0.5)
        return MADE

    desk = Handlers(studio)  # type: ignore[arg-type]
    assert desk.transfer(*CHOSEN, SOMEBODY)[0] == gr.skip()
