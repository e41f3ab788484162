"""A class's room: what the teacher shows, who follows, and how they vote; in memory only, for any number of threads.

Everything that steers takes the teacher's key, and what a student does takes the id that `admit` gave. A student
reaches no other student's vote. Nothing here knows Streamlit.
"""

from __future__ import annotations

import hmac
import re
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pages._lab.models import is_own
from rn_core.common.errors import RNCoreError, quote

#: Most students of a room, polls of a room, choices of a poll, and characters of an address.
MAX_STUDENTS, MAX_POLLS, MAX_CHOICES, MAX_ADDRESS = 100, 200, 8, 64_000
#: Parameters that stay with the teacher: a run's link steers it, and the others are that browser's own.
PRIVATE = ("run", "teacher", "projector", "picture")
_PAGE = re.compile(r"[a-z0-9_]{0,40}")
_POLL = re.compile(r"[a-z0-9-]{1,80}")
_ID_BYTES = 12


class ClassroomError(RNCoreError):
    """Something that a room refuses."""


@dataclass(frozen=True)
class Place:
    """What the teacher shows.

    Attributes:
        page: the page's path, "" for the first one.
        query: its parameters, in their order.
    """

    page: str
    query: tuple[tuple[str, str], ...] = ()


def make_place(page: str, query: Mapping[str, str]) -> Place:
    """Return what students see of a page: its parameters without private ones and without a session's own models.

    Raises:
        ClassroomError: if this is no page's address.
    """
    if not _PAGE.fullmatch(page):
        raise ClassroomError(f"A page's path must be lowercase letters, digits and '_', got {quote(page)}.")
    shared = tuple(
        (name, value)
        for name, value in query.items()
        if name not in PRIVATE and not (name == "model" and is_own(value))
    )
    length = sum(len(name) + len(value) for name, value in shared)
    if length > MAX_ADDRESS:
        raise ClassroomError(
            f"This page's address is too long for a class: {length:,} characters, and {MAX_ADDRESS:,} at most; "
            "make its scene or story shorter."
        )
    return Place(page, shared)


@dataclass(frozen=True)
class Moment:
    """How a room stands: its version, which grows with every change that followers see, and what the teacher shows."""

    version: int
    place: Place | None


@dataclass
class _Poll:
    """Votes on one question: student -> choice."""

    n_choices: int
    votes: dict[str, int] = field(default_factory=dict)
    is_revealed: bool = False


