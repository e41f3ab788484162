"""The only caches: models, shared by all sessions and never changed, and what they said."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, Literal, TypeVar, overload

import numpy as np
import streamlit as st
import torch
from torch import Tensor

from pages._lab.clevr.pictures import Picture
from pages._lab.clevr.public import held_public
from pages._lab.clevr.renderer import Renderer
from pages._lab.desk import Desk, Report, follow_steps
from pages._lab.explore.view import Reading, find_truth
from pages._lab.heap import freeze_heap
from pages._lab.lessons.file import Lessons, read_folder
from pages._lab.lines import Line
from pages._lab.measurements import MEASURES, Diagonal, Floors, Limits, Redeal, find_bundled, names_needed
from pages._lab.models import baseline_of, is_own, shipped_baseline
from pages._lab.pairs.view import GroupReading
from pages._lab.pairs.what_if import measure_ranking
from pages._lab.train.job_board import JobBoard
from pages._lab.walk.forward import make_thought, make_walk
from pages._ui.own_models import find_own
from pages._ui.own_pixels import find_own as find_own_public
from pages._ui.presence import is_connected
from pages._ui.waiting import wait_for
from rn_core.answering import Answerer, load
from rn_core.attribution.base import Attribution, Target
from rn_core.attribution.faithfulness import Faithfulness, KeepingSet
from rn_core.attribution.pairs import attribute_pairs
from rn_core.attribution.tracing import ForwardTrace, MLPTrace
from rn_core.common.errors import WeightsError
from rn_core.common.records import Answer
from rn_core.tasks.clevr import ClevrScene
from rn_core.tasks.physics.prediction import decode_paths, seen_positions
from rn_core.tasks.physics.world import N_FRAMES
from rn_core.tasks.sort_of_clevr import Question, Scene
from rn_core.tasks.sort_of_clevr.language import text

Made = TypeVar("Made")
#: What the kept pictures take together at most, about 60 of them, and the kept measurements.
PICTURE_BYTES, MEASURED_BYTES = 32_000_000, 2_000_000


def cached_answerer(model: str) -> Answerer:
    """Return a trained model by the name that pages call it: a shipped one, or one of the session's own; read only.

    Raises:
        RNCoreError: if the weights are missing or damaged, or an own model is not this session's.
    """
    own = find_own(model) if is_own(model) else None
    return own or shipped_answerer(shipped_baseline(model) if is_own(model) else model)


@st.cache_resource(max_entries=8, show_spinner="Loading the weights…")
def shipped_answerer(model: str) -> Answerer:
    """Return a shipped model by its short name; read only.

    Raises:
        RNCoreError: if the weights are missing or damaged.
    """
    # One question is too small to share among threads: where cores are busy, waiting for each other costs far more.
    torch.set_num_threads(1)
    answerer = load(f"sort-of-clevr/{model}")
    freeze_heap()
    return answerer


@st.cache_data(max_entries=256, show_spinner=False)
def cached_reading(model: str, scene_json: str, question_index: int) -> Reading:
    """Return what a model and its baseline say to one question about one scene.

    Raises:
        RNCoreError: if the weights cannot be used, or the scene lacks the asked object.
    """
    scene, question = Scene.from_json(scene_json), Question.from_index(question_index)
    answerer, sentence = cached_answerer(model), text(question)
    truth, margin, targets = find_truth(scene, question)
    answer, trace = answerer.answer_and_trace(scene, sentence)
    return Reading(
        answer=answer,
        other=_answer_or_none(baseline_of(model), scene, sentence),
        relations=trace.relations[0].cpu().clone(),
        truth=truth,
        margin=margin,
        targets=targets,
    )


def _answer_or_none(model: str, scene: Scene, sentence: str) -> Answer | None:
    """Return the baseline's answer; None if its weights cannot be used: the page works without it."""
    try:
        return cached_answerer(model).answer(scene, sentence)
    except WeightsError:
        return None


@st.cache_data(max_entries=512, show_spinner=False)
def cached_attribution(
    model: str, scene_json: str, question_index: int, target: Target, method: str, baseline: str
) -> Attribution:
    """Return the contributions of all pairs of one question.

    Raises:
        RNCoreError: as `cached_reading`, or if the weights hold no mean aggregate and the baseline is "mean".
    """
    start = _baseline(model, question_index, baseline)
    relations = cached_reading(model, scene_json, question_index).relations
    return attribute_pairs(
        cached_answerer(model).model.pair_core.f_phi, relations, target, method=method, baseline=start
    )


def _baseline(model: str, question_index: int, baseline: str) -> Tensor | None:
    """Return the aggregate (D_g,) that stands for "no information"; None is zero."""
    if baseline == "zero":
        return None
    return cached_answerer(model).mean_aggregate(text(Question.from_index(question_index)))


