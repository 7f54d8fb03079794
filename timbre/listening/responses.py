"""Responses of the listening test: pages from templates, its files, parts of sounds."""

import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jinja2
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response

FOLDER = Path(__file__).parent / "pages"
MAX_ANSWER_BYTES = 8192  # bytes of an answer
HEADERS = {
    # the page needs nothing but what this server gives, and sends nothing elsewhere
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "media-src 'self'; connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def rendered(name: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page from the template of that name."""
    text = _templates().get_template(f"{name}.html.jinja").render(**values)
    return HTMLResponse(text, status, HEADERS)


async def asset(request: Request) -> Response:
    """A style sheet or a script."""
    # no-cache: a browser asks whether its copy is still the newest
    return FileResponse(
        FOLDER / request.url.path.strip("/"), headers={**HEADERS, "Cache-Control": "no-cache"}
    )


async def form(request: Request) -> dict[str, str] | None:
    """The fields of a form; None if it is longer than answers are."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_ANSWER_BYTES:
            return None
    fields = parse_qs(body.decode(errors="replace"))
    return {name: values[-1] for name, values in fields.items()}


def ranged(data: bytes, range_header: str) -> Response:
    """A FLAC file, or the part of it that a player asks for (RFC 9110, section 14).

    Args:
        data: the whole file.
        range_header: the `Range`; of more than one range, or of no bytes, the whole is given.
    """
    headers = HEADERS | {"Accept-Ranges": "bytes"}
    match = re.fullmatch(r"bytes=(\d{0,12})-(\d{0,12})", range_header)
    if match is None or match.groups() == ("", ""):
        return Response(data, 200, headers, "audio/flac")
    first, last = match.groups()
    start = int(first) if first else max(0, len(data) - int(last))
    stop = min(len(data), int(last) + 1) if first and last else len(data)
    if start >= stop:
        return Response(b"", 416, headers | {"Content-Range": f"bytes */{len(data)}"})
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(data)}"
    return Response(data[start:stop], 206, headers, "audio/flac")
