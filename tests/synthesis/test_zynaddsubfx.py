"""ZynAddSubFX: presets that play their notes, the same each time, in a process of their own."""

import gzip
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from stages.params import Params
from stages.params import load as load_params
from timbre.core.errors import InputError
from timbre.core.notes import Notes, notes_from_columns
from timbre.core.params import Audio
from timbre.rendering.cluster import workers
from timbre.synthesis import presets, soundfonts
from timbre.synthesis.soundfonts import (
    BANKS,
    PLUGIN,
    PRESET_SOURCES,
    SPLITS,
    ZYNADDSUBFX,
    ZYNADDSUBFX_HELD_OUT,
    Resource,
)
from timbre.synthesis.sources import load
from timbre.synthesis.timbres import Timbre
from timbre.synthesis.vst2 import Plugin
from timbre.synthesis.zynaddsubfx import MIN_KEY_SAMPLES, SUFFIX, Request, events, parse, state
from timbre.synthesis.zynaddsubfx_presets import HELD_OUT_BANKS, VALID_SPLIT, listed, names
from timbre.synthesis.zynaddsubfx_process import MAX_STARTS, ROOT, Player

installed = pytest.mark.skipif(
    not (PLUGIN.exists() and BANKS.exists()),
    reason="needs Debian's zynaddsubfx-vst and zynaddsubfx-data",
)
RATE = 32000
CHORD = notes_from_columns(
    [60, 64, 67, 67], [90, 90, 90, 60], [0, 0.1, 0.2, 0.5], [0.8, 0.8, 0.9, 0.7]
)
# additive, Fourier transformed (in threads of its own, if it could) and subtractive
PRESETS = ["Organ/0001-Organ 1", "Strings/0001-Saw Strings 1", "Collection/0002-Vibraphone"]
INSTRUMENT = b"""
<?xml version="1.0" encoding="UTF-8"?>
<ZynAddSubFX-data version-major="3"><BASE_PARAMETERS/><INSTRUMENT><INFO/>
<INSTRUMENT_EFFECTS>
<INSTRUMENT_EFFECT id="0"><EFFECT><par name="type" value="1"/></EFFECT></INSTRUMENT_EFFECT>
<INSTRUMENT_EFFECT id="1"><EFFECT><par name="type" value="3"/></EFFECT></INSTRUMENT_EFFECT>
</INSTRUMENT_EFFECTS></INSTRUMENT></ZynAddSubFX-data>"""


@pytest.fixture
def settings(tiny_params: Path) -> Params:
    return load_params(tiny_params)


@pytest.fixture
def player():
    player = Player()
    yield player
    player.close()


def request(preset: str, notes: Notes = CHORD) -> Request:
    return Request(preset, notes, RATE, RATE)


