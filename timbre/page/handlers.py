"""Event handlers of the web page."""

import base64
import html
from pathlib import Path
from threading import Event
from typing import Any

import gradio as gr

from timbre.core.errors import InputError
from timbre.page.service import Made, TransferService
from timbre.transfer.progress import StoppedError
from timbre.transfer.settings import TransferSettings

PROGRESS = gr.Progress()  # a default of a function is how Gradio is asked for it
CAPTIONS = ("Content", "Style", "Result")


class Handlers:
    """Event handlers of the page's buttons.

    Args:
        service: that transfers.
    """

    def __init__(self, service: TransferService) -> None:
        self.service = service
        self._stops: dict[str, Event] = {}  # of what is running, by the session that waits for it

    def transfer(
        self,
        content: str | None,
        style: str | None,
        blend: str | None,
        model: str,
        strength: float,
        mix: float,
        temperature: float,
        seed: int | None,
        request: gr.Request,
        progress: gr.Progress = PROGRESS,
    ) -> tuple[Any, ...]:
        """The result, where to download it, and the spectrograms.

        Raises:
            gr.Error: with the sentence of an `InputError`.
        """
        session = str(request.session_hash)
        stop = self._stops[session] = Event()

        def watch(share: float) -> None:
            if stop.is_set():
                raise StoppedError
            progress(share, desc="Transferring")

        paths = [None if path is None else Path(path) for path in (content, style, blend)]
        try:
            settings = TransferSettings(strength, mix, temperature, seed)  # type: ignore[arg-type]
            made = self.service(paths[0], paths[1], model, settings, paths[2], watch)
        except InputError as error:
            sentence = str(error)
            raise gr.Error(
                sentence[0].upper() + sentence[1:],
                duration=None,
                print_exception=False,
            ) from error
        except StoppedError:
            return gr.skip(), gr.skip(), gr.skip()
        finally:
            self._stops.pop(session, None)
        out = str(made.out)
        return out, gr.update(value=out, interactive=True), figures(made)

    def stop(self, request: gr.Request) -> None:
        """End what this page waits for, after the window that is being computed."""
        if (stop := self._stops.get(str(request.session_hash))) is not None:
            stop.set()

    def stop_all(self) -> None:
        """End everything."""
        for stop in list(self._stops.values()):
            stop.set()


def figures(made: Made) -> str:
    """The spectrograms side by side, or one below the other where narrow, and what was left out."""
    shown = []
    for caption, png in zip(CAPTIONS, made.spectrograms, strict=True):
        source = f"data:image/png;base64,{base64.b64encode(png).decode()}"
        alt = f"Mel spectrogram of the {caption.lower()}"
        shown.append(
            f'<figure><img src="{source}" alt="{alt}"><figcaption>{caption}</figcaption></figure>'
        )
    remarks = "".join(f"<p>{html.escape(remark)}.</p>" for remark in made.remarks)
    return f'<div class="spectrograms">{"".join(shown)}</div>{remarks}'
