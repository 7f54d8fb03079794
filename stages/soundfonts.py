"""Copy the soundfonts into the pipeline, so that a changed font changes what follows.

Usage: python -m stages.soundfonts FOLDER CARD
"""

import argparse
import shutil
from pathlib import Path

from stages.params import load
from timbre.core.console import run
from timbre.core.errors import InputError
from timbre.core.files import replacing, sha256, write_json
from timbre.synthesis import soundfonts


def main() -> None:
    """Find every font first, so that a missing one is said before anything is copied."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the copies go")
    parser.add_argument("card", type=Path, help="JSON: name, SHA-256, licence and use of each")
    args = parser.parse_args()

    settings = load().soundfonts
    splits = {split: getattr(settings, split) for split in soundfonts.SPLITS}
    listed = {name for fonts in splits.values() for name in fonts}
    for name in sorted(listed & {*soundfonts.PRESET_SOURCES}):
        soundfonts.check(name)
    names = soundfonts.files_of(name for fonts in splits.values() for name in fonts)
    sources = {name: soundfonts.find(name) for name in names}
    files = [soundfonts.file_name(name) for name in names]
    if len(set(files)) < len(files):
        raise InputError(f"expected soundfonts of different file names, got {', '.join(files)}.")

    card = {}
    with replacing(args.folder, folder=True) as temporary:
        temporary.mkdir()
        for name, (path, licence) in sources.items():
            copy = temporary / soundfonts.file_name(name)
            shutil.copyfile(path, copy)
            of_font = [split for split, fonts in splits.items() if name in fonts]
            card[name] = {
                "file": copy.name,
                "sha256": sha256(copy),
                "licence": licence,
                "splits": of_font,
            }
    write_json(args.card, card)
    print(f"{len(card)} soundfonts: {', '.join(card)}")


if __name__ == "__main__":
    run(main)
