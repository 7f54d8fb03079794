"""Transforms by NumPy are PyTorch's."""

import numpy as np
import pytest
import torch

from timbre.runtime.spectra import hann, istft, stft


@pytest.mark.parametrize(("n_fft", "hop"), [(256, 64), (256, 128), (200, 64)])
@pytest.mark.parametrize("length", [1280, 1311])
def test_both_ways_are_those_of_pytorch(n_fft: int, hop: int, length: int) -> None:
    sound = np.random.default_rng(0).normal(0, 0.1, length).astype(np.float32)
    found = stft(sound, n_fft, hop)
    window = torch.hann_window(n_fft)
    wanted = torch.stft(torch.from_numpy(sound), n_fft, hop, window=window, return_complex=True)
    assert hann(n_fft) == pytest.approx(window.numpy(), abs=1e-6)
    assert np.abs(found.T - wanted.numpy()).max() < 1e-5
    changed = wanted * torch.linspace(0.5, 2, wanted.shape[1])
    back = torch.istft(changed, n_fft, hop, window=window, length=length)
    assert istft(changed.numpy().T, n_fft, hop, length) == pytest.approx(back.numpy(), abs=1e-5)
    assert istft(found, n_fft, hop, length)[: length // hop * hop] == pytest.approx(
        sound[: length // hop * hop], abs=1e-5
    )
