"""Event handlers of the web page."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from time import monotonic, sleep
from typing import Any

import gradio as gr

from timbre.core.errors import InputError
from timbre.page.service import Made, TransferService, UploadError
from timbre.transfer.progress import StoppedError
from timbre.transfer.settings import OutputFormat, TransferSettings

PROGRESS = gr.Progress()  # a default of a function is how Gradio is asked for it
FIELDS = ("content", "style", "blend", "settings")  # beside which it is told what is wrong
PATIENCE = 5.0  # s, that the end of a server waits for a transfer to stop
PHASES = (  # up to which share of a transfer
    (0.0, "Reading, loading the model"),
    (0.5, "Changing the sound"),
    (0.99, "Making the audio"),
    (1.0, "Writing, drawing spectrograms"),
)
CLIPS, SETTINGS = 3, 13  # how many inputs are clips, of how many that a browser remembers
MAX_RESULTS = 5  # that a browser remembers
Results = list[dict[str, Any]]  # newest first: what the player shows, and the file


class Handlers:
    """Handlers of the page's events.

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
        dynamics: float,
        mix: float,
        temperature: float,
        seed: int | None,
        sample_rate: int | None,
        stereo: bool,
        normalize: bool,
        suffix: str,
        results: Results,
        request: gr.Request,
        progress: gr.Progress = PROGRESS,
    ) -> tuple[Any, ...]:
        """What `shown` returns, the results, and what is wrong at each of `FIELDS`."""
        session = str(request.session_hash)
        stop = self._stops[session] = Event()

        def watch(share: float) -> None:
            if stop.is_set():
                raise StoppedError
            progress(share, desc=next(phase for most, phase in PHASES if share <= most))

        paths = [None if path is None else Path(path) for path in (content, style, blend)]
        try:
            settings = TransferSettings(strength, mix, temperature, seed, dynamics)  # type: ignore[arg-type]
            made = self.service(
                paths[0], paths[1], model, settings, paths[2], watch,
                OutputFormat(sample_rate or None, stereo, normalize), suffix,
            )  # fmt: skip
        except InputError as error:
            field = error.field if isinstance(error, UploadError) else "settings"
            return *[gr.skip()] * 4, *_notes({field: str(error)})
        except StoppedError:
            return *[gr.skip()] * 4, *_notes({})
        finally:
            self._stops.pop(session, None)
        of = [
            *(content, style, blend, model, strength, dynamics, mix, temperature, seed),
            *(sample_rate, stereo, normalize, suffix),
        ]
        results = [told(made) | {"of": of}, *self.kept(results)][:MAX_RESULTS]
        return *self.shown(results, 0), results, *_notes({})

    def kept(self, results: Any) -> Results:
        """Those results of a browser that are there: it may name what it likes."""
        found = results if isinstance(results, list) else []
        return [each for each in found[:MAX_RESULTS] if self.service.owns_result(each)]

    def restore(self, results: Results, kept: Any) -> tuple[Any, ...]:
        """What `shown` returns of the newest result, the results, the clips and the settings."""
        found = self.kept(results)
        values = [gr.skip()] * SETTINGS
        if isinstance(kept, list) and len(kept) == SETTINGS:
            clips = [each["path"] if self.service.owns(each) else None for each in kept[:CLIPS]]
            values = [*clips, *kept[CLIPS:]]
        return *self.shown(found, 0), found, *values

    def shown(self, results: Results, number: int | None) -> tuple[Any, ...]:
        """The file to download, what the player shows, and the list of results."""
        chosen = dict(enumerate(self.kept(results))).get(number or 0)
        names = [(each["caption"], place) for place, each in enumerate(results)]
        return (
            gr.update(value=chosen and chosen["file"], interactive=chosen is not None),
            chosen,
            gr.update(choices=names, value=number if chosen else None, visible=len(names) > 1),
        )

    def stop(self, request: gr.Request) -> None:
        """End what this page waits for, after the window that is being computed."""
        if (stop := self._stops.get(str(request.session_hash))) is not None:
            stop.set()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Work while this lasts: in the end all that runs is ended, and waited for."""
        try:
            yield
        finally:
            deadline = monotonic() + PATIENCE
            while (running := list(self._stops.values())) and monotonic() < deadline:
                for stop in running:
                    stop.set()
                sleep(0.05)


def told(made: Made) -> dict[str, Any]:
    """A result as the player takes it."""
    return {
        "file": str(made.out), "caption": made.caption, "clips": made.clips,
        "pitches": made.pitches, "remarks": list(made.remarks),
    }  # fmt: skip


def _notes(problems: dict[str, str]) -> list[Any]:
    """What is said beside each field: a sentence, or nothing any more."""
    said = [problems.get(field, "") for field in FIELDS]
    return [gr.update(value=f"⚠ {each[:1].upper()}{each[1:]}" if each else "", visible=bool(each))
            for each in said]  # fmt: skip
