"""The table of metrics: all that stands in it is measured, read and shown."""

import numpy as np
import pytest

from timbre.evaluation.metrics import registry
from timbre.evaluation.metrics.features import ClipFeatures, Extractors, Reference
from timbre.evaluation.metrics.registry import COMPARED, HEADLINE, METRICS, Metric
from timbre.evaluation.results.statistics import Interval
from timbre.report import tables

DEAF = Extractors(*(4 * [lambda *_: pytest.fail("not to be heard")]))


def test_metrics_are_told_apart_and_say_what_is_better() -> None:
    assert len({metric.heading for metric in METRICS.values()}) == len(METRICS)
    assert len({metric.meaning for metric in METRICS.values()}) == len(METRICS)
    assert {metric.better for metric in METRICS.values()} == {"lower", "higher", "near 1"}
    assert all(METRICS[name].lower_is_better is not None for name in COMPARED)
    assert {"lsd", "timbre", "onset_f1"} <= {*HEADLINE} & {*COMPARED}


def test_what_needs_a_target_or_notes_is_none_without() -> None:
    rng = np.random.default_rng(0)
    output, other = (ClipFeatures(rng.normal(size=16_000), 16_000, DEAF) for _ in range(2))
    bare = Reference(target=None, timbre=other, sounding=other, notes=None, family="")
    needless = {"timbre", "mfcc", "jaccard"}  # of what every case has
    assert all(METRICS[name].measure(output, bare) is None for name in {*METRICS} - needless)
    assert METRICS["mfcc"].measure(output, bare) is not None


def test_an_entry_is_all_that_a_metric_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    toy = Metric("peak", "higher", 1, "the peak", lambda output, _: float(output.sound.max()))
    monkeypatch.setitem(registry.METRICS, "toy", toy)
    summary = {"glow": {"toy": Interval(0.25, 0.2, 0.3, 4)}}
    assert "| glow | model | 0.2 (0.2 to 0.3) | 4 |" in tables.markdown(summary)
    assert "- **peak**: the peak." in tables.markdown(summary)
    heard = ClipFeatures(np.array([0.0, 0.5]), 16_000, DEAF)
    bare = Reference(None, heard, heard, None, "")
    assert registry.METRICS["toy"].measure(heard, bare) == 0.5


def test_the_table_at_a_glance_is_as_wide_as_it_must_be() -> None:
    summary = {
        name: {metric: Interval(1.5, 1, 2, 4) for metric in HEADLINE}
        for name in ("vqvae", "copy_content")
    }
    lines = tables.glance(summary, ["copy_content", "glow", "vqvae"]).splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["copy_content", "vqvae"]
    assert len({len(line) for line in lines}) == 1
    assert len(lines[0]) < 100
