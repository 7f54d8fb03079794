"""The server of the web page: its port, and what it tells browsers."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import ASGIApp

from timbre.core.errors import InputError
from timbre.page.folder import private_folder, swept
from timbre.page.limits import Limits
from timbre.page.privacy import Private
from timbre.page.uploads import WholeUploads

if TYPE_CHECKING:
    from timbre.page.handlers import Handlers

FORM_BYTES = 1 << 16  # bytes of an upload's form beside the file, at most


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
        # Gradio takes seconds: a taken port is told first
        print("Loading; Ctrl-C ends it.", file=sys.stderr, flush=True)
        from timbre.page.handlers import Handlers
        from timbre.page.service import TransferService

        (folder / "gradio").mkdir()
        handlers = Handlers(TransferService(weights, folder / "gradio", limits))
        app, kept = _application(handlers, folder, limits, queue, root_path)
        name, number = listener.getsockname()[:2]
        running = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        # pages listen for as long as they are open: a thread need not wait for them in the end
        serving = Thread(target=running.run, args=([listener],), daemon=True)
        with swept(folder, kept), handlers.stopped():
            serving.start()
            print(f"Open http://{f'[{name}]' if ':' in name else name}:{number}", flush=True)
            serving.join()


def _application(
    handlers: "Handlers",
    folder: Path,
    limits: Limits,
    queue: int,
    root_path: str,
) -> tuple[ASGIApp, set[Path]]:
    """The page as an application, and the files that it needs for as long as it runs."""
    import gradio as gr

    from timbre.page import examples as serving_examples
    from timbre.page import layout, script

    clips = folder / "examples"
    clips.mkdir()
    examples, library = serving_examples.write(clips)
    page = layout.build(handlers, examples, library, limits, queue)
    whole = Middleware(WholeUploads, limits.bytes + FORM_BYTES)
    app: ASGIApp = gr.mount_gradio_app(
        Starlette(middleware=[Middleware(Private), whole]),
        page,
        "/",
        root_path=normalized(root_path) or None,
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
        js=script.LABELS,
    )
    page.has_launched = True  # else Gradio takes a path in a request for an upload, whatever it is
    return app, set(clips.iterdir())


def normalized(root_path: str) -> str:
    """A path under which a proxy serves the page, with one slash before it and none behind."""
    if "://" in root_path:
        return root_path.rstrip("/")
    return f"/{root_path.strip('/')}".rstrip("/")


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
