"""A room keeps its rules whatever is done to it: who steers, who votes, how versions grow, and how much it holds."""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pages._lab.classroom import room as classroom
from pages._lab.classroom.caller import Caller
from pages._lab.classroom.html import votes_html
from pages._lab.classroom.room import (
    MAX_ADDRESS,
    MAX_CHOICES,
    MAX_POLLS,
    MAX_STUDENTS,
    ClassroomError,
    Room,
    make_place,
)
from rn_core.serving.invitation import ALPHABET, invite

CODE, KEY = "K7QM4P", "the-key"
POLLS = ("why-pairs", "why-a-sum")
PLACES = (make_place("", {}), make_place("lessons", {"lesson": "why-pairs"}), make_place("", {"seed": "3"}))
STEER: dict[str, Callable[[Room, str], object]] = {
    "show": lambda room, key: room.show(key, PLACES[1]),
    "open": lambda room, key: room.open_poll(key, "new", 3),
    "reveal": lambda room, key: room.reveal(key, POLLS[0]),
    "clear": lambda room, key: room.clear(key, POLLS[0]),
    "tally": lambda room, key: room.tally(key, POLLS[0]),
}


@pytest.fixture
def room() -> Room:
    """Return a room with one open poll."""
    made = Room(CODE, KEY)
    made.open_poll(KEY, POLLS[0], 3)
    return made


def seen(room: Room, students: list[str]) -> object:
    """Return all that followers can see of a room but their own votes."""
    return (room.moment().place, [(room.is_open(name), room.is_revealed(name)) for name in POLLS])


