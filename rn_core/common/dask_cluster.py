"""A function on the workers of a running Dask cluster: its results as they come, one sentence where that fails."""

from __future__ import annotations

import asyncio
import pkgutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from rn_core.common.errors import RNCoreError, quote

if TYPE_CHECKING:
    from distributed import Client

Item = TypeVar("Item")
Result = TypeVar("Result")
#: Seconds within which a scheduler must answer, and have a worker.
CONNECT_SECONDS = 10.0
#: Calls that are handed out and not back yet: enough for hundreds of workers, few enough to hold all their results.
_AHEAD = 1000
#: What `pkgutil.resolve_name` finds on workers, and on the scheduler, which unpickles calls, too.
PROJECT_VERSION = "rn_core:__version__"


@contextmanager
def open_cluster(address: str) -> Iterator[Client]:
    """Yield a client of the cluster whose scheduler has an address, such as "tcp://192.168.1.5:8786".

    Results are unpickled, so the cluster must be a trusted one.

    Raises:
        RNCoreError: in one sentence, if Dask cannot be loaded, there is no such address, nobody answers there, it has
            no workers, one of its machines lacks this project, calls end their workers, or the scheduler is lost.
    """
    try:
        from distributed import KilledWorker
    except ImportError as err:
        raise RNCoreError(
            f"A cluster needs Dask distributed, which could not be loaded ({str(err)[:200]}); run `python -m pip "
            "install distributed`."
        ) from err
    where = f"the Dask cluster at {quote(address)}"
    try:
        with _connect(address) as client:
            yield client
    except ImportError as err:
        raise RNCoreError(
            f"The scheduler or a worker of {where} lacks what this machine has ({str(err)[:200]}); install this "
            "project and what it needs on all of them, and start the same command again."
        ) from err
    except KilledWorker as err:
        raise RNCoreError(
            f"{err.allowed_failures + 1} workers of {where} ended in the same call, perhaps for lack of memory; what "
            "came back before is kept: start the same command again, with fewer workers per machine."
        ) from err
    except CancelledError as err:
        raise RNCoreError(
            f"The scheduler of {where} is gone, or has given up the calls; what came back before is kept: start the "
            "same command again when it runs."
        ) from err


def map_on_cluster(
    client: Client, function: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[tuple[Item, Result]]:
    """Yield each item with the result of its call, in the order in which calls end.

    Calls on a worker that ends are made again by another one.

    Args:
        client: of the cluster.
        function: pickled by its name, so the cluster imports the module that it is defined in; may be called twice
            for an item.
        items: read when workers are about to need them.
    """
    from distributed import as_completed

    # A name per run: a key that another client has given is taken for the same call. Dask keeps such calls at the
    # scheduler until a worker is free, so that those which wait do not count as tried where a worker ends.
    run, left = f"call-{uuid.uuid4().hex}", iter(enumerate(items))
    waiting: dict[tuple[str, int], Item] = {}
    done = as_completed(loop=client.loop)

    def hand_out(count: int) -> None:
        for number, item in islice(left, count):
            future = client.submit(function, item, key=(run, number))
            waiting[run, number] = item
            done.add(future)

    hand_out(_AHEAD)
    for future in done:
        yield waiting.pop(future.key), future.result()
        hand_out(1)


@contextmanager
def _connect(address: str) -> Iterator[Client]:
    """Yield a client of a cluster with one worker at least, and close it; raises RNCoreError."""
    from distributed import Client

    try:
        asyncio.run(_greet(address))
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except OSError as err:
        raise RNCoreError(
            f"No Dask scheduler answered at {quote(address)} within {CONNECT_SECONDS:g} s; check the address, that "
            "`dask scheduler` runs there, and that this machine may connect to it."
        ) from err
    except (ValueError, TypeError, OverflowError) as err:
        raise RNCoreError(
            f"{quote(address)} is not the address of a Dask scheduler; write it as in tcp://192.168.1.5:8786."
        ) from err
    with client:
        try:
            client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError as err:
            raise RNCoreError(
                f"The Dask cluster at {quote(address)} has no workers; start one per core by `dask worker "
                f"{address} --nworkers auto --nthreads 1`."
            ) from err
        for run in (client.run_on_scheduler, client.run):
            run(pkgutil.resolve_name, PROJECT_VERSION)
        yield client


async def _greet(address: str) -> None:
    """Raise an OSError if nobody at an address speaks Dask's protocol; a client would wait for silent ones forever."""
    from distributed import Security
    from distributed.comm import connect

    comm = await asyncio.wait_for(connect(address, **Security().get_connection_args("client")), CONNECT_SECONDS)
    comm.abort()
