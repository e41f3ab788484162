"""Pictures rendered on the workers of a Dask cluster; their files come back as bytes, since no disk need be shared."""

from __future__ import annotations

import functools
import importlib.metadata
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from rn_core.common.dask_cluster import PROJECT_VERSION, map_on_cluster, open_cluster
from rn_core.common.errors import RNCoreError
from rn_core.tasks.clevr.rendering import use_threads

#: Packages whose versions can change the bytes of a picture's file.
_PACKAGES = ("mitsuba", "mitsuba-oidn", "drjit", "numpy", "pillow")


@contextmanager
def rendering_on_cluster(
    address: str, render: Callable[[int], bytes], indices: list[int]
) -> Iterator[Iterator[tuple[int, bytes]]]:
    """Yield an iterator over (index, file) of pictures, as the workers of a cluster render them.

    Args:
        address: of its scheduler.
        render: index -> file; pickled by its name.
        indices: of the pictures; the scenes of a worker that ends are rendered again by another one.

    Raises:
        RNCoreError: as `open_cluster`, or if a worker has no renderer or other versions of it than this machine.
    """
    with open_cluster(address) as client:
        yield map_on_cluster(client, partial(_render, render, _find_versions()), indices)


def _render(render: Callable[[int], bytes], versions: dict[str, str], index: int) -> bytes:
    """Return a picture's file, on a worker; raises RNCoreError if its bytes might not be those of other workers."""
    from distributed import get_worker

    worker = get_worker()
    here = _find_versions()
    unlike = [f"{name} {here[name]}, not {version}" for name, version in versions.items() if here[name] != version]
    if unlike:
        raise RNCoreError(
            f"The Dask worker at {worker.address} has {', '.join(unlike)} as the machine that asks, so that pictures "
            "could differ; install the same versions on every worker."
        )
    _share_cores(worker.state.nthreads)
    return render(index)


@functools.cache
def _find_versions() -> dict[str, str]:
    """Return package -> its version in this process, or "missing"."""
    found = {"rn_core": pkgutil.resolve_name(PROJECT_VERSION)}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "missing"
    return found


@functools.cache
def _share_cores(count: int) -> None:
    """Let the renderer use as many cores as its worker has threads; one picture is rendered at a time."""
    use_threads(count)
