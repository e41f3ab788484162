"""Pipes to a process that a page has started."""

from __future__ import annotations

from subprocess import Popen
from typing import IO, AnyStr


def pipes_of(process: Popen[AnyStr]) -> tuple[IO[AnyStr], IO[AnyStr]]:
    """Return standard input and output of a process.

    Raises:
        ValueError: if it was started without a pipe for one of them.
    """
    if process.stdin is None or process.stdout is None:
        raise ValueError("The process has no pipes; start it with stdin=PIPE and stdout=PIPE.")
    return process.stdin, process.stdout
