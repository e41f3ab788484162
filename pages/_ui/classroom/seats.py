"""Who a browser session is in the class that this server holds: the teacher, a student, or nobody yet."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import streamlit as st

from pages._lab.classroom.caller import Caller
from pages._lab.classroom.room import ClassroomError, Room
from pages._ui.kept import Kept, nothing
from pages._ui.session import order_address
from rn_core.serving.invitation import ROOM, TEACHER, Invitation, find_class

#: What tells the browser who it is after a reload; both go when it is closed.
_STUDENT_COOKIE, _TEACHER_COOKIE = "rn_student", "rn_teacher"
_KEY: Kept[str | None] = Kept("classroom.key", nothing)
_STUDENT: Kept[str | None] = Kept("classroom.student", nothing)
_PROBLEM: Kept[str | None] = Kept("classroom.problem", nothing)
#: Whether a student's session turns to what the teacher shows.
FOLLOWS = Kept("classroom.follows", lambda: True)
#: Only one thread makes room and caller.
_LOCK = threading.Lock()
_NO_TEACHER = "This is not the teacher's address of this class; the terminal that started it shows the right one."
#: What a student is told instead of a button that trains.
NO_TRAINING = "In a class the teacher starts training; watch it on the screen in front."


@dataclass(frozen=True)
class Teacher:
    """The one who steers a room."""

    room: Room
    key: str


@dataclass(frozen=True)
class Student:
    """One of those who follow in a room."""

    room: Room
    id: str


Seat: TypeAlias = Teacher | Student


def find_room() -> Room | None:
    """Return the room of this server's class; None where it serves none."""
    found = _find_class()
    return None if found is None else found[0]


def find_caller() -> Caller | None:
    """Return what calls the followers of this server's class; None where it serves none."""
    found = _find_class()
    return None if found is None else found[1]


def _find_class() -> tuple[Room, Caller] | None:
    """Return the room of this server's class and what calls its followers; None where it serves none."""
    invitation = find_class()
    if invitation is None:
        return None
    with _LOCK:
        return _hold_class(invitation)


@lru_cache(maxsize=1)
def _hold_class(invitation: Invitation) -> tuple[Room, Caller]:
    """Return the room of a class and what calls its followers; a cache of Streamlit takes far longer for each look."""
    caller = Caller()
    return Room(invitation.code, invitation.key, caller.tell), caller


def find_seat() -> Seat | None:
    """Return who this session is in the class; None outside of one, or before it has joined."""
    room = find_room()
    if room is None:
        return None
    key, student = _KEY.get(), _STUDENT.get()
    if key is not None and room.is_teacher(key):
        return Teacher(room, key)
    return Student(room, student) if student is not None and room.knows(student) else None


def is_student() -> bool:
    """Return whether this session is a student's."""
    return isinstance(find_seat(), Student)


def is_following() -> bool:
    """Return whether this session is a student's that turns to what the teacher shows.

    Pages leave out for it what keeps and opens files, links and cards of weights: each part of a page costs the server
    the same again for every student. Whoever stops following has all of it.
    """
    return is_student() and FOLLOWS.get()


def may_see_key() -> bool:
    """Return whether this session may see the answers to all quizzes: outside of a class, or as its teacher."""
    return find_room() is None or isinstance(find_seat(), Teacher)


def take_seat(room: Room) -> bool:
    """Seat this session by its address or by its browser's cookies; return whether a teacher has just come in.

    What the address says of the class is taken out of it, so that no screen shows the teacher's key.
    """
    query = st.query_params.to_dict()
    key, code = query.pop(TEACHER, None), query.pop(ROOM, None)
    if key is not None or code is not None:
        order_address(query)
    if key is not None:
        return _seat_teacher(room, key)
    if code is not None:
        join(room, code)
    elif find_seat() is None:
        _seat_again(room)
    return False


def _seat_teacher(room: Room, key: str) -> bool:
    """Seat this session as the teacher's if the key is right; return whether it is."""
    if not room.is_teacher(key):
        _PROBLEM.set(_NO_TEACHER)
        return False
    _KEY.set(key)
    return True


def join(room: Room, code: str) -> None:
    """Seat this session as a student's; one whose browser has joined before stays the same student."""
    _KEY.drop()
    known = _cookie(_STUDENT_COOKIE)
    try:
        # The code is asked for also where the browser is known, and admits nobody twice.
        student = known if room.knows(known) and room.has_code(code) else room.admit(code)
    except ClassroomError as err:
        _PROBLEM.set(str(err))
        return
    _PROBLEM.drop()
    _STUDENT.set(student)


def _seat_again(room: Room) -> None:
    """Seat a session whose browser was here before."""
    key, student = _cookie(_TEACHER_COOKIE), _cookie(_STUDENT_COOKIE)
    if room.is_teacher(key):
        _KEY.set(key)
    elif room.knows(student):
        _STUDENT.set(student)


def _cookie(name: str) -> str:
    """Return a cookie of the browser; empty without one."""
    return str(st.context.cookies.get(name, ""))


def problem() -> str | None:
    """Return why this session could not join; None if it has not tried."""
    return _PROBLEM.get()


def note_seat(seat: Seat) -> None:
    """Let the browser remember who it is until it is closed; keys and ids have no signs that mean anything there."""
    name, value = (_TEACHER_COOKIE, seat.key) if isinstance(seat, Teacher) else (_STUDENT_COOKIE, seat.id)
    note = f"<script>document.cookie = '{name}={value}; path=/; SameSite=Lax'</script>"
    st.html(note, unsafe_allow_javascript=True)
