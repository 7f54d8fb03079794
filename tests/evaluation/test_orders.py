"""Orders that scores of real renders must have, whoever transcribes: by the models that ship."""

from collections import defaultdict

import numpy as np
import pytest

from tests.conftest import FONT, ROOT
from tests.evaluation.test_scoring import tune
from timbre.core.params import Audio
from timbre.core.signal import at_level
from timbre.evaluation.cases.cases import Case
from timbre.evaluation.metrics.melodia import Melodia
from timbre.evaluation.metrics.scoring import Scorer
from timbre.evaluation.systems.neural import NeuralSystem, Resynthesis
from timbre.models import checkpoint
from timbre.models.timbre_net.families import family
from timbre.synthesis.synth import Synth, Synthesis

pytestmark = pytest.mark.slow

PROGRAMS = (0, 11, 24, 40, 56, 65, 73, 19)  # piano, vibraphone, guitar, strings, brass, reeds
MODELS = ROOT / "models"
Table = dict[str, dict[str, float]]


@pytest.fixture(scope="module")
def cases(synthesis_settings: Synthesis) -> tuple[list[Case], Audio]:
    """Each program's tune in the sound of the next one, which is heard in another tune."""
    described = checkpoint.description(MODELS / "vqvae" / "weights.safetensors")["audio"]
    audio = Audio.model_validate(described | {"segment_seconds": 4.096})
    made = []
    with Synth(FONT, audio, synthesis_settings) as synth:
        for number, program in enumerate(PROGRAMS):
            style = PROGRAMS[(number + 1) % len(PROGRAMS)]
            notes = tune(number)
            sounds = [
                at_level(synth.render(played, sound), audio.level_db).astype(np.float32)
                for played, sound in ((notes, program), (tune(50 + number), style), (notes, style))
            ]
            names = (f"case{number}", "", str(program), str(style), family(program), family(style))
            made.append(Case(*names, "TimGM6mb", notes, *sounds))
    return made, audio


@pytest.fixture(scope="module")
def table(cases: tuple[list[Case], Audio]) -> Table:
    """Means over the cases, by system and metric."""
    rendered, audio = cases
    vocoder = MODELS / "vocoder" / "weights.safetensors"
    model = NeuralSystem(MODELS / "vqvae" / "weights.safetensors", audio.sample_rate, vocoder)
    ceiling = Resynthesis(audio, vocoder)
    scores: defaultdict[str, list[dict[str, float]]] = defaultdict(list)
    with Melodia(60) as melodia:
        net = MODELS / "timbre_net" / "weights.safetensors"
        scorer = Scorer(net, audio.sample_rate, melodia)
        for number, case in enumerate(rendered):
            wrong = case._replace(style=rendered[(number + 3) % len(rendered)].style)
            resynthesis = ceiling(case, 0)
            assert case.target is not None
            assert resynthesis is not None
            outputs = {
                "target": case.target,
                "resynthesis": resynthesis,
                "copy_content": case.content,
                "copy_style": case.style,
                "vqvae": model(case, 0),
                "vqvae_shuffled": model(wrong, 0),
            }
            for name, row in scorer.score(case, outputs).items():
                scores[name].append(row)
    return {
        name: {metric: float(np.mean([row[metric] for row in rows])) for metric in rows[0]}
        for name, rows in scores.items()
    }


@pytest.mark.parametrize("metric", ["onset_f1", "frame_f1"])
def test_notes_of_what_has_them_all_are_found(table: Table, metric: str) -> None:
    own = table["target"][metric]
    assert table["resynthesis"][metric] > 0.9 * own
    assert table["copy_content"][metric] > 0.9 * own
    assert table["copy_style"][metric] < 0.5 * own


def test_notes_of_a_transfer_are_between(table: Table) -> None:
    for name in ("vqvae", "vqvae_shuffled"):
        assert table["copy_style"]["frame_f1"] < table[name]["frame_f1"]
        assert table[name]["frame_f1"] < table["target"]["frame_f1"] + 0.05


def test_a_wrong_style_gives_no_better_notes_and_a_worse_sound(table: Table) -> None:
    right, wrong = table["vqvae"], table["vqvae_shuffled"]
    assert wrong["onset_f1"] < right["onset_f1"] + 0.05
    for metric in ("lsd", "timbre", "mfcc"):
        assert wrong[metric] > right[metric]


@pytest.mark.parametrize("metric", ["lsd", "timbre", "mfcc"])
def test_sounds_are_ordered_by_what_is_known_of_them(table: Table, metric: str) -> None:
    rows = [table[name][metric] for name in ("target", "resynthesis", "vqvae", "copy_content")]
    assert rows == sorted(rows)
