"""The app's server, started for a measurement, and what it uses."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 120
_PROC = Path("/proc")


@dataclass(frozen=True)
class Server:
    """A server that runs: "host:port" and its process."""

    address: str
    process: subprocess.Popen


@dataclass(frozen=True)
class Usage:
    """What a server used.

    Attributes:
        cpu_seconds: of the server's own process since it began; a race's and a renderer's processes not counted.
        rss_mb: resident memory of the server, in MB of 10**6 bytes.
        children_mb: the same of its children, all together; memory that several share counts for each.
    """

    cpu_seconds: float
    rss_mb: float
    children_mb: float = 0.0

    @property
    def total_mb(self) -> float:
        """Return the memory of server and children."""
        return self.rss_mb + self.children_mb


@contextlib.contextmanager
def serve(
    script: Path = ROOT / "app.py", options: Sequence[str] = (), env: Mapping[str, str] | None = None, path: str = ""
) -> Iterator[Server]:
    """Start a Streamlit server on a free port of this machine and stop it at the end.

    Args:
        script: the app.
        options: more of Streamlit's command line; a later one wins.
        env: more environment.
        path: prefix of its address, as `--server.baseUrlPath` gives it.
    """
    port = find_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}", "--server.headless=true"]
    process = subprocess.Popen(
        [*command, *options],
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not is_healthy(f"http://127.0.0.1:{port}{path}"):
            if time.monotonic() > deadline or process.poll() is not None:
                raise SystemExit("The app did not start.")
            time.sleep(0.1)
        yield Server(f"127.0.0.1:{port}", process)
    finally:
        process.terminate()
        process.wait()


def find_port() -> int:
    """Return a port of this machine that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_healthy(url: str) -> bool:
    """Return whether the server at `url` answers."""
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2) as reply:
            return reply.status == 200
    except (urllib.error.URLError, OSError):
        return False


def measure_usage(pid: int) -> Usage:
    """Return what a server's process and its children use; only Linux says.

    Raises:
        SystemExit: where there is no /proc.
    """
    if not _PROC.joinpath("self/stat").exists():
        raise SystemExit("Processor time and memory are read from /proc, which only Linux has.")
    own = _read_stat(pid)
    ticks = sum(map(int, own[11:13]))
    children = sum(_rss_mb(child) for child in find_descendants(pid))
    return Usage(ticks / os.sysconf("SC_CLK_TCK"), _rss_mb(pid), children)


def measure_cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and of all that descend from it, those that have ended included."""
    ticks = 0
    for each in (pid, *find_descendants(pid)):
        with contextlib.suppress(OSError, IndexError):  # it has just ended, so that its parent's numbers have it
            ticks += sum(map(int, _read_stat(each)[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def find_descendants(pid: int) -> list[int]:
    """Return the processes that descend from one."""
    parents = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                parents[int(entry.name)] = int(_read_stat(int(entry.name))[1])
    found, frontier = [], [pid]
    while frontier:
        frontier = [child for child, parent in parents.items() if parent in frontier]
        found += frontier
    return found


def _read_stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat that follow the name, which may hold spaces: first state and parent."""
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _rss_mb(pid: int) -> float:
    """Return a process's resident memory in MB; 0 for one that has just ended."""
    try:
        pages = int((_PROC / str(pid) / "statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
