"""The web page itself, in Gradio: its components, and which of them does what."""

from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from timbre import listening
from timbre.page import script
from timbre.page.examples import Example
from timbre.page.handlers import Handlers
from timbre.page.limits import Limits
from timbre.transfer import writing
from timbre.transfer.settings import MAX_TEMPERATURE

FOLDER = Path(__file__).parent
SCRIPTS = (Path(listening.__file__).parent / "pages" / "player.js", FOLDER / "player.js")
EFFECTS = {"glow": "Livelier (glow)", "vqvae": "Smoother (vqvae)"}  # what a model is like
THEME = gr.themes.Default(primary_hue="teal", font=["sans-serif"], font_mono=["monospace"]).set(
    # what is written in grey, and on the button, is also for eyes that see little contrast
    body_text_color_subdued="*neutral_600",
    block_info_text_color="*neutral_600",
    button_primary_background_fill="*primary_700",
    button_primary_background_fill_dark="*primary_700",
    button_primary_background_fill_hover="*primary_800",
    button_primary_background_fill_hover_dark="*primary_800",
)
CSS = """
.gradio-container { max-width: 1080px !important; margin: 0 auto !important; }
:focus-visible { outline: 2px solid var(--primary-500) !important; outline-offset: 2px; }
.note { color: var(--error-text-color); }
.clip { --neutral-400: var(--neutral-500); }  /* times and buttons: seen against white */
.dark .clip { --neutral-400: var(--neutral-300); }
/* a waveform would widen the page beyond a phone's */
@media (max-width: 640px) {
  .row { flex-direction: column !important; }
  .row > *, .column {
    width: 100%; min-width: 0 !important; max-width: calc(100vw - 64px) !important;
  }
}
"""


