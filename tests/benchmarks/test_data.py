"""Benchmarks draw what they measure from the parameters as they are."""

from pathlib import Path

from benchmarks.data import draw
from stages.params import load
from tests.conftest import random_midi


def test_training_examples_are_drawn_from_midi_files(tmp_path: Path) -> None:
    files = []
    for seed in range(4):
        files.append(tmp_path / f"{seed}.mid")
        files[-1].write_bytes(random_midi(seed))
    (tmp_path / "bad.mid").write_bytes(b"none")
    drawn = draw([tmp_path / "bad.mid", *files], load(), 3)
    assert len(drawn) == 3
    assert {example.split for example in drawn} == {"train"}
