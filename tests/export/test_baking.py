"""Models with one sound built in make what a transfer makes of it."""

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import soundfile
import torch

from tests import exported, shipped, tiny
from timbre.core.errors import InputError
from timbre.export import baking, drawn_noise
from timbre.export.loudness import ABSOLUTE_GATE_LUFS, Loudness
from timbre.export.spectra import Transform
from timbre.transfer import noise
from timbre.transfer.settings import TransferSettings
from timbre.transfer.transfer import Transfer

# PyTorch would have other ways taken, but nn~ loads nothing else
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
RATE = tiny.AUDIO.sample_rate
TOLERANCE_DB = 0.5  # R128 is told to a tenth of a dB, and blocks are means of frames here


@pytest.fixture(
    scope="module",
    params=["vqvae", *(pytest.param(name, marks=pytest.mark.slow) for name in ("glow",))],
)
def baked(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path, baking.Baked]:
    """Weights, the clip and what was written."""
    folder = tmp_path_factory.mktemp(request.param)
    weights = exported.write(folder / "weights", (request.param,), 2)
    clip = shipped.recording(folder / "bells.wav", 3.0, seed=1)
    (made,) = baking.bake(weights, [clip], folder / "out", request.param)
    return weights, clip, made


def content(baked: baking.Baked, units: int = 12) -> np.ndarray:
    sound = 0.1 * np.sin(np.cumsum(np.linspace(0.2, 0.9, units * baked.about["multiple"])))
    return np.asarray(sound, np.float32)


def run(path: Path, sound: np.ndarray, strength: float) -> np.ndarray:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    given = {"audio": sound[None, None], "strength": np.array(strength, np.float32)}
    found: np.ndarray = session.run(None, given)[0][0, 0]
    return found


@pytest.mark.parametrize("strength", [1.0, 0.5, 0.0])
def test_the_graph_makes_what_a_transfer_does(
    baked: tuple[Path, Path, baking.Baked], tmp_path: Path, strength: float
) -> None:
    weights, clip, made = baked
    sound = content(made)
    soundfile.write(tmp_path / "content.wav", sound, RATE, subtype="FLOAT")
    transfer = Transfer.load(made.about["model"], weights)
    settings = TransferSettings(strength=strength)
    transfer.file(tmp_path / "content.wav", clip, tmp_path / "out.wav", settings)
    wanted, _ = soundfile.read(tmp_path / "out.wav", dtype="float32")
    found = run(made.path, sound, strength)
    assert found.shape == wanted.shape
    assert np.corrcoef(found, wanted)[0, 1] > 0.9999
    assert abs(20 * np.log10(found.std() / wanted.std())) < TOLERANCE_DB


def test_any_multiple_is_taken_and_silence_stays(baked: tuple[Path, Path, baking.Baked]) -> None:
    made = baked[2]
    for units in (1, 5):
        sound = content(made, units)
        assert np.abs(run(made.path, sound, 1.0)).max() > 0.01
        assert run(made.path, sound, 1.0).shape == sound.shape
        assert not run(made.path, np.zeros_like(sound), 1.0).any()


def test_the_files_tell_what_they_are(baked: tuple[Path, Path, baking.Baked]) -> None:
    made = baked[2]
    session = onnxruntime.InferenceSession(made.path, providers=["CPUExecutionProvider"])
    told = json.loads(session.get_modelmeta().custom_metadata_map["timbre"])
    files = {baking.ABOUT_FILE: ""}
    torch.jit.load(made.streamed, _extra_files=files)
    assert told == json.loads(files[baking.ABOUT_FILE]) == made.about
    assert told["style"] == "bells"
    assert told["sample_rate"] == RATE
    assert 0 < told["look_ahead"] < told["latency"]
    assert min(made.realtime) > 0


def test_the_stream_follows_the_conventions_of_nn_tilde(
    baked: tuple[Path, Path, baking.Baked],
) -> None:
    stream = torch.jit.load(baked[2].streamed)
    assert stream.get_methods() == ["forward"]
    assert stream.get_attributes() == ["strength"]
    buffers = dict(stream.named_buffers())
    assert buffers["forward_params"].tolist() == [1, 1, 1, 1]
    assert buffers["strength_params"].tolist() == [2]
    assert len(stream.forward_input_labels) == len(stream.forward_output_labels) == 1
    assert stream.set_strength(0.25) == 0
    assert stream.set_strength(1.5) == -1
    assert stream.get_strength() == 0.25
    assert stream.get_sample_rate() == RATE
    assert stream(torch.zeros(4, 1, 512)).shape == (4, 1, 512)


