"""The spectrograms stage: however often it is killed, the same store in the end."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from audio import effects, examples, store
from audio.examples import Example
from audio.mel import mel_spectrogram, quantize
from audio.midi import read
from audio.notes import piano_roll
from audio.rendering import Renderer
from audio.store import Split
from stages import spectrograms
from stages.params import Params, load
from tests.conftest import FONT, hash_of, random_midi

FONTS = {split: ["TimGM6mb"] for split in ("train", "valid", "test")}


@pytest.fixture
def settings(tiny_params: Path) -> Params:
    """The tiny ones, with two examples a shard."""
    params = load(tiny_params)
    sizes = {"chunk_examples": 1, "shard_examples": 2}
    return params.model_copy(update={"spectrograms": params.spectrograms.model_copy(update=sizes)})


@pytest.fixture
def rows(settings: Params) -> dict[str, list[Example]]:
    """Five examples for training and three for test, all with an effect."""
    tracks = read(random_midi(0, 20))
    name = "0" * 32
    chain = effects.dumps([("tremolo", {"speed": 6.0, "depth": 40.0})])
    drawn = []
    for number in range(8):
        example = examples.draw(
            tracks, name, name, number, 0, FONTS, settings.audio.segment_seconds,
            settings.sequences,
        )  # fmt: skip
        drawn.append(example._replace(timbre=example.timbre._replace(effects=chain)))
    return {"train": drawn[:5], "test": drawn[5:]}


@pytest.fixture
def fonts(tmp_path: Path) -> Path:
    (tmp_path / "fonts").mkdir()
    shutil.copy(FONT, tmp_path / "fonts")
    return tmp_path / "fonts"


def render(folder: Path, rows: dict[str, list[Example]], fonts: Path, settings: Params) -> Path:
    """What the stage does, on this machine."""
    folder.mkdir(exist_ok=True)
    return spectrograms.render(folder, rows, fonts, settings, None)


def test_interrupted_or_not_it_is_the_same_store(
    tmp_path: Path, rows: dict[str, list[Example]], fonts: Path, settings: Params
) -> None:
    whole = hash_of(render(tmp_path / "whole", rows, fonts, settings))

    # killed when half of the shards were written, and while one was
    folder = tmp_path / "killed"
    path = render(folder, rows, fonts, settings)
    assert hash_of(path) == whole
    marks = sorted((folder / "done").iterdir())
    assert len(marks) == 5
    for mark in marks[::2]:
        mark.unlink()
    first, untouched, _ = sorted((path / "train" / "mel").glob("c/*/*/*/*"))
    first.rename(first.with_suffix(".0123456789abcdef.partial"))
    before = untouched.stat().st_mtime_ns
    assert hash_of(render(folder, rows, fonts, settings)) == whole
    assert untouched.stat().st_mtime_ns == before

    # killed between the empty store and its first shard, and before that
    for left in ("store.zarr", ".store.zarr.1.tmp"):
        folder = tmp_path / f"early{left}"
        folder.mkdir()
        spectrograms.prepare(folder / left, rows, settings)
        assert hash_of(render(folder, rows, fonts, settings)) == whole

    assert not list(tmp_path.rglob("*.wav"))


def test_the_store_holds_the_views_as_they_are_rendered(
    tmp_path: Path, rows: dict[str, list[Example]], fonts: Path, settings: Params
) -> None:
    split = Split(render(tmp_path / "scratch", rows, fonts, settings), "test")
    views = Renderer(fonts, settings.audio, settings.spectrograms.synthesis).views(rows["test"][1])
    mel = mel_spectrogram(views, settings.audio)
    assert np.array_equal(split.mel()[1], quantize(mel, settings.audio))
    assert np.abs(split.audio(1) - views).max() <= 0.5 / store.INT16 + 1e-7
    example = rows["test"][1]
    programs = [example.content_timbre.program, *[example.timbre.program] * 2]
    assert split.index("program")[1].tolist() == programs
    assert [bytes(name).hex() for name in split.index("piece")[1]] == [example.piece] * 3
    assert split.attributes["fonts"] == ["TimGM6mb"]
    notes = split.notes()
    assert notes is not None
    frames = settings.audio.segment_frames
    roll = piano_roll(example.notes, frames, settings.audio.frames_per_second)
    assert np.array_equal(np.unpackbits(notes[1], axis=0), roll)