class Room:
    """One teacher and many students."""

    def __init__(self, code: str, key: str, on_change: Callable[[int], None] = lambda _: None) -> None:
        """Begin with nobody.

        Args:
            code: what students enter.
            key: what the teacher has.
            on_change: called with each new version; it must not ask the room for anything.
        """
        self.code = code
        self._key = key.encode()
        self._lock = threading.Lock()
        self._version = 0
        self._on_change = on_change
        self._place: Place | None = None
        self._students: set[str] = set()
        self._polls: dict[str, _Poll] = {}

    def is_teacher(self, key: str) -> bool:
        """Return whether a key is the teacher's; takes as long for any wrong one."""
        return hmac.compare_digest(key.encode(), self._key)

    def has_code(self, code: str) -> bool:
        """Return whether a text, as a person typed it, is the room's code."""
        return hmac.compare_digest(code.strip().upper().encode(), self.code.encode())

    def admit(self, code: str) -> str:
        """Return the id of a new student.

        Raises:
            ClassroomError: if the code is wrong, or the room full.
        """
        if not self.has_code(code):
            raise ClassroomError(f"{quote(code)} is not this room's code; enter the one on the teacher's screen.")
        with self._lock:
            if len(self._students) >= MAX_STUDENTS:
                raise ClassroomError(f"This room is full: {MAX_STUDENTS} students are in it; ask the teacher.")
            student = secrets.token_urlsafe(_ID_BYTES)
            self._students.add(student)
        return student

    def knows(self, student: str) -> bool:
        """Return whether an id is that of a student here."""
        with self._lock:
            return student in self._students

    @property
    def n_students(self) -> int:
        """Return how many students have joined."""
        with self._lock:
            return len(self._students)

    def moment(self) -> Moment:
        """Return how the room stands."""
        with self._lock:
            return Moment(self._version, self._place)

    def show(self, key: str, place: Place) -> None:
        """Let all followers see a page; raises ClassroomError without the teacher's key."""
        with self._steering(key):
            if place != self._place:
                self._place = place
                self._grow()

    def open_poll(self, key: str, name: str, n_choices: int) -> None:
        """Take votes on a question; one that is known goes on as it is.

        Args:
            key: the teacher's.
            name: of the poll, such as a lesson's.
            n_choices: 2 to `MAX_CHOICES`; another number than before begins the poll anew.

        Raises:
            ClassroomError: without the teacher's key, or outside of these limits.
        """
        with self._steering(key):
            if not _POLL.fullmatch(name) or not 2 <= n_choices <= MAX_CHOICES:
                raise ClassroomError(
                    f"A poll needs a name of lowercase letters, digits and '-' and 2 to {MAX_CHOICES} choices, got "
                    f"{quote(name)} with {n_choices}."
                )
            if name not in self._polls and len(self._polls) >= MAX_POLLS:
                raise ClassroomError(f"A room has at most {MAX_POLLS} polls; start the class anew.")
            if name not in self._polls or self._polls[name].n_choices != n_choices:
                self._polls[name] = _Poll(n_choices)
                self._grow()

    def reveal(self, key: str, name: str) -> None:
        """Show the answer to all and take no more votes; raises ClassroomError without the key or such a poll."""
        with self._steering(key):
            poll = self._find(name)
            if not poll.is_revealed:
                poll.is_revealed = True
                self._grow()

    def clear(self, key: str, name: str) -> None:
        """Ask again: forget the votes and hide the answer; raises ClassroomError without the key or such a poll."""
        with self._steering(key):
            self._polls[name] = _Poll(self._find(name).n_choices)
            self._grow()

    def tally(self, key: str, name: str) -> tuple[int, ...]:
        """Return how many voted for each choice; raises ClassroomError without the key or such a poll."""
        with self._steering(key):
            poll = self._find(name)
            votes = [*poll.votes.values()]
            return tuple(votes.count(choice) for choice in range(poll.n_choices))

    def vote(self, student: str, name: str, choice: int) -> None:
        """Take a student's vote in place of the one before.

        Raises:
            ClassroomError: if the student or the choice is unknown, or the poll is not open.
        """
        with self._lock:
            self._check_student(student)
            poll = self._find(name)
            if poll.is_revealed:
                raise ClassroomError("The answer has been shown, so this vote is closed; wait for the next question.")
            if not 0 <= choice < poll.n_choices:
                raise ClassroomError(f"A choice must be 0 to {poll.n_choices - 1}, got {choice}.")
            poll.votes[student] = choice

    def vote_of(self, student: str, name: str) -> int | None:
        """Return a student's own vote, None without one; raises ClassroomError for an unknown student."""
        with self._lock:
            self._check_student(student)
            poll = self._polls.get(name)
            return None if poll is None else poll.votes.get(student)

    def is_open(self, name: str) -> bool:
        """Return whether a poll takes votes."""
        with self._lock:
            return name in self._polls and not self._polls[name].is_revealed

    def is_revealed(self, name: str) -> bool:
        """Return whether a poll's answer is shown to all."""
        with self._lock:
            return name in self._polls and self._polls[name].is_revealed

    def close(self) -> None:
        """Forget everything."""
        with self._lock:
            self._place = None
            self._students.clear()
            self._polls.clear()
            self._grow()

    def _grow(self) -> None:
        """Go on to the next version; the lock is held."""
        self._version += 1
        self._on_change(self._version)

    def _steering(self, key: str) -> threading.Lock:
        """Return the lock to steer under; raises ClassroomError without the teacher's key."""
        if not self.is_teacher(key):
            raise ClassroomError("Only the teacher of this class can do that; open the teacher's own address.")
        return self._lock

    def _check_student(self, student: str) -> None:
        """Raise ClassroomError for an unknown student; the lock is held."""
        if student not in self._students:
            raise ClassroomError("This student is not in the room; join it with its code.")

    def _find(self, name: str) -> _Poll:
        """Return a poll; the lock is held. Raises ClassroomError if the teacher has not opened it."""
        if name not in self._polls:
            raise ClassroomError(f"There is no vote on {quote(name)} yet; it opens when the teacher comes to it.")
        return self._polls[name]
