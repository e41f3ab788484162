"""Who is called when a room has changed: sessions that follow, a few at a time, so that the first need not wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

#: Draws a session's page again; returns whether that session is still there.
DrawAgain = Callable[[], bool]
#: Sessions that draw at the same time at most, and seconds after which one no longer counts among them.
AT_ONCE, PATIENCE = 2, 2.0


@dataclass
class _Follower:
    """One session.

    Attributes:
        draw_again: as it was last told.
        version: the newest version of the room that it has drawn, or has been called for.
        until: when it no longer counts as drawing; None while it draws nothing that it was called for.
    """

    draw_again: DrawAgain
    version: int
    until: float | None = None


class Caller:
    """Calls each follower once for a version, in the order in which they joined; for any number of threads."""

    def __init__(self, at_once: int = AT_ONCE, patience: float = PATIENCE) -> None:
        """Begin with no followers.

        Args:
            at_once: sessions that draw at the same time.
            patience: seconds after which the next one is called though a session has not drawn.
        """
        self._at_once, self._patience = at_once, patience
        self._changed = threading.Condition()
        self._followers: dict[str, _Follower] = {}
        self._newest = 0
        self._is_open = True
        self._thread: threading.Thread | None = None

    def follow(self, session: str, version: int, draw_again: DrawAgain) -> None:
        """Note that a session follows and has drawn a version of the room."""
        with self._changed:
            known = self._followers.setdefault(session, _Follower(draw_again, version))
            known.draw_again, known.version, known.until = draw_again, version, None
            if self._thread is None:
                self._thread = threading.Thread(target=self._keep_calling, name="class-caller", daemon=True)
                self._thread.start()
            self._changed.notify()

    def leave(self, session: str) -> None:
        """Call a session no longer."""
        with self._changed:
            self._followers.pop(session, None)
            self._changed.notify()

    def tell(self, version: int) -> None:
        """Call all who have not drawn this version of the room."""
        with self._changed:
            self._newest = max(self._newest, version)
            self._changed.notify()

    def close(self) -> None:
        """Call nobody any more."""
        with self._changed:
            self._is_open = False
            self._changed.notify()

    def _keep_calling(self) -> None:
        """Call whose turn it is until this is closed."""
        while (turn := self._wait_for_turn()) is not None:
            session, draw_again = turn
            if not draw_again():
                self.leave(session)

    def _wait_for_turn(self) -> tuple[str, DrawAgain] | None:
        """Return whom to call next, who then counts as drawing; None once this is closed."""
        with self._changed:
            while self._is_open:
                now = time.monotonic()
                drawing = [each.until for each in self._followers.values() if each.until is not None]
                ends = [until - now for until in drawing if until > now]
                behind = next((item for item in self._followers.items() if item[1].version < self._newest), None)
                if behind is not None and len(ends) < self._at_once:
                    behind[1].version, behind[1].until = self._newest, now + self._patience
                    return behind[0], behind[1].draw_again
                self._changed.wait(min(ends, default=None) if behind is not None else None)
        return None
