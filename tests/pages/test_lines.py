"""Lines are fair, sessions that have closed leave them, and each piece of work is done once for all who ask."""

from __future__ import annotations

import threading

import pytest

from pages._lab.desk import Desk, follow_steps
from pages._lab.lines import Line
from rn_core.common.errors import RNCoreError

#: Seconds that no test comes near unless it fails.
LONG = 60


def serve(line: Line, *tickets) -> list[int]:
    """End turns one by one; return the tickets' numbers in the order in which they had theirs."""
    served = []
    while any(ticket.has_turn for ticket in tickets):
        ticket = next(ticket for ticket in tickets if ticket.has_turn)
        served.append(ticket.number)
        line.end(ticket)
    return served


def test_first_come_first_served_and_each_ticket_knows_its_place():
    line = Line(1)
    tickets = [line.join(session) for session in "abc"]
    assert [line.place(ticket) for ticket in tickets] == [0, 1, 2]
    assert [ticket.has_turn for ticket in tickets] == [True, False, False]
    line.end(tickets[0])
    assert [line.place(ticket) for ticket in tickets] == [0, 0, 1]


def test_ten_requests_of_one_session_do_not_go_before_anothers_first():
    line = Line(1)
    many = [line.join("greedy") for _ in range(10)]
    first, second = line.join("b"), line.join("c")
    again = line.join("b")
    assert [line.place(ticket) for ticket in (first, second)] == [1, 2]
    assert line.place(many[1]) == 3
    order = serve(line, *many, first, second, again)
    assert order[:4] == [1, 11, 12, 2]
    assert sorted(order) == list(range(1, 14))


def test_as_many_have_turns_as_the_line_is_wide():
    line = Line(2)
    tickets = [line.join(session) for session in "abcd"]
    assert sum(ticket.has_turn for ticket in tickets) == 2
    line.end(tickets[1])
    assert [ticket.has_turn for ticket in tickets] == [True, False, True, False]


def test_a_closed_session_leaves_the_line_and_its_turn_is_not_wanted():
    here = {"a", "b", "c"}
    line = Line(1, lambda session: session in here)
    running, closed, last = (line.join(session) for session in "abc")
    here -= {"a", "b"}
    assert not line.is_wanted(running)
    line.end(running)
    assert last.has_turn
    assert line.place(closed) == 0
    assert not line.wait(closed, LONG)  # at once: it is in the line no more


def test_a_shared_ticket_stays_until_the_last_session_has_left_it():
    line = Line(1)
    first, shared = line.join("a"), line.join("b")
    assert line.share(shared, "c")
    line.leave(shared, "b")
    assert line.place(shared) == 1
    line.leave(shared, "c")
    assert line.place(shared) == 0
    assert not line.share(shared, "d")
    line.leave(first, "a")
    assert first.has_turn  # it has begun; who does it asks whether it is wanted
    assert not line.is_wanted(first)


def test_a_shared_ticket_waits_like_the_earliest_of_its_sessions():
    line = Line(1)
    _, busy, other, shared = line.join("a"), line.join("b"), line.join("b"), line.join("a")
    line.share(shared, "new")
    assert [line.place(ticket) for ticket in (busy, shared, other)] == [1, 2, 3]


def make_desk(size: int = 1, most_bytes: int = 100, is_connected=lambda session: True) -> Desk:
    return Desk(Line(size, is_connected), most_bytes, lambda result: len(result))


def finish(work) -> None:
    assert work.is_over.wait(LONG)


def test_the_same_work_for_several_sessions_is_done_once_and_kept():
    desk, go, done = make_desk(), threading.Event(), []

    def make(report) -> str:
        go.wait(LONG)
        done.append(1)
        return "picture"

    works = [desk.ask("scene", session, make) for session in "abc"]
    go.set()
    finish(works[0])
    assert {work.result() for work in works} == {"picture"}
    assert done == [1]
    assert desk.find("scene") == "picture"


def test_results_are_kept_up_to_their_bytes_the_longest_unused_go_first():
    desk = make_desk(most_bytes=100)
    for name in "abc":
        finish(desk.ask(name, "one", lambda report: "x" * 40))
        desk.find("a")
    assert (desk.kept_bytes, desk.find("b")) == (80, None)
    assert len(desk.find("a")) == len(desk.find("c")) == 40
    finish(desk.ask("d", "one", lambda report: "x" * 101))
    assert desk.kept_bytes <= 100


def test_work_that_nobody_waits_for_stops_at_its_next_step_and_the_next_begins():
    here, desk_steps, stepped = {"a", "b"}, [], threading.Event()
    desk = make_desk(is_connected=lambda session: session in here)

    def endless(report) -> None:
        for step in follow_steps(report)(iter(int, 1)):
            desk_steps.append(step)
            stepped.set()

    running = desk.ask("long", "a", endless)
    waiting = desk.ask("short", "b", lambda report: "done")
    assert stepped.wait(LONG)
    assert waiting.place == 1
    here.remove("a")
    finish(running)
    assert running.is_given_up
    with pytest.raises(RNCoreError, match="its session had closed; ask for it again"):
        running.result()
    finish(waiting)
    assert waiting.result() == "done"


def test_work_that_is_taken_back_before_its_turn_is_never_begun():
    desk, go, begun = make_desk(), threading.Event(), []
    first = desk.ask("first", "a", lambda report: go.wait(LONG) and "")
    second = desk.ask("second", "b", lambda report: begun.append(1) or "")
    desk.leave(second, "b")
    finish(second)
    go.set()
    finish(first)
    assert second.is_given_up
    assert begun == []


@pytest.mark.parametrize(
    ("raised", "sentence"),
    [(RNCoreError("No renderer; install it."), "No renderer; install it."), (ValueError("odd"), "ValueError: odd")],
)
def test_work_that_fails_is_one_sentence_and_the_next_request_tries_again(raised, sentence, capfd):
    desk = make_desk()

    def fail(report) -> None:
        raise raised

    work = desk.ask("scene", "a", fail)
    finish(work)
    with pytest.raises(RNCoreError, match=sentence):
        work.result()
    again = desk.ask("scene", "a", lambda report: "picture")
    finish(again)
    assert again.result() == "picture"
