"""Sources with presets of their own: drawn like fonts, for each split others."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.timbres import APART_DB, FLOOR_DB, steady_spectrum, told_apart
from stages.params import Params, load
from tests.conftest import random_midi
from timbre.core.notes import notes_from_columns
from timbre.dataset import examples, table
from timbre.dataset.examples import Example, draw, split_of
from timbre.music.midi import read
from timbre.synthesis import presets
from timbre.synthesis.soundfonts import PRESET_SOURCES, SPLITS, SYNTHESIZER, files_of
from timbre.synthesis.sources import Synthesizer
from timbre.synthesis.synthesizer_drawing import draw_preset

TRACKS = read(random_midi(0, 20))
MIXED = ["a", "a", "a", SYNTHESIZER, SYNTHESIZER]


@pytest.fixture
def settings(tiny_params: Path) -> Params:
    return load(tiny_params)


def drawn(split: str, count: int, settings: Params, sources: list[str]) -> list[Example]:
    """Examples of pieces of a split."""
    names = (f"piece{number}" for number in range(100 * count))
    found = [name for name in names if split_of(0, name, settings.sequences) == split]
    return [
        draw(
            TRACKS, name, name, 0, 0, dict.fromkeys(SPLITS, sources),
            settings.audio.segment_seconds, settings.sequences,
        )
        for name in found[:count]
    ]  # fmt: skip


def test_what_is_listed_twice_is_drawn_twice_as_often(settings: Params) -> None:
    found = drawn("train", 200, settings, MIXED)
    fonts = [timbre.font for each in found for timbre in (each.timbre, each.content_timbre)]
    assert np.mean([font == SYNTHESIZER for font in fonts]) == pytest.approx(0.4, abs=0.08)


def test_a_preset_has_a_name_a_program_near_it_and_no_variation(settings: Params) -> None:
    for each in drawn("train", 40, settings, MIXED):
        for timbre in (each.timbre, each.content_timbre):
            if timbre.font == SYNTHESIZER:
                assert timbre.program == presets.synthesizer_preset(timbre.preset).program
                assert timbre.variation == ""
            else:
                assert timbre.preset == ""
        assert each.timbre.preset == "" or each.timbre.preset != each.content_timbre.preset


def test_presets_beside_them_change_nothing_of_the_fonts(settings: Params) -> None:
    mixed = drawn("train", 40, settings, MIXED)
    fonts = drawn("train", 40, settings, ["a", "a", "a", "b", "b"])
    for one, other in zip(mixed, fonts, strict=True):
        assert one.timbre.effects == other.timbre.effects
        if one.timbre.font == "a":
            assert one.timbre == other.timbre


def test_no_split_hears_the_presets_of_another() -> None:
    rng = np.random.default_rng(0)
    draws = {
        split: {presets.DRAWN_SOURCES[SYNTHESIZER](rng, 0, split).name for _ in range(200)}
        for split in SPLITS
    }
    numbers = [
        {int(name.split("/")[1]) % len(SPLITS) for name in names} for names in draws.values()
    ]
    assert all(len(each) == 1 for each in numbers)
    assert len(set.union(*numbers)) == len(SPLITS)


def test_a_preset_is_found_by_its_name() -> None:
    assert presets.synthesizer_preset(presets.synthesizer_name(2, 2**42)) == draw_preset(2, 2**42)


def test_presets_are_told_by_the_table(tmp_path: Path, settings: Params) -> None:
    found = drawn("train", 5, settings, [SYNTHESIZER])
    table.write(tmp_path / "t", found)
    again = table.read(tmp_path / "t", "train")
    assert [each.timbre for each in again] == [each.timbre for each in found]


def test_sources_without_a_file_are_none_to_copy() -> None:
    assert files_of([*MIXED, "b", "a"]) == ["a", "b"]
    assert set(PRESET_SOURCES) == set(presets.DRAWN_SOURCES)


def test_a_source_plays_the_same_whatever_it_played_before(settings: Params) -> None:
    source = Synthesizer(settings.audio)
    rng = np.random.default_rng(0)
    plain = examples.Timbre(0, SYNTHESIZER, "")
    timbres = [examples.with_preset(plain, rng, 0, "train") for _ in range(5)]
    notes = notes_from_columns([60, 64], [90, 80], [0.0, 0.3], [0.4, 0.8])
    first = [source.render(notes, timbre) for timbre in timbres]
    for number in (3, 1, 4, 0, 2, 2):
        assert np.array_equal(source.render(notes, timbres[number]), first[number])
    source.close()


def test_sounds_are_told_apart_by_the_distance_of_their_spectra(settings: Params) -> None:
    flat = np.zeros(8)
    near, far = flat + 0.9 * APART_DB, flat - 1.1 * APART_DB
    assert len(told_apart([flat, near, far, flat], [])) == 2
    assert told_apart([flat], [near]) == []
    tone = np.sin(np.arange(16000) / 5)
    spectrum = steady_spectrum(tone, settings.audio)
    assert np.allclose(spectrum, steady_spectrum(0.1 * tone, settings.audio))
    assert np.ptp(spectrum) == pytest.approx(FLOOR_DB)
