"""The server of the web page: its port, and what it tells browsers."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from timbre.core.errors import InputError
from timbre.page.folder import private_folder, swept
from timbre.page.limits import Limits

if TYPE_CHECKING:
    from timbre.page.handlers import Handlers

Streams = set[asyncio.Task[Any]]

# the browser may ask no other host for anything, whatever the page holds
POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'self'; object-src 'none'"
)


class Private:
    """Middleware that tells browsers to leave other hosts alone, and misses none that has left.

    Args:
        app: that answers.
        streams: the requests whose answers have no end, for as long as they last.
    """

    def __init__(self, app: ASGIApp, streams: Streams) -> None:
        self._app, self._streams = app, streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = asyncio.current_task()
        assert request is not None
        ended = False

        async def sent(message: Message) -> None:
            nonlocal ended
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = POLICY
                headers["Referrer-Policy"] = "no-referrer"
                if headers.get("Content-Type", "").startswith("text/event-stream"):
                    self._streams.add(request)
            elif message["type"] == "http.response.body":
                ended = not message.get("more_body", False)
            await send(message)

        try:
            await self._app(scope, receive, sent)
        except asyncio.CancelledError:
            if request not in self._streams:
                raise
            if not ended:
                await send({"type": "http.response.body", "body": b""})
        except ClientDisconnect:  # an upload is broken off: there is nobody to answer
            pass
        finally:
            self._streams.discard(request)


class Server(uvicorn.Server):
    """A server that ends at once, whatever pages are open.

    A page listens for as long as it is open: uvicorn would wait for it, then tell of an error.

    Args:
        config: of uvicorn.
        streams: the requests of pages that listen.
        end: is called before they are ended.
    """

    def __init__(self, config: uvicorn.Config, streams: Streams, end: Callable[[], None]) -> None:
        super().__init__(config)
        self._streams, self._end = streams, end

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what runs, then what listens, then the server."""
        self._end()
        for request in list(self._streams):
            request.cancel()
        await super().shutdown(sockets)


def serve(
    host: str, port: int, weights: Path, limits: Limits, queue: int, root_path: str = ""
) -> None:
    """Serve the page until the process is interrupted.

    Args:
        host: address to listen on.
        port: of it, 0 for any that is free.
        weights: folder of the weights.
        limits: of uploads.
        queue: how many may wait at most.
        root_path: under which a proxy serves the page; none if it is empty.

    Raises:
        InputError: if the port is taken or weights are missing.
    """
    for ending in ("SIGTERM", "SIGHUP"):  # what is temporary is removed; Windows hangs up nothing
        number = getattr(signal, ending, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    with suppress(KeyboardInterrupt), listening(host, port) as listener, private_folder() as folder:
        # Gradio reads these when it is imported
        os.environ |= {
            "GRADIO_TEMP_DIR": str(folder / "gradio"),
            "GRADIO_ANALYTICS_ENABLED": "False",
            "HF_HUB_OFFLINE": "1",
        }
        # torch and Gradio take seconds: a taken port is told first
        from timbre.page.handlers import Handlers
        from timbre.page.service import TransferService

        outputs = folder / "gradio" / "outputs"
        outputs.mkdir(parents=True)
        handlers = Handlers(TransferService(weights, outputs, limits))
        streams: Streams = set()
        app, kept = _application(handlers, streams, folder, limits, queue, root_path)
        with swept(folder, kept):
            name, number = listener.getsockname()[:2]
            print(f"Open http://{f'[{name}]' if ':' in name else name}:{number}", flush=True)
            config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=3)
            Server(config, streams, handlers.stop_all).run([listener])


def _application(
    handlers: "Handlers",
    streams: Streams,
    folder: Path,
    limits: Limits,
    queue: int,
    root_path: str,
) -> tuple[ASGIApp, set[Path]]:
    """The page as an application, and the files that it needs for as long as it runs."""
    import gradio as gr

    from timbre.page import examples as serving_examples
    from timbre.page import layout, script, uploads

    uploads.install()
    clips = folder / "examples"
    clips.mkdir()
    examples, library = serving_examples.write(clips)
    page = layout.build(handlers, examples, library, limits, queue)
    app: ASGIApp = gr.mount_gradio_app(
        Starlette(middleware=[Middleware(Private, streams)]),
        page,
        "/",
        root_path=root_path or None,
        footer_links=[],
        run_history=False,
        show_error=False,
        max_file_size=limits.bytes,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        enable_monitoring=False,
        theme=layout.THEME,
        css=layout.CSS,
        js=script.script(limits),
    )
    page.has_launched = True  # else Gradio takes a path in a request for an upload, whatever it is
    return app, set(clips.iterdir())


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens there.

    Raises:
        InputError: if it cannot, as the port is taken or the address is of another machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        raise InputError(
            f"expected to listen on {host}, port {port}: {error.strerror}; "
            "please name another with --port or --host."
        ) from error
    with listener:
        yield listener
