"""Which pairs the learning Relation Network uses, for the watched example; this module draws nothing."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import torch

from pages._lab.components.scene_view import SceneView
from pages._lab.models import asks_about_shapes, seen_by
from pages._lab.scale import full_logits
from pages._lab.sort_of_clevr.nodes import find_true_pairs, make_nodes
from pages._lab.sort_of_clevr.picture import make_plain_view
from pages._lab.sort_of_clevr.state import ExploreState
from pages._lab.sort_of_clevr.view import find_truth
from rn_core.common.records import Example
from rn_core.race.records import RACE_TASKS, Snapshot
from rn_core.tasks.babi.encoding import WINDOW
from rn_core.tasks.babi.story import StoryQuestion
from rn_core.tasks.sort_of_clevr import Question, Scene
from rn_core.tasks.sort_of_clevr.language import parse


@dataclass(frozen=True)
class PairPicture:
    """The watched example's pairs at one moment.

    Attributes:
        scene: what the interactive scene shows; None for a story, whose sentences stand in its place.
        labels: names of the nodes: colors, and "ground" for images; numbers of sentences.
        matrix: (n, n) contributions of pairs of nodes, in logits.
        limit: logits at the end of the scale of colors, the same at all moments of all runs.
        true_pairs: pairs of nodes that decide the answer.
        names: sentences in full; None where labels are names enough.
    """

    scene: SceneView | None
    labels: tuple[str, ...]
    matrix: np.ndarray
    limit: float
    true_pairs: tuple[tuple[int, int], ...]
    names: tuple[str, ...] | None = None


def make_pair_picture(example: Example, shown: Snapshot, task: str, projector: bool = False) -> PairPicture:
    """Return the pairs' shares of the example's true answer above its strongest rival.

    Args:
        example: the watched one, the first.
        shown: a look with contributions.
        task: key of `RACE_TASKS`.
        projector: large type.
    """
    if not asks_about_shapes(RACE_TASKS[task]):
        return _make_story_picture(StoryQuestion.from_json(example.scene), shown)
    state = watched_state(example, task)
    nodes = make_nodes(state)
    matrix = nodes.merge(torch.tensor(shown.contributions, dtype=torch.float64))
    true_pairs = find_true_pairs(state, find_truth(state.scene, state.question)[2])
    plain = make_plain_view(state.change(projector=projector))
    scene = SceneView(
        objects=plain.objects,
        weights=matrix,
        target=f"“{example.answer}”",
        against=f"“{shown.rival}”",
        true_pairs=true_pairs,
        show_truth=True,
        editable=False,
        projector=projector,
        alt=plain.alt,
    )
    return PairPicture(scene, nodes.labels, matrix, full_logits(list(nodes.labels)), true_pairs)


def _make_story_picture(question: StoryQuestion, shown: Snapshot) -> PairPicture:
    """Return the pairs of sentences of a story, as many as the networks read."""
    first = max(0, len(question.statements) - WINDOW)
    told = range(first, len(question.statements))
    facts = [index - first for index in question.support if index >= first]
    labels = tuple(f"{row - first + 1}." for row in told)
    return PairPicture(
        scene=None,
        labels=labels,
        matrix=np.array(shown.contributions).reshape(len(told), len(told)),
        limit=full_logits(list(labels)),
        true_pairs=tuple(itertools.permutations(facts, 2)) or tuple((fact, fact) for fact in facts),
        names=tuple(question.statements[first:]),
    )


def watched_state(example: Example, task: str) -> ExploreState:
    """Return the Explore page's state of an example: its scene and question, by a model that sees the same."""
    question: Question = parse(example.question)
    view = seen_by(RACE_TASKS[task])
    return ExploreState(edited=Scene.from_json(example.scene), question=question, model=f"rn-{view}")
