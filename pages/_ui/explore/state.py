"""What the Explore page shows, as one value that fits in a URL.

`FIELDS` is the only table of parameters: name in the URL, field of `ExploreState`, parser, formatter.
A value at its default is left out of the URL, so the plain address is the default picture.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from pages._ui.links import (
    Field,
    format_question,
    format_scene,
    format_switch,
    one_of,
    parse_question,
    parse_scene,
    parse_seed,
    parse_switch,
    read_query,
    write_query,
)
from pages._ui.models import MODELS, N_CELLS, count_pairs, parse_model, sees_pixels
from rn_core.attribution import pairs
from rn_core.errors import RNCoreError, lookup
from rn_core.seeding import make_rng
from rn_core.tasks.sort_of_clevr import COLORS, Question, Scene, sample_scene
from rn_core.tasks.sort_of_clevr.questions import ANSWERS

#: Attribution method -> its name on the page.
METHODS = MappingProxyType({name: method.title for name, method in pairs.METHODS.items()})
BASELINES = MappingProxyType({"zero": "no pairs at all", "mean": "the mean scene"})
VIEWS = MappingProxyType({"objects": "Objects", "cells": "Cells"})
SECTIONS = MappingProxyType({"pairs": "Pairs", "pair": "One pair", "what-if": "What if", "method": "Method"})
DEFAULT_QUESTION = Question("closest_shape", "red")
#: "auto" in the URL: the model's answer, or the next best one.
AUTO = "auto"
GROUND = "ground"
#: URL parameters that mean the same on every page about one question.
SHARED = ("seed", "scene", "q", "model")


@dataclass(frozen=True)
class ExploreState:
    """Everything that decides what the Explore page shows.

    Attributes:
        seed: the sampled scene, 0 to 2**32 - 1.
        edited: the scene after edits; None while it is the sampled one.
        question: what is asked.
        model: key of `MODELS`, or one of the session's own.
        method: key of `METHODS`.
        baseline: key of `BASELINES`.
        why: the answer whose logit is explained; "auto" is the model's answer.
        why_not: the answer it is set against; "auto" is the next best one, "none" the logit alone.
        view: key of `VIEWS`; cells exist for pixel models only.
        pair: the pinned pair as two labels, colours or "ground" in the object view, cell numbers in the other.
        top: strongest pairs kept, 1 or more; 0 keeps all.
        renormalise: whether the pairs kept are scaled up to the total of all.
        without: colours taken away under "What if".
        truth: whether the pairs that decide the answer are marked.
        section: key of `SECTIONS`.
        projector: large type.
    """

    seed: int = 0
    edited: Scene | None = None
    question: Question = DEFAULT_QUESTION
    model: str = next(iter(MODELS))
    method: str = "exact_path"
    baseline: str = "zero"
    why: str = AUTO
    why_not: str = AUTO
    view: str = "objects"
    pair: tuple[str, str] | None = None
    top: int = 0
    renormalise: bool = False
    without: tuple[str, ...] = ()
    truth: bool = True
    section: str = "pairs"
    projector: bool = False

    @property
    def scene(self) -> Scene:
        """Return the scene on the page: the edited one, or the one that `seed` samples."""
        return self.edited or sampled_scene(self.seed)

    def edit(self, scene: Scene) -> ExploreState:
        """Return the state with another scene; the sampled scene counts as no edit, gone colours are let go."""
        present = {thing.color for thing in scene.objects}
        gone = self.view == "objects" and self.pair is not None and not {*self.pair} <= present | {GROUND}
        return replace(
            self,
            edited=None if scene == sampled_scene(self.seed) else scene,
            pair=None if gone else self.pair,
            without=tuple(color for color in self.without if color in present),
        )

    def change(self, **changes: Any) -> ExploreState:
        """Return the state with new values, and without what they make meaningless.

        A new model or view drops the pinned pair and the threshold of the old one, a new seed the edits, a new
        question the answers named, and an answer is never set against itself.
        """
        if not sees_pixels(changes.get("model", self.model)) and "view" not in changes:
            changes["view"] = "objects"
        if "seed" in changes and changes["seed"] != self.seed:
            changes = {"edited": None, "pair": None, "without": (), **changes}
        if changes.get("view", self.view) != self.view or changes.get("model", self.model) != self.model:
            changes = {"pair": None, "top": 0, **changes}
        if changes.get("question", self.question) != self.question:
            changes = {"why": AUTO, "why_not": AUTO, **changes}
        state = replace(self, **changes)
        return replace(state, why_not=AUTO) if state.why == state.why_not else state

    def to_query(self) -> dict[str, str]:
        """Return the URL parameters, without those at their default."""
        return write_query(self, FIELDS)

    def to_shared_query(self) -> dict[str, str]:
        """Return what is asked of which model, as URL parameters that other pages read too; defaults included."""
        shared = (field for field in FIELDS if field.key in SHARED and getattr(self, field.name) is not None)
        return {field.key: field.format(getattr(self, field.name)) for field in shared}

    @staticmethod
    def from_query(query: Mapping[str, str]) -> tuple[ExploreState, list[str]]:
        """Read URL parameters, each for itself.

        Args:
            query: name -> text, as `to_query` writes it.

        Returns:
            the state, and one sentence for each parameter that could not be used and is left at its default.
        """
        return _consistent(*read_query(ExploreState, FIELDS, query))


def sampled_scene(seed: int) -> Scene:
    """Return the scene that the page shows for a seed."""
    return sample_scene(make_rng(seed, "explore"))


def _consistent(state: ExploreState, problems: list[str]) -> tuple[ExploreState, list[str]]:
    """Drop what does not fit the other parameters, with a sentence each."""
    present = tuple(thing.color for thing in state.scene.objects)
    if state.edited == sampled_scene(state.seed):
        state = replace(state, edited=None)
    if state.view == "cells" and not sees_pixels(state.model):
        problems.append(
            f"The link's 'view' was left out: cells belong to models of pixels, and the model is {state.model}."
        )
        state = replace(state, view="objects")
    if state.pair is not None and not {*state.pair} <= {*pair_labels(state)}:
        problems.append(
            f"The link's 'pair' was left out: a pair in this view is two of {_range_text(pair_labels(state))}, "
            f"got {'-'.join(state.pair)}."
        )
        state = replace(state, pair=None)
    if not {*state.without} <= {*present}:
        problems.append(f"The link's 'without' was left out: this scene has {', '.join(present)}.")
        state = replace(state, without=())
    n_pairs = count_pairs(state.model)
    if state.top > n_pairs:
        problems.append(f"The link's 'top' was left out: {state.model} has {n_pairs} pairs, got {state.top}.")
        state = replace(state, top=0)
    if state.why_not == state.why != AUTO:
        problems.append(f"The link's 'not' was left out: it must differ from 'why', got {state.why} for both.")
        state = replace(state, why_not=AUTO)
    return state, problems


def pair_labels(state: ExploreState) -> tuple[str, ...]:
    """Return what a pair can be made of: cell numbers, or the scene's colours and, for pixels, the ground."""
    if state.view == "cells":
        return tuple(map(str, range(N_CELLS)))
    colors = tuple(thing.color for thing in state.scene.objects)
    return (*colors, GROUND) if sees_pixels(state.model) else colors


