"""What the Explore page shows, worked out from the state and the models; nothing here draws."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from pages._lab import layout
from pages._lab.explore.nodes import find_true_pairs, make_nodes
from pages._lab.explore.state import ExploreState
from pages._lab.models import baseline_of
from pages._lab.pairs.view import PairReading, PairView, make_pair_parts, pick_target
from rn_core.attribution.base import Attribution, Target
from rn_core.common.records import Answer
from rn_core.tasks.sort_of_clevr import COLORS, Question, Scene, check_answerable, solve, stack_scenes
from rn_core.tasks.sort_of_clevr.language import text
from rn_core.tasks.sort_of_clevr.questions import ANSWERS
from rn_core.tasks.sort_of_clevr.rendering import render_scene
from rn_core.tasks.sort_of_clevr.scene import SHAPES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Question type -> the answers that it allows.
_RIVALS = MappingProxyType(
    {
        **dict.fromkeys(("shape", "closest_shape", "furthest_shape"), SHAPES),
        **dict.fromkeys(("left", "top"), ("yes", "no")),
        "count_same_shape": tuple(map(str, range(len(COLORS)))),
    }
)


@dataclass(frozen=True)
class Reading(PairReading):
    """What two models make of one question about one scene; `truth` is always known.

    Attributes:
        margin: pixels to the answer's boundary; infinite where there is none.
        targets: colours that decide the answer together with the asked one.
        other: the MLP's answer; None if its weights cannot be used.
    """

    truth: str
    margin: float
    targets: tuple[str, ...]
    other: Answer | None

    def to_html(self) -> str:
        """Return truth and answers as HTML."""
        return layout.truth_html(self.truth, self.margin) + layout.answers_html(self.answer, self.other, self.truth)


@dataclass(frozen=True)
class ExploreView(PairView):
    """Everything the page draws, apart from the models themselves."""

    state: ExploreState
    reading: Reading

    @property
    def question_text(self) -> str:
        """Return the question in English."""
        return text(self.state.question)

    @property
    def model_answers(self) -> Mapping[str, Answer | None]:
        """Return model -> its answer, the explained one first; None for one whose weights cannot be used."""
        model = self.state.model
        return {model: self.reading.answer, baseline_of(model): self.reading.other}

    @property
    def scene_title(self) -> str:
        """Return what a saved picture calls the scene."""
        return f"Scene {self.state.seed}{', edited' if self.state.edited else ''}"

    @property
    def is_near(self) -> bool:
        """Return whether the true answer is close to another one."""
        return self.reading.margin < layout.NEAR

    def answers_html(self) -> str:
        """Return truth and answers as HTML."""
        return self.reading.to_html()

    def scene_content(self) -> Any:
        """Return the scene as JSON values."""
        return json.loads(self.state.scene.to_json())

    def draw_scene(self, axes: Axes) -> None:
        """Draw the image that the pixel model sees, with the colours' names."""
        axes.imshow(render_scene(self.state.scene))
        for thing in self.state.scene.objects:
            axes.annotate(thing.color, (thing.x, thing.y + 8.5), ha="center", va="center", fontsize=10)


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
    """Return what to attribute; the model's answer is set against the next best one that the question allows."""
    return pick_target(state, answer, _RIVALS[state.question.type])


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
    return ExploreView(
        reading=reading,
        target=choose_target(state, reading.answer),
        true_pairs=find_true_pairs(state, reading.targets),
        **make_pair_parts(state, attribution, second, make_nodes(state)),
    )


def remove_objects(scene: Scene, colors: tuple[str, ...]) -> Scene:
    """Return the scene without some objects.

    Raises:
        SceneError: if none is left.
    """
    left = tuple(thing for thing in scene.objects if thing.color not in colors)
    return Scene(left)
