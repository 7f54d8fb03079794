"""The graphs that ship belong to the weights that ship, and compute what these do."""

import numpy as np
import pytest

from timbre.audio.mel import clip_mel
from timbre.clips import clips
from timbre.core.files import sha256
from timbre.models import shipped
from timbre.runtime import loading
from timbre.runtime.onnx_session import Session
from timbre.runtime.torch_backend import TorchBackend
from timbre.transfer import noise, styles

NAMES = shipped.transfer_models(shipped.FOLDER)
TOLERANCE = 0.005  # dB


@pytest.mark.parametrize("name", [*NAMES, "vocoder"])
def test_graphs_are_those_of_the_weights(name: str) -> None:
    folder = shipped.FOLDER / name
    found = list(folder.glob("*.onnx"))
    assert len(found) == (1 if name == "vocoder" else 2)
    for path in found:
        about = Session(path, sha256(folder / shipped.WEIGHTS)).about
        assert about["name"] == name
        # what is not in the weights is small
        assert path.stat().st_size < 0.2 * (folder / shipped.WEIGHTS).stat().st_size


@pytest.mark.parametrize("name", NAMES)
def test_they_compute_what_the_weights_do(name: str) -> None:
    ours = loading.load(name, shipped.FOLDER, backend="onnx")
    theirs = TorchBackend.load(name, shipped.FOLDER, "cpu")
    for module in theirs.model.modules():  # graphs do not fit
        if getattr(getattr(module, "config", None), "fitting_steps", 0):
            module.config = module.config.model_copy(update={"fitting_steps": 0})
    mels = []
    for clip in ("bassoon", "nylon_guitar"):
        heard = styles.read(clips()[clip].path, ours.audio)
        mels.append(clip_mel(styles.parts(heard, clip, ours.audio)[0], ours.audio))
    drawn = noise.normal(1, 0, mels[0].shape[1], ours.audio.n_mels) if ours.draws else None
    made = [
        backend.transfer(mels[0], backend.styles(mels[1][None])[0], drawn, {})
        for backend in (ours, theirs)
    ]
    assert np.abs(made[0] - made[1]).max() < TOLERANCE
    sounds = [backend.decode(made[0]) for backend in (ours, theirs)]
    assert np.abs(sounds[0] - sounds[1]).max() < 1e-3 * np.abs(sounds[1]).max()
    assert np.corrcoef(*sounds)[0, 1] > 0.999999
