"""Frame of a test: consent, a check of headphones, a closing, a code."""

from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt

from timbre.core.errors import InputError


class Frame(NamedTuple):
    """Pages before and after the trials."""

    consent: str = ""  # HTML that they agree to first
    closing: str = ""  # HTML that thanks them
    code: str = ""  # that a panel asks for
    headphones: bool = False  # whether they have to hear that they wear some
    minutes: int = 0  # about how long it takes; 0 tells nothing


def markdown(path: Path | None) -> str:
    """A text in Markdown as HTML; raw HTML in it is shown, not obeyed.

    Args:
        path: of the file; None gives an empty text.

    Raises:
        InputError: if it cannot be read or is empty.
    """
    if path is None:
        return ""
    try:
        text = path.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"expected a text in Markdown in {path}: {error}; please name another."
        ) from None
    if not text:
        raise InputError(f"expected a text in Markdown, {path} is empty; please write it.")
    return str(MarkdownIt("commonmark", {"html": False}).render(text))
