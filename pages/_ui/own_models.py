"""The models that this session trained or uploaded: seen by no other session, gone when it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from pages._lab.domains.base import full_name
from pages._lab.domains.sort_of_clevr import DOMAIN
from pages._lab.layout import MODEL_NAMES
from pages._lab.models import MODELS, baseline_of, shipped_baseline
from pages._lab.own_model import OwnModel, make_own_model, read_files
from pages._ui.kept import Kept, uploaded_files
from pages._ui.own_answerers import State, keep_answerer, keep_known
from rn_core.common.errors import RNCoreError
from rn_core.weights.store import LoadedWeights

#: Most models that one session keeps: each takes memory until the session ends.
MAX_OWN = 6
UPLOAD_LABEL = "my RN"
_KEPT: Kept[dict[str, OwnModel]] = Kept("own.models", dict)
#: How many files have come; the prefix of the widget that takes them.
_TURN, _UPLOAD = Kept("own.turn", int), "own.upload"


def own_models() -> dict[str, OwnModel]:
    """Return the session's own models by name, in the order they came."""
    return dict(_KEPT.get())


def add_own_model(weights: LoadedWeights, label: str, baseline: LoadedWeights | None = None) -> OwnModel:
    """Keep a model for this session; arguments as `make_own_model`.

    Returns:
        the model; one that the session had already as it was, else with a number behind a label that is taken.

    Raises:
        RNCoreError: as `make_own_model`, or if the session holds as many models as it may.
    """
    return _keep(make_own_model(weights, label, baseline))


def _keep(made: OwnModel) -> OwnModel:
    """Keep a model for this session; returns and raises as `add_own_model`."""
    kept = own_models()
    if made.name not in kept:
        if len(kept) >= MAX_OWN:
            raise RNCoreError(f"A session keeps at most {MAX_OWN} own models; open the app again to choose others.")
        taken = {model.label for model in kept.values()}
        numbered = (made.label, *(f"{made.label} {number}" for number in range(2, MAX_OWN + 1)))
        kept[made.name] = replace(made, label=next(label for label in numbered if label not in taken))
        _KEPT.set(kept)
        shipped = full_name(DOMAIN, shipped_baseline(made.name))
        keep_answerer(full_name(DOMAIN, made.name), made.answerer)
        keep_answerer(full_name(DOMAIN, baseline_of(made.name)), made.baseline or shipped)
    return kept[made.name]


def keep_own(state: State, problems: list[str]) -> tuple[State, list[str]]:
    """Return a page's state that was read from a link, with the default model where this session lacks the own one.

    Args:
        state: as the link says.
        problems: sentences about the link; one is added for a model that is not here.
    """
    return keep_known(state, problems, own_models(), _describe_foreign)


def _describe_foreign(name: str) -> str:
    """Return the sentence about an own model that this session does not have."""
    return f"'{name}' is a model of another session; upload its file in the sidebar, or choose one of these."


def model_names() -> dict[str, str]:
    """Return every model that this session can show, as name -> label: the shipped ones, then its own."""
    return {name: MODEL_NAMES[name] for name in MODELS} | {name: own.label for name, own in own_models().items()}


def draw_upload(take: Callable[[OwnModel], Any], notify: Callable[[str], Any]) -> None:
    """Draw where files are uploaded.

    Args:
        take: called with the model that came.
        notify: called with a sentence, if none did.
    """
    turn = _TURN.get_or_set()
    st.file_uploader(
        "Your own weights",
        type="safetensors",
        accept_multiple_files=True,
        key=f"{_UPLOAD}.{turn}",
        on_change=_take_upload,
        args=(take, notify),
        help="A file from the Train page; a Relation Network, alone or together with its MLP. Only you see it.",
    )


def _take_upload(take: Callable[[OwnModel], Any], notify: Callable[[str], Any]) -> None:
    """Keep what was uploaded, and make room for the next."""
    turn = _TURN.get()
    files = [(file.name, file.getvalue()) for file in uploaded_files(f"{_UPLOAD}.{turn}")]
    _TURN.set(turn + 1)
    if not files:
        return
    try:
        take(_keep(read_files(files, UPLOAD_LABEL)))
    except RNCoreError as err:
        notify(str(err))
