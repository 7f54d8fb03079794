"""What the web page does, without a page: transfers as the command does, and plain refusals."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from tests import shipped, tiny
from tests.conftest import midi_bytes
from timbre.cli.main import app
from timbre.core.errors import InputError
from timbre.page.handlers import told
from timbre.page.limits import Limits
from timbre.page.service import TransferService, UploadError
from timbre.transfer.progress import StoppedError
from timbre.transfer.settings import OutputFormat, TransferSettings

PLAIN: dict[str, Any] = {
    "model": "glow", "strength": 1.0, "mix": 0.5, "temperature": 0.3, "seed": 3,
}  # fmt: skip
RATE = tiny.AUDIO.sample_rate
PNG = b"\x89PNG"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shipped.write(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def studio(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> TransferService:
    return TransferService(weights, tmp_path_factory.mktemp("outputs"), Limits(seconds=60))


@pytest.fixture
def clips(tmp_path: Path) -> tuple[Path, Path]:
    return (
        shipped.recording(tmp_path / "content.wav", 1.0),
        shipped.recording(tmp_path / "style.wav", 1.0, seed=1),
    )


def settings(**changes: Any) -> tuple[str, TransferSettings]:
    """The model and the settings that are chosen."""
    chosen = PLAIN | changes
    return chosen.pop("model"), TransferSettings(**chosen)


@pytest.mark.parametrize(
    ("changes", "blended"),
    [({}, False), ({"model": "vqvae", "strength": 0.5}, False), ({"mix": 0.25, "seed": 0}, True)],
)
def test_the_page_makes_what_the_command_writes(
    clips: tuple[Path, Path],
    weights: Path,
    studio: TransferService,
    changes: dict[str, Any],
    blended: bool,
) -> None:
    chosen = PLAIN | changes
    folder = clips[0].parent
    blend = shipped.recording(folder / "blend.wav", 0.7, seed=2) if blended else None
    words = ["transfer", *map(str, clips), "-o", str(folder / "out.wav"), "--weights", str(weights)]
    if chosen["model"] != "glow":
        del chosen["temperature"]
    words += [word for name, value in chosen.items() for word in (f"--{name}", str(value))]
    words += ["--blend", str(blend)] if blend else []
    assert CliRunner().invoke(app, words, catch_exceptions=False).exit_code == 0
    made = studio(*clips, *settings(**changes), blend)
    assert made.out.read_bytes() == (folder / "out.wav").read_bytes()
    named = made.out.name.removeprefix("content as style, ").removesuffix(".wav").split(", ")
    assert named[0] == chosen["model"]
    assert ("strength 0.5" in named) == (chosen["strength"] == 0.5)
    assert ("mix 0.25" in named) == blended
    assert (f"seed {chosen['seed']}" in named) == (chosen["model"] == "glow")
    for clip, seconds in zip(made.clips, (1.0, 1.0, 1.0), strict=True):
        assert Path(clip["picture"]).read_bytes()[:4] == PNG
        assert soundfile.info(clip["sound"]).duration == pytest.approx(seconds, abs=1e-3)
        assert clip["seconds"] == pytest.approx(seconds, abs=1e-3)
    assert made.caption.startswith(f"content as style: {chosen['model']}")
    assert studio.owns_result(told(made))


def test_only_what_was_made_here_and_is_there_is_owned(
    clips: tuple[Path, Path], studio: TransferService
) -> None:
    made = studio(*clips, *settings())
    result = told(made)
    theirs = str(clips[0])
    assert not studio.owns_result(result | {"file": theirs})
    assert not studio.owns_result(result | {"file": f"{made.out.parent}/../../{clips[0].name}"})
    assert not studio.owns_result(result | {"clips": [made.clips[0] | {"sound": theirs}]})
    for nonsense in (None, [], {}, {"file": 3, "clips": []}, {"file": "a\0b", "clips": []}):
        assert not studio.owns_result(nonsense)
    made.out.unlink()
    assert not studio.owns_result(result)


@pytest.mark.parametrize("suffix", [".flac", ".mp3"])
def test_files_are_as_the_command_has_them(
    clips: tuple[Path, Path], studio: TransferService, suffix: str
) -> None:
    stereo = np.stack([samples_of(clips[0]), samples_of(clips[0])[::-1]], axis=1)
    soundfile.write(clips[0], stereo, RATE, subtype="FLOAT")
    how = OutputFormat(sample_rate=48_000, stereo=True, normalize=True)
    made = studio(*clips, *settings(), output_format=how, suffix=suffix)
    info = soundfile.info(made.out)
    assert (made.out.suffix, info.samplerate, info.channels) == (suffix, 48_000, 2)
    assert made.caption.endswith("48 kHz stereo")
    with pytest.raises(UploadError, match="expected an output that ends with") as refusal:
        studio(*clips, *settings(), suffix=".txt")
    assert refusal.value.field == "settings"


def samples_of(path: Path) -> np.ndarray:
    found: np.ndarray = soundfile.read(path)[0]
    return found


def samples(path: Path, values: Any) -> None:
    soundfile.write(path, np.asarray(values), RATE, subtype="FLOAT")


def broken_off(path: Path) -> None:
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, RATE), RATE, format="FLAC")
    path.write_bytes(path.read_bytes()[:-500])


BAD: dict[str, tuple[str, Callable[[Path], Any], str]] = {
    "no content": ("content", Path.unlink, "^expected content.wav, the content, it is deleted"),
    "empty": ("content", lambda path: path.write_bytes(b""), "content.wav is empty"),
    "text": ("style", lambda path: path.write_text("no sound " * 99), "style.wav is damaged or no"),
    "silent content": ("content", lambda path: samples(path, np.zeros(RATE)), "wav is silent"),
    "silent style": ("style", lambda path: samples(path, np.zeros(RATE)), "style.wav is silent"),
    "short style": (
        "style",
        lambda path: samples(path, np.ones(RATE // 5)),
        r"style of 0\.5 s or more, style\.wav lasts 0\.200 s",
    ),
    "broken off": ("content", broken_off, "content.wav is damaged or no audio; please"),
    "NaN": ("content", lambda path: samples(path, np.full(RATE, np.nan)), "has NaN or infinity"),
    "long": ("content", lambda path: shipped.recording(path, 61.0), "lasts 61 s by its header"),
}


@pytest.mark.parametrize(("which", "spoil", "said"), BAD.values(), ids=BAD.keys())
def test_a_bad_upload_is_one_sentence_and_the_next_good_one_works(
    clips: tuple[Path, Path],
    studio: TransferService,
    which: str,
    spoil: Callable[[Path], Any],
    said: str,
) -> None:
    content, style = clips
    path = style if which == "style" else content
    good = path.read_bytes()
    spoil(path)
    with pytest.raises(InputError, match=said) as refusal:
        studio(content, style, *settings())
    assert isinstance(refusal.value, UploadError)
    assert refusal.value.field == which
    sentence = str(refusal.value)
    assert re.fullmatch(r"expected [^\n]*; please [^\n]*\.", sentence)
    assert str(path.parent) not in sentence
    path.write_bytes(good)
    assert studio(content, style, *settings()).out.is_file()


def test_what_of_a_midi_file_is_not_played_is_told(
    clips: tuple[Path, Path], studio: TransferService
) -> None:
    song = clips[0].with_name("a <b> song.mid")
    song.write_bytes(
        midi_bytes((0, False, [(60, 90, 0, 1)]), (0, True, [(36, 90, 0, 0.1), (36, 90, 0.5, 0.6)]))
    )
    made = studio(song, clips[1], *settings())
    said = "a <b> song.mid: 2 notes of drums are left out"
    assert made.remarks[-1] == said  # after hints; the player shows it as text, never as HTML
    assert told(made)["remarks"] == [*made.remarks]
    assert not any("left out" in each for each in studio(*clips, *settings()).remarks)


def test_what_is_missing_is_named(clips: tuple[Path, Path], studio: TransferService) -> None:
    with pytest.raises(InputError, match=r"^expected a recording as content, got none; please"):
        studio(None, clips[1], *settings())
    with pytest.raises(InputError, match=r"^expected a recording as style, got none; please"):
        studio(clips[0], None, *settings())


@pytest.mark.parametrize(
    "change", [{"strength": 2.0}, {"seed": None}, {"seed": -1}, {"model": "x"}, {"mix": np.nan}]
)
def test_what_cannot_be_set_is_refused(
    change: dict[str, Any], clips: tuple[Path, Path], studio: TransferService
) -> None:
    with pytest.raises(InputError, match=rf"^expected .*{next(iter(change))}.* got"):
        studio(*clips, *settings(**change))


def test_two_at_once_get_their_own(clips: tuple[Path, Path], studio: TransferService) -> None:
    pairs = [clips, clips[::-1], clips, clips[::-1]]
    alone = [studio(*pair, *settings(seed=seed)).out for seed, pair in enumerate(pairs)]
    with ThreadPoolExecutor(4) as pool:
        waiting = [
            pool.submit(studio, *pair, *settings(seed=seed)) for seed, pair in enumerate(pairs)
        ]
        together = [each.result().out for each in waiting]
    assert len({*alone, *together}) == 8
    assert [path.read_bytes() for path in together] == [path.read_bytes() for path in alone]


def test_it_tells_how_far_it_is_and_can_be_stopped(
    clips: tuple[Path, Path], weights: Path, tmp_path: Path
) -> None:
    (tmp_path / "outputs").mkdir()
    studio = TransferService(weights, tmp_path / "outputs")
    told: list[float] = []
    before = studio(*clips, *settings(), watch=told.append).out
    assert told == sorted(told)
    assert told[0] == 0.0
    assert told[-1] == 1.0
    assert 0.5 in told

    def stop(share: float) -> None:
        if share > 0:
            raise StoppedError

    with pytest.raises(StoppedError):
        studio(*clips, *settings(), watch=stop)
    assert list((tmp_path / "outputs").iterdir()) == [before.parent]
    assert studio(*clips, *settings()).out.read_bytes() == before.read_bytes()


def test_missing_weights_are_told_before_anything_else(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^expected trained weights of a model"):
        TransferService(tmp_path, tmp_path)


def test_a_model_alone_is_offered_alone(weights: Path, tmp_path: Path) -> None:
    for name in ("vqvae", "vocoder"):
        (tmp_path / name).symlink_to(weights / name)
    assert TransferService(tmp_path, tmp_path).models == ("vqvae",)
