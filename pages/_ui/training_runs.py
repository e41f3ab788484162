"""The one board of this server's training runs, which several pages start and watch."""

from __future__ import annotations

from pages._lab.train.job_board import JobBoard
from pages._ui.cache import keep_open
from pages._ui.presence import is_connected


def find_board() -> JobBoard:
    """Return the one board of this server's training runs."""
    return keep_open("training runs", lambda: JobBoard(is_connected=is_connected))
