"""What happens to mels in training: who shares what, and that nothing happens where nothing may."""

import pytest
import torch
from torch import Tensor

from tests import tiny
from timbre.core.optimization import Augmentation
from timbre.training.augmentation import Views, augment

NONE = Augmentation(equalizer_db=0.0, level_db=0.0, noise=0.0, noise_db=-60.0)
FLOOR = tiny.AUDIO.db_min


def constant(level: float = -40.0, count: int = 64) -> Views:
    """Content, style and target that are alike, so that what was done to them shows."""
    frames = (12, 20, 12)
    content, style, target = (
        torch.full((count, tiny.AUDIO.n_mels, length), level) for length in frames
    )
    return content, style, target


def changed(views: Views, seed: int = 0, **settings: float) -> Views:
    torch.manual_seed(seed)
    return augment(*views, NONE.model_copy(update=settings), tiny.AUDIO)


def gains(views: Views, made: Views) -> list[Tensor]:
    """What was added to each band, `(B, M)`, after it was found equal over time."""
    added = [after - before for before, after in zip(views, made, strict=True)]
    for each in added:
        torch.testing.assert_close(each, each[..., :1].expand_as(each), atol=1e-4, rtol=0)
    return [each[..., 0] for each in added]


def test_with_all_settings_zero_nothing_changes() -> None:
    views = tiny.mels(4)
    assert all(torch.equal(*pair) for pair in zip(views, changed(views), strict=True))


def test_style_and_target_share_an_equalizer_and_the_content_has_another() -> None:
    views = constant()
    content, style, target = gains(views, changed(views, equalizer_db=8.0))
    torch.testing.assert_close(style, target)
    assert (content - target).abs().amax(dim=1).min() > 0
    steps = target.diff(dim=1).abs().amax(dim=1)
    assert (steps < target.amax(dim=1) - target.amin(dim=1)).all()  # it is smooth
    assert target.mean().abs() < 2  # and favours neither up nor down


def test_content_and_target_share_a_level_and_the_style_has_another() -> None:
    views = constant()
    content, style, target = gains(views, changed(views, level_db=6.0))
    torch.testing.assert_close(content, target)
    torch.testing.assert_close(content, content[:, :1].expand_as(content))
    for level in (content[:, 0], style[:, 0]):
        assert -6 <= level.min() < -3 < 3 < level.max() <= 6
    assert ((content - style)[:, 0].abs() > 0.1).float().mean() > 0.8


def test_silence_stays_silent_and_nothing_falls_below_it() -> None:
    silent = constant(FLOOR)
    made = changed(silent, equalizer_db=8.0, level_db=6.0)
    assert all(torch.equal(*pair) for pair in zip(silent, made, strict=True))
    quiet = changed(constant(FLOOR + 1), equalizer_db=20.0, level_db=20.0)
    assert all(mel.min() == FLOOR for mel in quiet)


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_noise_comes_to_a_share_of_contents_and_styles_and_only_adds(share: float) -> None:
    views = constant(-80.0, count=400)
    content, style, target = changed(views, noise=share, noise_db=-40.0)
    assert torch.equal(target, views[2])
    for mel in (content, style):
        added = mel + 80
        assert added.min() > -1e-4
        noisy = added.amax(dim=(1, 2)) > 1e-3
        assert noisy.float().mean() == pytest.approx(share, abs=0.08)
        levels = mel[noisy].mean(dim=(1, 2))
        assert -80 <= levels.min() < -75 < levels.max() < -35
    # each has its own noise
    assert not torch.equal(content[..., :12], style[..., :12])


def test_a_seed_gives_one_outcome_and_another_another() -> None:
    views = tiny.mels(4)
    everything = {"equalizer_db": 8.0, "level_db": 6.0, "noise": 1.0}
    first, again, other = (changed(views, seed, **everything) for seed in (0, 0, 1))
    assert all(torch.equal(*pair) for pair in zip(first, again, strict=True))
    assert not any(torch.equal(*pair) for pair in zip(first, other, strict=True))
