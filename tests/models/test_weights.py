"""The weights that ship: they give notes the sound of a clip, and of that clip alone."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.conftest import FONT, ROOT, committed
from timbre.audio.mel import clip_mel
from timbre.core.notes import notes_from_columns
from timbre.core.params import Audio
from timbre.core.signal import at_level
from timbre.evaluation.metrics import distances as metrics
from timbre.models import card, checkpoint
from timbre.models.vocoder import model as vocoder
from timbre.models.vocoder.model import decode
from timbre.synthesis.synth import Synth, Synthesis

WEIGHTS = ROOT / "weights"
SETTINGS = Audio.model_validate(committed()["audio"])
PROGRAMS = (0, 24, 40, 56, 66, 73)  # piano, guitar, violin, trumpet, saxophone, flute
SCALE = np.array([0, 2, 4, 5, 7, 9, 11, 12])

pytestmark = pytest.mark.skipif(not list(WEIGHTS.glob("*.safetensors")), reason="no weights here")


def melody(seed: int) -> NDArray[np.void]:
    """Sixteen notes of half a second in C major."""
    rng = np.random.default_rng(seed)
    starts = 0.5 * np.arange(16)
    return notes_from_columns(
        60 + rng.choice(SCALE, 16), rng.integers(70, 110, 16), starts, starts + 0.45
    )


@pytest.fixture(scope="module")
def clips() -> dict[tuple[int, int], NDArray[np.float32]]:
    """Two melodies on each of the instruments."""
    settings = Synthesis.model_validate(committed()["spectrograms"]["synthesis"])
    with Synth(FONT, SETTINGS, settings) as synth:
        return {
            (tune, program): at_level(
                synth.render(melody(tune), program), SETTINGS.level_db
            ).astype(np.float32)
            for tune in (0, 1)
            for program in PROGRAMS
        }


def distance(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """LSD in dB."""
    levels = (metrics.log_mel(clip, SETTINGS.sample_rate) for clip in (one, other))
    return metrics.lsd(*levels)


@torch.inference_mode()
@pytest.mark.parametrize("name", ["vqvae", "glow"])
def test_the_style_that_is_given_is_nearer_than_another(
    name: str, clips: dict[tuple[int, int], NDArray[np.float32]]
) -> None:
    _, model = checkpoint.load(card.verified(WEIGHTS, name))
    voice = vocoder.load(card.verified(WEIGHTS, "vocoder"))
    right, wrong, untouched = [], [], []
    for number, program in enumerate(PROGRAMS):
        content = clips[0, PROGRAMS[number - 1]]
        target = clips[0, program]
        for found, style in ((right, program), (wrong, PROGRAMS[number - 3])):
            torch.manual_seed(0)
            mels = [
                torch.from_numpy(clip_mel(clip, SETTINGS))[None]
                for clip in (content, clips[1, style])
            ]
            made = decode(voice, model.transfer(*mels), len(content))
            found.append(distance(made, target))
        untouched.append(distance(content, target))
    assert np.mean(right) < np.mean(untouched)
    assert np.mean(wrong) > np.mean(right) + 1.5  # dB
