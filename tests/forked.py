"""Commands and code as processes that start at once: forked from one that has imported PyTorch and the core.

A new Python spends 5 s on these imports, or 8 s with Lightning Fabric; tests of what processes do to each other start
dozens. That commands start from nothing, too, is what `test_help_names_every_command`, the first test of
`test_worker.py`, and the launchers are for.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.context
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Sequence
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lightning_fabric.strategies import DDPStrategy

#: What the process that is forked has imported; a module that runs as a command must not be among it.
LOADED = ("rn_core.cli", "rn_core.race.race", "rn_core.race.own_race", "rn_core.training.trainer", "lightning_fabric")
_CAN_FORK = "forkserver" in multiprocessing.get_all_start_methods()
_PYTHON = sys.executable
_MODES = ("r", "w", "w")


def two_processes() -> DDPStrategy:
    """Return Fabric's strategy for processes that share batches, started as the commands here are."""
    from lightning_fabric.strategies import DDPStrategy

    if not _CAN_FORK:
        return DDPStrategy(start_method="spawn")
    _server()
    return DDPStrategy(start_method="forkserver")


def start(command: Sequence[str], **options: Any) -> subprocess.Popen[str] | ForkedProcess:
    """Start a command as `subprocess.Popen` does; Python with `-m` or `-c` is forked where the system can.

    Args:
        command: as for `subprocess.Popen`.
        options: those that `ForkedProcess` knows.
    """
    if _CAN_FORK and command[0] == _PYTHON and command[1] in ("-m", "-c"):
        return ForkedProcess(command, **options)
    return subprocess.Popen(command, **{"text": True, **options})


def run(command: Sequence[str], cwd: Path | str, **_: object) -> subprocess.CompletedProcess[str]:
    """Run a command to its end as `subprocess.run` does that captures text and checks the exit code."""
    process = start(command, cwd=cwd, stdout=subprocess.PIPE)
    with process.stdout:
        printed = process.stdout.read()
    done = subprocess.CompletedProcess([*command], process.wait(), printed)
    done.check_returncode()
    return done


class ForkedProcess:
    """What the project uses of `subprocess.Popen`, for `python -m MODULE ARGUMENTS` and `python -c CODE ARGUMENTS`.

    Its environment is that of the first such process of a test session.
    """

    def __init__(
        self,
        command: Sequence[str],
        cwd: Path | str,
        stdin: int | None = None,
        stdout: int | IO[Any] | None = None,
        stderr: int | IO[Any] | None = None,
        text: bool = True,
        encoding: str = "utf-8",
    ) -> None:
        """Fork; streams are those of `subprocess.Popen`, as text."""
        assert text
        self.args = [*command]
        context = _server()
        theirs, self._ours = [], []
        for number, (wanted, mode) in enumerate(zip((stdin, stdout, stderr), _MODES, strict=True)):
            given, own = _open(number, wanted, mode)
            theirs.append(given)
            self._ours.append(None if own is None else os.fdopen(own, "w" if mode == "r" else "r", encoding=encoding))
        self.stdin, self.stdout, self.stderr = self._ours
        arguments = ([*command[1:]], str(cwd))
        self._process = context.Process(target=_run, args=(*arguments, [_Passed(fd) for fd in theirs]), daemon=True)
        self._process.start()
        for given in theirs:
            os.close(given)
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        """Return the exit code, negative for a signal; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """Return the exit code, or None."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; raises subprocess.TimeoutExpired."""
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return self.returncode

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)


def _server() -> multiprocessing.context.ForkServerContext:
    """Return the process that is forked, which starts when it is first needed."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*LOADED])
    return context


class _Passed:
    """A descriptor that the new process gets a copy of."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __reduce__(self) -> tuple[Any, ...]:
        return _take, (DupFd(self.number),)


def _take(passed: Any) -> int:
    return passed.detach()


def _open(number: int, wanted: int | IO[Any] | None, mode: str) -> tuple[int, int | None]:
    """Return the new process's end of a stream, and ours of a pipe."""
    if wanted == subprocess.PIPE:
        reading, writing = os.pipe()
        return (reading, writing) if mode == "r" else (writing, reading)
    if wanted == subprocess.DEVNULL:
        return os.open(os.devnull, os.O_RDWR), None
    return os.dup(number if wanted is None else wanted if isinstance(wanted, int) else wanted.fileno()), None


def _run(command: list[str], folder: str, streams: list[int]) -> None:
    """Run a module or code as `python` does with such arguments, in the process that was forked."""
    for number, (given, mode) in enumerate(zip(streams, _MODES, strict=True)):
        os.dup2(given, number)
        os.close(given)
        setattr(sys, ("stdin", "stdout", "stderr")[number], open(number, mode, encoding="utf-8", closefd=False))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(folder)
    kind, what, *arguments = command
    if kind == "-m":
        sys.argv = [what, *arguments]
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        sys.argv = ["-c", *arguments]
        exec(what, {"__name__": "__main__"})
