"""Clusters that render: this machine's cores, or a dask cluster, and what may befall them."""

import errno
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import dask
from distributed import Client, KilledWorker, LocalCluster
from distributed.client import FutureCancelledError

from timbre.core.errors import InputError


@contextmanager
def workers(scheduler: str | None) -> Iterator[Client]:
    """A client of the cluster at `scheduler`, or of one process a core on this machine.

    Without `scheduler`, the environment variable DASK_SCHEDULER_ADDRESS may name one.

    Raises:
        InputError: if no scheduler answers there.
    """
    scheduler = scheduler or dask.config.get("scheduler-address", None)
    if scheduler is not None:
        try:
            client = Client(scheduler)
        except (OSError, ValueError) as error:
            raise InputError(
                f"expected a dask scheduler at {scheduler}, none answered ({error}); please start "
                "one or give its address, such as tcp://HOST:8786."
            ) from error
        with client:
            if not client.scheduler_info()["workers"]:
                print(f"no workers at {scheduler} yet; waiting for them", flush=True)
            yield client
        return
    # spawned workers share nothing with us: neither FluidSynth's state nor Zarr's threads
    with (
        dask.config.set({"distributed.worker.multiprocessing-method": "spawn"}),
        LocalCluster(
            n_workers=len(os.sched_getaffinity(0)),
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",  # any free port; None would take 8787
            silence_logs=logging.CRITICAL,  # what a shard fails of is told in one sentence
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


@contextmanager
def faults_explained(shard: str) -> Iterator[None]:
    """Turn what a worker's machine lacks into the user's sentence."""
    try:
        yield
    except KilledWorker as error:
        raise InputError(
            f"expected workers that live, lost {error.allowed_failures + 1} in a row with shard "
            f"{shard}; please give each more memory or start fewer, and run it again: "
            "finished shards are kept."
        ) from error
    except FutureCancelledError as error:
        raise InputError(
            "expected the dask scheduler to live as long as this run, it went away; please start "
            "it and run this again: finished shards are kept."
        ) from error
    except MemoryError as error:
        raise InputError(
            f"expected memory enough for shard {shard}, found none; please start fewer "
            "workers or lower spectrograms.shard_examples, and run it again."
        ) from error
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise InputError(
            f"expected room for shard {shard}, the disk is full; please free some space and "
            "run it again: finished shards are kept."
        ) from error
