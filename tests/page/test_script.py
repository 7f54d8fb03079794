"""What the page says in the browser: Gradio's refusals, put plainly."""

import re
from pathlib import Path

import gradio
import pytest

from timbre.page.limits import Limits
from timbre.page.script import rewordings, script

LARGE = "Expected 7 MB at most, {} has more; please shorten it or save it as FLAC or MP3."
OTHER = (
    "Expected a recording, a.b.mp4 is no audio file by its name; "
    "please save its sound as WAV, FLAC or MP3."
)
BUSY = "Expected a free place in the queue, all are taken; please try again in a minute."
SAID = {
    'File(s) exceed the maximum allowed size of 7.0 Mb: "a: b.wav"': LARGE.format("a: b.wav"),
    "File size exceeded maximum allowed size of 7340032 bytes.": LARGE.format("this recording"),
    "Invalid file type: a.b.mp4. Only audio/aac,audio/* allowed.": OTHER,
    "This application is currently busy. Please try again.": BUSY,
}


def reworded(said: str) -> str:
    for pattern, instead in rewordings(Limits(megabytes=7)):
        said = re.sub(pattern, instead.replace("$1", r"\1"), said)
    return said


@pytest.mark.parametrize(("said", "instead"), SAID.items())
def test_a_refusal_is_one_sentence_with_what_to_do(said: str, instead: str) -> None:
    assert reworded(said) == instead
    assert reworded(instead) == instead


def test_other_sentences_stay_as_they_are() -> None:
    said = "Expected sound, a.wav is silent; please take another recording."
    assert reworded(said) == said


def test_gradio_still_says_what_is_put_otherwise() -> None:
    folder = Path(gradio.__file__).parent
    server = (folder / "route_utils.py").read_text()
    browser = "".join(
        path.read_text() for path in (folder / "templates/frontend/assets").glob("*.js")
    )
    assert "File size exceeded maximum allowed size of {" in server
    assert "File(s) exceed the maximum allowed size of ${" in browser
    assert "Invalid file type${" in browser
    assert "This application is currently busy. Please try again." in browser
    assert "clear-status" in browser  # the button that ends the display of an error
    assert re.search(r"\. Only \$\{\w+\} allowed\.`", browser)


def test_the_page_gets_the_sentences() -> None:
    assert "Expected 7 MB at most, $1 has more" in script(Limits(megabytes=7))
