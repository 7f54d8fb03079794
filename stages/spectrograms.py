"""Render note sequences in memory and keep only spectrograms, in a sharded Zarr store.

A killed run is taken up where it stopped: finished shards lie in `.scratch`.

Usage: python -m stages.spectrograms TABLE SOUNDFONTS STORE [--scheduler tcp://HOST:8786]
"""

import argparse
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dask
import numpy as np
from distributed import Client, LocalCluster, as_completed
from tqdm import tqdm

import audio.effects
import audio.mel
import audio.notes
import audio.synthesis
from audio import rendering, store, table
from audio.examples import Example, Timbre
from audio.files import fingerprint, replacing, sha256
from audio.notes import piano_roll
from audio.scratch import Scratch
from stages.console import run
from stages.params import Params, load

CODE = (audio.effects, audio.mel, audio.notes, audio.synthesis, rendering, store)
KEEP_AUDIO = ("test",)  # evaluation hears these


@contextmanager
def workers(scheduler: str | None) -> Iterator[Client]:
    """A client of the cluster at `scheduler`, or of one process a core on this machine."""
    if scheduler is not None:
        with Client(scheduler) as client:
            yield client
        return
    # spawned workers share nothing with us: neither FluidSynth's state nor Zarr's threads
    with (
        dask.config.set({"distributed.worker.multiprocessing-method": "spawn"}),
        LocalCluster(
            n_workers=len(os.sched_getaffinity(0)),
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",  # any free port; None would take 8787
            silence_logs=logging.ERROR,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def timbres(example: Example) -> tuple[Timbre, Timbre, Timbre]:
    """The timbres of content, style and target."""
    return example.content_timbre, example.timbre, example.timbre


def prepare(path: Path, examples: dict[str, list[Example]], settings: Params) -> None:
    """Make the empty store: its shapes, its index, how to read its codes."""
    fonts = sorted({t.font for rows in examples.values() for row in rows for t in timbres(row)})
    attributes = {
        "audio": settings.audio.model_dump(),
        "views": list(store.VIEWS),
        "fonts": fonts,
    }
    store.create(path, attributes)
    for split, rows in examples.items():
        pieces = "".join(row.piece + row.style_piece + row.piece for row in rows)
        sounds = [[(t.program, fonts.index(t.font)) for t in timbres(row)] for row in rows]
        program, font = np.array(sounds, np.uint8).transpose(2, 0, 1)
        piece = np.frombuffer(bytes.fromhex(pieces), np.uint8).reshape(len(rows), 3, -1)
        frames, rate = settings.audio.segment_frames, settings.audio.frames_per_second
        notes = np.stack([np.packbits(piano_roll(row.notes, frames, rate), axis=0) for row in rows])
        index = {"program": program, "font": font, "piece": piece, "notes": notes}
        store.add_split(
            path,
            split,
            index,
            settings.audio,
            settings.spectrograms.chunk_examples,
            settings.spectrograms.shard_examples,
            keep_audio=split in KEEP_AUDIO,
        )


def render(
    folder: Path,
    examples: dict[str, list[Example]],
    fonts: Path,
    settings: Params,
    scheduler: str | None,
    origin: str = "",
) -> Path:
    """Render the shards that `folder` does not hold yet.

    Args:
        folder: where the store grows, and a mark for each finished shard.
        examples: of each split.
        fonts: the folder of soundfonts.
        settings: all of them.
        scheduler: address of a dask scheduler, or None.
        origin: a name for `examples`, by which the store can be told from another.

    Returns:
        The finished store, inside `folder`.
    """
    path, done = folder / "store.zarr", folder / "done"
    if not done.exists():
        with replacing(path) as temporary:
            prepare(temporary, examples, settings)
        done.mkdir()
    size = settings.spectrograms.shard_examples
    shards = [s for split, rows in examples.items() for s in store.shards(split, len(rows), size)]
    missing = [shard for shard in shards if not (done / shard.name).exists()]
    if len(missing) < len(shards):
        print(f"{len(shards) - len(missing)} of {len(shards)} shards are there already")
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
                    examples[shard.split][shard.start : shard.stop],
                    fonts.absolute(),
                    settings.audio,
                    settings.spectrograms.synthesis,
                    keep_audio=shard.split in KEEP_AUDIO,
                    pure=False,
                ): shard
                for shard in missing
            }
            for future in as_completed(futures):
                shard = futures[future]
                with replacing(done / shard.name) as temporary:
                    temporary.write_text(future.result())
                bar.update(shard.stop - shard.start)
    digests = [(done / shard.name).read_text() for shard in shards]
    store.finish(path, {"content": fingerprint(origin, *digests)})
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
    examples = {split: table.read(args.table, split) for split in table.counts(args.table)}
    scratch = Scratch(
        "spectrograms",
        settings.audio.model_dump(),
        settings.spectrograms.model_dump(),
        sha256(args.table),
        [sha256(font) for font in sorted(args.soundfonts.iterdir())],
        *(Path(str(file)).read_bytes() for file in (__file__, *(code.__file__ for code in CODE))),
    )
    with scratch:
        finished = render(
            scratch.path,
            examples,
            args.soundfonts,
            settings,
            args.scheduler,
            origin=sha256(args.table),
        )
        with replacing(args.store) as temporary:
            finished.rename(temporary)
    counts = ", ".join(f"{len(rows)} {split}" for split, rows in examples.items())
    print(f"spectrograms of {counts} examples")


if __name__ == "__main__":
    run(main)
