"""What the Explore page shows, worked out from the state and the models; nothing here draws."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor

from pages._ui.explore.nodes import Nodes, find_true_pairs, make_nodes
from pages._ui.explore.state import AUTO, ExploreState
from pages._ui.words import format_pair, format_signed
from rn_core.attribution.base import Attribution, Target
from rn_core.attribution.pairs import METHODS
from rn_core.records import Answer
from rn_core.tasks.sort_of_clevr import COLORS, Question, Scene, check_answerable, solve, stack_scenes
from rn_core.tasks.sort_of_clevr.questions import ANSWERS
from rn_core.tasks.sort_of_clevr.scene import DEFAULT_MARGIN, SHAPES

#: An answer nearer to its boundary than this, in pixels, gets the meter: training never went below half of it.
NEAR = 2 * DEFAULT_MARGIN
#: Question type -> the answers that it allows.
_RIVALS = MappingProxyType(
    {
        **dict.fromkeys(("shape", "closest_shape", "furthest_shape"), SHAPES),
        **dict.fromkeys(("left", "top"), ("yes", "no")),
        "count_same_shape": tuple(map(str, range(len(COLORS)))),
    }
)
#: What the residual of each method means.
_GAP_MEANING = MappingProxyType(
    {
        "exact_path": "Only rounding: the shares are exact.",
        "integrated_gradients": "The error of taking 50 steps instead of the whole path.",
        "leave_one_out": "What pairs do only together; no error.",
        "gradient": "How far f_phi bends between the baseline and here; no error.",
    }
)
#: Lines of the table of the strongest pairs.
N_ROWS = 8


@dataclass(frozen=True)
class Reading:
    """What two models make of one question about one scene.

    Attributes:
        answer: the Relation Network's.
        other: the MLP's; None if its weights cannot be used.
        relations: (P, D_g) float32, row `i * N + j` is the pair (o_i, o_j) of the Relation Network.
        truth: the true answer.
        margin: pixels to the answer's boundary; infinite where there is none.
        targets: colours that decide the answer together with the asked one.
    """

    answer: Answer
    other: Answer | None
    relations: Tensor
    truth: str
    margin: float
    targets: tuple[str, ...]


@dataclass(frozen=True)
class PairRow:
    """One line of the table of the strongest pairs; `share` is its part of all pairs' sum, in percent."""

    first: str
    second: str
    contribution: float
    share: float | None
    decides: bool


@dataclass(frozen=True)
class ExploreView:
    """Everything the page draws, apart from the models themselves.

    Attributes:
        state: what was asked for.
        reading: both models' answers.
        target: the logits explained.
        attribution: contributions of all model pairs.
        kept: (P,) bool, the model pairs that pass the threshold.
        nodes: what the pairs on the page are made of.
        matrix: (n, n) contributions of pairs of nodes, after threshold and renormalisation.
        true_pairs: pairs of nodes that decide the answer.
        disagreement: a sentence if a second method ranks another pair first, else None.
    """

    state: ExploreState
    reading: Reading
    target: Target
    attribution: Attribution
    kept: Tensor
    nodes: Nodes
    matrix: np.ndarray
    true_pairs: tuple[tuple[int, int], ...]
    disagreement: str | None

    @property
    def why(self) -> str:
        """Return the answer that is explained."""
        return ANSWERS[self.target.answer]

    @property
    def why_not(self) -> str | None:
        """Return the answer it is set against, or None."""
        return None if self.target.contrast is None else ANSWERS[self.target.contrast]

    @property
    def target_text(self) -> str:
        """Return what contributions speak for, in words."""
        return f"“{self.why}”" if self.why_not is None else f"“{self.why}” above “{self.why_not}”"

    @property
    def true_pairs_shown(self) -> tuple[tuple[int, int], ...]:
        """Return the pairs to mark: those that decide the answer, or none."""
        return self.true_pairs if self.state.truth else ()

    @property
    def is_near(self) -> bool:
        """Return whether the true answer is close to another one."""
        return self.reading.margin < NEAR

    @property
    def pinned(self) -> tuple[int, int] | None:
        """Return the pinned pair of nodes, or None."""
        if self.state.pair is None:
            return None
        return self.nodes.labels.index(self.state.pair[0]), self.nodes.labels.index(self.state.pair[1])

    @property
    def pinned_relation(self) -> Tensor | None:
        """Return the pinned pair's relation (D_g,), or None."""
        return None if self.pinned is None else self.nodes.merge_relations(self.reading.relations, self.pinned)

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


