"""Uploads of the page: nothing is left of one that is broken off."""

from collections.abc import AsyncIterator
from tempfile import TemporaryFile

from starlette.types import ASGIApp, Message, Receive, Scope, Send

UPLOADS = "/upload"  # end of the path to which they go
CHUNK_BYTES = 1 << 18  # that are handed on at once


def is_upload(scope: Scope) -> bool:
    """Whether a request brings a file."""
    return scope.get("method") == "POST" and str(scope["path"]).endswith(UPLOADS)


class WholeUploads:
    """Middleware that hands an upload on when all of it is there.

    Gradio writes what comes into a file and leaves it where the rest does not come. Here it lies in
    a file without a name until then, which goes with the request.

    Args:
        app: that takes uploads.
        max_bytes: of what is kept here; what is larger is handed on as it comes, to be refused.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app, self._max_bytes = app, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if not is_upload(scope):
            await self._app(scope, receive, send)
            return
        with TemporaryFile() as file:
            size, more = 0, True
            while more and size <= self._max_bytes:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return  # broken off: there is nobody to answer
                size += file.write(message.get("body", b""))
                more = message.get("more_body", False)
            file.seek(0)

            async def kept() -> AsyncIterator[Message]:
                while True:
                    chunk = file.read(CHUNK_BYTES)
                    goes_on = more or file.tell() < size
                    yield {"type": "http.request", "body": chunk, "more_body": goes_on}
                    if file.tell() == size:
                        break

            messages = kept()

            async def received() -> Message:
                return await anext(messages, None) or await receive()

            await self._app(scope, received, send)
