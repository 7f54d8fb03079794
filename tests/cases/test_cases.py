"""Every case that `python -m tests.cases` tries is a test too."""

import ast
from pathlib import Path

import pytest

from tests.cases import inputs
from tests.cases.case import CASES, Desk
from tests.cases.every import collect
from tests.conftest import ROOT

collect()
TRIED = [
    pytest.param(number, marks=[pytest.mark.slow] if case.is_slow else [])
    for number, case in sorted(CASES.items())
    if not case.tests
]
CALLED = [number for number, case in sorted(CASES.items()) if case.tests]


@pytest.mark.parametrize("number", TRIED)
def test_case(number: int, tmp_path: Path) -> None:
    inputs.make(tmp_path)
    seen = CASES[number].check(Desk(tmp_path))
    assert seen.passed, f"{CASES[number].does}: expected {CASES[number].expected}, seen {seen.text}"


@pytest.mark.parametrize("number", CALLED)
def test_what_a_case_calls_is_a_test(number: int) -> None:
    for test in CASES[number].tests:
        name, _, function = test.partition("::")
        tree = ast.parse((ROOT / name).read_text())
        assert function in [node.name for node in tree.body if isinstance(node, ast.FunctionDef)], (
            test
        )
