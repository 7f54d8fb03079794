"""The spectrograms stage: however often it is killed, the same store in the end."""

from pathlib import Path

import numpy as np
import pytest

from stages import spectrograms
from stages.params import Params, load
from tests.conftest import FONT, hash_of, random_midi
from timbre.audio.mel import mel_spectrogram, quantize
from timbre.core.notes import piano_roll
from timbre.dataset import examples, table
from timbre.dataset.examples import STYLE_MUSIC, Example
from timbre.music.midi import read
from timbre.rendering import rendering
from timbre.rendering.rendering import Renderer
from timbre.store import store, writing
from timbre.store.store import Split
from timbre.synthesis import effects
from timbre.synthesis.soundfonts import SPLITS, SYNTHESIZER

FONTS = ["one.sf2", "two.sf2"]


@pytest.fixture
def settings(tiny_params: Path) -> Params:
    """The tiny ones, with two examples a shard, and audio of three that are trained on."""
    params = load(tiny_params)
    kept = rendering.KeepAudio(train=3, valid=1)
    sizes = {"chunk_examples": 1, "shard_examples": 2, "keep_audio": kept}
    return params.model_copy(update={"spectrograms": params.spectrograms.model_copy(update=sizes)})


@pytest.fixture
def rows(settings: Params) -> list[Example]:
    """Five examples for training, three for test: of two fonts with an effect, and of presets."""
    tracks = read(random_midi(0, 20))
    fonts = dict.fromkeys(SPLITS, FONTS)
    chain = effects.dumps([("tremolo", {"speed": 6.0, "depth": 40.0})])
    drawn = []
    for number in range(8):
        example = examples.draw(
            tracks, "0" * 32, "0" * 32, number, 0, fonts, settings.audio.segment_seconds,
            settings.sequences,
        )  # fmt: skip
        timbre = example.timbre._replace(effects=chain, font=FONTS[number % 2])
        content = example.content_timbre._replace(font=SYNTHESIZER)
        rng = np.random.default_rng(number)
        drawn.append(
            example._replace(
                timbre=timbre,
                content_timbre=examples.with_preset(content, rng, 0, "train"),
                split="train" if number < 5 else "test",
            )
        )
    return drawn