def _range_text(labels: tuple[str, ...]) -> str:
    """Return the labels in words, numbers as a range."""
    return f"0 to {len(labels) - 1}" if labels[0] == "0" else ", ".join(labels)


def _parse_pair(text: str) -> tuple[str, str]:
    """Read a pair such as `red-blue` or `3-17`; whether the scene has it is checked later."""
    parts = text.split("-")
    known = {*COLORS, GROUND, *map(str, range(N_CELLS))}
    if len(parts) != 2 or not {*parts} <= known:
        raise RNCoreError(f"A pair must read like red-blue or, for cells, 3-17, got '{text[:40]}'.")
    return parts[0], parts[1]


def _parse_top(text: str) -> int:
    """Read a number of pairs."""
    if not re.fullmatch(r"[0-9]{1,4}", text) or int(text) > N_CELLS**2:
        raise RNCoreError(f"The number of pairs kept must be 0 (all) to {N_CELLS**2}, got '{text[:40]}'.")
    return int(text)


def _parse_colors(text: str) -> tuple[str, ...]:
    """Read colours such as `red-blue`, each once, in the order of `COLORS`."""
    parts = text.split("-")
    for part in parts:
        lookup(part[:40], dict.fromkeys(COLORS), "colour")
    return in_order(parts)


def in_order(colors: Collection[str]) -> tuple[str, ...]:
    """Return colours each once, in the order of `COLORS`."""
    return tuple(color for color in COLORS if color in colors)


FIELDS = (
    Field("seed", "seed", parse_seed),
    Field("scene", "edited", parse_scene, format_scene),
    Field("q", "question", parse_question, format_question),
    Field("model", "model", parse_model),
    Field("method", "method", one_of(METHODS, "attribution method")),
    Field("baseline", "baseline", one_of(BASELINES, "baseline")),
    Field("why", "why", one_of((AUTO, *ANSWERS), "answer")),
    Field("not", "why_not", one_of((AUTO, "none", *ANSWERS), "answer")),
    Field("view", "view", one_of(VIEWS, "view")),
    Field("pair", "pair", _parse_pair, "-".join),
    Field("top", "top", _parse_top),
    Field("renormalise", "renormalise", parse_switch, format_switch),
    Field("without", "without", _parse_colors, "-".join),
    Field("truth", "truth", parse_switch, format_switch),
    Field("section", "section", one_of(SECTIONS, "section")),
    Field("projector", "projector", parse_switch, format_switch),
)
