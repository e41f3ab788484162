"""What a page about pairs shows, computed from its state and the models; this module draws nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import isqrt
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor

from pages._lab.components.stage import PairLayer
from pages._lab.pairs.nodes import Nodes
from pages._lab.pairs.state import AUTO, PairState
from pages._lab.words import format_pair, format_signed, join_words, tag_cell
from rn_core.attribution.base import Attribution, Target
from rn_core.attribution.pairs import METHODS
from rn_core.common.records import Answer

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Scene(Protocol):
    """A scene that can be written down."""

    def to_json(self) -> str:
        """Return the scene as JSON text."""
        ...


StateT = TypeVar("StateT", bound=PairState, covariant=True)
SceneT = TypeVar("SceneT", bound=Scene, covariant=True)

#: What the residual of each method means.
_GAP_MEANING = MappingProxyType(
    {
        "exact_path": "Only rounding: the shares are exact.",
        "integrated_gradients": "The error of 50 steps instead of the whole path.",
        "leave_one_out": "The joint effect of pairs; not an error.",
        "gradient": "How nonlinear f_phi is between the baseline and here; not an error.",
    }
)
#: Lines of the table of the strongest pairs.
N_ROWS = 8


class Case(Protocol):
    """One question about one scene, as it is put to models, with what is true of it; an immutable record."""

    @property
    def state(self) -> PairState:
        """Return what was asked for."""
        ...

    @property
    def question(self) -> str:
        """Return the question in English."""
        ...

    @property
    def answer(self) -> str | None:
        """Return the true answer; None if unknown."""
        ...


@dataclass(frozen=True)
class SceneCase(Generic[StateT, SceneT]):
    """A `Case` of a state that holds the question in English.

    Attributes:
        state: what was asked for.
        scene: what is asked about.
        answer: the true answer.
    """

    state: StateT
    scene: SceneT
    answer: str

    @property
    def question(self) -> str:
        """Return the question in English."""
        return str(self.state.question)


@dataclass(frozen=True)
class PairReading:
    """Models' answers to one question about one scene, a Relation Network first.

    Attributes:
        answer: the Relation Network's.
        relations: (P, D_g) float32, row `i * N + j` is the pair (o_i, o_j) of the Relation Network.
        truth: the true answer; None if unknown.
        others: model -> its answer beside the explained one; None for one whose weights cannot be used.
        places: (N, 2), where on a picture the objects of the pairs were found, in pixels, NaN for padding; None for a
            model that finds none.
        picks: (T, N), the weight of each object in each hop; None for a model without hops.
    """

    answer: Answer
    relations: Tensor
    truth: str | None
    others: Mapping[str, Answer | None]
    places: Tensor | None = field(default=None, kw_only=True)
    picks: Tensor | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class PairRow:
    """One line of the table of the strongest pairs: two labels; `share` is its part of all pairs' sum, in percent."""

    first: str
    second: str
    contribution: float
    share: float | None
    decides: bool