OPERATIONS = st.one_of(
    st.tuples(st.just("show"), st.integers(0, 2)),
    st.tuples(st.just("open"), st.integers(0, 1)),
    st.tuples(st.just("reveal"), st.integers(0, 1)),
    st.tuples(st.just("clear"), st.integers(0, 1)),
    st.tuples(st.just("vote"), st.integers(0, 1), st.integers(0, 2), st.integers(-1, 3)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(OPERATIONS, max_size=25))
def test_versions_grow_with_what_followers_see_and_each_student_has_one_vote(operations):
    told = [0]
    room = Room(CODE, KEY, told.append)
    students = [room.admit(CODE) for _ in range(3)]
    polls: dict[str, tuple[dict[str, int], bool]] = {}  # the oracle: votes, and whether the answer is shown
    for what, number, *vote in operations:
        before, version = seen(room, students), room.moment().version
        name = POLLS[number % 2]
        try:
            match what:
                case "show":
                    room.show(KEY, PLACES[number])
                case "open":
                    room.open_poll(KEY, name, 3)
                    polls.setdefault(name, ({}, False))
                case "reveal":
                    room.reveal(KEY, name)
                    polls[name] = (polls[name][0], True)
                case "clear":
                    room.clear(KEY, name)
                    polls[name] = ({}, False)
                case "vote":
                    student, choice = students[vote[0]], vote[1]
                    room.vote(student, name, choice)
                    votes, is_revealed = polls[name]
                    assert not is_revealed and 0 <= choice < 3
                    votes[student] = choice
        except ClassroomError:
            assert name not in polls or (what == "vote" and (polls[name][1] or not 0 <= vote[1] < 3))
        assert room.moment().version >= version
        assert told == [*range(room.moment().version + 1)]  # each version is told once, and when it comes
        if seen(room, students) != before:
            assert room.moment().version > version
        elif what in ("show", "open", "vote"):
            assert room.moment().version == version
        for poll, (votes, _) in polls.items():
            assert room.tally(KEY, poll) == tuple([*votes.values()].count(choice) for choice in range(3))
            assert [room.vote_of(student, poll) for student in students] == [*map(votes.get, students)]


@pytest.mark.parametrize("what", STEER)
@pytest.mark.parametrize("key", ["", "the-kez", "the-key ", "é", CODE])
def test_without_the_key_nothing_is_steered_and_nothing_told(room, what, key):
    before = (room.moment(), seen(room, []))
    with pytest.raises(ClassroomError, match="Only the teacher"):
        STEER[what](room, key)
    assert (room.moment(), seen(room, [])) == before
    STEER[what](room, KEY)  # the same with the key


def test_key_and_code_are_compared_in_constant_time(room, monkeypatch):
    compared = []
    monkeypatch.setattr(classroom.hmac, "compare_digest", lambda one, other: compared.append(one) or one == other)
    room.is_teacher("wrong")
    room.has_code("wrong")
    assert compared == [b"wrong", b"WRONG"]
    assert classroom.hmac is hmac


def test_only_who_entered_the_code_votes(room):
    with pytest.raises(ClassroomError, match="not this room's code"):
        room.admit("K7QM4Q")
    for stranger in ("", "x", CODE, KEY):
        with pytest.raises(ClassroomError, match="not in the room"):
            room.vote(stranger, POLLS[0], 0)
        with pytest.raises(ClassroomError, match="not in the room"):
            room.vote_of(stranger, POLLS[0])
        assert not room.knows(stranger)
    student = room.admit(f" {CODE.lower()} ")  # as a person types it
    room.vote(student, POLLS[0], 2)
    assert room.tally(KEY, POLLS[0]) == (0, 0, 1)


def test_a_room_has_its_limits(room):
    students = {room.admit(CODE) for _ in range(MAX_STUDENTS)}
    assert len(students) == MAX_STUDENTS == room.n_students
    with pytest.raises(ClassroomError, match=f"full: {MAX_STUDENTS}"):
        room.admit(CODE)
    for n_choices, name in ((1, "a"), (MAX_CHOICES + 1, "a"), (2, ""), (2, "A b"), (2, "a" * 81)):
        with pytest.raises(ClassroomError, match="A poll needs"):
            room.open_poll(KEY, name, n_choices)
    for number in range(MAX_POLLS - 1):
        room.open_poll(KEY, f"poll-{number}", 2)
    with pytest.raises(ClassroomError, match=f"at most {MAX_POLLS} polls"):
        room.open_poll(KEY, "one-more", 2)
    room.close()
    assert (room.n_students, room.moment().place, room.is_open(POLLS[0])) == (0, None, False)


def test_a_place_leaves_out_what_is_the_teachers_own():
    query = {"run": "x", "teacher": "on", "projector": "on", "picture": "00", "model": "own-rn-1", "seed": "3"}
    assert make_place("train", query).query == (("seed", "3"),)
    assert make_place("", {"model": "rn-objects"}).query == (("model", "rn-objects"),)
    make_place("", {"story": "x" * (MAX_ADDRESS - 5)})
    with pytest.raises(ClassroomError, match="too long"):
        make_place("", {"story": "x" * (MAX_ADDRESS - 4)})
    for page in ("../x", "a/b", "A", "x" * 41):
        with pytest.raises(ClassroomError, match="path"):
            make_place(page, {})


def test_threads_lose_no_vote_and_no_version(room):
    room.show(KEY, PLACES[0])
    begun, students = room.moment().version, [room.admit(CODE) for _ in range(40)]

    def act(number: int) -> None:
        for turn in range(30):
            room.vote(students[number], POLLS[0], (number + turn) % 3)
            room.show(KEY, make_place("", {"seed": f"{number}-{turn}"}))

    threads = [threading.Thread(target=act, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(room.tally(KEY, POLLS[0])) == 40
    assert room.moment().version == begun + 40 * 30


def test_codes_and_keys_are_not_guessed():
    made = [invite("192.0.2.7") for _ in range(300)]
    assert len({one.code for one in made}) == len({one.key for one in made}) == 300
    assert {*"".join(one.code for one in made)} == {*ALPHABET}  # every sign is used
    assert not {*"01ILO"} & {*ALPHABET}
    assert len(ALPHABET) ** len(made[0].code) > 5e8
    assert min(len(one.key) for one in made) >= 32  # 192 bits


def test_votes_are_text_and_only_a_shown_answer_has_a_tick():
    shown = votes_html(("<b>", "two"), (3, 1))
    assert "<b>" not in shown and "4 votes" in shown and "✓" not in shown
    assert "two ✓" in votes_html(("<b>", "two"), (0, 1), right=1)


class Tabs:
    """Sessions that follow: they draw in threads of their own, as long as they are not held up."""

    def __init__(self, caller: Caller, names: str) -> None:
        """Let sessions follow that have drawn version 0."""
        self.caller, self.newest = caller, 0
        self.drawn: dict[str, list[int]] = {name: [] for name in names}
        self.drawing, self.most = 0, 0
        self.lock = threading.Lock()
        for name in names:
            caller.follow(name, 0, self.make_call(name))

    def make_call(self, name: str) -> Callable[[], bool]:
        """Return what lets a session draw the newest version."""

        def draw() -> None:
            time.sleep(0.005)
            with self.lock:
                self.drawing -= 1
                version = self.newest
                self.drawn[name].append(version)
            self.caller.follow(name, version, self.make_call(name))

        def call() -> bool:
            with self.lock:
                self.drawing += 1
                self.most = max(self.most, self.drawing)
            threading.Thread(target=draw).start()
            return True

        return call

    def tell(self, version: int) -> None:
        """Go on to a version."""
        self.newest = version
        self.caller.tell(version)

    def wait(self) -> None:
        """Wait until all have drawn the newest version."""
        deadline = time.monotonic() + 10
        while any(self.newest not in drawn for drawn in self.drawn.values()) and time.monotonic() < deadline:
            time.sleep(0.002)


@pytest.fixture
def caller() -> Iterator[Caller]:
    """Return what calls sessions, two at a time."""
    made = Caller(at_once=2, patience=30)
    yield made
    made.close()


def test_each_follower_is_called_once_for_a_version_and_only_a_few_at_a_time(caller):
    tabs = Tabs(caller, "abcdefgh")
    tabs.tell(1)
    tabs.wait()
    assert tabs.drawn == {name: [1] for name in "abcdefgh"}
    tabs.tell(2)
    tabs.tell(3)  # nobody need draw what is old already
    tabs.wait()
    for drawn in tabs.drawn.values():
        assert drawn[-1] == 3 and drawn == sorted(drawn) and len(drawn) <= 4
    assert tabs.most == 2


def test_who_is_gone_or_has_left_or_hangs_keeps_nobody_waiting(caller):
    called: list[str] = []
    caller.follow("gone", 0, lambda: called.append("gone") is not None)
    caller.follow("left", 0, lambda: called.append("left") is None)
    caller.leave("left")
    tabs = Tabs(caller, "abc")
    tabs.tell(1)
    tabs.wait()
    assert called == ["gone"]
    tabs.tell(2)
    tabs.wait()
    assert called == ["gone"]

    hurried = Caller(at_once=1, patience=0.02)
    hurried.follow("hangs", 0, lambda: called.append("hangs") is None)
    others = Tabs(hurried, "ab")
    others.tell(1)
    others.wait()
    hurried.close()
    assert called == ["gone", "hangs"] and [drawn[-1:] for drawn in others.drawn.values()] == [[1], [1]]
