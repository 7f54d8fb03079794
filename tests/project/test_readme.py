"""What the README prints runs as it stands there."""

import re

import numpy as np

from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_example_of_a_transfer_in_python() -> None:
    (block,) = (
        each for each in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "Transfer" in each
    )
    time = np.arange(22_050) / 22_050
    found = {
        "content": np.sin(2 * np.pi * 440 * time) * np.exp(-3 * time),
        "style": np.sign(np.sin(2 * np.pi * 220 * time)) / 4,
        "sample_rate": 22_050,
    }
    exec(block, found)
    for name in ("out", "softer"):
        assert found[name].shape == found["content"].shape
        assert np.isfinite(found[name]).all()
        assert np.abs(found[name]).max() > 0.01
    assert not np.array_equal(found["out"], found["softer"])


def test_every_page_that_is_linked_is_there() -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_it_is_short_and_names_the_test_command() -> None:
    assert len(README.splitlines()) <= 150
    assert "./run pytest" in README