def find_truth(scene: Scene, question: Question) -> tuple[str, float, tuple[str, ...]]:
    """Return the true answer, its margin in pixels, and the colours that decide it together with the asked one.

    Raises:
        SceneError: if the scene lacks the asked object, or any other that the question is about.
    """
    check_answerable(scene, question)
    solution = solve(stack_scenes([scene]))
    answer = int(solution.answers[0, question.index])
    targets = tuple(COLORS[k] for k in np.flatnonzero(solution.targets[0, question.index]))
    return ANSWERS[answer], float(solution.margins[0, question.index]), targets


def choose_target(state: ExploreState, answer: Answer) -> Target:
    """Return what to attribute.

    The answers that the state names; else the model's, above the next best one that the question allows.
    """
    why = answer.text if state.why == AUTO else state.why
    if state.why_not == "none":
        return Target(ANSWERS.index(why))
    against = state.why_not
    if against in (AUTO, why):
        others = [ANSWERS[k] for k in np.argsort(-answer.logits, kind="stable") if ANSWERS[k] != why]
        fitting = [name for name in others if name in _RIVALS[state.question.type]]
        against = (fitting or others)[0]
    return Target(ANSWERS.index(why), ANSWERS.index(against))


def second_method(method: str) -> str:
    """Return the method that the chosen one is checked against."""
    return "leave_one_out" if method == "exact_path" else "exact_path"


def keep_strongest(contributions: Tensor, top: int) -> Tensor:
    """Return (P,) bool, True for the `top` contributions of largest size; 0 keeps all."""
    kept = torch.ones(len(contributions), dtype=torch.bool)
    if 0 < top < len(contributions):
        kept[contributions.abs().argsort(descending=True, stable=True)[top:]] = False
    return kept


def make_explore_view(
    state: ExploreState, reading: Reading, attribution: Attribution, second: Attribution
) -> ExploreView:
    """Put together what the page draws.

    Args:
        state: what was asked for.
        reading: both models' answers to the state's question about its scene.
        attribution: of the Relation Network's pairs toward `choose_target`, by the state's method.
        second: of the same target by `second_method`, to tell whether the two agree.
    """
    nodes = make_nodes(state)
    kept = keep_strongest(attribution.contributions, state.top)
    shown = attribution.contributions * kept
    if state.renormalise and abs(shown.sum()) > 1e-9:
        shown = shown * (attribution.contributions.sum() / shown.sum())
    return ExploreView(
        state=state,
        reading=reading,
        target=choose_target(state, reading.answer),
        attribution=attribution,
        kept=kept,
        nodes=nodes,
        matrix=nodes.merge(shown),
        true_pairs=find_true_pairs(state, reading.targets),
        disagreement=describe_disagreement(attribution, second, nodes),
    )


def describe_disagreement(one: Attribution, other: Attribution, nodes: Nodes) -> str | None:
    """Return a sentence if two methods rank different pairs of nodes first, else None."""
    tops = []
    for attribution in (one, other):
        strengths = np.abs(nodes.merge(attribution.contributions))
        i, j = divmod(int(strengths.argmax()), len(strengths))
        tops.append(format_pair(nodes.labels[i], nodes.labels[j]))
    if tops[0] == tops[1]:
        return None
    names = [METHODS[attribution.method].title for attribution in (one, other)]
    return f"Two methods disagree: {names[0]} puts {tops[0]} first, {names[1]} {tops[1]}."


def describe_sum(view: ExploreView) -> str:
    """Return what the contributions add up to and what they miss, in one or two sentences."""
    parts = view.attribution
    if parts.completeness_gap is None:
        return "Norms say how strong a pair is, for no answer in particular: they add up to no logit."
    total, reach = parts.contributions.sum().item(), parts.value - parts.baseline_value
    return (
        f"All pairs together add {format_signed(total)} to the logit of {view.target_text}; with all pairs it is "
        f"{format_signed(parts.value)}, at the baseline {format_signed(parts.baseline_value)}, "
        f"a difference of {format_signed(reach)}. Residual: {parts.completeness_gap:.1e}. {_GAP_MEANING[parts.method]}"
    )


def describe_scene(scene: Scene) -> str:
    """Return a scene in words, for who cannot see it."""
    things = "; ".join(f"{thing.color} {thing.shape} at x {thing.x}, y {thing.y}" for thing in scene.objects)
    return f"Scene of {len(scene.objects)} objects, x to the right and y down in pixels of 75: {things}."
