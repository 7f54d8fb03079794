"""Cases of outputs: nothing of the user's is lost, nothing is left half-written."""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing

import numpy as np

from tests.cases import inputs
from tests.cases.case import PATIENCE_SECONDS, Desk, Ended, Seen, case
from tests.conftest import ROOT
from tests.listening.listeners import design
from timbre.listening.answers import begin

LONG_SECONDS = 30.0  # s, of a content whose samples fill a small disk


def report(desk: Desk, target: str) -> Ended:
    """`timbre listen report answers.sqlite --json TARGET`."""
    with closing(begin(desk.folder / "answers.sqlite", design())):
        pass
    return desk.run("timbre", "listen", "report", "answers.sqlite", "--json", target)


@case(1, "gives a folder as output: --json thesis", "refused, the folder untouched", slow=False)
def _(desk: Desk) -> Seen:
    (desk.folder / "thesis").mkdir()
    (desk.folder / "thesis" / "draft").write_text("work\n")
    ended = report(desk, "thesis")
    seen = ended.refused("thesis")
    return seen._replace(
        passed=seen.passed and (desk.folder / "thesis" / "draft").read_text() == "work\n"
    )


@case(2, "names the input as output: --json answers.sqlite", "refused, it stays", slow=False)
def _(desk: Desk) -> Seen:
    ended = report(desk, "answers.sqlite")
    seen = ended.refused("answers.sqlite")
    head = (desk.folder / "answers.sqlite").read_bytes()[:15]
    return seen._replace(passed=seen.passed and head == b"SQLite format 3")


@case(3, "names this folder as output: --json .", "refused in a sentence", slow=False)
def _(desk: Desk) -> Seen:
    return report(desk, ".").refused()


def on_a_small_disk(desk: Desk, kilobytes: int, *words: str) -> Ended | None:
    """`timbre transfer` with a disk `small` of so much room; None where none can be had."""
    (desk.folder / "small").mkdir()
    mount = f'mount -t tmpfs -o size={kilobytes}k tmpfs small && exec "$@"'
    prefix = ("unshare", "-rm", "sh", "-c", mount, "sh")
    if (
        shutil.which("unshare") is None
        or subprocess.run(
            [*prefix, "true"], cwd=desk.folder, capture_output=True, check=False
        ).returncode
    ):
        return None
    sound = np.tile(inputs.tone(2, 261.6), round(LONG_SECONDS / 2))
    inputs.write(desk.folder / "long.wav", sound)
    temporary = {"TMPDIR": "small"} if "small" not in words[-1] else {}
    return desk.run(
        "timbre", "transfer", "long.wav", "style.wav", *words, prefix=prefix, **temporary
    )


NO_DISK = Seen("not tried: unshare can make no small disk here", True)


@case(31, "has a temporary folder that is full", "the folder is named")
def _(desk: Desk) -> Seen:
    ended = on_a_small_disk(desk, 300, "-o", "out.wav")
    return NO_DISK if ended is None else ended.refused("temporary folder")


@case(32, "has a full disk at the output: WAV, FLAC, M4A", "the disk is said to be full")
def _(desk: Desk) -> Seen:
    seen = NO_DISK
    for name, kilobytes in (("out.wav", 40), ("out.flac", 40), ("out.ogg", 40), ("out.m4a", 8)):
        ended = on_a_small_disk(desk, kilobytes, "-o", f"small/{name}")
        shutil.rmtree(desk.folder / "small")
        if ended is not None and not (seen := ended.refused("full")).passed:
            break
    return seen


@case(36, "gives an output a name of 250 letters", "works")
def _(desk: Desk) -> Seen:
    name = "x" * 246 + ".wav"
    ended = desk.transfer("content.wav", "style.wav", "-o", name)
    return ended.seen(ended.code == 0 and (desk.folder / name).is_file())


@case(40, "ends a transfer by SIGTERM and SIGHUP", "no temporary folder stays")
def _(desk: Desk) -> Seen:
    temporary = desk.folder / "tmp"
    temporary.mkdir()
    inputs.write(desk.folder / "long.wav", np.tile(inputs.tone(2, 261.6), 60))
    left = []
    for number in (signal.SIGTERM, signal.SIGHUP):
        process = subprocess.Popen(
            [sys.executable, "-m", "timbre", "transfer", "long.wav", "style.wav", "-o", "out.wav"],
            cwd=desk.folder, stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
        )  # fmt: skip
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not list(temporary.glob("*/*")) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(number)
        process.wait(PATIENCE_SECONDS)
        left += list(temporary.iterdir()) + list(desk.folder.glob("*out.wav*"))
    return Seen(f"left: {[path.name for path in left]}", not left)
