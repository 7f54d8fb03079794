"""The midi stage: every source becomes one tar, its counts and the list of what is not in it."""

import json
import subprocess
import sys
import tarfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from timbre.core.errors import InputError
from timbre.core.files import sha256
from timbre.core.params import read
from timbre.music import refusals
from timbre.music.archive import write_tar
from timbre.music.refusals import Refused
from timbre.music.scores import export
from timbre.music.sources import Listing, Midi, locate, members

ROOT = Path(__file__).parents[2]
MIDI = b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk\0\0\0\4\0\xff\x2f\0"
SECTION = Midi(source="list.yaml", limit_per_collection=5, max_bytes=100_000)
SCORES = "collections: [joplin/*.mxl, nottingham-dataset/*.abc]  # few\n"
WORKS = [
    "joplin/maple_leaf_rag.mxl",
    "nottingham-dataset/reelsa-c.abc#80",
    "nottingham-dataset/reelsa-c.abc#81",
]


def stage(folder: Path, **changes: object) -> subprocess.CompletedProcess[str]:
    """Run the stage in `folder`, with the project's parameters and these of its own."""
    yaml = YAML()
    settings = yaml.load(ROOT / "params.yaml")
    settings["midi"] = SECTION.model_dump() | changes
    yaml.dump(settings, folder / "params.yaml")
    return subprocess.run(
        [sys.executable, "-m", "stages.midi", "out/midi.tar", "out/midi.json", "out/refused.csv"],
        cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def scores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a listing of scores."""
    (tmp_path / SECTION.source).write_text(SCORES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    files = [("b.mid", MIDI), (".a.mid", MIDI), ("a.mid", MIDI), ("b.txt", b""), ("a.txt", b"text")]
    write_tar(tmp_path / "in.tar", files)
    return tmp_path / "in.tar"


def test_an_archive_becomes_a_tar_with_its_counts(archive: Path) -> None:
    result = stage(archive.parent, source="in.tar")
    assert result.stderr == ""
    assert result.stdout == "out/midi.tar: 2 MIDI files from in.tar, 3 left out\n"
    out = archive.parent / "out"
    with tarfile.open(out / "midi.tar") as tar:
        assert tar.getnames() == ["b.mid", "a.mid"]
    assert list(json.loads((out / "midi.json").read_text()).items()) == [
        ("files", 2), ("reasons", {"hidden": 1, "not_midi": 2}),
        ("source_bytes", archive.stat().st_size), ("source_sha256", sha256(archive)),
    ]  # fmt: skip
    assert refusals.read(out / "refused.csv") == [
        Refused(".a.mid", "hidden"), Refused("b.txt", "not_midi"), Refused("a.txt", "not_midi")
    ]  # fmt: skip


def test_scores_become_the_same_tar_each_time(scores: Path) -> None:
    outcomes = []
    for _ in range(2):
        result = stage(scores)
        assert result.returncode == 0, result.stderr
        out = scores / "out"
        outcomes.append({path.name: path.read_bytes() for path in out.iterdir()})
    assert outcomes[0] == outcomes[1]
    assert outcomes[0].keys() == {"midi.tar", "midi.json", "refused.csv"}
    with tarfile.open(scores / "out" / "midi.tar") as tar:
        assert tar.getnames() == [f"{work}.mid" for work in WORKS]
        assert "source_sha256" not in json.loads((scores / "out" / "midi.json").read_text())


def test_a_bad_source_ends_in_one_sentence_and_writes_nothing(tmp_path: Path) -> None:
    result = stage(tmp_path, source="lmd-full")
    assert result.returncode == 2
    assert result.stderr == (
        "error: expected midi.source to be the path of a folder or an archive of MIDI files, or of "
        "one of sources/*.yaml, got 'lmd-full', which does not exist; please mend it.\n"
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file: a valid dictionary"),
        ("uri: http://x/y", "uri: unknown key; did you mean url"),
        ("url: /home/y", "url: .* expected, got '/home/y'"),
        ("collections: []", "collections: .* at least 1 item"),
        ("collections: [a]\nurl: http://x/y", "either collections or url expected, got both"),
        ("{}", "either collections or url expected"),
    ],
)
def test_a_listing_that_lists_nothing_is_refused(scores: Path, text: str, message: str) -> None:
    (scores / SECTION.source).write_text(text)
    with pytest.raises(InputError, match=rf"^list\.yaml: {message}"):
        locate(SECTION)


@pytest.mark.parametrize("name", ["scores", "lmd_full"])
def test_the_listings_of_the_project_are_listings(name: str) -> None:
    listing = read(ROOT / f"sources/{name}.yaml", Listing)
    assert listing.url is None or listing.url.endswith(f"/{name}.tar.gz")


def test_a_source_without_midi_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = stage(tmp_path, source="empty")
    assert result.returncode == 2
    assert "found none among 0 files" in result.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_scores_over_the_size_are_refused_and_counted(scores: Path) -> None:
    largest = max(len(export(work)) for work in WORKS)
    refused: list[Refused] = []
    section = SECTION.model_copy(update={"max_bytes": largest - 1})
    assert len(list(members(section, locate(section), refused))) == 2
    assert [each.reason for each in refused] == ["too_large"]
    assert refused[0].file.removesuffix(".mid") in WORKS


def test_no_usable_score_at_all_is_refused(scores: Path) -> None:
    section = SECTION.model_copy(update={"max_bytes": 1})
    with pytest.raises(InputError, match=r"expected scores .* got none of 3"):
        list(members(section, locate(section), []))


def test_what_is_listed_by_its_address_is_downloaded_once_to_the_scratch_folder(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    handler = partial(SimpleHTTPRequestHandler, directory=str(archive.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.01]).start()
        address = f"http://127.0.0.1:{server.server_port}"
        Path(SECTION.source).write_text(f"url: {address}/in.tar\n")
        path = locate(SECTION)
        Path("other.yaml").write_text(f"url: {address}/./in.tar\n")
        other = locate(SECTION.model_copy(update={"source": "other.yaml"}))
        server.shutdown()
    assert isinstance(path, Path)
    assert path.parent == Path(".scratch")
    assert path != other  # files of one name at two addresses
    assert locate(SECTION) == path  # without a server
    assert [name for name, _ in members(SECTION, path, [])] == ["b.mid", "a.mid"]
