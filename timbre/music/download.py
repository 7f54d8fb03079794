"""Download of one large file: resumed where it stopped, complete or absent.

Of what is there for it, pooch begins again where it was interrupted, and curl goes on with a file
that has changed since.
"""

import time
from pathlib import Path

import requests
import urllib3
from tqdm import tqdm

from timbre.core.errors import InputError

_CHUNK_BYTES = 1 << 20
_TIMEOUT_SECONDS = (15, 60)  # seconds to connect, and between two reads


class _ResumeError(Exception):
    """The transfer stopped; trying again may help."""


def download(url: str, path: Path, *, tries: int = 4, pause: float = 1.0) -> None:
    """Download `url` to `path`, going on where an earlier call was interrupted.

    What has arrived stands in `<path>.part`, and what the server calls this version of the file in
    `<path>.part.version`; both survive a kill. If the server cannot resume, or its file has changed
    since, it starts again. A file at `path` is complete, and then nothing is done.

    Args:
        url: an http or https address.
        path: where the file is to appear; missing parent folders are made.
        tries: how often to try without getting any further.
        pause: seconds to wait after the first failure, doubled after each.

    Raises:
        InputError: if the server cannot be reached or refuses; a part that has arrived is kept.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    failures, furthest = 0, _size(part)
    while not path.exists():
        try:
            _fetch(url, part)
            part.replace(path)
            _version(part).unlink(missing_ok=True)
        except (_ResumeError, requests.RequestException, urllib3.exceptions.HTTPError) as error:
            failures = 1 if _size(part) > furthest else failures + 1
            furthest = max(furthest, _size(part))
            if failures >= tries:
                raise InputError(
                    f"expected to download {url}, got no further than {_size(part)} bytes "
                    f"({_reason(error)}); please check the network and run this again to resume."
                ) from error
            time.sleep(pause * 2 ** (failures - 1))


def _fetch(url: str, part: Path) -> None:
    """Bring `part` to its full length in one request, or raise what prevented it."""
    have = _size(part)
    version = _version(part).read_text() if _version(part).exists() else ""
    # gzip in transit would have other lengths than the file
    headers = {"Accept-Encoding": "identity"}
    if have and version:
        # a server whose file is no longer this version answers with all of the new one
        headers |= {"Range": f"bytes={have}-", "If-Range": version}
    with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT_SECONDS) as response:
        status = response.status_code
        span = response.headers.get("Content-Range", "")  # "bytes 10-99/100", or "bytes */100"
        if status == requests.codes.requested_range_not_satisfiable and "Range" in headers:
            if span.endswith(f"/{have}"):
                return  # killed between the last byte and the new name
            part.unlink()
            raise _ResumeError("the part does not fit the file")
        if status == requests.codes.too_many_requests or status >= 500:
            raise _ResumeError(f"the server answers {status}")
        if status == requests.codes.partial_content and span.startswith(f"bytes {have}-"):
            _append(response, part, have)
        elif status == requests.codes.ok:
            part.write_bytes(b"")  # first, or a kill here would leave old bytes under a new version
            _version(part).write_text(_validator(response))
            _append(response, part, 0)
        else:
            raise InputError(
                f"expected a file at {url}, got the answer {status} {response.reason}; "
                "please check the address."
            )


def _append(response: requests.Response, part: Path, have: int) -> None:
    """Write the body behind the `have` bytes in `part`, and check the length if it is announced."""
    length = response.headers.get("Content-Length")
    total = have + int(length) if length else None
    with (
        part.open("ab") as file,
        tqdm(total=total, initial=have, unit="B", unit_scale=True, desc=part.stem) as bar,
    ):
        # raw, for requests would unpack a .gz that the server calls an encoding
        for chunk in response.raw.stream(_CHUNK_BYTES, decode_content=False):
            file.write(chunk)
            bar.update(len(chunk))
    if total is not None and _size(part) != total:
        raise _ResumeError(f"the connection ended after {_size(part)} of {total} bytes")


def _validator(response: requests.Response) -> str:
    """Name of this version of the file for `If-Range`; empty if the server gives none."""
    tag = response.headers.get("ETag", "")
    # a weak tag promises like content, not equal bytes
    return response.headers.get("Last-Modified", "") if tag.startswith("W/") or not tag else tag


def _version(part: Path) -> Path:
    return part.with_name(f"{part.name}.version")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _reason(error: Exception) -> str:
    """The innermost cause in few words, for urllib3 wraps it in several others."""
    while isinstance(error.__cause__ or error.__context__, Exception):
        inner = error.__cause__ or error.__context__
        assert isinstance(inner, Exception)
        error = inner
    return str(error) or type(error).__name__
