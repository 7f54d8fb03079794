"""Significance of many tests: Holm's correction."""

import pytest

from timbre.core.significance import holm


def test_holm_corrects_as_in_a_worked_example() -> None:
    # Holm (1979): each by how many are not yet rejected, never below the one before
    found = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert found == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})
    assert holm({"x": 0.8, "y": 0.9}) == {"x": 1.0, "y": 1.0}
    assert holm({}) == {}


def test_holm_is_between_no_correction_and_bonferronis() -> None:
    values = dict(enumerate([0.04, 0.001, 0.03, 0.5, 0.01]))
    adjusted = holm(values)
    assert all(p <= adjusted[n] <= min(1, len(values) * p) for n, p in values.items())
    order = sorted(values, key=values.__getitem__)
    assert [adjusted[n] for n in order] == sorted(adjusted.values())
    assert adjusted[1] == pytest.approx(5 * 0.001)
    assert adjusted[4] == pytest.approx(4 * 0.01)
