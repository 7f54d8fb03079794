"""Private folders of the page: what is old goes, what ships can be tried."""

import os
from pathlib import Path

import soundfile

from timbre.clips import clips
from timbre.page import examples as page_examples
from timbre.page.folder import private_folder, sweep


def test_what_is_old_is_swept_but_for_what_is_kept() -> None:
    with private_folder() as folder:
        for number, name in enumerate(("old", "kept", "new")):
            (folder / name / "a").mkdir(parents=True)
            path = folder / name / "a" / "file"
            path.touch()
            os.utime(path, (number, number))
        sweep(folder, {folder / "kept" / "a" / "file"}, before=2)
        assert sorted(path.parts[-3] for path in folder.rglob("file")) == ["kept", "new"]
    assert not folder.exists()


def test_examples_are_clips_that_can_be_transferred(tmp_path: Path) -> None:
    examples, library = page_examples.write(tmp_path)
    assert len(library) == len(clips())
    assert len({example.label for example in examples}) == 3
    for example in examples:
        for path in (example.content, example.style):
            assert 2 < soundfile.info(path).duration < 10
            assert abs(soundfile.read(path)[0]).max() > 0.05
