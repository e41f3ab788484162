"""How a page waits for work that is done elsewhere: it says the place in the line, and can be left at any time."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import streamlit as st

from pages._lab.desk import Desk, Make, Work
from pages._lab.plain import plain
from pages._ui.presence import current_session

Made = TypeVar("Made")
#: Seconds between two looks at the work; a person who moves on is noticed then.
_PATIENCE = 0.3


def describe_place(place: int) -> str:
    """Return a place in a line in words: "next in line", "2nd in line"."""
    if place == 1:
        return "next in line"
    ending = "th" if place % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{ending} in line"


def wait_for(
    desk: Desk[Any],
    key: Hashable,
    make: Make[Made],
    doing: str = "Measuring…",
    draw: Callable[[float, str], object] | None = None,
    keeps: bool = True,
) -> Made:
    """Return what comes of a piece of work; until then show how it stands, and take it back if the person moves on.

    Args:
        desk: where to ask; it may keep results of many kinds, and each key's is what its `make` returns.
        key: equal for the same work.
        make: does it, in another thread.
        doing: what goes on, in words.
        draw: shows share and words; None shows a line that goes when it is over.
        keeps: whether the next one who asks gets the same result.

    Raises:
        RNCoreError: if the work failed.
    """
    found: Made | None = desk.find(key) if keeps else None
    if found is not None:
        return found
    session = current_session()
    work: Work[Made] = desk.ask(key, session, make, keeps)
    line = None if draw else st.empty()
    try:
        while not work.is_over.wait(_PATIENCE):
            share, text = _describe(work, doing)
            # Streamlit ends this run here if its person has moved on or is gone.
            if draw is not None:
                draw(share, text)
            if line is not None:
                line.caption(plain(text))
    finally:
        desk.leave(work, session)
    if line is not None:
        line.empty()
    return work.result()


def _describe(work: Work[Any], doing: str) -> tuple[float, str]:
    """Return how far a piece of work is, 0 to 1, and that in words."""
    place, (share, text) = work.place, work.progress
    if place:
        return 0.0, f"Waiting for other measurements to end: {describe_place(place)}"
    return share, text or doing
