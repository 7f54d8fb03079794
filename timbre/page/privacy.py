"""What keeps the page to this machine: neither server nor browsers ask another host."""

import json
from contextlib import suppress
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from timbre.page.uploads import is_upload

# the browser may ask no other host for anything, whatever the page holds
POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'self'; object-src 'none'"
)
ADDRESS = "Expected an upload, got an address; please upload the recording itself."


class AddressError(ValueError):
    """A request names an address where an upload is due."""


def _uploads_only(named: dict[str, Any]) -> None:
    """Refuse an object of a request that Gradio would fetch from another host.

    Raises:
        AddressError: if it would.
    """
    if str(named.get("path")).lower().startswith(("http:", "https:")):
        raise AddressError


class Private:
    """Middleware that lets server and browsers ask no other host, and misses none that has left.

    Args:
        app: that answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = POLICY
                headers["Referrer-Policy"] = "no-referrer"
            await send(message)

        async def received() -> Message:
            return messages.pop() if messages else await receive()

        messages: list[Message] = []
        with suppress(ClientDisconnect):  # an upload is broken off: there is nobody to answer
            if scope.get("method") == "POST" and not is_upload(scope):
                body = await Request(scope, receive).body()
                try:
                    json.loads(body, object_hook=_uploads_only)
                except AddressError:
                    await PlainTextResponse(ADDRESS, 400)(scope, receive, sent)
                    return
                except ValueError:  # which Gradio tells
                    pass
                messages.append({"type": "http.request", "body": body})
            await self._app(scope, received, sent)
