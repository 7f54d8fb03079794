"""Put all systems side by side: a page to read and listen to, a table, figures for plots.

Usage: python -m stages.report BENCHMARK BENCHMARK_METRICS CASES TRAIN COST EXAMPLES HISTORY
    MARKDOWN HTML SCORES PLOTS
"""

import argparse
import csv
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from stages.params import Params, load
from timbre.core.console import run
from timbre.core.errors import InputError
from timbre.core.files import replacing, write_json
from timbre.evaluation.cases.cases import Cases
from timbre.evaluation.metrics.registry import COMPARED, METRICS
from timbre.evaluation.results import results
from timbre.evaluation.results.results import System
from timbre.evaluation.results.statistics import Interval
from timbre.report import page as page
from timbre.report import sources as sources
from timbre.report import tables as tables

TIMBRE_METRICS = ("timbre", "mfcc", "lsd")  # whose orders of the systems are compared
# that a terminal shows at the end
GLANCE_SYSTEMS = ("copy_content", "eq_match", "vqvae", "glow", "glow_shipped", "resynthesis")
EXTREME_CASES = 3  # best and worst cases that are named

Summary = Mapping[str, Mapping[str, Interval]]


def pairs(names: list[str]) -> dict[str, list[tuple[str, str]]]:
    """Systems that are compared case by case, under the question that it answers."""
    models = sources.with_role(names, "model")
    floors = sources.with_role(names, "floor")
    others = sources.with_role(names, "model", "baseline")
    return {
        "Is it better than doing nothing?": [(one, floor) for floor in floors for one in others],
        "Which model is better?": [
            (one, other) for n, other in enumerate(models) for one in models[n + 1 :]
        ],
        "Does it listen to the style clip?": [
            (one, wrong) for one in models if (wrong := one + sources.SHUFFLED_SUFFIX) in names
        ],
    }


def write_scores(path: Path, summary: Summary) -> None:
    """Write all means and intervals as CSV, a row each system and metric."""
    with replacing(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["system", "metric", *Interval._fields])
        for name, intervals in summary.items():
            for metric, (*ends, cases) in intervals.items():
                writer.writerow([name, metric, *(f"{end:.6g}" for end in ends), cases])


def write_plots(folder: Path, summary: Summary, heats: list[tables.Heat]) -> None:
    """Write what DVC draws: a JSON each metric, and the means by family of content and style."""
    with replacing(folder, folder=True) as temporary:
        for metric in METRICS:
            rows = [
                {"system": name, "role": sources.about(name).role}
                | {field: round(value, 6) for field, value in intervals[metric]._asdict().items()}
                for name, intervals in summary.items()
                if metric in intervals
            ]
            write_json(temporary / f"{metric}.json", rows)
        families = [
            {"system": each.system, "content": content, "style": style, "lsd": round(spot.mean, 6)}
            for each in heats
            for content, spots in each.rows
            for style, spot in zip(each.columns, spots, strict=True)
            if spot
        ]
        write_json(temporary / "families.json", families)


def where(
    systems: Mapping[str, System], labels: tables.Labels, names: list[str]
) -> list[dict[str, Any]]:
    """Means by bin and by soundfont: a table each kind, a part of it each metric."""
    kinds = {"group": "bin", "font": "soundfont"}
    tables_by_kind = []
    for key, kind in kinds.items():
        parts = [
            {"metric": METRICS[metric], "rows": rows}
            for metric in COMPARED
            if (rows := tables.grouped(systems, labels, key, names, metric))
        ]
        if parts:
            tables_by_kind.append({"kind": kind, "parts": parts})
    return tables_by_kind


