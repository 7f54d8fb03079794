"""The web page's buttons: one sentence for what cannot be done, and a stop that stops."""

from pathlib import Path
from threading import Event, Thread
from time import sleep
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from timbre.page.handlers import FIELDS, Handlers, told
from timbre.page.service import Made, UploadError
from timbre.transfer.progress import StoppedError

CHOSEN = ("a.wav", "b.wav", None, "glow", 1.0, 1.0, 0.5, 0.2, 0, 0, True, False, ".wav", [])
SOMEBODY: Any = SimpleNamespace(session_hash="somebody")
ELSE: Any = SimpleNamespace(session_hash="somebody else")
MADE = Made(Path("out.wav"), "a as b", [{"sound": "x", "picture": "y"}], [("C4", 0.3)], ("Hm.",))
KEPT = 4  # what comes before the notes


class Service:
    """A service that makes what it is told to."""

    def __init__(self, make: Any, theirs: bool = True) -> None:
        self._make, self._theirs = make, theirs

    def __call__(self, *given: Any) -> Made:
        made: Made = self._make(*given)
        return made

    def owns_result(self, result: Any) -> bool:
        return self._theirs

    def owns(self, file: Any) -> bool:
        return self._theirs and file is not None


def handlers(make: Any, theirs: bool = True) -> Handlers:
    return Handlers(Service(make, theirs))  # type: ignore[arg-type]


def notes(found: tuple[Any, ...]) -> dict[str, str]:
    """What is said at each field."""
    return dict(zip(FIELDS, (each["value"] for each in found[KEPT:]), strict=True))


def test_a_result_can_be_heard_downloaded_and_found_again() -> None:
    download, shown, earlier, results, *_ = handlers(lambda *_: MADE).transfer(*CHOSEN, SOMEBODY)
    assert download == gr.update(value="out.wav", interactive=True)
    assert shown == results[0] == told(MADE) | {"of": list(CHOSEN[:-1])}
    assert (shown["caption"], shown["remarks"]) == ("a as b", ["Hm."])
    assert earlier["choices"] == [("a as b", 0)]


def test_the_last_results_are_kept_newest_first_and_those_that_are_gone_are_not() -> None:
    desk, results = handlers(lambda *_: MADE), []
    for number in range(7):
        made = MADE._replace(caption=f"{number}")
        found = handlers(lambda *_, made=made: made).transfer(*CHOSEN[:-1], results, SOMEBODY)
        results = found[KEPT - 1]
    assert [each["caption"] for each in results] == ["6", "5", "4", "3", "2"]
    assert desk.shown(results, 2)[1]["caption"] == "4"
    assert desk.restore(results, [])[1]["caption"] == "6"
    gone = handlers(None, theirs=False).restore(results, [])
    assert (gone[1], gone[KEPT - 1]) == (None, [])
    assert handlers(None).restore("nonsense", 3)[1] is None  # type: ignore[arg-type]


@pytest.mark.parametrize("field", FIELDS)
def test_what_cannot_be_used_is_one_sentence_at_its_field_until_it_can(field: str) -> None:
    def refuse(*_: Any) -> Made:
        raise UploadError("expected this, got that; please mend it.", field)

    found = handlers(refuse).transfer(*CHOSEN, SOMEBODY)
    assert found[:KEPT] == (gr.skip(),) * KEPT
    said = "\N{WARNING SIGN} Expected this, got that; please mend it."
    assert notes(found) == dict.fromkeys(FIELDS, "") | {field: said}
    good = handlers(lambda *_: MADE).transfer(*CHOSEN, SOMEBODY)
    assert set(notes(good).values()) == {""}


def test_a_seed_that_is_none_is_told_at_the_settings() -> None:
    chosen = [*CHOSEN]
    chosen[8] = None
    found = handlers(lambda *_: MADE).transfer(*chosen, SOMEBODY)
    assert "Expected a whole number as seed" in notes(found)["settings"]


def test_who_waits_can_stop_it_and_nobody_else() -> None:
    went_on = []

    def studio(*given: Any) -> Made:
        watch = given[5]
        for stopper in (ELSE, SOMEBODY):
            desk.stop(stopper)
            watch(0.5)
            went_on.append(stopper)
        return MADE

    desk = handlers(studio)
    assert desk.transfer(*CHOSEN, SOMEBODY)[:KEPT] == (gr.skip(),) * KEPT
    assert went_on == [ELSE]
    desk.stop(SOMEBODY)  # nothing runs any more


def test_clips_and_settings_come_back_after_a_reload_where_they_are_there() -> None:
    clips = [{"path": "a.wav"}, {"path": "b.wav"}, None]
    kept = [*clips, *CHOSEN[3:-1]]
    assert handlers(None).restore([], kept)[KEPT:] == CHOSEN[:-1]
    gone = handlers(None, theirs=False).restore([], kept)[KEPT:]
    assert gone == (None, None, None, *CHOSEN[3:-1])
    assert set(map(str, handlers(None).restore([], [1, 2])[KEPT:])) == {str(gr.skip())}


def test_when_the_page_ends_all_that_runs_is_stopped_and_waited_for() -> None:
    begun, ended = Event(), Event()

    def studio(*given: Any) -> Made:
        begun.set()
        with pytest.raises(StoppedError):
            while True:
                given[5](0.5)
                sleep(0.001)
        ended.set()
        raise StoppedError

    desk = handlers(studio)
    with desk.stopped():
        Thread(target=desk.transfer, args=(*CHOSEN, SOMEBODY), daemon=True).start()
        assert begun.wait(60)
    assert ended.is_set()
