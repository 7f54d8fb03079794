"""Effects: drawn by chance, written as text, played without a file."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from timbre.synthesis import effects
from timbre.synthesis.effects import EffectsError

RATE = 16_000
CHAINS = {
    "overdrive": '[["overdrive", {"gain_db": 20.5}]]',
    "phaser": '[["phaser", {"gain_in": 0.7, "gain_out": 0.7, "delay": 3.1, "decay": 0.3, '
    '"speed": 1.5, "modulation_shape": "triangular"}]]',
    "reverb": '[["gain", {"gain_db": -3.0, "normalize": false}], ["reverb", {}]]',
    "tremolo": '[["tremolo", {"speed": 6.5, "depth": 40.0}]]',
}


@pytest.fixture(scope="module")
def sound() -> NDArray[np.float64]:
    seconds = np.arange(RATE) / RATE
    return 0.02 * np.sin(2 * np.pi * 220 * seconds) * np.exp(-2 * seconds)


def test_text_and_back_is_the_same_chain() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        text = effects.dumps(effects.draw(rng, [0.1, 0.3, 0.3, 0.3]))
        assert effects.dumps(effects.loads(text)) == text


def test_equal_chance_draws_equal_chains() -> None:
    first, second = (effects.draw(np.random.default_rng(7), [0, 0, 1.0]) for _ in range(2))
    assert first == second


def test_chains_are_as_long_as_the_chances_say() -> None:
    rng = np.random.default_rng(0)
    chances = [0.35, 0.4, 0.2, 0.05]
    lengths = Counter(
        sum(name != "gain" for name, _ in effects.draw(rng, chances)) for _ in range(4000)
    )
    assert [lengths[n] / 4000 for n in range(4)] == pytest.approx(chances, abs=0.03)


def test_each_effect_is_as_likely_as_another() -> None:
    rng = np.random.default_rng(0)
    drawn = Counter(effects.draw(rng, [0.0, 1.0])[-1][0] for _ in range(4000))
    assert set(drawn) == set(CHAINS)
    assert all(abs(count / 4000 - 0.25) < 0.03 for count in drawn.values())


@pytest.mark.parametrize("name", CHAINS)
def test_an_effect_changes_the_sound_but_not_its_length(
    name: str, sound: NDArray[np.float64]
) -> None:
    played = effects.apply(sound, RATE, effects.loads(CHAINS[name]))
    assert played.shape == sound.shape
    assert np.isfinite(played).all()
    loud = sound * (effects.MAX_PEAK / np.abs(sound).max())
    assert np.abs(played - loud).max() > 0.01


@pytest.mark.parametrize("name", CHAINS)
def test_an_effect_is_the_same_each_time(name: str, sound: NDArray[np.float64]) -> None:
    first, second = (effects.apply(sound, RATE, effects.loads(CHAINS[name])) for _ in range(2))
    assert np.array_equal(first, second)


def test_every_chain_that_is_drawn_can_be_played(sound: NDArray[np.float64]) -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        chain = effects.draw(rng, [0.0, 0.4, 0.3, 0.3])
        assert len(effects.apply(sound, RATE, chain)) == len(sound)


def test_no_effects_leave_the_sound_alone(sound: NDArray[np.float64]) -> None:
    assert np.array_equal(effects.apply(sound, RATE, []), sound)


def test_silence_stays_silence() -> None:
    chain = effects.loads(CHAINS["reverb"])
    assert not effects.apply(np.zeros(RATE), RATE, chain).any()


def test_the_level_of_what_comes_in_does_not_matter(sound: NDArray[np.float64]) -> None:
    chain = effects.loads(CHAINS["overdrive"])
    soft, loud = (effects.apply(sound * gain, RATE, chain) for gain in (0.5, 2))
    assert np.abs(soft - loud).max() < 1e-6


def test_no_file_appears(
    tmp_path: Path, sound: NDArray[np.float64], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    before = tmp_path.stat().st_mtime_ns  # changes with any name that comes or goes
    for text in CHAINS.values():
        effects.apply(sound, RATE, effects.loads(text))
    assert tmp_path.stat().st_mtime_ns == before


def test_what_sox_cannot_play_says_so(sound: NDArray[np.float64]) -> None:
    with pytest.raises(EffectsError, match=r"SoX failed on .*lowpass"):
        effects.apply(sound, RATE, [("lowpass", {"frequency": 20_000.0})])
