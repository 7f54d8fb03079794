"""The scores that ship with music21, as MIDI: data for a pipeline that needs no network.

They are the corpus inside the music21 package (Michael Scott Asato Cuthbert and Christopher Ariza,
ISMIR 2010; https://www.music21.org): typed scores of old music, read from the installed package.
music21's code is BSD-licensed. Its `corpus/license.txt` says that each piece of music "is either
out of copyright in the United States or is licensed for use, though there may be restrictions on
commercial use", that encodings "may be under copyright but have been licensed for use", and that
single files or folders may carry terms of their own. Some do: the Essen folk songs are for
non-commercial use, the files of Palestrina's masses reserve the rights to derived formats, those of
Josquin are under the GPL. `sources/scores.yaml` says which are taken.
"""

import hashlib
import multiprocessing
import re
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from pebble import ProcessExpired, ProcessPool
from tqdm import tqdm

from timbre.core.errors import InputError
from timbre.music.refusals import Refused

# A work that takes longer is left out. Those of sources/scores.yaml take 5 s at most: the limit is
# for what hangs; if it were near, a slower machine would get other data.
MAX_WORK_SECONDS = 60.0


# Most of these scores name no instrument, and MIDI would call them all pianos: half of such works
# are given to strings, so that both large families of programs are drawn from.
UNNAMED_PROGRAMS = (0, 48)


class ScoreError(Exception):
    """A work cannot be read or written as MIDI."""


class EmptyScoreError(ScoreError):
    """A work holds no notes."""


def works(collections: list[str], limit: int) -> list[str]:
    """The works in some collections, sorted.

    Args:
        collections: patterns of file names in the corpus, such as `bach/*.mxl`.
        limit: at most so many works of each, evenly spaced over it.

    Returns:
        Names of files in the corpus; `name#3` for tune 3 of a file that holds several.

    Raises:
        InputError: if a pattern fits no file.
    """
    selection: set[str] = set()
    for pattern in collections:
        try:
            paths = sorted(path for path in _corpus().glob(pattern) if path.is_file())
        except (ValueError, NotImplementedError):  # an empty or an absolute pattern
            paths = []
        if not paths:
            raise InputError(
                f"expected collections such as bach/*.mxl, got {pattern!r}, which fits no file in "
                f"music21's corpus; please look at the names in {_corpus()}."
            )
        names = [name for path in paths for name in _works_in(path)]
        count = min(limit, len(names))
        selection.update(names[index * len(names) // count] for index in range(count))
    return sorted(selection)


def export(work: str) -> bytes:
    """A work as a standard MIDI file, the same bytes each time.

    Repeats are played once: they bring nothing new, and music21 refuses to play many of them.

    Args:
        work: a name that `works` gave.

    Raises:
        EmptyScoreError: if there are no notes in it.
        ScoreError: if music21 cannot read it or cannot write it as MIDI.
    """
    # Imported here, for music21 is slow to import and only this function needs it.
    from music21 import converter, instrument, repeat, spanner
    from music21.midi import translate

    name, _, number = work.partition("#")
    reader = converter.Converter()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # doubtful notation, of which old scores are full
            # the one way in that neither reads nor writes music21's cache of parsed scores
            reader.parseFileNoPickle(_corpus() / name, number=int(number) if number else None)
            score = reader.stream
            if score is None or not score.recurse().notes:
                raise EmptyScoreError(f"{work}: no notes")
            score.remove([*score[repeat.RepeatMark], *score[spanner.RepeatBracket]], recurse=True)
            program = UNNAMED_PROGRAMS[
                hashlib.sha256(work.encode()).digest()[0] % len(UNNAMED_PROGRAMS)
            ]
            # only a Score has parts; what is none fails here and is counted
            for part in score.parts or [score]:  # type: ignore[union-attr]
                instruments = list(part[instrument.Instrument]) or [instrument.Instrument()]
                if all(each.midiProgram is None for each in instruments):
                    instruments[0].midiProgram = program
                    if not part[instrument.Instrument]:
                        part.insert(0, instruments[0])
            content: bytes = translate.streamToMidiFile(score).writestr()
            return content
    except EmptyScoreError:
        raise
    except Exception as error:  # noqa: BLE001  (it raises whatever a malformed score leads to)
        raise ScoreError(f"{work}: {type(error).__name__}: {error}") from None


def export_all(names: list[str], refused: list[Refused]) -> Iterator[tuple[str, bytes]]:
    """Works as MIDI, in the order given, exported on all cores.

    A work that fails, hangs or crashes its process costs that work only.

    Args:
        names: what `works` gave.
        refused: the others are added here, as `failed`, `no_notes` or `too_slow`.

    Yields:
        A file name and the MIDI file, for each work that succeeds.
    """
    with ProcessPool(context=multiprocessing.get_context("spawn")) as pool:
        try:
            results = pool.map(export, names, timeout=MAX_WORK_SECONDS).result()
            for name in tqdm(names, desc="scores", unit=" works"):
                try:
                    yield f"{name}.mid", next(results)
                except EmptyScoreError:
                    refused.append(Refused(name, "no_notes"))
                except (ScoreError, ProcessExpired) as error:
                    refused.append(Refused.by(error, name, "failed"))
                except TimeoutError:
                    refused.append(Refused(name, "too_slow"))
        except BaseException:
            # or the pool would finish all works before it ends
            pool.stop()  # type: ignore[no-untyped-call]
            raise


def _corpus() -> Path:
    """The folder of scores in the installed package, found without importing it."""
    spec = find_spec("music21")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "corpus"


def _works_in(path: Path) -> list[str]:
    """The one work in a file, or the tunes in a file of several, which only .abc files hold."""
    name = path.relative_to(_corpus()).as_posix()
    if path.suffix == ".abc":
        tunes = re.findall(r"^X:\s*(\d+)", path.read_text(errors="replace"), re.MULTILINE)
        if len(tunes) > 1:
            return [f"{name}#{int(tune)}" for tune in dict.fromkeys(tunes)]
    return [name]
