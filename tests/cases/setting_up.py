"""Cases of setting up."""

from tests.cases.case import Desk, Seen, case, tested

RUN = "tests/project/test_run.py"

tested(
    4, "presses Ctrl-C in the first second of ./run, and runs it again",
    "the half-made .venv is found and made again",
    f"{RUN}::test_what_was_interrupted_is_made_anew",
)  # fmt: skip
tested(
    5, "is on a Debian without python3-venv", "./run brings it",
    f"{RUN}::test_where_debian_keeps_a_part_of_python_apart_it_brings_that",
)  # fmt: skip
tested(
    6, "unpacks a ZIP, without .git, and runs ./run dvc repro", "it works",
    f"{RUN}::test_dvc_works_without_git_and_changes_nothing_for_it",
)  # fmt: skip


@case(7, "has no HOME that can be written, and transfers MIDI", "works")
def _(desk: Desk) -> Seen:
    ended = desk.transfer("song.mid", "style.wav", "-o", "out.wav", HOME="/nonexistent")
    return ended.seen(ended.code == 0 and (desk.folder / "out.wav").is_file())
