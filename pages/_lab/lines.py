"""A line for scarce work: a limited amount at once, the rest waits; no Streamlit.

First come, first served, in rounds: a session's second turn comes after the first turns of all who joined before it
began. Whatever only sessions want that have closed leaves the line. The rule is start-time fair queueing (Goyal et al.
1996, https://doi.org/10.1145/248156.248171), every turn of the same length.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable

#: A session's id; None stands for nobody's, such as a test's.
Session = str | None


class Ticket:
    """One place in a line, held by each session that wants the same piece of work."""

    def __init__(self, number: int, round_: int, session: Session) -> None:
        """Take a place; `number` tells who came first, `round_` is the line's then."""
        self.number, self.round = number, round_
        self.sessions = {session}
        self.has_turn = False


class Line:
    """Hands out turns. Its methods may be called from any thread."""

    def __init__(self, size: int, is_connected: Callable[[Session], bool] = lambda session: True) -> None:
        """Start without tickets.

        Args:
            size: turns at once, 1 or more.
            is_connected: whether a session is still there.
        """
        self.size = size
        self._is_connected = is_connected
        self._tickets: list[Ticket] = []
        self._last_number = self._round = 0
        #: Session with a ticket here -> the first round in which it may have a turn again.
        self._free_from: Counter[Session] = Counter()
        self._changed = threading.Condition()

    def join(self, session: Session) -> Ticket:
        """Return a new ticket of a session; where there is room, it has its turn at once."""
        with self._changed:
            self._last_number += 1
            ticket = Ticket(self._last_number, self._round, session)
            self._tickets.append(ticket)
            self._give_turns()
            return ticket

    def share(self, ticket: Ticket, session: Session) -> bool:
        """Let another session hold a ticket too; return False if it is in the line no more."""
        with self._changed:
            if ticket not in self._tickets:
                return False
            ticket.sessions.add(session)
            return True

    def leave(self, ticket: Ticket, session: Session) -> None:
        """Take a session off a ticket; one that waits for no session leaves the line."""
        with self._changed:
            ticket.sessions.discard(session)
            self._give_turns()

    def end(self, ticket: Ticket) -> None:
        """Take a ticket out of the line, whoever holds it; its turn goes to the next."""
        with self._changed:
            if ticket in self._tickets:
                self._tickets.remove(ticket)
            ticket.has_turn = False
            self._give_turns()

    def wait(self, ticket: Ticket, seconds: float) -> bool:
        """Wait for a ticket's turn, but no longer than so many seconds; return whether it has come."""
        with self._changed:
            self._give_turns()
            self._changed.wait_for(lambda: ticket.has_turn or ticket not in self._tickets, seconds)
            return ticket.has_turn

    def is_wanted(self, ticket: Ticket) -> bool:
        """Return whether a session that is still there holds the ticket."""
        with self._changed:
            self._forget_closed([ticket])
            return ticket in self._tickets and bool(ticket.sessions)

    def place(self, ticket: Ticket) -> int:
        """Return how far back a ticket waits, 1 for the next one; 0 if it does not wait."""
        with self._changed:
            order = self._order()
            return order.index(ticket) + 1 if ticket in order else 0

    def _give_turns(self) -> None:
        """Drop the tickets that nobody waits for and give turns while there are some."""
        self._forget_closed(self._tickets)
        self._tickets = [ticket for ticket in self._tickets if ticket.sessions or ticket.has_turn]
        n_free = self.size - sum(ticket.has_turn for ticket in self._tickets)
        for ticket in self._order()[: max(0, n_free)]:
            self._round, _ = self._find_rounds()[ticket]
            for session in ticket.sessions:
                self._free_from[session] = self._round + 1
            ticket.has_turn = True
        here = {session for ticket in self._tickets for session in ticket.sessions}
        self._free_from = Counter({session: first for session, first in self._free_from.items() if session in here})
        self._changed.notify_all()

    def _forget_closed(self, tickets: Iterable[Ticket]) -> None:
        """Take closed sessions off tickets."""
        for ticket in tickets:
            ticket.sessions = {session for session in ticket.sessions if self._is_connected(session)}

    def _order(self) -> list[Ticket]:
        """Return the waiting tickets, next one first."""
        rounds = self._find_rounds()
        return sorted(rounds, key=rounds.__getitem__)

    def _find_rounds(self) -> dict[Ticket, tuple[int, int]]:
        """Return waiting ticket -> the round of its turn, and its number.

        A session has one turn per round; a ticket of several sessions takes the earliest round of theirs.
        """
        free_from, rounds = self._free_from.copy(), {}
        for ticket in self._tickets:
            if not ticket.has_turn and ticket.sessions:
                firsts = {session: max(ticket.round, free_from[session]) for session in ticket.sessions}
                rounds[ticket] = min(firsts.values()), ticket.number
                free_from.update({session: firsts[session] + 1 - free_from[session] for session in firsts})
        return rounds