@pytest.fixture
def fonts(tmp_path: Path) -> Path:
    """A font, and a second one that sounds another way: its samples are clipped."""
    folder = tmp_path / "fonts"
    folder.mkdir()
    data = bytearray(FONT.read_bytes())
    (folder / FONTS[0]).write_bytes(data)
    start = data.index(b"smpl") + 8
    length = int.from_bytes(data[start - 4 : start], "little")
    samples = np.frombuffer(data, "<i2", length // 2, start)
    samples[:] = samples.clip(-2000, 2000)
    (folder / FONTS[1]).write_bytes(data)
    return folder


@pytest.fixture
def examples_table(tmp_path: Path, rows: list[Example]) -> Path:
    table.write(tmp_path / "sequences.parquet", rows)
    return tmp_path / "sequences.parquet"


def render(folder: Path, examples: Path, fonts: Path, settings: Params) -> Path:
    """What the stage does, on this machine."""
    folder.mkdir(exist_ok=True)
    return spectrograms.render(folder, examples, fonts, settings, None)


def test_interrupted_or_not_it_is_the_same_store(
    tmp_path: Path,
    examples_table: Path,
    fonts: Path,
    settings: Params,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # killed before the first shard was written, and before that
    folder = tmp_path / "killed"
    for left in ("store.zarr", ".store.zarr.1.tmp"):
        spectrograms.prepare(folder / left, examples_table, settings)
    path = render(folder, examples_table, fonts, settings)
    assert capsys.readouterr().out == ""
    whole = hash_of(path)
    assert hash_of(render(tmp_path / "whole", examples_table, fonts, settings)) == whole

    # killed while a shard was written, and by a power failure that lost what was on its way to disk
    marks = sorted((folder / "done").iterdir())
    assert len(marks) == 5
    first, untouched, last = sorted((path / "train" / "mel").glob("c/*/*/*/*"))
    marks[2].unlink()
    first.rename(first.with_suffix(".0123456789abcdef.partial"))
    before = untouched.stat().st_mtime_ns
    last.write_bytes(bytes(last.stat().st_size))
    cut = path / "test/audio/c/0/0/0"
    cut.write_bytes(cut.read_bytes()[:100])
    marks[1].write_bytes(bytes(marks[1].stat().st_size))
    capsys.readouterr()
    assert hash_of(render(folder, examples_table, fonts, settings)) == whole
    assert untouched.stat().st_mtime_ns == before
    there = "1 of 5 shards are there already, 3 more were damaged and are rendered again\n"
    assert capsys.readouterr().out == there

    # killed when all was done
    assert hash_of(render(folder, examples_table, fonts, settings)) == whole
    assert capsys.readouterr().out == "5 of 5 shards are there already\n"
    assert not list(tmp_path.rglob("*.wav"))


def test_the_store_holds_the_views_as_they_are_rendered(
    tmp_path: Path, rows: list[Example], examples_table: Path, fonts: Path, settings: Params
) -> None:
    path, synthesis = tmp_path / "store.zarr", settings.spectrograms.synthesis
    spectrograms.prepare(path, examples_table, settings)
    for shard in writing.shards("test", 3, 2):
        rendering.write_shard(
            path, shard, examples_table, fonts, settings.audio, synthesis, keep_audio=3
        )
    split, example = Split(path, "test"), rows[6]
    renderer = Renderer(fonts, settings.audio, synthesis)
    views = np.stack([renderer.render(*view) for view in rendering.views(example)])
    mel = mel_spectrogram(views, settings.audio)
    assert np.array_equal(split.mel()[1], quantize(mel, settings.audio))
    assert np.abs(split.audio(1) - views).max() <= 0.5 / store.INT16 + 1e-7
    timbres = [example.content_timbre, example.timbre, example.timbre]
    assert split.index("program")[1].tolist() == [timbre.program for timbre in timbres]
    names = split.attributes["fonts"]
    assert names == sorted([*FONTS, SYNTHESIZER])
    assert [names[number] for number in split.index("font")[1]] == [each.font for each in timbres]
    assert [bytes(name).hex() for name in split.index("piece")[1]] == [example.piece] * 3
    for each in (split, Split(path, "train")):
        played = [STYLE_MUSIC[place] for place in each.index("style_music")]
        assert played == [row.style_music for row in rows if row.split == each.name]
    assert (len(Split(path, "train")), len(split)) == (5, 3)
    notes = split.notes()
    assert notes is not None
    frames = settings.audio.segment_frames
    roll = piano_roll(example.notes, frames, settings.audio.frames_per_second)
    assert np.array_equal(np.unpackbits(notes[1], axis=0), roll)


def test_of_as_many_first_examples_as_asked_for_the_audio_is_there_too(
    tmp_path: Path, rows: list[Example], examples_table: Path, fonts: Path, settings: Params
) -> None:
    path = render(tmp_path / "work", examples_table, fonts, settings)
    train, test = Split(path, "train"), Split(path, "test")
    assert (train.audio_count, test.audio_count, len(train)) == (3, 3, 5)
    renderer = Renderer(fonts, settings.audio, settings.spectrograms.synthesis)
    whole = renderer.shard(rows[:5], keep_audio=5)
    assert whole.audio is not None
    assert np.array_equal(train.samples(0, 3), whole.audio[:3])
    assert np.array_equal(train.mel(), whole.mel)
    fewer = renderer.shard(rows[:5], keep_audio=3)
    assert fewer.digest() != whole.digest()
    assert spectrograms.keep_audio("train", 2, settings.spectrograms) == 2
    assert spectrograms.keep_audio("timbre", 2, settings.spectrograms) == 0


def test_how_many_fonts_are_kept_does_not_matter(
    rows: list[Example], fonts: Path, settings: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = []
    for kept in (4, 1):
        monkeypatch.setattr(rendering, "SOURCES_KEPT", kept)
        renderer = Renderer(fonts, settings.audio, settings.spectrograms.synthesis)
        shards = [renderer.shard(rows[n : n + 2], keep_audio=2) for n in (0, 2, 4, 2, 0)]
        digests.append([shard.digest() for shard in shards])
    assert digests[0] == digests[1]
    assert digests[0][:2] == digests[0][:2:-1]


def test_the_examples_of_a_shard_are_rendered_as_each_alone(
    rows: list[Example], fonts: Path, settings: Params
) -> None:
    renderer = Renderer(fonts, settings.audio, settings.spectrograms.synthesis)
    together = renderer.shard(rows[:4], keep_audio=4)
    for number, example in enumerate(rows[:4]):
        alone = renderer.shard([example], keep_audio=1)
        for whole, part in zip(together, alone, strict=True):
            assert whole is not None
            assert np.array_equal(whole[number : number + 1], part)
    other = rows[0]._replace(timbre=rows[0].timbre._replace(font=FONTS[1]))
    assert renderer.shard([other], keep_audio=1).digest() != alone.digest()
