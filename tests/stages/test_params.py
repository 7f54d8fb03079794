"""Parameters: what is committed is accepted, and what is wrong is named."""

import re
from pathlib import Path
from typing import Any

import pytest

from stages.params import load
from tests.conftest import ROOT, change, committed, run_stage, write_params
from timbre.core.params import Audio, ParamsError, parse

OUTPUTS = {  # a stage's arguments, none of which are there
    "midi": ["a.tar", "a.json", "a.csv"],
    "soundfonts": ["fonts", "a.json"],
    "sequences": ["a.tar", "a.parquet", "a.json", "a.csv"],
    "spectrograms": ["a.parquet", "fonts", "a.zarr"],
    "train": ["glow", "a.zarr", "a.safetensors", "a.csv", "a.json"],
    "benchmark": ["store", "table", "cases", "metrics"],
    "baseline": ["eq_match", "cases", "outputs", "cost", "examples"],
    "transfer": ["glow", "cases", "outputs", "cost", "examples", "--vocoder", "vocoder"],
    "evaluate": ["cases", "timbre", "outputs", "scores", "metrics"],
}


def test_the_committed_parameters_are_accepted() -> None:
    assert load(ROOT / "params.yaml").audio.n_mels == committed()["audio"]["n_mels"]


@pytest.mark.parametrize(
    ("dotted", "value", "message"),
    [
        ("audio.n_mels", "80", "audio.n_mels: a valid integer expected, got '80'"),
        ("audio.n_mels", 80.5, "audio.n_mels: a valid integer expected, got 80.5"),
        ("audio.n_mels", 12, "audio.n_mels: a multiple of 8 expected, got 12"),
        ("audio.f_min", float("nan"), "audio.f_min: a finite number expected, got nan"),
        ("audio.f_max", 9000.0, "audio: f_min < f_max <= sample_rate / 2 expected, got f_max: 9"),
        ("audio.segment_seconds", 8.01, "audio: segment_seconds that is a whole number of 4 hops"),
        ("seed", -1, "seed: greater than or equal to 0 expected, got -1"),
        ("seed", 1 << 63, "seed: less than 9223372036854775808 expected, got 9223372036854775808"),
        ("audio.n_mels", 2048, "audio: at most n_fft / 2 bands expected, got n_mels: 2048"),
        ("audio.segment_seconds", 1e9, "audio.segment_seconds: less than or equal to 600"),
        ("seed", None, "seed: a valid integer expected, got None"),
        ("soundfonts.test", ["FluidR3_GM"], "soundfonts: test fonts that are not trained on"),
        ("soundfonts.train", [], "soundfonts.train: .* at least 1 item"),
        ("midi.source", "", "midi.source: .* at least 1 character"),
        ("sequences.effects_chances", [0.5, 0.6], "sequences: effects_chances that sum to 1"),
        ("sequences.test_share", 0.97, "sequences: shares that leave pieces"),
        ("spectrograms.shard_examples", 100, "spectrograms: shard_examples that is a multiple"),
        ("train.glow.network.kernel", 2, "train.glow.network: an odd kernel expected"),
        ("train.vqvae.valid_every", 7, "train.vqvae: steps that is a multiple of valid_every"),
        ("train.vqvae.content_view", "both", "train.vqvae.content_view: 'cross' or 'self'"),
        ("train", 3, "train: .* expected, got 3"),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, dotted: str, value: Any, message: str) -> None:
    path = write_params(tmp_path, change(committed(), {dotted: value}))
    with pytest.raises(ParamsError, match=message):
        load(path)


@pytest.mark.parametrize(
    ("section", "key", "meant"),
    [
        ((), "sed", "seed"),
        (("audio",), "n_melsx", "n_mels"),
        (("train", "vqvae_self", "network", "quantizer"), "code", "codes"),
    ],
)
def test_a_misspelt_key_is_named(
    tmp_path: Path, section: tuple[str, ...], key: str, meant: str
) -> None:
    values = place = committed()
    for part in section:
        place = place[part]
    place[key] = place.pop(meant)
    path = write_params(tmp_path, values)
    dotted = re.escape(".".join((*section, meant)))
    with pytest.raises(ParamsError, match=f"{dotted}: this key is missing|did you mean {meant}"):
        load(path)


def test_an_unknown_key_is_refused_with_a_hint(tmp_path: Path) -> None:
    values = committed()
    values["audio"]["n_melz"] = 80
    path = write_params(tmp_path, values)
    with pytest.raises(ParamsError, match=r"audio\.n_melz: unknown key; did you mean n_mels\?"):
        load(path)


def test_an_unknown_key_like_no_other_is_told_what_there_is(tmp_path: Path) -> None:
    path = write_params(tmp_path, committed() | {"xyz": 1})
    with pytest.raises(ParamsError, match=r"xyz: unknown key; known here: seed, audio, midi, "):
        load(path)


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    values = committed()
    del values["train"]["glow"]["network"]["temperature"]
    path = write_params(tmp_path, values)
    with pytest.raises(
        ParamsError, match=r"train\.glow\.network\.temperature: this key is missing"
    ):
        load(path)


def test_scientific_notation_is_a_number(tmp_path: Path) -> None:
    text = (ROOT / "params.yaml").read_text()
    changed = re.sub("learning_rate: .*", "learning_rate: 1e-4", text)
    (tmp_path / "params.yaml").write_text(changed)
    assert load(tmp_path / "params.yaml").train.vqvae.learning_rate == 0.0001


@pytest.mark.parametrize(
    "text",
    [
        "audio: [", "audio:\n\t- 1", "seed: 1\nseed: 2", "", "- seed", "seed", "\0",
        f"seed: {5000 * '9'}", "seed: 2026-13-45", 3000 * "[" + 3000 * "]",
    ],
)  # fmt: skip
def test_what_is_no_yaml_of_parameters_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(text)
    with pytest.raises(ParamsError, match=re.escape(str(path))) as caught:
        load(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="found no such file; run this in the project's folder"):
        load(tmp_path / "params.yaml")
    (tmp_path / "params.yaml").mkdir()
    with pytest.raises(ParamsError, match="Is a directory; please mend that"):
        load(tmp_path / "params.yaml")


VOCOS = {
    "vocoder.kind": "vocos",
    "spectrograms.keep_audio.train": 8,
    "spectrograms.keep_audio.valid": 8,
}
SELF = "train.vqvae_self.network"


@pytest.mark.parametrize(
    ("changes", "key", "wanted"),
    [
        ({"train.vqvae.network.groups": 5}, "train.vqvae.network.groups", "content_dim of 48"),
        ({"train.autoencoder.network.content_dim": 50}, "train.vqvae.network.groups", "of 50"),
        ({f"{SELF}.quantizer.groups": 3}, f"{SELF}.quantizer.groups", "content_dim of 64"),
        (
            {"train.autoencoder.network.style_heads": 5},
            "train.autoencoder.network.style_heads",
            "divides the 192 channels",
        ),
        ({f"{SELF}.autoencoder.style_heads": 7}, f"{SELF}.autoencoder.style_heads", "divides"),
        (
            {"train.autoencoder.network.encoder_dilations": [1, 0]},
            "train.autoencoder.network.encoder_dilations",
            "1 or more for each block",
        ),
        (
            {"train.autoencoder.network.decoder_dilations": []},
            "train.autoencoder.network.decoder_dilations",
            "a block for style_heads",
        ),
        ({"train.glow.crop_frames": 504}, "train.glow.crop_frames", "at most the 500 frames"),
        ({"train.vqvae.style_frames": 504}, "train.vqvae.style_frames", "at most the 500 frames"),
        ({"audio.segment_seconds": 0.064}, "audio.segment_seconds", "n_fft samples at least"),
        (
            {"audio.sample_rate": 32_000, "spectrograms.synthesis.oversampling": 4},
            "spectrograms.synthesis.oversampling",
            "at most 96000 Hz / audio.sample_rate",
        ),
        ({"vocoder.kind": "vocos"}, "spectrograms.keep_audio.train", "1 or more"),
        (
            VOCOS | {"spectrograms.keep_audio.valid": 0},
            "spectrograms.keep_audio.valid",
            "1 or more",
        ),
        (
            VOCOS | {"vocoder.vocos.crop_frames": 504},
            "vocoder.vocos.crop_frames",
            "at most the 500 frames",
        ),
        (
            VOCOS | {"vocoder.vocos.crop_frames": 8},
            "vocoder.vocos.crop_frames",
            "more than half the longest window",
        ),
        (
            VOCOS | {"vocoder.vocos.network.n_fft": 256},
            "vocoder.vocos.network.n_fft",
            "2 audio.hop_length at least",
        ),
        (
            VOCOS | {"vocoder.vocos.network.resolutions": [32, 0]},
            "vocoder.vocos.network.resolutions",
            "more than 0 ms",
        ),
        ({"systems.musaicing.n_fft": 2**18}, "systems.musaicing", "at most the 128000 samples"),
        ({"systems.ulyanov.kernel": 300}, "systems.ulyanov", "at most the 128000 samples"),
        ({"transfer.limits": {"shuffled": 12}}, "transfer.limits", "those of eq_match, "),
    ],
)
def test_values_that_do_not_go_together_are_refused_by_key(
    tmp_path: Path, changes: dict[str, Any], key: str, wanted: str
) -> None:
    path = write_params(tmp_path, change(committed(), changes))
    message = f"{path}: {key}: .*{re.escape(wanted)}.* expected, got .*[^.]\\.$"
    with pytest.raises(ParamsError, match=message):
        load(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"train.vqvae.network.groups": 48},
        {"train.autoencoder.network.style_heads": 0},
        {"train.glow.crop_frames": 496},
        {"vocoder.vocos.crop_frames": 504},  # which nothing uses
        VOCOS,
        VOCOS | {"vocoder.vocos.crop_frames": 16},
    ],
)
def test_values_at_their_limits_are_accepted(tmp_path: Path, changes: dict[str, Any]) -> None:
    load(write_params(tmp_path, change(committed(), changes)))


def test_parameters_cannot_change(audio_settings: Audio) -> None:
    with pytest.raises(ValueError, match="frozen"):
        audio_settings.n_mels = 8  # type: ignore[misc]


def test_derived_sizes_follow_from_the_parameters() -> None:
    audio = parse(committed()["audio"] | {"segment_seconds": 1.024}, Audio, "here")
    assert audio.segment_samples == 16384
    assert audio.segment_frames == 64
    assert audio.frames_per_second == 62.5


@pytest.mark.parametrize("stage", OUTPUTS)
def test_a_stage_refuses_a_misspelt_key_in_one_line_and_writes_nothing(
    tmp_path: Path, stage: str
) -> None:
    values = committed()
    values["report"]["resample"] = values["report"].pop("resamples")
    write_params(tmp_path, values)
    result = run_stage(tmp_path, f"stages.{stage}", *OUTPUTS[stage])
    assert result.returncode == 2
    assert re.fullmatch(r"error: params\.yaml: report\.resamples?: .*\n", result.stderr)
    assert result.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["params.yaml"]