def build(
    handlers: Handlers,
    examples: list[Example],
    library: dict[str, Path],
    limits: Limits,
    queue: int,
) -> Any:
    """The page.

    Args:
        handlers: that do the work, with the models that it offers.
        examples: to click.
        library: styles by name.
        limits: that it tells of.
        queue: how many may wait at most.

    Returns:
        `gr.Blocks`, to be mounted with `THEME`, `CSS` and the script of `timbre.page.script`.
    """
    service = handlers.service
    drawn = service.default_temperature(service.models[0])
    with gr.Blocks(title="Timbre transfer", analytics_enabled=False) as page:
        gr.Markdown(
            "# Timbre transfer\n"
            "The notes of one recording in the sound of another. Take up to "
            f"{limits.seconds} s and {limits.megabytes} MB; of the style half a second or more. "
            "All is computed on this server and deleted within the hour."
        )
        with gr.Row():
            with gr.Column(min_width=280):
                content = _upload("Content: the notes")
                content_note = _note()
            with gr.Column(min_width=280):
                style = _upload("Style: the sound")
                style_note = _note()
        by_name = gr.Dropdown(
            list(library), value=None, label="Or a style by name", info="Short clips, CC0"
        )
        gr.Markdown("Or try an example:")
        with gr.Row():
            buttons = [gr.Button(each.label, size="sm", min_width=200) for each in examples]
        with gr.Row():
            names = [(EFFECTS.get(name, name), name) for name in service.models]
            model = gr.Radio(names, value=service.models[0], label="Character")
            strength = gr.Slider(
                0,
                1,
                value=1,
                step=0.05,
                label="Strength",
                info="0: the content itself, 1: all of the transfer",
            )
        with gr.Accordion("More settings", open=False):
            dynamics = gr.Slider(
                0,
                1,
                value=1,
                step=0.05,
                label="Dynamics",
                info="0: loud and soft as the content, 1: as the model has it",
            )
            blend = _upload("Second style, if you like")
            blend_note = _note()
            mix = gr.Slider(0, 1, value=0.5, step=0.05, label="Share of the second style")
            with gr.Row():
                temperature = gr.Slider(
                    0,
                    MAX_TEMPERATURE,
                    value=drawn or 0.0,
                    step=0.05,
                    label="Temperature",
                    info="More is rougher, 0 smoothest",
                    visible=drawn is not None,
                )
                seed = gr.Number(
                    0,
                    label="Seed",
                    precision=0,
                    minimum=0,
                    info="Another number, another draw",
                    visible=drawn is not None,
                )
            with gr.Row():
                rate = gr.Dropdown(
                    [("The models' own", 0), ("44.1 kHz", 44_100), ("48 kHz", 48_000)],
                    value=0,
                    label="Sample rate",
                )
                suffix = gr.Dropdown(list(writing.FORMATS), value=".wav", label="Format")
            with gr.Row():
                stereo = gr.Checkbox(True, label="Stereo where the content is")
                normalize = gr.Checkbox(False, label="As loud as goes, not as the content is")
        settings_note = _note()
        with gr.Row():
            go = gr.Button("Transfer", variant="primary")
            cancel = gr.Button("Cancel")
            more = gr.Button("Another draw", visible=drawn is not None)
        results = gr.BrowserState([], storage_key="timbre-results")
        kept = gr.BrowserState([], storage_key="timbre-settings")
        player = gr.HTML(
            None,
            html_template='<div class="stage" hidden></div><p class="empty">Results come here.</p>',
            css_template=(FOLDER / "player.css").read_text(encoding="utf-8"),
            js_on_load="".join(path.read_text(encoding="utf-8") for path in SCRIPTS),
            apply_default_css=False,
            elem_id="result",
        )
        earlier = gr.Dropdown([], label="Results", visible=False)
        with gr.Row():
            download = gr.DownloadButton("Download the result", interactive=False)
            again = gr.Button("Use the result as style")

        quietly: dict[str, Any] = {
            "queue": False,
            "show_progress": "hidden",
            "api_visibility": "private",
        }
        for button, example in zip(buttons, examples, strict=True):
            # gr.Examples would hand out its first copy of a clip after that has been deleted
            clips = (str(example.content), str(example.style))
            button.click(partial(tuple, clips), None, [content, style], **quietly)
        by_name.input(  # of nothing, where somebody goes past it by keyboard
            lambda title: str(library[title]) if title else gr.skip(), by_name, style, **quietly
        )
        model.change(
            lambda name: [gr.update(visible=service.default_temperature(name) is not None)] * 3,
            model,
            [temperature, seed, more],
            **quietly,
        )
        inputs = [content, style, blend]
        chosen = [
            model,
            strength,
            dynamics,
            mix,
            temperature,
            seed,
            rate,
            stereo,
            normalize,
            suffix,
        ]
        views, notes = [download, player, earlier], [content_note, style_note, blend_note]
        running: dict[str, Any] = {
            "fn": handlers.transfer,
            "inputs": [*inputs, *chosen, results],
            "outputs": [*views, results, *notes, settings_note],
            "show_progress": "full",
            "show_progress_on": player,
        }
        pressed = go.click(**running, api_name="transfer")
        drawing = more.click(lambda number: (number or 0) + 1, seed, seed, **quietly).then(
            **running, api_visibility="private"
        )
        gr.on(
            [each.change for each in (*inputs, *chosen)],
            None,
            [*inputs, *chosen],
            kept,
            js=script.CHANGED,
            **quietly,
        )
        earlier.input(handlers.shown, [results, earlier], views, **quietly)
        page.load(handlers.restore, [results, kept], [*views, results, *inputs, *chosen], **quietly)
        again.click(
            lambda shown: shown["clips"][2]["sound"] if shown else gr.skip(),
            player,
            style,
            **quietly,
        )
        cancel.click(handlers.stop, cancels=[pressed, drawing], **quietly)
        page.unload(handlers.stop)
    return page.queue(max_size=queue, default_concurrency_limit=1, api_open=False)


def _note() -> Any:
    """Where it is told what is wrong with the field above."""
    return gr.Markdown("", visible=False, elem_classes="note")


def _upload(label: str) -> Any:
    return gr.Audio(
        label=label,
        sources=["upload", "microphone"],
        type="filepath",
        min_width=280,
        buttons=[],  # one of the usual ones uploads to another host
        elem_classes="clip",
    )
