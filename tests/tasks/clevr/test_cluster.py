"""Pictures from a Dask cluster: a real one of two processes, of which one is killed; each failure is one sentence."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from threading import Timer
from typing import TYPE_CHECKING

import pytest

from rn_core import cli
from rn_core.common import dask_cluster
from rn_core.common.dask_cluster import map_on_cluster, open_cluster
from rn_core.common.errors import RNCoreError
from rn_core.tasks.clevr import cluster as rendering
from rn_core.tasks.clevr.dataset import PictureRecipe, write_dataset
from rn_core.tasks.clevr.picture_size import PictureSize
from tests.tasks.clevr.test_dataset import end_process, read_all

if TYPE_CHECKING:
    from distributed import LocalCluster

pytestmark = pytest.mark.process

RECIPE = PictureRecipe("validation", 3, 1, PictureSize(48, 48))
N_SCENES = 8


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    """A scheduler in this process, and two workers of one thread in processes of their own."""
    from distributed import LocalCluster  # here: every process imports this file

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as running:
        yield running


@pytest.fixture
def hurried(monkeypatch) -> None:
    """Wait for a cluster for a moment only."""
    monkeypatch.setattr(dask_cluster, "CONNECT_SECONDS", 0.3)


def call_once(address: str, function: Callable[[int], None]) -> None:
    """Call a function on a cluster."""
    with open_cluster(address) as client:
        list(map_on_cluster(client, function, [0]))


def lack_a_module(_item: int) -> None:
    """Fail as a worker does that cannot import what it is to call."""
    raise ModuleNotFoundError("No module named 'rn_gone'")


def test_a_cluster_writes_the_bytes_of_one_process_even_if_a_worker_is_killed(cluster, tmp_path, capsys):
    address, root = cluster.scheduler_address, tmp_path / "cluster"
    command = ["generate", str(root), "--task", "clevr", "--split", "validation", "--seed", "3", "--samples", "1"]
    assert cli.main([*command, "--size", "48x48", "--scenes", "4", "--dask", address]) == 0
    assert "render: 100%" in capsys.readouterr().err
    write_dataset(tmp_path / "one", RECIPE, 4)
    assert read_all(root) == read_all(tmp_path / "one")
    killed, seen = [], []

    def kill_one(missing: list[int]) -> Iterator[int]:
        """Kill a worker that has scenes to render, when the first one has come back."""
        for index in missing:
            yield index
            seen.append(index)
            if not killed:
                busy = next(one for one in cluster.scheduler.workers.values() if one.processing)
                killed.extend(nanny.pid for nanny in cluster.workers.values() if nanny.worker_address == busy.address)
                os.kill(killed[0], signal.SIGKILL)

    write_dataset(root, RECIPE, N_SCENES, progress=kill_one, dask=address)
    assert seen == list(range(4, N_SCENES))
    write_dataset(tmp_path / "one", RECIPE, N_SCENES)
    assert read_all(root) == read_all(tmp_path / "one")


def test_what_workers_cannot_do_is_one_sentence(cluster, tmp_path, monkeypatch):
    address = cluster.scheduler_address
    for needed in ("rn_core", "rn_gone"):
        with monkeypatch.context() as patch:
            patch.setattr(dask_cluster, "PROJECT_VERSION", f"{needed}:__version__")
            with pytest.raises(RNCoreError, match=r"lacks what .* \(No module named 'rn_gone'\); install"):
                call_once(address, lack_a_module)
    versions = {**rendering._find_versions(), "mitsuba": "0.1"}
    monkeypatch.setattr(rendering, "_find_versions", lambda: versions)
    with pytest.raises(RNCoreError, match=r"The Dask worker at tcp://\S+ has mitsuba \d\S+, not 0\.1 as the machine"):
        write_dataset(tmp_path, RECIPE, 1, dask=address)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    monkeypatch.setattr(cluster.scheduler, "allowed_failures", 0)
    with pytest.raises(RNCoreError, match=r"1 workers of the Dask cluster at 'tcp.*' ended in the same call, perhaps"):
        call_once(address, end_process)


@pytest.mark.usefixtures("hurried")
def test_a_cluster_without_workers_or_that_ends_is_one_sentence(monkeypatch):
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=0, dashboard_address=":0") as empty:
        address = empty.scheduler_address
        with pytest.raises(RNCoreError, match="has no workers; start one per core by `dask worker tcp://"):
            call_once(address, lack_a_module)
        monkeypatch.setattr(Client, "wait_for_workers", lambda *_, **__: Timer(0.1, empty.close).start())
        with pytest.raises(
            RNCoreError, match=r"The scheduler of the Dask cluster at 'tcp://.*' is gone, or has given up"
        ):
            call_once(address, lack_a_module)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("address", ["nonsense", "tcp://127.0.0.1", "tcp://127.0.0.1:x", "foo://127.0.0.1:8786"])
def test_what_is_no_address_is_one_sentence(address):
    with pytest.raises(RNCoreError, match=f"'{address}' is not the address of a Dask scheduler; write it as in tcp"):
        call_once(address, end_process)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("listens", [False, True])
def test_a_scheduler_that_does_not_answer_is_one_sentence(listens):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        if listens:
            silent.listen()
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(RNCoreError, match=f"No Dask scheduler answered at '{address}' within 0.3 s; check the"):
            call_once(address, end_process)


def test_dask_is_asked_for_where_it_is_missing(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "distributed", None)
    command = ["generate", str(tmp_path), "--task", "clevr", "--dask", "tcp://127.0.0.1:8786"]
    assert cli.main(command) == 1
    assert "run `python -m pip install distributed`." in capsys.readouterr().err
    assert cli.main([*command, "--processes", "2"]) == 1
    assert "with its own workers, but 2 processes were asked for, too; choose one" in capsys.readouterr().err