def test_blocks_of_any_length_make_one_sound(baked: tuple[Path, Path, baking.Baked]) -> None:
    made = baked[2]
    sound = torch.from_numpy(content(made, 40))
    whole = []
    for size in (512, 700, len(sound)):
        stream = torch.jit.load(made.streamed)
        blocks = [stream(block[None, None])[0, 0] for block in sound.split(size)]
        whole.append(torch.cat(blocks))
    assert torch.equal(whole[0], whole[1])
    assert torch.equal(whole[0], whole[2])
    latency = made.about["latency"]
    assert not whole[0][: latency - made.about["look_ahead"]].any()
    assert whole[0][latency:].abs().max() > 0.01


def test_without_strength_the_stream_is_a_delay(baked: tuple[Path, Path, baking.Baked]) -> None:
    made = baked[2]
    stream, sound = torch.jit.load(made.streamed), torch.from_numpy(content(made, 40))
    stream.set_strength(0.0)
    delayed = stream(sound[None, None])[0, 0]
    latency = made.about["latency"]
    assert delayed[latency:].numpy() == pytest.approx(sound[:-latency].numpy(), abs=2e-3)


def test_what_cannot_be_baked_is_refused(tmp_path: Path) -> None:
    weights = exported.write(tmp_path / "weights", ("vqvae",), 0)
    clip = shipped.recording(tmp_path / "bells.wav", 1.0)
    twin = shipped.recording(tmp_path / "other" / "bells.wav", 1.0)
    with pytest.raises(InputError, match="got bells twice"):
        baking.bake(weights, [clip, twin], tmp_path / "out", "vqvae")
    short = shipped.recording(tmp_path / "short.wav", 0.2)
    with pytest.raises(InputError, match=r"style of 0\.5 s or more"):
        baking.bake(weights, [clip, short], tmp_path / "out", "vqvae")
    plain = shipped.write(tmp_path / "plain")
    with pytest.raises(InputError, match="vocoder that has learned"):
        baking.bake(plain, [clip], tmp_path / "out", "vqvae")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("n_fft", "hop"), [(256, 64), (256, 128), (200, 64)])
def test_transforms_are_those_of_pytorch(n_fft: int, hop: int) -> None:
    sound = torch.randn(20 * hop, generator=torch.Generator().manual_seed(0))
    transform, window = Transform(n_fft, hop), torch.hann_window(n_fft)
    real, imaginary = transform(sound)
    wanted = torch.stft(sound, n_fft, hop, window=window, return_complex=True)
    assert (torch.complex(real, imaginary).T - wanted).abs().max() < 1e-4
    gain = torch.linspace(0.5, 2, real.shape[0])[:, None]
    back = torch.istft(wanted * gain.T, n_fft, hop, window=window, length=len(sound))
    assert (transform.inverse(real * gain, imaginary * gain) - back).abs().max() < 1e-4


def test_noise_is_that_of_transfers() -> None:
    found = drawn_noise.normal(torch.arange(5, 40), 16)
    assert found.numpy() == pytest.approx(noise.normal(0, 5, 40, 16), abs=1e-6)


def test_a_tone_is_as_loud_as_the_recommendation_says() -> None:
    # ITU-R BS.1770-4: a sine of 997 Hz at full scale in one channel reads -3.01 LKFS
    rate, n_fft, hop = 32_000, 2048, 512
    time = torch.arange(4 * rate) / rate
    transform, meter = Transform(n_fft, hop), Loudness(rate, n_fft, hop)

    def lufs(sound: torch.Tensor) -> float:
        real, imaginary = transform(sound, "constant")
        return float(meter(real**2 + imaginary**2))

    tone = torch.sin(2 * torch.pi * 997 * time)
    assert lufs(tone) == pytest.approx(-3.01, abs=0.1)
    assert lufs(tone * 0.1) == pytest.approx(-23.01, abs=0.1)
    # the gates leave out pauses
    assert lufs(torch.cat([tone, torch.zeros_like(tone)])) == pytest.approx(-3.01, abs=0.3)
    assert lufs(torch.zeros_like(tone)) < ABSOLUTE_GATE_LUFS