@dataclass(frozen=True)
class PairView(ABC):
    """Everything that a page about pairs draws, apart from the models themselves.

    Attributes:
        case: what was asked.
        reading: the models' answers.
        target: the logits explained.
        attribution: contributions of all model pairs.
        kept: (P,) bool, the model pairs that pass the threshold.
        nodes: what the pairs on the page are made of.
        matrix: (n, n) contributions of pairs of nodes, after threshold and renormalization.
        true_pairs: pairs of nodes that decide the answer.
        disagreement: a sentence if a second method ranks another pair first, else None.
    """

    case: Case
    reading: PairReading
    target: Target
    attribution: Attribution
    kept: Tensor
    nodes: Nodes
    matrix: np.ndarray
    true_pairs: tuple[tuple[int, int], ...]
    disagreement: str | None

    @property
    def state(self) -> PairState:
        """Return what was asked for."""
        return self.case.state

    @property
    def question_text(self) -> str:
        """Return the question in English."""
        return self.case.question

    @property
    def model_answers(self) -> Mapping[str, Answer | None]:
        """Return model -> its answer, the explained one first; None for one whose weights cannot be used."""
        return {self.state.model: self.reading.answer, **self.reading.others}

    @property
    def scene_title(self) -> str:
        """Return what a saved picture calls the scene."""
        return f"Scene {self.state.seed}"

    @abstractmethod
    def answers_html(self) -> str:
        """Return truth and answers as HTML."""

    @abstractmethod
    def scene_content(self) -> Any:
        """Return the scene as JSON values."""

    @abstractmethod
    def draw_scene(self, axes: Axes) -> None:
        """Draw the scene, with names, for a saved picture."""

    @property
    def layer(self) -> PairLayer:
        """Return what the pairs say in the interactive scene."""
        return PairLayer(
            weights=self.matrix,
            target=self.target_text,
            against=self.against_text,
            pinned=self.pinned,
            true_pairs=self.true_pairs,
            show_truth=self.state.truth,
        )

    @property
    def answers(self) -> tuple[str, ...]:
        """Return the task's answers in the order of the logits."""
        return tuple(self.reading.answer.probabilities)

    @property
    def why(self) -> str:
        """Return the answer that is explained."""
        return self.answers[self.target.answer]

    @property
    def why_not(self) -> str | None:
        """Return the answer it is set against, or None."""
        return None if self.target.contrast is None else self.answers[self.target.contrast]

    @property
    def target_text(self) -> str:
        """Return what contributions speak for, in words."""
        return f"“{self.why}”" if self.why_not is None else f"“{self.why}”, against “{self.why_not}”"

    @property
    def against_text(self) -> str:
        """Return what negative contributions speak for, in words."""
        return "the other way" if self.why_not is None else f"“{self.why_not}”"

    @property
    def true_pairs_shown(self) -> tuple[tuple[int, int], ...]:
        """Return the pairs to mark: those that decide the answer, or none."""
        return self.true_pairs if self.state.truth else ()

    @property
    def pinned(self) -> tuple[int, int] | None:
        """Return the pinned pair of nodes, or None."""
        if self.state.pair is None:
            return None
        return self.nodes.labels.index(self.state.pair[0]), self.nodes.labels.index(self.state.pair[1])

    @property
    def pinned_name(self) -> str:
        """Return the pinned pair in words; empty where none is pinned."""
        return "" if self.state.pair is None else self.name_pair(*self.state.pair)

    @property
    def pinned_relation(self) -> Tensor | None:
        """Return the pinned pair's relation (D_g,), or None."""
        return None if self.pinned is None else self.nodes.merge_relations(self.reading.relations, self.pinned)

    @property
    def removed_text(self) -> str:
        """Return the objects that are removed under "What if", in words."""
        return f"the {join_words(self.state.without)} object{'s' * (len(self.state.without) > 1)}"

    @cached_property
    def names(self) -> dict[str, str]:
        """Return label of a node -> its name."""
        return dict(zip(self.nodes.labels, self.nodes.names, strict=True))

    def name_pair(self, first: str, second: str) -> str:
        """Return a pair of labels in words."""
        called = dict(zip(self.nodes.labels, self.nodes.called, strict=True))
        return format_pair(called[first], called[second])

    def label_pair(self, first: str, second: str) -> str:
        """Return a pair of labels as they are, which is short; a cell's is its row and column, such as r1c2."""
        grid = isqrt(len(self.nodes.labels))
        return format_pair(*(tag_cell(label, grid) if label.isdigit() else label for label in (first, second)))

    @cached_property
    def rows(self) -> tuple[PairRow, ...]:
        """Return the strongest pairs of nodes, strongest first."""
        labels, total = self.nodes.labels, self.matrix.sum()
        is_share = METHODS[self.attribution.method].is_share and abs(total) > 1e-9
        order = np.argsort(-np.abs(self.matrix), axis=None, kind="stable")
        places = [divmod(int(flat), len(labels)) for flat in order[:N_ROWS]]
        return tuple(
            PairRow(
                first=labels[i],
                second=labels[j],
                contribution=float(self.matrix[i, j]),
                share=float(100 * self.matrix[i, j] / total) if is_share else None,
                decides=(i, j) in self.true_pairs,
            )
            for i, j in places
            if self.matrix[i, j] != 0
        )


