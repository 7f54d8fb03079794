"""Render note sequences in memory and keep only spectrograms, in a sharded Zarr store.

A killed run is taken up where it stopped: finished shards lie in `.scratch`.

Usage: python -m stages.spectrograms TABLE SOUNDFONTS STORE [--scheduler tcp://HOST:8786]
"""

import argparse
import shutil
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from distributed import as_completed
from tqdm import tqdm

from stages.params import Params, load
from timbre.core import dependencies
from timbre.core.console import run
from timbre.core.files import fingerprint, replacing, sha256
from timbre.core.scratch import Scratch
from timbre.dataset import table
from timbre.rendering import rendering
from timbre.rendering.cluster import faults_explained, workers
from timbre.rendering.rendering import Spectrograms
from timbre.store import store, writing
from timbre.store.writing import Shard

WHOLE_AUDIO = "test"  # the split whose audio is kept whole, for evaluation


def keep_audio(split: str, count: int, settings: Spectrograms) -> int:
    """Number of leading examples, of `count`, whose audio is kept."""
    return count if split == WHOLE_AUDIO else min(count, getattr(settings.keep_audio, split, 0))


def prepare(path: Path, examples: Path, settings: Params) -> None:
    """Make the empty store: its shapes, its index, how to read its codes."""
    splits = table.counts(examples)
    index = {split: table.index(examples, split) for split in splits}
    fonts = sorted({str(font) for each in index.values() for font in np.unique(each.font)})
    attributes = {
        "audio": settings.audio.model_dump(),
        "views": list(store.VIEWS),
        "fonts": fonts,
    }
    writing.create(path, attributes)
    for split, columns in index.items():
        writing.add_split(
            path,
            split,
            {
                "program": columns.program,
                "font": np.searchsorted(fonts, columns.font).astype(np.uint8),
                "piece": columns.piece,
                "style_music": columns.style_music,
            },
            settings.audio,
            settings.spectrograms.chunk_examples,
            settings.spectrograms.shard_examples,
            keep_notes=True,
            keep_audio=keep_audio(split, splits[split], settings.spectrograms),
        )


def finished(path: Path, done: Path, shards: list[Shard]) -> dict[Shard, str]:
    """The shards that are there and whole, with the digests of their contents.

    The mark of a shard that was finished and is damaged, by a disk that lost power, is taken away.
    """
    marked = [shard for shard in shards if (done / shard.name).exists()]
    marks = [(done / shard.name).read_text().split() for shard in marked]
    with ThreadPoolExecutor() as pool:
        files = pool.map(partial(writing.files_digest, path), marked)
        whole = {
            shard: mark[0]
            for shard, mark, digest in zip(marked, marks, files, strict=True)
            if len(mark) == 2 and mark[1] == digest
        }
    for shard in marked:
        if shard not in whole:
            (done / shard.name).unlink()
    if marked:
        damaged = len(marked) - len(whole)
        note = f", {damaged} more were damaged and are rendered again" if damaged else ""
        print(f"{len(whole)} of {len(shards)} shards are there already{note}", flush=True)
    return whole


def render(
    folder: Path,
    examples: Path,
    fonts: Path,
    settings: Params,
    scheduler: str | None,
) -> Path:
    """Render the shards that `folder` does not hold yet.

    Args:
        folder: where the store grows, and a mark for each finished shard.
        examples: the table.
        fonts: the folder of soundfonts.
        settings: all of them.
        scheduler: address of a dask scheduler, or None.

    Returns:
        The finished store, inside `folder`.

    Raises:
        InputError: if the disk is full, or a shard costs one worker after another its life.
    """
    path, done = folder / "store.zarr", folder / "done"
    with TemporaryDirectory(dir=folder) as empty:
        # also over one that is there, whose small files may be damaged; shards are kept
        prepare(Path(empty) / "store", examples, settings)
        shutil.copytree(Path(empty) / "store", path, dirs_exist_ok=True)
    done.mkdir(exist_ok=True)
    sizes, counts = settings.spectrograms, table.counts(examples)
    shards = [
        shard
        for split, count in counts.items()
        for shard in writing.shards(split, count, sizes.shard_examples)
    ]
    digests = finished(path, done, shards)
    missing = [shard for shard in shards if shard not in digests]
    if missing:
        with (
            workers(scheduler) as client,
            tqdm(total=sum(s.stop - s.start for s in missing), desc="render", unit="ex") as bar,
        ):
            futures = {
                client.submit(
                    rendering.write_shard,
                    path.absolute(),
                    shard,
                    examples.absolute(),
                    fonts.absolute(),
                    settings.audio,
                    settings.spectrograms.synthesis,
                    keep_audio=keep_audio(shard.split, counts[shard.split], sizes),
                    pure=False,
                ): shard
                for shard in missing
            }
            for future in as_completed(futures):
                shard = futures[future]
                with replacing(done / shard.name) as temporary, faults_explained(shard.name):
                    digests[shard], files = future.result()
                    temporary.write_text(f"{digests[shard]} {files}\n")
                bar.update(shard.stop - shard.start)
    writing.finish(
        path, {"content": fingerprint(sha256(examples), *(digests[shard] for shard in shards))}
    )
    return path


def main() -> None:
    """Render what is missing, then move the store into place."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path, help="the examples")
    parser.add_argument("soundfonts", type=Path, help="the folder of soundfonts")
    parser.add_argument("store", type=Path, help="the Zarr store to write")
    parser.add_argument("--scheduler", help="address of a dask scheduler; default: this machine")
    args = parser.parse_args()

    settings = load()
    counts = table.counts(args.table)
    scratch = Scratch(
        "spectrograms",
        settings.audio.model_dump(),
        settings.spectrograms.model_dump(),
        sha256(args.table),
        [sha256(font) for font in sorted(args.soundfonts.iterdir())],
        *dependencies.contents("stages.spectrograms"),
    )
    with scratch:
        path = render(scratch.path, args.table, args.soundfonts, settings, args.scheduler)
        with replacing(args.store, folder=True) as temporary:
            path.rename(temporary)
    print(f"spectrograms of {', '.join(f'{n} {split}' for split, n in counts.items())} examples")


if __name__ == "__main__":
    run(main)
