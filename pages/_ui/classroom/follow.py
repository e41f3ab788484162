"""How a class goes together: the teacher's page is shown to all, and students' sessions turn to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import streamlit as st
from streamlit.navigation.page import Page

from pages._lab.classroom.room import ClassroomError, Moment, Place, Room, make_place
from pages._lab.plain import plain
from pages._ui.classroom import seats
from pages._ui.classroom.seats import FOLLOWS, Seat, Student, Teacher, find_caller, find_room, find_seat
from pages._ui.components.poll import draw_poll
from pages._ui.kept import Kept, widget_text
from pages._ui.presence import OpenPage, current_session, find_opener
from pages._ui.session import ignore_address, order_address

#: The Class page's path, where a class begins.
CLASS_PAGE = "class"
#: Seconds between two looks at the room: of whoever is not called when it changes, and of whoever is.
EVERY, RARELY = 1.0, 10.0
_SHARES = Kept("classroom.shares", lambda: True)
_SWITCH = Kept("classroom.switch", bool)
#: Version of the room that this session has drawn.
_DRAWN = Kept("classroom.drawn", lambda: -1)
_CODE = "classroom.code"


@contextmanager
def in_class(page: Page, pages: Mapping[str, Page]) -> Iterator[None]:
    """Run a page inside as its place in the class wants it; outside of a class nothing is different.

    Args:
        page: the one that is open.
        pages: path -> page, all of them.
    """
    room = find_room()
    if room is None:
        yield
        return
    if seats.take_seat(room) and page.url_path != CLASS_PAGE:
        st.switch_page(pages[CLASS_PAGE])
    seat = find_seat()
    if seat is None:
        _draw_join(room)
        st.stop()
    seats.note_seat(seat)
    moment = room.moment()
    if isinstance(seat, Student):
        _follow(moment, page, pages)
    _draw_bar(seat, moment, page)
    yield
    if isinstance(seat, Teacher):
        _share(seat, page)
    _DRAWN.set(moment.version)
    if isinstance(seat, Student):
        _await_call(room, moment.version)


def _follow(moment: Moment, page: Page, pages: Mapping[str, Page]) -> None:
    """Turn to what the teacher shows, if that is new; the version counts as drawn once the page has run to its end."""
    if not FOLLOWS.get() or moment.version == _DRAWN.get():
        return
    place = moment.place or Place(CLASS_PAGE)
    if place.page != page.url_path and place.page in pages:
        st.switch_page(pages[place.page], query_params=dict(place.query))
    order_address(dict(place.query))


def _share(seat: Teacher, page: Page) -> None:
    """Show all followers what the teacher's page shows."""
    if not _SHARES.get():
        return
    try:
        seat.room.show(seat.key, make_place(page.url_path, st.query_params.to_dict()))
    except ClassroomError as err:
        st.warning(plain(err))


def _await_call(room: Room, version: int) -> None:
    """Let a student who follows be called when the room changes, instead of asking every second."""
    caller, session, open_page = find_caller(), current_session(), find_opener()
    if caller is None or session is None or open_page is None:
        return
    if FOLLOWS.get():
        caller.follow(session, version, partial(_open_place, room, open_page))
    else:
        caller.leave(session)


def _open_place(room: Room, open_page: OpenPage) -> bool:
    """Open what the teacher shows now; return whether the session is still there."""
    place = room.moment().place or Place(CLASS_PAGE)
    return open_page(place.page, dict(place.query))


def _look() -> None:
    """Draw the page again if something is new in the room."""
    room = find_room()
    if room is not None and room.moment().version != _DRAWN.get():
        ignore_address()
        st.rerun()


def _draw_bar(seat: Seat, moment: Moment, page: Page) -> None:
    """Draw whether this session follows, or is followed."""
    if isinstance(seat, Teacher):
        _draw_switch("Students see this page", _SHARES)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        _draw_switch("Follow the teacher", FOLLOWS)
        if FOLLOWS.get() and moment.place is not None and moment.place.page != page.url_path:
            st.button("Back to the teacher's page", icon=":material/undo:", key="classroom.back", on_click=_catch_up)
    is_called = FOLLOWS.get() and find_opener() is not None
    draw_poll(RARELY if is_called else EVERY, key="classroom.poll", on_ask=_look)


def _catch_up() -> None:
    """See what the teacher shows, as if it were new."""
    _DRAWN.drop()


def _draw_switch(label: str, kept: Kept[bool]) -> None:
    """Draw a switch of the class; turned on, it takes effect at once."""
    _SWITCH.set(kept.get())
    st.toggle(plain(label), key=_SWITCH.key, on_change=_turn, args=(kept,))


def _turn(kept: Kept[bool]) -> None:
    """Take a switch's new position; whoever follows again sees what the teacher shows."""
    kept.set(_SWITCH.get())
    _catch_up()


def _draw_join(room: Room) -> None:
    """Draw where a code is entered."""
    problem = seats.problem()
    if problem is not None:
        st.error(plain(problem))
    with st.form("classroom.join", width=420, border=False):
        st.text_input("Room code", key=_CODE, max_chars=12, placeholder="as on the teacher's screen")
        st.form_submit_button("Join the class", type="primary", on_click=lambda: seats.join(room, widget_text(_CODE)))
