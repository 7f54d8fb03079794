"""The weights that ship: they give notes the sound of a clip, and of that clip alone."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.conftest import FONT, committed
from timbre.audio.mel import clip_mel
from timbre.core.notes import notes_from_columns
from timbre.core.signal import Signal, at_level
from timbre.evaluation.metrics import distances as metrics
from timbre.models import card, checkpoint, shipped
from timbre.models.vocoder import model as vocoder
from timbre.models.vocoder.model import decode
from timbre.synthesis.synth import Synth, Synthesis

MODELS = shipped.transfer_models(shipped.FOLDER)
AUDIO = {name: card.read(shipped.card_path(shipped.FOLDER, name)).audio for name in MODELS}

MAX_BYTES = 34e6  # of all weights and graphs, which are in the wheel
PROGRAMS = (0, 24, 40, 56, 66, 73)  # piano, guitar, violin, trumpet, saxophone, flute
SCALE = np.array([0, 2, 4, 5, 7, 9, 11, 12])


def melody(seed: int) -> NDArray[np.void]:
    """Sixteen notes of half a second in C major."""
    rng = np.random.default_rng(seed)
    starts = 0.5 * np.arange(16)
    return notes_from_columns(
        60 + rng.choice(SCALE, 16), rng.integers(70, 110, 16), starts, starts + 0.45
    )


@pytest.fixture(scope="module", params=MODELS)
def named(request: pytest.FixtureRequest) -> tuple[str, dict[tuple[int, int], Signal]]:
    """A model, and two melodies on each of the instruments at its rate."""
    name: str = request.param
    settings = Synthesis.model_validate(committed()["spectrograms"]["synthesis"])
    with Synth(FONT, AUDIO[name], settings) as synth:
        return name, {
            (tune, program): at_level(
                synth.render(melody(tune), program), AUDIO[name].level_db
            ).astype(np.float32)
            for tune in (0, 1)
            for program in PROGRAMS
        }


@torch.inference_mode()
def test_the_style_that_is_given_is_nearer_than_another(
    named: tuple[str, dict[tuple[int, int], Signal]],
) -> None:
    name, clips = named
    audio = AUDIO[name]
    _, model = checkpoint.load(card.verified(shipped.FOLDER, name))
    voice = vocoder.load(card.verified(shipped.FOLDER, "vocoder"))

    def distance(one: Signal, other: Signal) -> float:
        """LSD in dB."""
        return metrics.lsd(*(metrics.log_mel(clip, audio.sample_rate) for clip in (one, other)))

    right, wrong, untouched = [], [], []
    for number, program in enumerate(PROGRAMS):
        content = clips[0, PROGRAMS[number - 1]]
        target = clips[0, program]
        for distances, style in ((right, program), (wrong, PROGRAMS[number - 3])):
            torch.manual_seed(0)
            mels = [
                torch.from_numpy(clip_mel(clip, audio))[None] for clip in (content, clips[1, style])
            ]
            output = decode(voice, model.transfer(*mels), len(content))
            distances.append(distance(output, target))
        untouched.append(distance(content, target))
    assert np.mean(right) < np.mean(untouched)
    assert np.mean(wrong) > np.mean(right) + 1.5  # dB


def test_those_in_the_wheel_are_small_and_as_their_cards_say() -> None:
    names = sorted(path.parent.name for path in shipped.FOLDER.glob(f"*/{shipped.CARD}"))
    assert {*MODELS, "vocoder", "timbre_net"} <= {*names}
    paths = [card.verified(shipped.FOLDER, name) for name in names]
    graphs = shipped.FOLDER.glob("*/*.onnx")
    assert sum(path.stat().st_size for path in (*paths, *graphs)) < MAX_BYTES
