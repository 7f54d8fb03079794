"""Outputs of systems that were run elsewhere: a folder each, a sound file a test case."""

from pathlib import Path

import numpy as np

from timbre.audio import recordings
from timbre.core.errors import InputError
from timbre.core.signal import Signal


class OutsideOutputs:
    """Read the outputs of a system, one at a time.

    Args:
        folder: of files that are named like the cases: `case000.wav`, any format and rate.
        names: of the test cases.
        sample_rate: Hz, that the outputs are brought to.

    Raises:
        InputError: if no file is named like a case, or two are named like the same.
    """

    def __init__(self, folder: Path, names: list[str], sample_rate: int) -> None:
        self._rate = sample_rate
        self._paths: dict[str, Path] = {}
        for path in sorted(folder.iterdir()):
            if path.stem not in names or not path.is_file():
                continue
            if path.stem in self._paths:
                raise InputError(
                    f"expected one output for {path.stem}, found {self._paths[path.stem]} and "
                    f"{path}; please remove one."
                )
            self._paths[path.stem] = path
        if not self._paths:
            raise InputError(
                f"expected outputs named like the test cases ({names[0]}.wav, ...) in {folder}, "
                "found none; please name them so, or take the folder away."
            )

    def get(self, case: str, length: int) -> Signal | None:
        """The output for a case; None if there is none.

        Args:
            case: its name.
            length: samples that it is cut to, or filled up to by silence.

        Raises:
            InputError: if the file cannot be read.
        """
        if case not in self._paths:
            return None
        sound = recordings.read(self._paths[case], self._rate)[:length]
        return np.pad(sound, (0, length - len(sound))).astype(np.float32)


def systems(folder: Path, names: list[str], sample_rate: int) -> dict[str, OutsideOutputs]:
    """Systems of a folder: each of its folders is one, and named so.

    Args:
        folder: files in it are passed over, so that it may hold notes.
        names: of the test cases.
        sample_rate: Hz, that the outputs are brought to.

    Raises:
        InputError: if it is no folder, or a system has no output.
    """
    if not folder.is_dir():
        raise InputError(
            f"expected a folder of systems' outputs, found none in {folder}; please mend "
            "evaluation.outside."
        )
    folders = sorted(path for path in folder.iterdir() if path.is_dir())
    return {path.name: OutsideOutputs(path, names, sample_rate) for path in folders}
