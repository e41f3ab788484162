"""What the physics page shows of an answer and its pairs, from the state and the models; this module draws nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pages._lab.layout import cards_html
from pages._lab.pairs.view import PairView
from pages._lab.physics.models import TITLES
from pages._lab.physics.nodes import number_balls
from pages._lab.physics.scenes import make_rows, take_balls_away
from pages._lab.physics.state import PhysicsState
from rn_core.tasks.physics import COLORS, PhysicsScene
from rn_core.tasks.physics.task import Count, connection_question
from rn_core.tasks.physics.truth import count_systems
from rn_core.tasks.physics.world import HALF_SIDE, N_FRAMES, RADIUS
from rn_core.tasks.scoring import NO_YES

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class PhysicsCase:
    """One connection, or how many connected groups there are.

    Attributes:
        state: what was asked for.
        scene: what the balls do.
        connection: the two colors whose connection is asked about; None for the count.
        without: colors of balls that are not there.
    """

    state: PhysicsState
    scene: PhysicsScene
    connection: tuple[str, str] | None
    without: tuple[str, ...] = ()

    @property
    def question(self) -> str:
        """Return the question in English."""
        return find_question(self.connection)

    @cached_property
    def rows(self) -> np.ndarray:
        """Return what the networks see, (n, 35) float32."""
        return make_rows(self.scene, self.without)

    @property
    def answer(self) -> str | None:
        """Return the true answer, None where nobody knows it; raises SceneError if all balls are removed."""
        links = take_balls_away(self.scene, self.without)
        if not self.scene.knows_links:
            return None
        labels = [label for label in self.state.labels if label not in self.without]
        return find_truth(links, labels, self.connection)


@dataclass(frozen=True)
class PhysicsView(PairView):
    """Everything that the page draws of the count or of one connection, apart from the models themselves."""

    case: PhysicsCase

    @property
    def state(self) -> PhysicsState:
        """Return what was asked for."""
        return self.case.state

    @property
    def scene(self) -> PhysicsScene:
        """Return what the balls do."""
        return self.case.scene

    @property
    def connection(self) -> tuple[str, str] | None:
        """Return the two colors whose connection is asked about; None for the count."""
        return self.case.connection

    @property
    def connected_balls(self) -> tuple[int, int] | None:
        """Return the numbers of the two balls whose connection is asked about, or None."""
        return None if self.connection is None else number_balls(self.connection)

    @property
    def scene_title(self) -> str:
        """Return what a saved picture calls the scene."""
        return name_title(self.state)

    @property
    def removed_text(self) -> str:
        """Return the balls that are removed under "What if", in words."""
        return super().removed_text.replace(" object", " ball")

    def answers_html(self) -> str:
        """Return the answers as HTML, each with its mark."""
        cards = {TITLES[name]: answer for name, answer in self.model_answers.items()}
        return cards_html(cards, self.reading.truth)

    def scene_content(self) -> Any:
        """Return the scene as JSON values."""
        return json.loads(self.scene.to_json())

    def draw_scene(self, axes: Axes) -> None:
        """Draw the paths of the balls in the frames that the networks see, and the true connections if shown."""
        seen = self.scene.positions[:N_FRAMES]
        if self.state.truth:
            draw_connections(axes, seen[-1], self.scene.links)
        draw_balls(axes, seen, self.nodes.labels)


def draw_balls(axes: Axes, seen: np.ndarray, labels: tuple[str, ...]) -> None:
    """Draw a table with its balls' paths (F, N, 2), each with its ball at the end."""
    from matplotlib.patches import Circle

    axes.set(xlim=(-HALF_SIDE, HALF_SIDE), ylim=(-HALF_SIDE, HALF_SIDE), aspect="equal", xticks=[], yticks=[])
    for ball, label in enumerate(labels):
        color = [part / 255 for part in COLORS[label]]
        axes.plot(*seen[:, ball].T, color=color, linewidth=2)
        axes.add_patch(Circle(seen[-1, ball], RADIUS, facecolor=color, edgecolor="#1f2933", zorder=3))


def draw_connections(axes: Axes, places: np.ndarray, links: np.ndarray) -> None:
    """Draw lines between connected balls (N, N) at their places (N, 2)."""
    for i, j in np.argwhere(np.triu(links)):
        axes.plot(*places[[i, j]].T, color="#1f2933", linewidth=1.5, zorder=2)


def name_title(state: PhysicsState) -> str:
    """Return a scene's name in words."""
    named = f"Bundled scene {state.bundled}" if state.bundled else f"Scene {state.seed}"
    pulled = ", pulled" if state.pulls else ""
    return f"{'Scene from a file' if state.opened else named}{pulled}"


def find_question(connection: tuple[str, str] | None) -> str:
    """Return what is asked of a scene in English: about one connection, or how many connected groups there are."""
    return Count.question if connection is None else connection_question(*connection)


def find_truth(links: np.ndarray, labels: Sequence[str], connection: tuple[str, str] | None) -> str:
    """Return the true answer: whether two balls are connected, or how many connected groups there are.

    Args:
        links: (N, N) bool, which balls are connected.
        labels: their N colors.
        connection: colors among them, or None for the count.
    """
    if connection is None:
        return str(count_systems(links[None])[0])
    first, second = map(labels.index, connection)
    return NO_YES[int(links[first, second])]
