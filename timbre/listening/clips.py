"""Clips of a listening test: which there are, and as what listeners get them."""

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

from timbre.core.errors import InputError
from timbre.core.files import fingerprint, sha256
from timbre.listening.design import Design, Method

EXTENSIONS = (".flac", ".wav", ".ogg")
LEVEL_DB = -26.0  # RMS that listeners hear, re full scale: what is louder must not seem better
MAX_PEAK = 0.99
MAX_CLIPS = 12  # clips that are rated together, as ITU-R BS.1534-3 asks for
PADDING = 1000  # samples of silence around what is filtered
MIN_RMS = 1e-4  # RMS; less is not lifted any further

Clips = dict[str, dict[str, Path]]  # by folder and case


def find(
    folder: Path, systems: Sequence[str], content: str, style: str, reference: str = ""
) -> tuple[list[str], Clips]:
    """The systems of a test, and the clips that it can use: theirs, the contents and the styles.

    Args:
        folder: with a folder for each system.
        systems: which; none for all but the references, `resynthesis` and `*_shuffled`.
        content: name of the folder with the contents.
        style: name of that with the styles.
        reference: name of that with the references of MUSHRA, which needs the other two not.

    Returns:
        The systems, and of each and of the references the cases that can be played.

    Raises:
        InputError: if there are no two systems, or one has nothing that could be compared.
    """
    folders = _folders(folder)
    references = (
        {reference: "--reference"} if reference else {content: "--content", style: "--style"}
    )
    for name, option in references.items():
        if name not in folders:
            raise InputError(
                f"expected a folder {name} in {folder}, found {_listed(folders)}; "
                f"please name one of them with {option}."
            )
    if content == style:
        raise InputError(
            f"expected contents and styles in two folders, got {content} for both; "
            "please change --content or --style."
        )
    unknown = sorted({*systems} - folders.keys())
    if unknown:
        raise InputError(
            f"expected systems that {folder} has a folder of, {unknown[0]} is none; "
            f"please choose among {_listed(folders)}."
        )
    compared = sorted({*systems} - {reference}) or [
        name
        for name in folders
        if name not in (content, style, reference, "resynthesis") and not name.endswith("_shuffled")
    ]
    if len(compared) < 2:
        raise InputError(
            f"expected two systems or more to compare in {folder}, got {_listed(compared)}; "
            "please add folders with clips, or name more with --systems."
        )
    whole = set.intersection(*({*folders[name]} for name in references))
    clips = {name: {c: p for c, p in folders[name].items() if c in whole} for name in compared}
    for name in compared:
        if not any(clips[name].keys() & clips[other].keys() for other in compared if other != name):
            raise InputError(
                f"expected cases that {name} shares with {', '.join(references)} and another "
                "system, found none; please leave it out with --systems or give its "
                "clips the same names."
            )
    cases_used = {case for name in compared for case in clips[name]}
    return compared, {
        name: {case: path for case, path in cases.items() if case in cases_used}
        for name, cases in (clips | {name: folders[name] for name in references}).items()
    }


def _folders(folder: Path) -> Clips:
    if not folder.is_dir():
        raise InputError(
            f"expected a folder with a folder for each system, {folder} is none; "
            "please name another, such as data/examples after `./run dvc repro`."
        )
    folders: Clips = {}
    for inner in sorted(path for path in folder.iterdir() if path.is_dir()):
        cases: dict[str, Path] = {}
        for path in sorted(inner.iterdir()):
            if path.suffix.lower() not in EXTENSIONS or path.name.startswith("."):
                continue
            if path.stem in cases:
                raise InputError(
                    f"expected one clip a case, got {cases[path.stem]} and {path.name}; "
                    "please remove one."
                )
            cases[path.stem] = path
        if cases:
            folders[inner.name] = cases
    if not folders:
        raise InputError(
            f"expected folders with clips ({', '.join(EXTENSIONS)}) in {folder}, found none; "
            "please name another, such as data/examples after `./run dvc repro`."
        )
    return folders


def _listed(names: Sequence[str] | Clips) -> str:
    return ", ".join(names) or "none"


def design(
    systems: Sequence[str], clips: Clips, content: str, style: str, trials: int, seed: int,
    **how: Any,
) -> Design:  # fmt: skip
    """The test that clips make, each of them looked into.

    Args:
        systems: by name.
        clips: theirs and those of the references.
        content: name of the folder with the contents.
        style: name of that with the styles.
        trials: how many a listener gets.
        seed: of the plans.
        **how: other fields of `Design`.

    Raises:
        InputError: if a clip is no audio, or systems that are rated together share no case.
    """
    prints = []
    for name in sorted(clips):
        for case, path in sorted(clips[name].items()):
            samples(path)
            prints.append((name, case, sha256(path)))
    test = Design(
        systems={name: sorted(clips[name]) for name in sorted(systems)},
        content=content,
        style=style,
        trials=trials,
        seed=seed,
        clips=fingerprint(prints),
        **how,
    )
    if test.method is not Method.ab and not test.cases():
        raise InputError(
            "expected cases that all systems share, as they are rated together, found none; "
            "please leave some out with --systems."
        )
    if len(test.rated()) > MAX_CLIPS:
        raise InputError(
            f"expected {MAX_CLIPS} clips a page at most, got {len(test.rated())}; "
            "please name fewer --systems."
        )
    return test


def seconds(clips: Clips) -> float:
    """How long a clip lasts, on the mean."""
    lasts = [soundfile.info(path).duration for cases in clips.values() for path in cases.values()]
    return float(np.mean(lasts))


def samples(path: Path) -> tuple[NDArray[np.float32], int]:
    """A clip's `(L,)`, the mean of its channels, and its rate in Hz.

    Raises:
        InputError: if it is no audio, or holds no samples or such as are not finite.
    """
    try:
        channels, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise InputError(
            f"expected audio in {path}: {error}; please write the clip again."
        ) from None
    if not len(channels) or not np.isfinite(channels).all():
        raise InputError(
            f"expected finite samples in {path}, got none or others; please write the clip again."
        )
    mono: NDArray[np.float32] = channels.mean(axis=1)
    return mono, rate


def heard(path: Path, low_pass: int = 0) -> bytes:
    """A clip as listeners get it: FLAC of one channel at `LEVEL_DB`, softer where it would clip.

    Neither format, tags nor level say where it is from.

    Args:
        path: of the file.
        low_pass: Hz, above which an anchor has nothing; 0 leaves all.

    Raises:
        InputError: if it is no audio any more.
    """
    sound, rate = samples(path)
    if 0 < low_pass < rate / 2:
        # zero phase, so that it lies on the reference; twice 6th order: 0.1 dB below, 25 dB above
        sections = butter(6, low_pass, fs=rate, output="sos")
        sound = sosfiltfilt(sections, np.pad(sound, PADDING))[PADDING:-PADDING].astype(np.float32)
    rms = math.sqrt(float(np.mean(np.square(sound, dtype=np.float64))))
    gain = 10 ** (LEVEL_DB / 20) / max(rms, MIN_RMS)
    peak = gain * float(np.abs(sound).max())
    buffer = io.BytesIO()
    soundfile.write(
        buffer,
        sound * (gain * min(1, MAX_PEAK / max(peak, MAX_PEAK))),
        rate,
        "PCM_16",
        format="FLAC",
    )
    return buffer.getvalue()
