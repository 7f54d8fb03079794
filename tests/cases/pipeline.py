"""Cases of the pipeline."""

import shutil

from tests.cases.case import Desk, Seen, case, tested
from tests.conftest import ROOT, change, committed, write_params

tested(
    27, "adds MIDI files to the folder that midi.source names", "dvc repro brings them in",
    "tests/stages/test_pipeline.py::test_midi_files_that_are_added_to_their_folder_are_brought_in",
)  # fmt: skip


@case(28, "brings the same damaged scores in twice", "equal bytes of what is refused")
def _(desk: Desk) -> Seen:
    (desk.folder / "scores").mkdir()
    for number in range(3):
        (desk.folder / "scores" / f"{number}.abc").write_text("X:1\nK:H\nabc|[[[\n")
    (desk.folder / "scores" / "good.mid").write_bytes((desk.folder / "song.mid").read_bytes())
    write_params(desk.folder, change(committed(), {"midi.source": "scores"}))
    found = []
    for number in range(2):
        ended = desk.run("stages.midi", "midi.tar", "midi.json", f"refused{number}.csv")
        if ended.code:
            return ended.seen(False)
        found.append((desk.folder / f"refused{number}.csv").read_bytes())
    return Seen(f"{len(found[0].splitlines()) - 1} refused, twice alike", found[0] == found[1])


@case(29, "changes a number as dvc exp run -S does", "all comments in params.yaml stay")
def _(desk: Desk) -> Seen:
    from dvc.utils.serialize import modify_yaml

    path = desk.folder / "params.yaml"
    shutil.copy(ROOT / "params.yaml", path)
    with modify_yaml(str(path)) as values:
        values["report"]["resamples"] = 100
    before, after = ((file.read_text().count("#")) for file in (ROOT / "params.yaml", path))
    return Seen(f"{after} of {before} comments", before == after)


@case(30, "trains with one thread and with two", "the pages say where bytes are equal", slow=False)
def _(_: Desk) -> Seen:
    page = (ROOT / "docs/research.md").read_text()
    said = "the same training with `OMP_NUM_THREADS=1` and with 2 ended with other bytes" in page
    return Seen("docs/research.md " + ("says it" if said else "does not say it"), said)
