"""What the pages quote is what the code says."""

import ast
import re
from functools import cache

import pytest

from tests.conftest import ROOT
from tests.project.pages import DOCS

GAP = "\0"  # what is put in when a sentence is printed


def fixed(text: str) -> str:
    """A sentence with single spaces, in small letters: pages begin it with a capital."""
    return " ".join(text.split()).lower()


@cache
def sentences() -> tuple[str, ...]:
    """All text in the code, with a gap for each value that is put in."""
    found = []
    for folder in ("timbre", "stages"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    parts = [
                        part.value if isinstance(part, ast.Constant) else GAP
                        for part in node.values
                    ]
                    found.append("".join(map(str, parts)))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.append(node.value)
    script = (ROOT / "run").read_text(encoding="utf-8")
    found += [
        re.sub(r"\$(\{.*?\}|\w+|\*)", GAP, each) for each in re.findall(r'fail "(.*?)"', script)
    ]
    return tuple(map(fixed, found))


def said(quote: str) -> bool:
    """Whether the code says a quoted sentence: its words between the gaps, in their order."""
    words = [re.escape(part.strip()) for part in fixed(quote).removeprefix("run: ").split("…")]
    pattern = re.compile(".*".join(words), re.DOTALL)
    return any(pattern.search(each) for each in sentences())


QUOTES = re.findall(r"^> (.+)$", DOCS["troubleshooting"], re.MULTILINE)


@pytest.mark.parametrize("quote", QUOTES)
def test_the_code_says_what_the_page_quotes(quote: str) -> None:
    assert said(quote)


def test_a_sentence_that_changed_is_noticed() -> None:
    assert len(QUOTES) > 40
    assert not said("expected a recording, found no file …; please correct its path.")
    assert not said("expected …, got …; please clap your hands.")
