"""Benchmark of the way of the data: parse, render, store, feed, each beside the usual way.

The usual way is that of the reference's data preparation: pretty_midi a file; a soundfont loaded
for each segment, which becomes a 24-bit WAV; WAVs read and transformed in the loader. Both run in
this process, on the same files, one after the other; compare the ratios, not the seconds.

Usage: python -m benchmarks.data --midi DIR [--out DIR]
"""

import argparse
import random
import tempfile
from pathlib import Path

from benchmarks import feeding, parsing, rendering
from benchmarks.measure import Row, as_json, markdown
from stages.params import Params, load
from timbre.core.console import run
from timbre.core.errors import InputError
from timbre.core.files import write_json
from timbre.core.notes import content_key
from timbre.dataset import examples
from timbre.dataset.examples import Example
from timbre.music import midi
from timbre.music.segments import RefusedError
from timbre.synthesis.soundfonts import SPLITS, file_name, files_of, find

LAKH = 178_561  # files of lmd_full
SEGMENTS = 215_000  # of 8 s: the 82.6 GB of 24-bit WAV that were once rendered from them


def draw(files: list[Path], settings: Params, count: int) -> list[Example]:
    """Training examples of the files, one each, in soundfonts only: the usual way has no others."""
    fonts = dict.fromkeys(SPLITS, files_of(settings.soundfonts.train))
    shares = {f"{split}_share": 1e-9 for split in SPLITS if split != "train"}
    section = settings.sequences.model_copy(update=shares)
    drawn: list[Example] = []
    for file in files:
        try:
            tracks = midi.read(file.read_bytes())
            key = content_key(tracks)
            drawn.append(
                examples.draw(
                    tracks, key, key, 0, 0, fonts, settings.audio.segment_seconds, section
                )
            )
        except (midi.MidiError, RefusedError):
            continue
        if len(drawn) == count:
            break
    return drawn


def main() -> None:
    """Measure everything, print the table, write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--midi", type=Path, required=True, help="a folder of MIDI files")
    parser.add_argument("--out", type=Path, help="folder for data.md and data.json")
    parser.add_argument("--files", type=int, default=300, help="to parse")
    parser.add_argument("--examples", type=int, default=128, help="to render, of 3 segments each")
    parser.add_argument("--references", type=int, default=40, help="segments the usual way")
    parser.add_argument("--feed", type=int, default=2048, help="examples to feed from")
    parser.add_argument("--steps", type=int, default=64, help="batches to feed")
    parser.add_argument("--open", type=int, default=100_000, help="examples of a store to open")
    args = parser.parse_args()

    settings = load()
    found = sorted(args.midi.rglob("*.mid"))
    if not found:
        raise InputError(f"expected a folder of MIDI files (.mid), found none in {args.midi}.")
    files = random.Random(0).sample(found, min(args.files, len(found)))
    parsed = parsing.measure(files, settings.audio.segment_seconds, settings.sequences.min_onsets)
    rows = [
        Row("parse a file", parsed.reference * 1e3, parsed.ours * 1e3, "ms"),
        Row("parse, check, fingerprint a file", None, parsed.examined * 1e3, "ms"),
    ]
    with tempfile.TemporaryDirectory() as name:
        folder, fonts = Path(name), Path(name) / "fonts"
        fonts.mkdir()
        for font in files_of(settings.soundfonts.train):
            (fonts / file_name(font)).symlink_to(find(font)[0].absolute())
        drawn = draw(files, settings, args.examples)
        rendered = rendering.measure(drawn, fonts, folder, settings, args.references)
        fed = feeding.measure(
            folder / "store.zarr", folder / "wav", settings, args.feed, args.steps
        )
        opened, first = feeding.open_large(folder, settings, args.open)
    rows += [
        Row("a segment with effects, stored", rendered.reference * 1e3, rendered.ours * 1e3, "ms"),
        Row("a second of audio, stored", rendered.reference_bytes, rendered.ours_bytes, "bytes"),
        Row("the notes of a second of audio", None, rendered.notes_bytes, "bytes"),
        Row("feed from memory", fed.reference, fed.memory, "examples/s", cheaper=False),
        Row("feed from a warm disk", fed.reference, fed.disk, "examples/s", cheaper=False),
        Row(f"open a store of {args.open:,} examples", None, opened, "s"),
        Row("the same to the first batch", None, first, "s"),
    ]
    for cores in (2, 16):
        hours = 3600 * cores
        rows += [
            Row(
                f"{LAKH:,} files on {cores} cores: parse",
                LAKH * parsed.reference / hours,
                LAKH * parsed.examined / hours,
                "h",
            ),
            Row(
                f"{SEGMENTS:,} segments on {cores} cores: render",
                SEGMENTS * rendered.reference / hours,
                SEGMENTS * rendered.ours / hours,
                "h",
            ),
        ]
    agreement = (
        f"Notes as pretty_midi has them: {parsed.equal} of {parsed.compared} files that it reads.\n"
    )
    print(markdown(rows) + "\n" + agreement)
    if args.out is not None:
        args.out.mkdir(parents=True, exist_ok=True)
        (args.out / "data.md").write_text(markdown(rows) + "\n" + agreement)
        write_json(
            args.out / "data.json",
            {"rows": as_json(rows), "compared": parsed.compared, "equal": parsed.equal},
        )


if __name__ == "__main__":
    run(main)
