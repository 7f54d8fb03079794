"""Windows that nobody hears: what is computed in parts is what is computed at once."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests import shipped, tiny
from tests.transferring import RATE, VOCODER, engine, loudest, samples
from timbre.audio.mel import clip_mel, mel_spectrogram
from timbre.core.signal import at_level
from timbre.models.style import Style
from timbre.models.vocoder.model import decode
from timbre.transfer import noise, streams
from timbre.transfer.chunking import window_mel
from timbre.transfer.settings import TransferSettings

HOP = tiny.AUDIO.hop_length
LONG = 4080 * HOP / RATE  # s: some windows of the model and of the vocoder


class Local(nn.Module):
    """A model whose output at a frame depends on a few frames around it, and on the style."""

    draws = False

    def style(self, clip: Tensor) -> Style:
        """The style's mean."""
        return Style(clip.mean()[None, None], (clip,))

    def transfer(self, content: Tensor, style: Style) -> Tensor:
        """Smooth over three frames, shift by the style's mean."""
        smooth = nn.functional.avg_pool1d(
            nn.functional.pad(content, (1, 1), mode="replicate"), 3, stride=1
        )
        return smooth + 0.1 * (style.vector.mean() + 60)


def computed(
    model: nn.Module, content: np.ndarray, style: np.ndarray, how: TransferSettings, folder: Path
) -> np.ndarray:
    one = engine(model)
    return one.transfer(content, one.styles([style])[0], how, folder)


def at_once(model: nn.Module, content: np.ndarray, style: np.ndarray, seed: int) -> np.ndarray:
    """The same without windows, as models are evaluated."""
    leveled = at_level(content.astype(np.float64), tiny.AUDIO.level_db).astype(np.float32)
    mels = [torch.from_numpy(clip_mel(clip, tiny.AUDIO))[None] for clip in (leveled, style)]
    with torch.inference_mode():
        timbre = model.style(mels[1])  # type: ignore[operator]
        drawn = noise.normal(seed, 0, mels[0].shape[2], tiny.AUDIO.n_mels)
        given = {"noise": torch.from_numpy(drawn)[None]} if model.draws else {}
        return decode(VOCODER, model.transfer(mels[0], timbre, **given), len(content))  # type: ignore[operator]


@pytest.mark.parametrize("extra", [0, 5, HOP - 1, 3 * HOP])
def test_windows_of_a_mel_are_those_of_the_whole(tmp_path: Path, extra: int) -> None:
    content = np.append(
        samples(shipped.recording(tmp_path / "a.wav", 8.192)), np.zeros(extra, np.float32)
    )
    whole = mel_spectrogram(0.5 * content, tiny.AUDIO)
    frames = whole.shape[1]
    for start, stop in ((0, 64), (64, 576), (frames // 8 * 8 - 64, -(-frames // 8) * 8)):
        found = window_mel(content, 0.5, start, stop, tiny.AUDIO)
        assert found.shape == (tiny.AUDIO.n_mels, stop - start)
        inside = min(stop, frames) - start
        assert found[:, :inside] == pytest.approx(whole[:, start : start + inside], abs=1e-3)


def test_a_long_recording_has_no_seams(tmp_path: Path) -> None:
    content = samples(shipped.recording(tmp_path / "a.wav", LONG))
    style = samples(shipped.recording(tmp_path / "b.wav", 1.0, seed=1))
    found = computed(Local(), content, style, TransferSettings(seed=0), tmp_path)
    whole = at_once(Local(), content, style, 0)
    # where notes begin, Griffin-Lim makes much of the last bit of a mel; one seam would be 5 %
    assert streams.level(found - whole).rms < 0.005 * streams.level(whole).rms


@pytest.mark.parametrize("name", ["glow", "vqvae"])
def test_a_short_recording_is_transferred_as_models_are_evaluated(
    clips: tuple[Path, Path], tmp_path: Path, name: str
) -> None:
    model = shipped.build(name)
    content, style = samples(clips[0]), loudest(clips[1])
    found = computed(model, content, style, TransferSettings(seed=3), tmp_path)
    whole = at_once(model, content, style, 3)
    # as above: the last bit of a mel is heard where notes begin
    assert streams.level(found - whole).rms < 0.005 * streams.level(whole).rms
