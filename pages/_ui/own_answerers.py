"""The models that only this session has, of all domains, by their full names; they are gone when it ends."""

from __future__ import annotations

from pages._ui.kept import Kept
from rn_core.answering import Answerer
from rn_core.common.errors import RNCoreError

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
