"""Work that sessions ask for and wait for, each piece done once for all who want it; no Streamlit."""

from __future__ import annotations

import threading
import traceback
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, Generic, TypeVar, cast

from pages._lab.lines import Line, Session, Ticket
from rn_core.common.errors import RNCoreError

Result = TypeVar("Result")
#: Share of a piece of work that is done, 0 to 1, and what is going on in words.
Report = Callable[[float, str], object]
#: Takes a report, which it calls every second or so and whose exceptions it lets pass; returns the result.
Make = Callable[[Report], Result]
#: Seconds between two looks whether anybody still waits.
_PATIENCE = 1.0


def follow_steps(report: Report) -> Callable[[Iterable[Any]], Iterator[Any]]:
    """Return what wraps an iteration so that it reports before each step, as the core's `progress` arguments do."""

    def follow(steps: Iterable[Any]) -> Iterator[Any]:
        for step in steps:
            report(0.0, "")
            yield step

    return follow


class _Unwanted(Exception):
    """No session waits for this piece of work any more."""


class Work(Generic[Result]):
    """One piece of work, as seen by those who wait for it."""

    def __init__(self, key: Hashable, ticket: Ticket, line: Line) -> None:
        """Begin to wait in a line."""
        self.key, self.ticket, self._line = key, ticket, line
        self.progress: tuple[float, str] = (0.0, "")
        #: Set when it is done, has failed or was given up.
        self.is_over = threading.Event()
        self.is_given_up = False
        self._result: Result | None = None
        self._problem: RNCoreError | None = None

    @property
    def place(self) -> int:
        """Return its place in the line, 1 is next; 0 once it has begun."""
        return self._line.place(self.ticket)

    def result(self) -> Result:
        """Return its result once it has ended.

        Raises:
            RNCoreError: if it failed, or was given up because all who wanted it had gone.
        """
        if self._problem is not None:
            raise self._problem
        return cast(Result, self._result)

    def report(self, share: float, text: str) -> None:
        """Note how far it has come; raises where nobody waits for it any more."""
        self.progress = share, text
        if not self._line.is_wanted(self.ticket):
            raise _Unwanted

    def run(self, make: Make[Result]) -> None:
        """Wait for a turn, do the work, and keep the result."""
        try:
            while not self._line.wait(self.ticket, _PATIENCE):
                self.report(0.0, "")
            self._result = make(self.report)
        except _Unwanted:
            self.is_given_up = True
            self._problem = RNCoreError("This was canceled because its session had closed; ask for it again.")
        except RNCoreError as err:
            self._problem = err
        except Exception as err:  # those who wait always get a sentence, and the log the traceback
            traceback.print_exc()
            said = f"{type(err).__name__}: {str(err)[:200]}"
            self._problem = RNCoreError(f"The work failed ({said}); ask for it again.")


def _start_thread(run: Callable[[], None]) -> None:
    """Run in a thread of its own."""
    threading.Thread(target=run, daemon=True).start()


class Desk(Generic[Result]):
    """Takes requests, has each piece done when its turn comes, and keeps results up to a number of bytes."""

    def __init__(
        self,
        line: Line,
        most_bytes: int,
        size_of: Callable[[Result], int],
        launch: Callable[[Callable[[], None]], None] = _start_thread,
    ) -> None:
        """Start without requests.

        Args:
            line: says whose turn it is.
            most_bytes: what the kept results take together at most; the longest unused ones go first.
            size_of: result -> its bytes.
            launch: starts what does one piece of work, in another thread.
        """
        self.line, self.most_bytes = line, most_bytes
        self._size_of, self._launch = size_of, launch
        self._open: dict[Hashable, Work[Result]] = {}
        self._kept: OrderedDict[Hashable, tuple[Result, int]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def kept_bytes(self) -> int:
        """Return what the kept results take."""
        with self._lock:
            return sum(size for _, size in self._kept.values())

    def find(self, key: Hashable) -> Result | None:
        """Return a kept result, or None."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key][0]

    def ask(self, key: Hashable, session: Session, make: Make[Result], keeps: bool = True) -> Work[Result]:
        """Return the piece of work of a key: the one that others wait for already, or a new one.

        Args:
            key: equal for the same work.
            session: who wants it, until `leave`.
            make: does it.
            keeps: whether `find` gives its result from then on.
        """
        with self._lock:
            work = self._open.get(key)
            if work is not None and self.line.share(work.ticket, session):
                return work
            work = self._open[key] = Work(key, self.line.join(session), self.line)
        self._launch(lambda: self._do(work, make, keeps))
        return work

    def leave(self, work: Work[Result], session: Session) -> None:
        """Take back a session's request; work that nobody else wants is canceled."""
        self.line.leave(work.ticket, session)

    def _do(self, work: Work[Result], make: Make[Result], keeps: bool) -> None:
        """Do one piece of work and keep its result."""
        work.run(make)
        with self._lock:
            if self._open.get(work.key) is work:
                del self._open[work.key]
            if keeps and work._problem is None:
                self._keep(work.key, work.result())
        self.line.end(work.ticket)
        work.is_over.set()

    def _keep(self, key: Hashable, result: Result) -> None:
        """Keep a result and let the longest unused ones go."""
        self._kept[key] = result, self._size_of(result)
        self._kept.move_to_end(key)
        while sum(size for _, size in self._kept.values()) > self.most_bytes:
            self._kept.popitem(last=False)
