"""The models that only this session has, of all domains, by their full names; they are gone when it ends."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol, TypeVar

from pages._lab.models import is_own, match_own
from pages._ui.kept import Kept
from pages._ui.session import PageState
from rn_core.answering import Answerer
from rn_core.common.errors import RNCoreError


class ModelState(PageState, Protocol):
    """The state of a page that shows a model; without arguments, it is the default one."""

    @property
    def model(self) -> str:
        """Return the model's name in a URL."""
        ...


State = TypeVar("State", bound=ModelState)
_KEPT: Kept[dict[str, Answerer | str]] = Kept("own.answerers", dict)


def keep_answerer(name: str, answerer: Answerer | str) -> None:
    """Keep a model for this session.

    Args:
        name: its full name.
        answerer: the model, or the full name of a shared one that answers in its place.
    """
    _KEPT.set({**_KEPT.get(), name: answerer})


def find_own(name: str) -> Answerer | str:
    """Return what was kept by a full name; raises RNCoreError if this session has no such model."""
    kept = _KEPT.get()
    if name not in kept:
        raise RNCoreError(
            f"'{name}' is a model of another session; choose its file again, or a model that comes with the app."
        )
    return kept[name]


def keep_known(
    state: State, problems: list[str], kept: Collection[str], describe_foreign: Callable[[str], str]
) -> tuple[State, list[str]]:
    """Return a page's state that was read from a link, with the default model where this session lacks the own one.

    Args:
        state: as the link says.
        problems: sentences about the link; one is added for a model that is not here.
        kept: names of the own models that the page can show.
        describe_foreign: name of an own model that is not here -> the sentence about it.
    """
    if not is_own(state.model):
        return state, problems
    known = match_own(state.model, kept)
    if known is not None:
        return (state if known == state.model else state.change(model=known)), problems
    return state.change(model=type(state)().model), [*problems, describe_foreign(state.model)]
