"""What the Explore page shows, computed from the state and the models; this module draws nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from pages._lab import layout
from pages._lab.pairs.view import PairReading, PairView, pick_target
from pages._lab.sort_of_clevr.own_picture import OwnPicture
from pages._lab.sort_of_clevr.state import ExploreState
from rn_core.attribution.base import Target
from rn_core.common.records import Answer
from rn_core.tasks.sort_of_clevr import COLORS, Question, Scene, check_answerable, solve, stack_scenes
from rn_core.tasks.sort_of_clevr.language import text
from rn_core.tasks.sort_of_clevr.questions import ANSWERS
from rn_core.tasks.sort_of_clevr.rendering import render_scene
from rn_core.tasks.sort_of_clevr.scene import IMAGE_SIZE, SHAPES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Pixels from an object's center to its name in a saved picture: below it, or above where the picture ends.
_NAME_AWAY = 8.5
#: Question type -> the answers that it allows.
_RIVALS = MappingProxyType(
    {
        **dict.fromkeys(("shape", "closest_shape", "furthest_shape"), SHAPES),
        **dict.fromkeys(("left", "top"), ("yes", "no")),
        "count_same_shape": tuple(map(str, range(len(COLORS)))),
    }
)


@dataclass(frozen=True)
class ShapesCase:
    """One question about one scene of shapes.

    Attributes:
        state: what was asked for.
        answer: the true answer.
        margin: pixels to the answer's boundary; infinite where there is none.
        targets: colors that decide the answer together with the asked one.
        picture: the person's own, in which the scene's objects were found; None where the scene is drawn.
    """

    state: ExploreState
    answer: str
    margin: float
    targets: tuple[str, ...]
    picture: OwnPicture | None = None

    @property
    def question(self) -> str:
        """Return the question in English."""
        return text(self.state.question)


@dataclass(frozen=True)
class Reading(PairReading):
    """Two models' answers to one question about one scene; `truth` is always known.

    Attributes:
        margin: pixels to the answer's boundary; infinite where there is none.
        targets: colors that decide the answer together with the asked one.
    """

    truth: str
    margin: float
    targets: tuple[str, ...]

    @property
    def other(self) -> Answer | None:
        """Return the MLP's answer; None if its weights cannot be used."""
        return next(iter(self.others.values()))

    def to_html(self) -> str:
        """Return truth and answers as HTML."""
        return layout.truth_html(self.truth, self.margin) + layout.answers_html(self.answer, self.other, self.truth)


@dataclass(frozen=True)
class ExploreView(PairView):
    """Everything the page draws, apart from the models themselves."""

    case: ShapesCase
    reading: Reading

    @property
    def state(self) -> ExploreState:
        """Return what was asked for."""
        return self.case.state

    @property
    def scene_title(self) -> str:
        """Return what a saved picture calls the scene."""
        if self.case.picture is not None:
            return self.case.picture.name
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
        """Draw the image that the pixel model sees, with the colors' names."""
        own = self.case.picture
        axes.imshow(render_scene(self.state.scene) if own is None else own.pixels)
        for thing in self.state.scene.objects:
            below = thing.y + _NAME_AWAY < IMAGE_SIZE - 1
            place = (thing.x, thing.y + (_NAME_AWAY if below else -_NAME_AWAY))
            axes.annotate(thing.color, place, ha="center", va="center", fontsize=10)


def find_truth(scene: Scene, question: Question) -> tuple[str, float, tuple[str, ...]]:
    """Return the true answer, its margin in pixels, and the colors that decide it together with the asked one.

    Raises:
        SceneError: if the scene lacks the object asked about, or any other that the question is about.
    """
    check_answerable(scene, question)
    solution = solve(stack_scenes([scene]))
    answer = int(solution.answers[0, question.index])
    targets = tuple(COLORS[k] for k in np.flatnonzero(solution.targets[0, question.index]))
    return ANSWERS[answer], float(solution.margins[0, question.index]), targets


def make_case(state: ExploreState, picture: OwnPicture | None = None) -> ShapesCase:
    """Return what a state asks, maybe about the person's own picture, and what is true; SceneError as `find_truth`."""
    return ShapesCase(state, *find_truth(state.scene, state.question), picture)


def make_reading(case: ShapesCase, reading: PairReading) -> Reading:
    """Return what models say of a case, with what is true of it."""
    read = (reading.answer, reading.relations, case.answer, reading.others, case.margin, case.targets)
    return Reading(*read, places=reading.places)


def choose_target(state: ExploreState, answer: Answer) -> Target:
    """Return what to attribute; the model's answer is set against the next best one that the question allows."""
    return pick_target(state, answer, _RIVALS[state.question.type])


def remove_objects(scene: Scene, colors: tuple[str, ...]) -> Scene:
    """Return the scene without some objects.

    Raises:
        SceneError: if none is left.
    """
    left = tuple(thing for thing in scene.objects if thing.color not in colors)
    return Scene(left)
