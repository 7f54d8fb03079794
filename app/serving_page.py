"""The web page itself, in Gradio: components, and what happens when they are used."""

import base64
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import gradio as gr

from app.serving import WARMEST, Made, Settings, Studio
from app.serving_examples import Example
from app.serving_limits import Limits
from app.watching import StoppedError
from audio.errors import InputError
from audio.params import parse

SWEPT, KEPT = 600, 2700  # s: how often is looked for files to delete, and how old they get
PROGRESS = gr.Progress()  # a default of a function is how Gradio is asked for it
THEME = gr.themes.Default(primary_hue="teal", font=["sans-serif"], font_mono=["monospace"])
CSS = """
.gradio-container { max-width: 1080px !important; margin: 0 auto !important; }
.spectrograms { display: flex; flex-wrap: wrap; gap: 12px; }
.spectrograms figure { flex: 1 1 260px; margin: 0; }
.spectrograms img { width: 100%; height: 160px; display: block; border-radius: 6px; }
.spectrograms figcaption { margin-top: 4px; font-size: 14px; }
"""
CAPTIONS = ("Content", "Style", "Result")


class Desk:
    """What happens when the buttons are pressed.

    Args:
        studio: that transfers.
    """

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
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

        chosen = {
            "model": model,
            "strength": strength,
            "mix": mix,
            "temperature": temperature,
            "seed": seed,
        }
        paths = [None if path is None else Path(path) for path in (content, style, blend)]
        try:
            settings = parse(chosen, Settings, "settings")
            made = self._studio(paths[0], paths[1], settings, paths[2], watch)
        except InputError as error:
            raise gr.Error(str(error), duration=None, print_exception=False) from error
        except StoppedError:
            return gr.skip(), gr.skip(), gr.skip()
        finally:
            self._stops.pop(session, None)
        out = str(made.out)
        return out, gr.DownloadButton(value=out, interactive=True), figures(made)

    def stop(self, request: gr.Request) -> None:
        """End what this session waits for, after the window that is being computed."""
        if (stop := self._stops.get(str(request.session_hash))) is not None:
            stop.set()

    def stop_all(self) -> None:
        """End everything."""
        for stop in list(self._stops.values()):
            stop.set()


def figures(made: Made) -> str:
    """The spectrograms side by side, or one below the other where the page is narrow."""
    shown = []
    for caption, png in zip(CAPTIONS, made.spectrograms, strict=True):
        source = f"data:image/png;base64,{base64.b64encode(png).decode()}"
        alt = f"Mel spectrogram of the {caption.lower()}"
        shown.append(
            f'<figure><img src="{source}" alt="{alt}"><figcaption>{caption}</figcaption></figure>'
        )
    return f'<div class="spectrograms">{"".join(shown)}</div>'


def build(studio: Studio, desk: Desk, examples: list[Example], limits: Limits, queue: int) -> Any:
    """The page.

    Args:
        studio: whose models it offers.
        desk: that does the work.
        examples: to click.
        limits: that it tells of.
        queue: how many may wait at most.

    Returns:
        `gr.Blocks`, to be mounted with `THEME` and `CSS`.
    """
    with gr.Blocks(
        title="Timbre transfer", analytics_enabled=False, delete_cache=(SWEPT, KEPT)
    ) as page:
        gr.Markdown(
            "# Timbre transfer\n"
            "The notes of one recording in the sound of another. Take up to "
            f"{limits.seconds} s and {limits.megabytes} MB; of the style half a second or more. "
            "All is computed on this server and deleted within the hour."
        )
        with gr.Row():
            content = _upload("Content: the notes")
            style = _upload("Style: the sound")
        with gr.Row():
            buttons = [gr.Button(each.label, size="sm", min_width=200) for each in examples]
        with gr.Row():
            model = gr.Radio(list(studio.models), value=studio.models[0], label="Model")
            strength = gr.Slider(
                0, 1, value=1, step=0.05, label="Strength", info="0: the content's own sound"
            )
        with gr.Accordion("More settings", open=False):
            blend = _upload("Second style, if you like")
            mix = gr.Slider(0, 1, value=0.5, step=0.05, label="Share of the second style")
            with gr.Row():
                temperature = gr.Slider(
                    0,
                    WARMEST,
                    value=studio.temperature,
                    step=0.05,
                    label="Temperature",
                    info="More is rougher, 0 smoothest",
                    visible=studio.models[0] == "glow",
                )
                seed = gr.Number(
                    0, label="Seed", precision=0, minimum=0, info="Another, another draw"
                )
        with gr.Row():
            go = gr.Button("Transfer", variant="primary")
            cancel = gr.Button("Cancel", variant="stop")
        result = gr.Audio(label="Result", type="filepath", interactive=False, buttons=[])
        download = gr.DownloadButton("Download the result", interactive=False)
        spectrograms = gr.HTML(label="Spectrograms")

        quietly: dict[str, Any] = {
            "queue": False,
            "show_progress": "hidden",
            "api_visibility": "private",
        }
        for button, example in zip(buttons, examples, strict=True):
            # gr.Examples would hand out its first copy of a clip after that has been deleted
            clips = (str(example.content), str(example.style))
            button.click(partial(tuple, clips), None, [content, style], **quietly)
        model.change(lambda name: gr.Slider(visible=name == "glow"), model, temperature, **quietly)
        running = go.click(
            desk.transfer,
            [content, style, blend, model, strength, mix, temperature, seed],
            [result, download, spectrograms],
            show_progress="full",
            show_progress_on=result,
            api_visibility="private",
        )
        cancel.click(desk.stop, cancels=[running], **quietly)
        page.unload(desk.stop)
    return page.queue(max_size=queue, default_concurrency_limit=1, api_open=False)


def _upload(label: str) -> Any:
    return gr.Audio(label=label, sources=["upload", "microphone"], type="filepath", min_width=280)
