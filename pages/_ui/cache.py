"""The caches of what all sessions share: models, which nobody changes, what they say, and what was made once.

One reading stack serves every domain. A question about a scene costs one forward pass per model, one reading of its
logits per question, and one attribution per shown method, however many sessions ask, and however often.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Hashable
from typing import Any, Protocol, TypeVar

import streamlit as st
import torch
from torch import Tensor

from pages._lab.desk import Desk
from pages._lab.domains.base import Seen
from pages._lab.heap import freeze_heap
from pages._lab.lines import Line
from pages._lab.models import is_own
from pages._lab.pairs.what_if import measure_ranking
from pages._lab.public_weights import held_public
from pages._ui.own_answerers import find_own
from pages._ui.presence import is_connected
from rn_core.answering import Answerer, ForwardPass, load
from rn_core.attribution.base import Attribution, Target
from rn_core.attribution.faithfulness import Faithfulness, KeepingSet
from rn_core.attribution.pairs import attribute_pairs
from rn_core.common.errors import RNCoreError, WeightsError
from rn_core.common.records import Answer

Made = TypeVar("Made")
#: What the kept measurements take together at most.
MEASURED_BYTES = 2_000_000
#: How what models are shown tells that it has changed.
_HASHES: dict[str | type[Any], Callable[[Any], str]] = {Seen: lambda seen: seen.key}


class Closing(Protocol):
    """What has to be closed when the server ends."""

    def close(self) -> None:
        """Release all resources."""
        ...


Open = TypeVar("Open", bound=Closing)


def find_answerer(name: str) -> Answerer:
    """Return a model by its full name, such as "clevr/rn-states": a shared one, or one of the session's own; read only.

    Raises:
        RNCoreError: if the weights are missing or damaged, or an own model is not this session's.
    """
    own = find_own(name) if is_own(name.rpartition("/")[2]) else name
    return shared_answerer(own) if isinstance(own, str) else own


@st.cache_resource(max_entries=16, show_spinner="Loading the weights…")
def shared_answerer(name: str) -> Answerer:
    """Return a model that all sessions share by its full name; read only.

    Raises:
        RNCoreError: if the weights are missing or damaged.
    """
    # One question is too small to share among threads: where cores are busy, waiting for each other costs far more.
    torch.set_num_threads(1)
    answerer = held_public(name) or load(name)
    freeze_heap()
    return answerer


@st.cache_data(max_entries=256, show_spinner=False, hash_funcs=_HASHES)
def _cached_pass(name: str, code: Hashable, seen: Seen, _question: str) -> ForwardPass:
    """Return the forward pass that all questions with one `Answerer.question_code` share."""
    return next(find_answerer(name).passes([seen.content], [_question]))


def find_pass(name: str, question: str, seen: Seen) -> ForwardPass:
    """Return a network's forward pass; arguments and errors as `cached_answer`."""
    return _cached_pass(name, find_answerer(name).question_code(question), seen, question)


@st.cache_data(max_entries=512, show_spinner=False, hash_funcs=_HASHES)
def cached_answer(name: str, question: str, seen: Seen) -> Answer:
    """Return what a model says to one question, without each pair's share.

    Args:
        name: full name of the model.
        question: in English.
        seen: what the model is shown.

    Raises:
        RNCoreError: if the weights cannot be used, or cannot take the question or what they are shown.
    """
    return find_answerer(name).read(seen.content, question, find_pass(name, question, seen).logits)


def find_answer_or_none(name: str, question: str, seen: Seen) -> Answer | None:
    """Return what a model says beside another one; None if its weights cannot be used: the page works without it."""
    try:
        return cached_answer(name, question, seen)
    except WeightsError:
        return None


def find_relations(name: str, question: str, seen: Seen) -> Tensor:
    """Return what a Relation Network finds of each pair, (P, D_g) float32; arguments and errors as `cached_answer`."""
    return pick_relations(name, find_pass(name, question, seen))


def pick_relations(name: str, passed: ForwardPass) -> Tensor:
    """Return what a model's forward pass finds of each pair, (P, D_g); raises RNCoreError where it has no pairs."""
    if passed.relations is None:
        raise RNCoreError(f"'{name}' has no pairs to examine; choose a Relation Network.")
    return passed.relations


@st.cache_data(max_entries=512, show_spinner=False, hash_funcs=_HASHES)
def cached_attribution(
    name: str, question: str, seen: Seen, target: Target, method: str, baseline: str = "zero"
) -> Attribution:
    """Return the contributions of all pairs of one question.

    Raises:
        RNCoreError: as `cached_answer`, or if the weights hold no mean aggregate and the baseline is "mean".
    """
    relations, start = find_relations(name, question, seen), find_baseline(name, question, baseline)
    return attribute_pairs(find_answerer(name).f_phi(question), relations, target, method=method, baseline=start)


def find_baseline(name: str, question: str, baseline: str) -> Tensor | None:
    """Return the aggregate (D_g,) that stands for "no information"; None is zero."""
    return None if baseline == "zero" else find_answerer(name).mean_aggregate(question)


@st.cache_data(max_entries=256, show_spinner="Leaving pairs out…", hash_funcs=_HASHES)
def cached_ranking(
    name: str, question: str, seen: Seen, target: Target, method: str, baseline: str = "zero"
) -> tuple[Faithfulness, KeepingSet]:
    """Return how well a method's ranking of the pairs of one question holds up; errors as `cached_attribution`."""
    relations, start = find_relations(name, question, seen), find_baseline(name, question, baseline)
    shares = cached_attribution(name, question, seen, target, method, baseline).contributions
    return measure_ranking(find_answerer(name).f_phi(question), relations, shares, target, start)


@st.cache_data(max_entries=256, show_spinner=False)
def keep_values(key: Hashable, _make: Callable[[], Made]) -> Made:
    """Return what `_make` makes, made once per key, which is all that it depends on; each caller gets a copy."""
    return _make()


@st.cache_resource(max_entries=64, show_spinner=False)
def draw_once(key: Hashable, _draw: Callable[[], None]) -> None:
    """Draw something without widgets; whoever asks for the same again gets what was drawn; nothing is remade.

    Args:
        key: all that the drawing depends on.
        _draw: draws it.
    """
    _draw()


@st.cache_resource(max_entries=16, show_spinner=False)
def keep_view(key: str, _read: Callable[[], Made]) -> Made:
    """Return what a page shows, put together once per key, a digest of all that it depends on; read only."""
    return _read()


@st.cache_resource(max_entries=16, show_spinner=False)
def make_once(key: Hashable, _make: Callable[[], Made]) -> Made:
    """Return what `_make` makes, made once per key, which is all that it depends on; read only."""
    return _make()


@st.cache_resource(show_spinner=False)
def keep_for_server(key: str, _make: Callable[[], Made]) -> Made:
    """Return the one thing of its key that this server has; it is made when it is asked for."""
    return _make()


@st.cache_resource(show_spinner=False, on_release=lambda thing: thing.close())
def keep_open(key: str, _make: Callable[[], Open]) -> Open:
    """Return the one thing of its key that this server has, such as a process; it is closed when the server ends."""
    return _make()


def measuring_desk() -> Desk[Any]:
    """Return where measurements of all kinds are asked for: as many at once as leave one core free.

    What they found is kept up to `MEASURED_BYTES`.
    """
    return keep_for_server("measuring desk", _make_measuring_desk)


def _make_measuring_desk() -> Desk[Any]:
    """Return a new measuring desk."""
    line = Line(max(1, (os.cpu_count() or 1) - 1), is_connected)
    return Desk(line, MEASURED_BYTES, lambda found: len(pickle.dumps(found)))