def html(
    args: argparse.Namespace,
    params: Params,
    cases: Cases,
    systems: Mapping[str, System],
    summary: Summary,
    heats: list[tables.Heat],
) -> str:
    """The page."""
    names, seed, resamples = list(systems), params.seed, params.report.resamples
    labels = {label["name"]: label for label in cases.labels()}
    models = sources.with_role(names, "model")
    highlighted = [
        *sources.with_role(names, "floor"),
        *models,
        *sources.with_role(names, "ceiling"),
    ]
    best = tables.best(summary, models)
    pairs_by_question = pairs(names)
    every = [pair for among in pairs_by_question.values() for pair in among]
    rows = iter(tables.compared(systems, every, resamples, seed))
    questions = {
        question: [next(rows) for _ in among] for question, among in pairs_by_question.items()
    }
    training = params.train.model_dump()
    return page.render(
        count=len(cases),
        summary=summary,
        best=best,
        floors=sources.with_role(names, "floor"),
        ceilings=sources.with_role(names, "ceiling"),
        columns=tables.present_metrics(summary),
        bars=[each for m in COMPARED if (each := page.bars(summary, names, m))],
        headline=COMPARED,
        questions={question: rows for question, rows in questions.items() if rows},
        agreement=tables.agreement(systems, TIMBRE_METRICS),
        marked=highlighted,
        where=where(systems, labels, highlighted),
        heats=heats,
        extremes=tables.extremes(systems, models, "lsd", EXTREME_CASES),
        labels=labels,
        listening=page.listening(cases, args.examples, names, params.audio),
        curves=[page.curve_chart(curve) for curve in sources.curves(args.history)],
        training=training,
        trained=sources.figures(args.train),
        soundfonts=params.soundfonts.model_dump(),
        examples=params.sequences.model_dump(),
        benchmark=sources.flat(json.loads(args.benchmark_metrics.read_text())),
        cost={n: c for n, c in sources.figures(args.cost).items() if n in summary},
        paper=sources.PAPER,
        paper_metrics=sources.PAPER_METRICS,
        versions=sources.versions(),
        seed=seed,
        resamples=resamples,
    )


def took() -> str:
    """What the whole run of DVC took, in words; nothing where the stage runs by itself."""
    for parent in psutil.Process().parents():
        if "dvc" in " ".join(parent.cmdline()[:3]):
            minutes, seconds = divmod(round(time.time() - parent.create_time()), 60)
            return f", {minutes}:{seconds:02} after `dvc` was started"
    return ""


def main() -> None:
    """Read the scores, write the table, the page, the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("benchmark", type=Path, help="the test cases")
    parser.add_argument("benchmark_metrics", type=Path, help="JSON of what they are")
    parser.add_argument("cases", type=Path, help="folder of the systems' scores, case by case")
    parser.add_argument("train", type=Path, help="folder of the trainings' figures")
    parser.add_argument("cost", type=Path, help="folder of the systems' speed and size")
    parser.add_argument("examples", type=Path, help="folder of the systems' kept outputs")
    parser.add_argument("history", type=Path, help="folder of the trainings' curves")
    parser.add_argument("markdown", type=Path, help="Markdown to write: the table")
    parser.add_argument("html", type=Path, help="HTML to write: the page")
    parser.add_argument("scores", type=Path, help="CSV to write: all means and intervals")
    parser.add_argument("plots", type=Path, help="folder to write: figures for DVC to draw")
    args = parser.parse_args()

    params, cases, systems = load(), Cases(args.benchmark), results.read(args.cases)
    systems = {name: systems[name] for name in sources.in_order(list(systems))}
    labels = {label["name"]: label for label in cases.labels()}
    for name, scores in systems.items():
        unknown = {case for each in scores.values() for case in each} - labels.keys()
        if unknown:
            raise InputError(
                f"expected scores of cases in {args.benchmark}, got case {min(unknown)} of "
                f"{name}; please score it again with `./run dvc repro`."
            )
    summary = results.summary(systems, params.report.resamples, params.seed)
    models = sources.with_role(list(systems), "model")
    heats = tables.heat(systems, labels, models, "lsd")
    texts = {
        args.markdown: tables.markdown(summary),
        args.html: html(args, params, cases, systems, summary, heats),
    }
    for path, text in texts.items():
        with replacing(path) as temporary:
            temporary.write_text(text)
    write_scores(args.scores, summary)
    write_plots(args.plots, summary, heats)
    print(tables.glance(summary, GLANCE_SYSTEMS))
    print(f"report of {len(systems)} systems on {len(cases)} cases{took()}: {args.html.resolve()}")


if __name__ == "__main__":
    run(main)
