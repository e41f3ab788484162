"""What a person can do to the Explore page's state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pages._lab.domains.sort_of_clevr import DOMAIN
from pages._lab.sort_of_clevr.state import ExploreState, sampled_scene
from pages._ui.own_models import keep_own
from pages._ui.session import PageSession
from rn_core.common.errors import RNCoreError
from rn_core.tasks.sort_of_clevr import Scene


def read_query(query: Mapping[str, str]) -> tuple[ExploreState, list[str]]:
    """Read URL parameters as `DOMAIN.read_query`; an own model must be this session's."""
    return keep_own(*DOMAIN.read_query(query))


EXPLORE = PageSession("explore", read_query)


def edit_scene(make: Callable[[Scene], Scene]) -> None:
    """Replace the scene by `make(scene)`; if that breaks a rule, keep it and show the sentence."""
    try:
        EXPLORE.set(EXPLORE.state.edit(make(EXPLORE.state.scene)))
    except RNCoreError as err:
        EXPLORE.notify(str(err))


def next_scene() -> None:
    """Go on to the scene of the next seed."""
    EXPLORE.set(DOMAIN.sample(EXPLORE.state))


def toggle_shape(color: str) -> None:
    """Turn a square into a circle, or back."""
    other = {"square": "circle", "circle": "square"}
    edit_scene(lambda scene: scene.replace(color, shape=other[scene.get(color).shape]))


def reset_scene() -> None:
    """Go back to the sampled scene."""
    edit_scene(lambda _: sampled_scene(EXPLORE.state.seed))


def choose_question(**changes: str) -> dict[str, Any]:
    """Return the change of state that a menu's new type or color asks for; a typed question's trouble is over."""
    EXPLORE.set_problem(None)
    question = EXPLORE.state.question
    return {"question": type(question)(**{"type": question.type, "color": question.color, **changes})}


def read_typed(sentence: str) -> dict[str, Any]:
    """Return the change of state that a typed question asks for; raises QuestionError."""
    return DOMAIN.parse(sentence)