def test_the_table_has_programs_of_many_families() -> None:
    found = listed()
    assert len(found) > 500
    assert all(0 <= preset.program < 128 for preset in found.values())
    assert len({preset.program // 8 for preset in found.values()}) > 10
    held_out = {
        preset.program // 8 for name, preset in found.items() if name.startswith(HELD_OUT_BANKS)
    }
    assert len(held_out) > 4


def test_every_preset_is_either_held_out_or_not_and_for_validation_or_not() -> None:
    parts = [names(held_out=h, valid=v) for h in (False, True) for v in (False, True)]
    assert all(parts)
    assert sorted(name for part in parts for name in part) == sorted(listed())


def test_validation_and_banks_that_are_held_out_share_no_preset_with_training() -> None:
    rng = np.random.default_rng(0)
    draws = {
        (source, split): {presets.DRAWN_SOURCES[source](rng, 0, split) for _ in range(300)}
        for source in (ZYNADDSUBFX, ZYNADDSUBFX_HELD_OUT)
        for split in SPLITS
    }
    for (source, split), found in draws.items():
        assert all(listed()[each.name].program == each.program for each in found)
        for (other_source, other_split), others in draws.items():
            if source != other_source or (split == VALID_SPLIT) != (other_split == VALID_SPLIT):
                assert not found & others


@pytest.mark.parametrize("lacking", [0, 1])
def test_a_missing_package_is_named(
    monkeypatch: pytest.MonkeyPatch, settings: Params, tmp_path: Path, lacking: int
) -> None:
    needs = list(PRESET_SOURCES[ZYNADDSUBFX])
    needs[1 - lacking] = Resource(tmp_path, "", "")
    needs[lacking] = Resource(tmp_path / "absent", "", needs[lacking].package)
    monkeypatch.setitem(soundfonts.PRESET_SOURCES, ZYNADDSUBFX, tuple(needs))
    with pytest.raises(InputError, match=re.escape(f"please install {needs[lacking].package}.")):
        load(ZYNADDSUBFX, tmp_path, settings.audio, settings.spectrograms.synthesis)


def test_keys_go_up_after_they_went_down_and_before_the_next() -> None:
    rng = np.random.default_rng(0)
    start = rng.uniform(0, 1.1, 200)
    notes = notes_from_columns(rng.integers(60, 64, 200), [9] * 200, start, start + 0.1)
    found = events(notes, RATE, RATE)
    assert found == sorted(found)
    assert found == events(rng.permutation(notes), RATE, RATE)
    for pitch in range(60, 64):
        own = [event for event in found if event.pitch == pitch]
        # the last key may still be down at the end
        assert [event.is_on for event in own] == ([True, False] * len(own))[: len(own)]
        times = np.array([event.sample for event in own])
        assert np.all(np.diff(times)[::2] >= MIN_KEY_SAMPLES)
    assert found[-1].sample < RATE


def test_reverb_and_echo_are_taken_out_and_the_rest_is_kept() -> None:
    chunk = state(INSTRUMENT)
    assert chunk == state(gzip.compress(INSTRUMENT))
    assert chunk.startswith(b"state\0<?xml")
    assert chunk.endswith(b"\0\0")
    kinds = parse(chunk.removeprefix(b"state\0").rstrip(b"\0")).iterfind(
        "MASTER/PART[@id='0']/INSTRUMENT/INSTRUMENT_EFFECTS/*/EFFECT/par"
    )
    assert [kind.get("value") for kind in kinds] == ["0", "3"]


def test_a_preset_that_its_process_dies_of_is_told(player: Player) -> None:
    with pytest.raises(InputError, match=f"'no/such'.*{MAX_STARTS} times; please"):
        player.play(request("no/such"))


@installed
def test_all_that_is_listed_is_there() -> None:
    assert all((BANKS / (name + SUFFIX)).is_file() for name in listed())


@installed
def test_sounds_are_the_same_whatever_was_played_before_and_in_another_process(
    player: Player,
) -> None:
    first = [player.play(request(preset)) for preset in PRESETS]
    assert all(np.abs(sound).max() > 0 for sound in first)
    other = Player()
    for number in (2, 0, 0, 1, 2):
        assert np.array_equal(player.play(request(PRESETS[number])), first[number])
        assert np.array_equal(other.play(request(PRESETS[number])), first[number])
    other.close()


@installed
def test_a_process_that_is_killed_is_replaced(player: Player) -> None:
    first = player.play(request(PRESETS[0]))
    [process] = [
        each for each in psutil.Process().children() if "zynaddsubfx" in str(each.cmdline())
    ]
    process.kill()
    assert np.array_equal(player.play(request(PRESETS[0])), first)


@installed
def test_workers_of_a_cluster_play_the_same(player: Player) -> None:
    with workers(None) as client:
        heard = client.submit(Player.play, Player(), request(PRESETS[1])).result()
    assert np.array_equal(heard, player.play(request(PRESETS[1])))


@installed
def test_no_process_is_left_by_one_that_is_killed() -> None:
    code = (
        "import time; from timbre.synthesis.zynaddsubfx_process import *; "
        "from timbre.core.notes import *; "
        "player = Player(); player.play(Request('Organ/0001-Organ 1', "
        "notes_from_columns([60], [90], [0], [.1]), 32000, 999)); print('played', flush=True); "
        "time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        children = psutil.Process(parent.pid).children()
        assert len(children) == 1
        os.kill(parent.pid, signal.SIGKILL)
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []


def power(sound: NDArray[np.float64], rate: int, hertz: float) -> float:
    """The share of the power at a tone and its harmonics."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    frequency = np.fft.rfftfreq(len(sound), 1 / rate)
    away = np.abs(frequency - hertz * np.rint(frequency / hertz))
    return float(spectrum[(away < 8) & (frequency > hertz / 2)].sum() / spectrum.sum())


@installed
@pytest.mark.parametrize("rate", [16000, RATE])
def test_notes_are_played_when_and_at_the_pitch_that_is_asked(
    settings: Params, tmp_path: Path, rate: int
) -> None:
    audio = Audio(**(settings.audio.model_dump() | {"sample_rate": rate, "segment_seconds": 1.024}))
    source = load(ZYNADDSUBFX, tmp_path, audio, settings.spectrograms.synthesis)
    notes = notes_from_columns([69], [90], [0.5], [1.0])
    sound = source.render(notes, Timbre(16, ZYNADDSUBFX, "", preset=PRESETS[0]))
    source.close()
    assert sound.shape == (audio.segment_samples,)
    assert np.abs(sound[: rate // 2 - 64]).max() < 1e-3 * np.abs(sound).max()
    held = sound[rate * 6 // 10 : rate * 9 // 10]
    assert power(held, rate, 440) > 0.95
    assert power(held, rate, 466) < 0.5


@installed
def test_only_functions_that_a_library_calls_can_be_replaced() -> None:
    with pytest.raises(KeyError, match="no_such"):
        Plugin(PLUGIN, {"no_such": lambda: 0})
