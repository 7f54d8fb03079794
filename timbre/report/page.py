"""The report as one HTML page that needs nothing else: no other file, host or script."""

import base64
import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import soundfile
from numpy.typing import NDArray

from timbre.audio.mel import mel_spectrogram
from timbre.audio.pictures import spectrogram
from timbre.core.errors import InputError
from timbre.core.params import Audio
from timbre.core.signal import flac
from timbre.evaluation.cases.cases import Cases
from timbre.evaluation.metrics.registry import METRICS
from timbre.evaluation.results.statistics import Interval
from timbre.report import axes as axes
from timbre.report import sources as sources
from timbre.report import tables as tables

CURVE_WIDTH, CURVE_HEIGHT = 300, 120  # of the area that a curve is drawn in, as in the template


def render(**values: Any) -> str:
    """Fill the template in."""
    folder = Path(__file__).parent
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("report.html.jinja").render(
        style=(folder / "report.css").read_text(),
        script=(folder / "report.js").read_text(),
        parts=environment.get_template("report_parts.html.jinja").module,
        metrics=METRICS,
        about=sources.about,
        tables=tables,
        **values,
    )


def data_url(data: bytes, kind: str) -> str:
    """Bytes as part of the page itself."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def clip(name: str, sound: bytes, audio: Audio) -> dict[str, Any]:
    """Player and picture with axes of a FLAC file, as parts of the page."""
    samples: NDArray[Any] = soundfile.read(io.BytesIO(sound), dtype="float32")[0]
    return {
        "name": name,
        "sound": data_url(sound, "audio/flac"),
        "picture": data_url(spectrogram(mel_spectrogram(samples, audio), audio), "image/png"),
        "seconds": f"{len(samples) / audio.sample_rate:.1f}",
        "times": axes.time_marks(len(samples) / audio.sample_rate),
        "pitches": axes.pitch_marks(audio),
    }


def listening(
    cases: Cases, examples: Path, systems: list[str], audio: Audio
) -> list[dict[str, Any]]:
    """The kept cases, in the benchmark's order: inputs and the outputs of all systems.

    Raises:
        InputError: if an output was kept of a case that the benchmark does not have.
    """
    case_names = {path.stem for name in systems for path in (examples / name).glob("*.flac")}
    numbers = {label["name"]: number for number, label in enumerate(cases.labels())}
    if case_names - numbers.keys():
        raise InputError(
            f"expected outputs of cases of the benchmark in {examples}, got one of case "
            f"{min(case_names - numbers.keys())}; please score the systems again with "
            "`./run dvc repro`."
        )
    parts = []
    for name in sorted(case_names, key=numbers.__getitem__):
        case = cases[numbers[name]]
        inputs = {"content": case.content, "style": case.style, "target": case.target}
        outputs = [
            (system, path)
            for system in systems
            if (path := examples / system / f"{name}.flac").is_file()
        ]
        parts.append(
            {
                "case": case,
                "inputs": [
                    clip(label, flac(sound, cases.sample_rate), audio)
                    for label, sound in inputs.items()
                    if sound is not None
                ],
                "outputs": [clip(system, path.read_bytes(), audio) for system, path in outputs],
            }
        )
    return parts


def bars(
    summary: Mapping[str, Mapping[str, Interval]], names: list[str], metric: str
) -> dict[str, Any] | None:
    """Means and intervals of a metric in per cent of a common scale; None if nobody has it."""
    intervals = {name: summary[name][metric] for name in names if metric in summary[name]}
    if not intervals:
        return None
    low, high = min(i.low for i in intervals.values()), max(i.high for i in intervals.values())
    width = max(high - low, 1e-9)
    digits = METRICS[metric].digits
    rows = [
        {
            "name": name,
            "role": sources.about(name).role,
            "text": tables.number(interval.mean, digits),
            "span": tables.span(interval, digits),
            "low": f"{100 * (interval.low - low) / width:.2f}",
            "mean": f"{100 * (interval.mean - low) / width:.2f}",
            "high": f"{100 * (interval.high - low) / width:.2f}",
        }
        for name, interval in intervals.items()
    ]
    ends = [tables.number(end, digits) for end in (low, high)]
    return {"metric": METRICS[metric], "rows": rows, "ends": ends}


def curve_chart(curve: sources.Curve) -> dict[str, Any]:
    """A training's losses as the points of lines, with the ends of both axes."""
    losses = [loss for line in curve.losses.values() for loss in line if math.isfinite(loss)]
    low, high = (min(losses), max(losses)) if losses else (0.0, 1.0)
    first, last = curve.steps[0], curve.steps[-1]
    lines = {
        name: " ".join(
            f"{CURVE_WIDTH * (step - first) / max(last - first, 1):.1f},"
            f"{CURVE_HEIGHT * (high - loss) / max(high - low, 1e-9):.1f}"
            for step, loss in zip(curve.steps, line, strict=True)
            if math.isfinite(loss)
        )
        for name, line in curve.losses.items()
    }
    return {
        "name": curve.name,
        "lines": lines,
        "x": [f"{first:,.0f}", f"{last:,.0f}"],
        "y": [tables.number(low, 2), tables.number(high, 2)],
        "end": {name: tables.number(line[-1], 3) for name, line in curve.losses.items()},
    }
