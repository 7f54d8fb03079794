"""Put all systems side by side: a Markdown table, an HTML page that needs nothing else, bars.

Usage: python -m stages.report METRICS EXAMPLES PICTURES HISTORY STORE MARKDOWN HTML BARS
"""

import argparse
import base64
import csv
import io
import json
from pathlib import Path
from typing import Any

import jinja2
import soundfile
from matplotlib.figure import Figure

from audio.files import replacing
from audio.params import Audio
from audio.store import VIEWS, Split
from stages.console import run

COLUMNS = {  # metric: heading, which direction is better, what it means
    "lsd": ("LSD", "lower", "log-spectral distance to the target in dB, as in the VQ-VAE's paper"),
    "lsd_frames": (
        "LSD, frames",
        "lower",
        "the same with the mean taken over frames, as elsewhere",
    ),
    "lsd_shuffled": (
        "LSD, wrong style",
        "further from LSD",
        "LSD when the style clip is another case's: a system that listens to it gets worse",
    ),
    "roughness": ("roughness", "near 1", "change from frame to frame against the target's"),
    "note_f1": ("note F1", "higher", "pitches found in each frame against the true notes"),
}
INTERVALS = ("lsd", "note_f1")


def rows(metrics: Path) -> list[dict[str, Any]]:
    """A row of figures for each system, the best LSD last."""
    table = [
        {"system": path.stem, **json.loads(path.read_text())} for path in metrics.glob("*.json")
    ]
    return sorted(table, key=lambda row: (-row["lsd"], row["system"]))


def cell(row: dict[str, Any], name: str) -> str:
    """A figure with its interval, if it has one."""
    digits = 3 if name == "note_f1" else 2
    text = f"{row[name]:.{digits}f}"
    if name in INTERVALS:
        text += f" ({row[f'{name}_low']:.{digits}f} to {row[f'{name}_high']:.{digits}f})"
    return text


def markdown(table: list[dict[str, Any]]) -> str:
    """The table and what its columns mean."""
    headings = [f"{heading} ({better})" for heading, better, _ in COLUMNS.values()]
    lines = ["| system | " + " | ".join(headings) + " |", "|---" * (len(headings) + 1) + "|"]
    lines += [
        f"| {row['system']} | " + " | ".join(cell(row, name) for name in COLUMNS) + " |"
        for row in table
    ]
    meanings = [f"- **{heading}**: {meaning}." for heading, _, meaning in COLUMNS.values()]
    return "\n".join([*lines, "", "In brackets: 95 % bootstrap intervals.", "", *meanings, ""])


def data_url(data: bytes, kind: str) -> str:
    """Bytes as part of the page itself."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def flac(audio: Any, sample_rate: int) -> str:
    """Audio `(L,)` as part of the page."""
    buffer = io.BytesIO()
    soundfile.write(buffer, audio, sample_rate, format="FLAC")
    return data_url(buffer.getvalue(), "audio/flac")


def curves(history: Path) -> str:
    """The validation curves, a panel a model, as a PNG in the page."""
    files = sorted(history.glob("*.csv"))
    figure = Figure(figsize=(3 * len(files), 2.4), layout="constrained")
    for panel, path in zip(figure.subplots(1, len(files), squeeze=False)[0], files, strict=True):
        with path.open() as file:
            points = list(csv.DictReader(file))
        steps = [float(point["step"]) for point in points]
        for name in ("train_loss", "valid_loss"):
            panel.plot(steps, [float(point[name]) for point in points], label=name, marker=".")
        panel.set_title(path.stem, fontsize=10)
        panel.set_xlabel("step", fontsize=8)
        panel.tick_params(labelsize=8)
        panel.legend(fontsize=7)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    return data_url(buffer.getvalue(), "image/png")


def page(
    table: list[dict[str, Any]],
    examples: Path,
    pictures: Path,
    history: Path,
    split: Split,
    audio: Audio,
) -> str:
    """The HTML page: table, curves, and each kept case with players and spectrograms."""
    systems = [row["system"] for row in table]
    cases = []
    for number in range(len(list((examples / systems[0]).glob("*.flac")))):
        inputs = dict(zip(VIEWS, split.audio(number), strict=True))
        cases.append(
            {
                "inputs": {name: flac(a, audio.sample_rate) for name, a in inputs.items()},
                "outputs": {
                    name: {
                        "flac": data_url(
                            (examples / name / f"case{number}.flac").read_bytes(), "audio/flac"
                        ),
                        "png": data_url(
                            (pictures / name / f"case{number}.png").read_bytes(), "image/png"
                        ),
                    }
                    for name in systems
                },
            }
        )
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    template = jinja2.Environment(loader=loader, autoescape=True).get_template("report.html.jinja")
    cells = [[row["system"], *(cell(row, name) for name in COLUMNS)] for row in table]
    return template.render(
        columns=COLUMNS, cells=cells, cases=cases, curves=curves(history), count=len(split)
    )


def main() -> None:
    """Read the figures, write the tables, the page and the bars."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("metrics", type=Path, help="folder of the systems' figures")
    parser.add_argument("examples", type=Path, help="folder of the systems' kept cases")
    parser.add_argument("pictures", type=Path, help="folder of their spectrograms")
    parser.add_argument("history", type=Path, help="folder of the models' curves")
    parser.add_argument("store", type=Path, help="the spectrograms, for the cases' inputs")
    parser.add_argument("markdown", type=Path, help="Markdown to write: the table")
    parser.add_argument("html", type=Path, help="HTML to write: table, curves, cases")
    parser.add_argument("bars", type=Path, help="CSV to write: the figures, for plots")
    args = parser.parse_args()

    table = rows(args.metrics)
    split = Split(args.store, "test")
    audio = Audio.model_validate(split.attributes["audio"])
    outputs = {
        args.markdown: markdown(table),
        args.html: page(table, args.examples, args.pictures, args.history, split, audio),
    }
    for path, text in outputs.items():
        with replacing(path) as temporary:
            temporary.write_text(text)
    with replacing(args.bars) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)
    print(f"report of {len(table)} systems on {len(split)} cases: {args.html}")


if __name__ == "__main__":
    run(main)
