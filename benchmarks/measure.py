"""Time things side by side, in one process."""

import platform
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import psutil
from tqdm import tqdm

Item = TypeVar("Item")


class Row(NamedTuple):
    """One line of the table."""

    what: str
    reference: float | None
    ours: float
    unit: str
    cheaper: bool = True  # is less better?

    @property
    def ratio(self) -> float | None:
        """Ratio: how many times better ours is."""
        if self.reference is None:
            return None
        return self.reference / self.ours if self.cheaper else self.ours / self.reference


def seconds_each(function: Callable[[Item], object], items: Iterable[Item], what: str) -> float:
    """Mean seconds a call, one after the other."""
    done, begun = 0, time.perf_counter()
    for item in tqdm(items, desc=what, leave=False):
        function(item)
        done += 1
    return (time.perf_counter() - begun) / done


def machine() -> str:
    """The processor, as a sentence's part."""
    name = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next((x.split(":", 1)[1].strip() for x in lines if x.startswith("model name")), name)
    memory = psutil.virtual_memory().total / 2**30
    return f"{len(psutil.Process().cpu_affinity())} cores of {name}, {memory:.0f} GiB"


def markdown(rows: list[Row]) -> str:
    """The rows as a table."""
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d}, {machine()}.",
        "",
        "| | the usual way | here | |",
        "|---|---|---|---|",
    ]
    for row in rows:
        usual = "" if row.reference is None else f"{number(row.reference)} {row.unit}"
        ratio = "" if row.ratio is None else f"{number(row.ratio)}x"
        lines.append(f"| {row.what} | {usual} | {number(row.ours)} {row.unit} | {ratio} |")
    return "\n".join(lines) + "\n"


def number(value: float) -> str:
    """Three digits that count."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def as_json(rows: list[Row]) -> list[dict[str, Any]]:
    """The rows with their ratios."""
    return [row._asdict() | {"ratio": row.ratio} for row in rows]
