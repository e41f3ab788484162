"""What a person can do on the page "How it works"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pages._lab.walk.state import WalkState, count_steps
from pages._ui.kept import widget_event
from pages._ui.own_models import keep_own
from pages._ui.pairs.sections import read_matrix_click
from pages._ui.session import PageSession
from rn_core.common.seeding import MAX_SEED, next_seed

GRID_KEY = "walk.figure.grid"


def read_query(query: Mapping[str, str]) -> tuple[WalkState, list[str]]:
    """Read URL parameters as `WalkState.from_query`; an own model must be this session's."""
    return keep_own(*WalkState.from_query(query))


WALK = PageSession("walk", read_query)


def go(way: int) -> None:
    """Go some steps on, or back if negative; the first and the last step are ends."""
    WALK.update(step=min(max(WALK.state.step + way, 1), count_steps(WALK.state.model)))


def permute() -> None:
    """Permute the objects, in another order each time."""
    WALK.update(deal=WALK.state.deal % MAX_SEED + 1)


def put_back() -> None:
    """Put the objects back in their own order."""
    WALK.update(deal=0)


def next_scene() -> None:
    """Go on to the scene of the next seed."""
    WALK.update(seed=next_seed(WALK.state.seed))


def choose_question(**changes: str) -> dict[str, Any]:
    """Return the change of state that a menu's new type or color asks for."""
    question = WALK.state.question
    return {"question": type(question)(**{"type": question.type, "color": question.color, **changes})}


def replace_node(labels: tuple[str, str], place: int, label: str) -> dict[str, Any]:
    """Return the change that puts `label` at one place of the followed pair; none if it is there already.

    A browser that falls behind may tell a menu's value again, and the strongest pair is not to be pinned by that.
    """
    if label == labels[place]:
        return {}
    pair = [*labels]
    pair[place] = label
    return {"pair": tuple(pair)}


def take_click(labels: tuple[str, ...]) -> None:
    """Follow the pair of the square that was clicked; `labels` are the objects in the grid's order."""
    pair = read_matrix_click(widget_event(GRID_KEY))
    if pair is not None:
        WALK.update(pair=(labels[pair[0]], labels[pair[1]]))