@st.cache_data(max_entries=256, show_spinner=False)
def cached_ranking(
    model: str, scene_json: str, question_index: int, target: Target, method: str, baseline: str
) -> tuple[Faithfulness, KeepingSet]:
    """Return how well a method's ranking of the pairs of one question holds up; errors as `cached_attribution`."""
    relations = cached_reading(model, scene_json, question_index).relations
    shares = cached_attribution(model, scene_json, question_index, target, method, baseline).contributions
    f_phi = cached_answerer(model).model.pair_core.f_phi
    return measure_ranking(f_phi, relations, shares, target, _baseline(model, question_index, baseline))


#: What a model of any domain is asked about: a scene, a picture, sentences, or rows of balls (N, 35) float32.
Seen = ClevrScene | Picture | tuple[str, ...] | np.ndarray
#: The same as a model takes it: of a picture, its pixels (H, W, 3) uint8.
Content = ClevrScene | tuple[str, ...] | np.ndarray
#: How CLEVR's scenes and pictures tell that they have changed.
_HASHES: dict[str | type[Any], Callable[[Any], str]] = {
    Picture: lambda picture: picture.digest,
    ClevrScene: lambda scene: scene.to_json(),
}


def find_answerer(name: str) -> Answerer:
    """Return a model by its full name: a shared one, or one of the session's own; read only.

    Raises:
        RNCoreError: as `domain_answerer`, or if an own model is not this session's.
    """
    return find_own_public(name) if is_own(name.rpartition("/")[2]) else domain_answerer(name)


@st.cache_resource(max_entries=8, show_spinner="Loading the weights…")
def domain_answerer(name: str) -> Answerer:
    """Return a model that all sessions share by its full name, such as "clevr/rn-states"; read only.

    Raises:
        RNCoreError: if the weights are missing or damaged.
    """
    torch.set_num_threads(1)
    answerer = held_public(name) or load(name)
    freeze_heap()
    return answerer


@st.cache_resource(show_spinner=False, on_release=Renderer.close)
def cached_renderer() -> Renderer:
    """Return the one process of this server that draws pictures; it starts when one is asked for."""
    return Renderer()


@st.cache_resource(show_spinner=False)
def picture_desk() -> Desk[Picture]:
    """Return where pictures are asked for: one is drawn at a time, and those drawn are kept up to `PICTURE_BYTES`."""
    return Desk(Line(1, is_connected), PICTURE_BYTES, lambda picture: picture.n_bytes)


def draw_picture(scene: ClevrScene, seed: int) -> Picture:
    """Return a scene's picture, ready for the browser; raises RNCoreError where this computer cannot draw any."""
    picture = Picture(cached_renderer().render(scene, seed))
    _ = picture.data_url, picture.digest
    return picture


@st.cache_data(max_entries=24, show_spinner=False, hash_funcs=_HASHES)
def cached_group_reading(name: str, question: str, seen: Seen) -> GroupReading:
    """Return what a Relation Network says; nobody answers beside it yet.

    Args:
        name: full name of the model.
        question: in English.
        seen: what the model sees.

    Raises:
        RNCoreError: if the weights cannot be used, or cannot take the question or what they see.
    """
    answerer, content = find_answerer(name), _content_of(seen)
    answer, trace = answerer.answer_and_trace(content, question)
    return GroupReading(answer, trace.relations[0].cpu().clone(), None, {})


@st.cache_data(max_entries=128, show_spinner=False, hash_funcs=_HASHES)
def cached_answer_beside(name: str, question: str, seen: Seen) -> Answer | None:
    """Return what a model says beside another one; None if its weights cannot be used: the page works without it."""
    try:
        return find_answerer(name).answer(_content_of(seen), question)
    except WeightsError:
        return None


def _content_of(seen: Seen) -> Content:
    """Return what a model takes."""
    return seen.pixels if isinstance(seen, Picture) else seen


@st.cache_data(max_entries=128, show_spinner=False, hash_funcs=_HASHES)
def cached_group_attribution(
    name: str, question: str, seen: Seen, target: Target, method: str, baseline: str = "zero"
) -> Attribution:
    """Return the contributions of all pairs of one question; errors as `cached_group_reading`."""
    relations, start = cached_group_reading(name, question, seen).relations, _group_baseline(name, question, baseline)
    return attribute_pairs(find_answerer(name).f_phi(question), relations, target, method=method, baseline=start)


def _group_baseline(name: str, question: str, baseline: str) -> Tensor | None:
    """Return the aggregate (D_g,) that stands for "no information"; None is zero."""
    return None if baseline == "zero" else find_answerer(name).mean_aggregate(question)


