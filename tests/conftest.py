"""What many tests need: settings, small and real, and sounds and MIDI files made by code."""

import hashlib
import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pretty_midi
import pytest
from hypothesis import HealthCheck, Phase, settings
from numpy.typing import NDArray
from ruamel.yaml import YAML

from timbre.core.params import Audio
from timbre.synthesis.soundfonts import KNOWN_FONTS
from timbre.synthesis.synth import Synthesis

ROOT = Path(__file__).parents[1]
FONT = KNOWN_FONTS["TimGM6mb"].path  # comes with pretty_midi, so every machine has it

# few examples, the same ones each time; `--hypothesis-profile=thorough` looks for more
SLOW_CHECKS = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
PROFILE = settings(deadline=None, database=None, suppress_health_check=SLOW_CHECKS)
PHASES = [Phase.explicit, Phase.generate]  # to make a failing example simpler takes minutes
settings.register_profile("suite", PROFILE, max_examples=20, derandomize=True, phases=PHASES)
settings.register_profile("thorough", PROFILE, max_examples=2000)
settings.load_profile("suite")

# `nohup` lets hang-ups be ignored, which processes that tests start would take over
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)

NoteTuple = tuple[int, int, float, float]  # pitch, velocity, start and end in seconds


def committed() -> dict[str, Any]:
    """The values of the committed params.yaml, for a test to change."""
    values: dict[str, Any] = YAML(typ="safe").load(ROOT / "params.yaml")
    return values


def change(values: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Change values by dotted keys, all of which have to be there."""
    for dotted, value in changes.items():
        *sections, key = dotted.split(".")
        place = values
        for section in sections:
            place = place[section]
        assert key in place, dotted
        place[key] = value
    return values


def write_params(folder: Path, values: dict[str, Any]) -> Path:
    """Write values as the params.yaml of a folder."""
    YAML().dump(values, folder / "params.yaml")
    return folder / "params.yaml"


def run_stage(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m ARGUMENTS` in a folder, as DVC would."""
    # with CI set, pyfluidsynth prints where it found the library
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT), "CI": ""},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def midi_bytes(*parts: tuple[int, bool, Iterable[NoteTuple]], tempo: float = 120) -> bytes:
    """A MIDI file by pretty_midi: parts of program, whether they are drums, and notes."""
    midi = pretty_midi.PrettyMIDI(resolution=480, initial_tempo=tempo)
    for program, is_drum, notes in parts:
        instrument = pretty_midi.Instrument(program, is_drum)
        instrument.notes += [pretty_midi.Note(v, p, start, end) for p, v, start, end in notes]
        midi.instruments.append(instrument)
    buffer = io.BytesIO()
    midi.write(buffer)
    return buffer.getvalue()


def two_bars() -> bytes:
    """A C major scale over its bass, two bars in 4/4 at 120 beats a minute."""
    scale = (60, 62, 64, 65, 67, 69, 71, 72)
    melody = [(pitch, 90, i * 0.5, i * 0.5 + 0.5) for i, pitch in enumerate(scale)]
    bass = [(36, 70, 0.0, 2.0), (43, 70, 2.0, 4.0)]
    return midi_bytes((0, False, melody), (32, False, bass))


def random_midi(seed: int, seconds: float = 40.0) -> bytes:
    """Two parts and drums on a scale drawn by chance."""
    rng = np.random.default_rng(seed)
    scale = np.flatnonzero(np.isin(np.arange(128) % 12, (0, 2, 4, 5, 7, 9, 11)))
    parts: list[tuple[int, bool, list[NoteTuple]]] = []
    for lowest in (40, 60):
        pitches = scale[(scale >= lowest) & (scale < lowest + 24)]
        starts = np.arange(0, seconds, 0.25)
        parts.append(
            (
                int(rng.integers(96)),
                False,
                [
                    (
                        int(rng.choice(pitches)),
                        int(rng.integers(40, 120)),
                        float(s),
                        float(s + 0.25),
                    )
                    for s in starts
                ],
            )
        )
    parts.append((0, True, [(36, 100, float(s), float(s + 0.1)) for s in range(int(seconds))]))
    return midi_bytes(*parts)


def hash_of(folder: Path) -> dict[str, str]:
    """SHA-256 of each file in a folder by its name in there."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="session")
def audio_settings() -> Audio:
    """The committed analysis settings."""
    return Audio.model_validate(committed()["audio"])


@pytest.fixture(scope="session")
def tiny_audio() -> Audio:
    """One second in 64 frames of 32 bands."""
    return Audio.model_validate(
        committed()["audio"] | {"n_fft": 1024, "n_mels": 32, "segment_seconds": 1.024}
    )


@pytest.fixture(scope="session")
def synthesis_settings() -> Synthesis:
    """The committed settings of FluidSynth."""
    return Synthesis.model_validate(committed()["spectrograms"]["synthesis"])


@pytest.fixture(scope="session")
def tone() -> Callable[[float, Audio], NDArray[np.float64]]:
    """`tone(hertz, settings)`: a sine of amplitude 1 and the length of a segment."""

    def sine(hertz: float, settings: Audio) -> NDArray[np.float64]:
        seconds = np.arange(settings.segment_samples) / settings.sample_rate
        return np.sin(2 * np.pi * hertz * seconds)

    return sine


@pytest.fixture
def tiny_params(tmp_path: Path) -> Path:
    """A whole params.yaml, the committed one with small numbers, in `tmp_path`."""
    from tests import tiny  # it brings torch, which most tests can do without

    values = change(
        tiny.parameters(steps=4, crop_frames=32, style_frames=64),
        {
            "audio.segment_seconds": 2.048,
            "midi.source": "midi",
            "soundfonts.train": ["TimGM6mb"],
            "soundfonts.valid": ["TimGM6mb"],
            "soundfonts.test": ["MuseScore_General_Lite"],
            "soundfonts.timbre_test": ["TimGM6mb"],
            "sequences.test_share": 0.25,
            "sequences.valid_share": 0.15,
            "sequences.timbre_share": 0.15,
            "sequences.timbre_test_share": 0.1,
            "sequences.examples_per_piece": 3,
            "sequences.train": 24,
            "sequences.valid": 4,
            "sequences.test": 4,
            "sequences.timbre": 8,
            "sequences.timbre_test": 4,
            "spectrograms.chunk_examples": 2,
            "spectrograms.shard_examples": 8,
            "vocoder.griffin_lim.iterations": 2,
            "vocoder.griffin_lim.mel_iterations": 2,
            "report.resamples": 100,
            "transfer.examples": 1,
            "transfer.limits.ulyanov": 2,
            "systems.ulyanov.filters": 32,
            "systems.ulyanov.iterations": 2,
            "systems.ulyanov.griffin_lim_iterations": 2,
        },
    )
    return write_params(tmp_path, values)


@pytest.fixture
def clips(tmp_path: Path) -> tuple[Path, Path]:
    """A short content and a style."""
    from tests import shipped  # brings torch

    return (
        shipped.recording(tmp_path / "content.wav", 2.048),
        shipped.recording(tmp_path / "style.wav", 1.0, seed=1),
    )
