"""Draws pictures in one process of its own, started when it is needed and ended when it is not; no Streamlit."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pages._lab.processes import pipes_of
from rn_core.common.errors import RNCoreError
from rn_core.tasks.clevr import ClevrScene

ROOT = Path(__file__).resolve().parents[3]
#: Seconds without a request after which the process ends, and its memory with it.
IDLE_SECONDS = 60.0
#: Seconds that one picture may take, the start of the process included; far more than any needs.
LONGEST = 300.0
_COMMAND = (sys.executable, "-m", "rn_core.tasks.clevr.render_worker")


class Renderer:
    """Owns the process, which ends by itself when the server does: its input ends then."""

    def __init__(self, idle_seconds: float = IDLE_SECONDS, command: Sequence[str] = _COMMAND) -> None:
        """Start nothing yet.

        Args:
            idle_seconds: after so many without a request the process ends.
            command: starts the process.
        """
        self._idle_seconds, self._command = idle_seconds, tuple(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._ender: threading.Timer | None = None
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """Return the number of the process; None while there is none."""
        return None if self._process is None else self._process.pid

    def render(self, scene: ClevrScene, seed: int) -> np.ndarray:
        """Return a scene's picture (320, 480, 3) uint8, as `rn_core.tasks.clevr.rendering.render_scene` does.

        Raises:
            RNCoreError: in one sentence, if none can be drawn, or the process has ended unexpectedly; the next request
                starts another one.
        """
        with self._lock:
            process = self._start()
            watch = threading.Timer(LONGEST, process.kill)
            watch.daemon = True
            watch.start()
            try:
                return _exchange(process, scene, seed)
            except (OSError, EOFError) as err:
                raise RNCoreError(
                    f"The process that draws pictures ended unexpectedly (status {self._end()}); ask for it again."
                ) from err
            finally:
                watch.cancel()
                self._end_later()

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _start(self) -> subprocess.Popen[bytes]:
        """Return the process, a new one if there is none."""
        if self._ender is not None:
            self._ender.cancel()
        if self._process is not None and self._process.poll() is not None:
            self._end()
        if self._process is None:
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        return self._process

    def _end_later(self) -> None:
        """End the process after a while, unless another request comes first."""
        self._ender = threading.Timer(self._idle_seconds, self._end_if_idle)
        self._ender.daemon = True
        self._ender.start()

    def _end_if_idle(self) -> None:
        """End the process, unless another request has come meanwhile."""
        mine = threading.current_thread()
        with self._lock:
            if self._ender is mine:
                self._end()

    def _end(self) -> int | None:
        """End the process, if there is one; return the status with which it ended."""
        process, self._process = self._process, None
        if process is None:
            return None
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.2)  # one that has crashed says how
        process.kill()
        status = process.wait()
        for stream in pipes_of(process):
            with contextlib.suppress(OSError):
                stream.close()
        return status


def _exchange(process: subprocess.Popen[bytes], scene: ClevrScene, seed: int) -> np.ndarray:
    """Send a request and return the picture; raises EOFError or OSError if the process has ended."""
    stdin, stdout = pipes_of(process)
    stdin.write(json.dumps({"scene": scene.to_dict(), "seed": seed}).encode() + b"\n")
    stdin.flush()
    line = stdout.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    reply = json.loads(line)
    if "problem" in reply:
        raise RNCoreError(reply["problem"])
    height, width, channels = reply["shape"]
    content = stdout.read(height * width * channels)
    if len(content) < height * width * channels:
        raise EOFError
    return np.frombuffer(content, dtype=np.uint8).reshape(height, width, channels)