@st.cache_data(max_entries=64, show_spinner="Leaving pairs out…", hash_funcs=_HASHES)
def cached_group_ranking(
    name: str, question: str, seen: Seen, target: Target, method: str, baseline: str = "zero"
) -> tuple[Faithfulness, KeepingSet]:
    """Return how well a method's ranking of the pairs holds up; errors as `cached_group_reading`."""
    relations, start = cached_group_reading(name, question, seen).relations, _group_baseline(name, question, baseline)
    shares = cached_group_attribution(name, question, seen, target, method, baseline).contributions
    return measure_ranking(find_answerer(name).f_phi(question), relations, shares, target, start)


@st.cache_data(max_entries=128, show_spinner=False)
def cached_paths(name: str, rows: np.ndarray) -> np.ndarray:
    """Return where a network says that balls go, (K, N, 2) float32 in metres.

    Args:
        name: full name of the model.
        rows: (N, 35) float32, what it sees of the balls.

    Raises:
        RNCoreError: if the weights cannot be used, or cannot take so many balls.
    """
    last = seen_positions(torch.from_numpy(rows)[None])[:, -1]
    # An MLP also has paths for the balls that are missing; they come last.
    logits = find_answerer(name).logits(rows, "")[: len(rows) * 2 * N_FRAMES]
    return decode_paths(logits[None].float(), last)[0].numpy()


@st.cache_resource(show_spinner=False, on_release=JobBoard.close)
def cached_board() -> JobBoard:
    """Return the one board of this server's training runs."""
    return JobBoard(is_connected=is_connected)


@st.cache_resource(max_entries=64, show_spinner=False)
def draw_once(key: Hashable, _draw: Callable[[], None]) -> None:
    """Draw something without widgets; whoever asks for the same again is sent what was drawn, and nothing is made anew.

    Args:
        key: all that the drawing depends on.
        _draw: draws it.
    """
    _draw()


@st.cache_resource(max_entries=16, show_spinner=False)
def make_once(key: Hashable, _make: Callable[[], Made]) -> Made:
    """Return what `_make` makes, made once for a key, which is all that it depends on; read only."""
    return _make()


@st.cache_resource(show_spinner=False)
def measuring_desk() -> Desk[Any]:
    """Return where measurements of all kinds are asked for: as many at once as leave a core to everybody else.

    What they found is kept up to `MEASURED_BYTES`.
    """
    line = Line(max(1, (os.cpu_count() or 1) - 1), is_connected)
    return Desk(line, MEASURED_BYTES, lambda found: len(pickle.dumps(found)))


@st.cache_data(max_entries=64, show_spinner=False)
def cached_walk(model: str, scene_json: str, question_index: int, deal: int) -> ForwardTrace:
    """Return a Relation Network's forward pass taken apart; arguments and errors as `make_walk`."""
    scene, question = Scene.from_json(scene_json), Question.from_index(question_index)
    return make_walk(cached_answerer(model), scene, question, deal)


@st.cache_data(max_entries=64, show_spinner=False)
def cached_thought(model: str, scene_json: str, question_index: int, deal: int) -> MLPTrace:
    """Return an MLP's forward pass taken apart; arguments and errors as `make_walk`."""
    scene, question = Scene.from_json(scene_json), Question.from_index(question_index)
    return make_thought(cached_answerer(model), scene, question, deal)


@st.cache_data(max_entries=8, show_spinner=False)
def cached_lessons(folder: Path, stamp: tuple[tuple[str, int, int], ...]) -> Lessons:
    """Return the lessons of a folder; `stamp` tells that a file has changed."""
    return read_folder(folder)


@overload
def cached_measurement(kind: Literal["floors"], model: str, doing: str) -> Floors: ...
@overload
def cached_measurement(kind: Literal["redeal"], model: str, doing: str, scene: str, color: str, /) -> Redeal: ...
@overload
def cached_measurement(kind: Literal["diagonal"], model: str, doing: str) -> Diagonal: ...
@overload
def cached_measurement(kind: Literal["limits"], model: str, doing: str) -> Limits: ...
def cached_measurement(kind: str, model: str, doing: str, *about: str) -> Any:
    """Return what a lesson measures: what comes with the app, or what is measured when its turn comes.

    Args:
        kind: key of `pages._lab.measurements.MEASURES`, which says what is returned.
        model: the short name of a model.
        doing: what goes on meanwhile, in words.
        about: what else it is about.
    """
    found = find_bundled(kind, model, about)
    if found is not None:
        return found
    models = {name: cached_answerer(name) for name in names_needed(kind, model)}

    def make(report: Report) -> Any:
        return MEASURES[kind](models, model, follow_steps(report), *about)

    return wait_for(measuring_desk(), (kind, model, *about), make, doing)