def pick_target(state: PairState, answer: Answer, allowed: Collection[str]) -> Target:
    """Return what to attribute.

    The answers that the state names; else the model's, above the next best one that the question allows.

    Args:
        state: what was asked for.
        answer: the model's.
        allowed: answers that the question allows.
    """
    answers = tuple(answer.probabilities)
    why = answer.text if state.why == AUTO else state.why
    if state.why_not == "none":
        return Target(answers.index(why))
    against = state.why_not
    if against in (AUTO, why):
        others = [answers[k] for k in np.argsort(-answer.logits, kind="stable") if answers[k] != why]
        against = ([name for name in others if name in allowed] or others)[0]
    return Target(answers.index(why), answers.index(against))


def second_method(method: str) -> str:
    """Return the method that the chosen one is checked against."""
    return "leave_one_out" if method == "exact_path" else "exact_path"


def keep_strongest(contributions: Tensor, top: int) -> Tensor:
    """Return (P,) bool, True for the `top` contributions of largest size; 0 keeps all."""
    kept = torch.ones(len(contributions), dtype=torch.bool)
    if 0 < top < len(contributions):
        kept[contributions.abs().argsort(descending=True, stable=True)[top:]] = False
    return kept


def make_pair_parts(case: Case, attribution: Attribution, second: Attribution, nodes: Nodes) -> dict[str, Any]:
    """Return the fields of a `PairView` that follow from two attributions.

    Args:
        case: what was asked.
        attribution: of the Relation Network's pairs toward the target, by the state's method.
        second: of the same target by `second_method`, to tell whether the two agree.
        nodes: what the pairs on the page are made of.
    """
    kept = keep_strongest(attribution.contributions, case.state.top)
    shown = attribution.contributions * kept
    if case.state.renormalise and abs(shown.sum()) > 1e-9:
        shown = shown * (attribution.contributions.sum() / shown.sum())
    return {
        "case": case,
        "attribution": attribution,
        "kept": kept,
        "nodes": nodes,
        "matrix": nodes.merge(shown),
        "disagreement": describe_disagreement(attribution, second, nodes),
    }


def describe_disagreement(one: Attribution, other: Attribution, nodes: Nodes) -> str | None:
    """Return a sentence if two methods rank different pairs of nodes first, else None."""
    tops = []
    for attribution in (one, other):
        strengths = np.abs(nodes.merge(attribution.contributions))
        i, j = divmod(int(strengths.argmax()), len(strengths))
        tops.append(format_pair(nodes.called[i], nodes.called[j]))
    if tops[0] == tops[1]:
        return None
    names = [METHODS[attribution.method].title for attribution in (one, other)]
    return f"The two methods disagree: {names[0]} ranks {tops[0]} first, {names[1]} {tops[1]}."


def describe_sum(view: PairView) -> str:
    """Return what the contributions add up to and what they miss, in one or two sentences."""
    parts = view.attribution
    if parts.completeness_gap is None:
        return "Norms measure the strength of a pair, for no answer in particular; they do not add up to a logit."
    total, reach = parts.contributions.sum().item(), parts.value - parts.baseline_value
    return (
        f"All pairs together add {format_signed(total)} to the logit of {view.target_text}; with all pairs it is "
        f"{format_signed(parts.value)}, at the baseline {format_signed(parts.baseline_value)}, "
        f"a difference of {format_signed(reach)}. Residual: {parts.completeness_gap:.1e}. {_GAP_MEANING[parts.method]}"
    )
