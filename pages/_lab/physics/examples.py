"""Many examples about balls on a table: one connection per simulated scene, or how many connected groups it has."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from math import dist
from types import MappingProxyType
from typing import ClassVar

from pages._lab.pairs.examples import ExampleSource
from pages._lab.physics.models import QUESTIONS
from pages._lab.physics.nodes import number_balls
from pages._lab.physics.state import ANSWERED_COLORS, PhysicsState
from pages._lab.physics.view import PhysicsCase
from rn_core.common.seeding import make_rng, uniform_integers
from rn_core.evaluation.examples import Fact
from rn_core.tasks.physics.world import N_FRAMES


class PhysicsExamples(ExampleSource[PhysicsState, PhysicsCase]):
    """Draws examples of one question about simulated scenes."""

    kept: ClassVar[tuple[str, ...]] = ("question", "method", "baseline", "balls")
    titles: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            **ExampleSource.titles,
            "distance": "distance of the two balls, meters",
            "objects": "balls",
            "connections": "connections",
        }
    )

    def list_kinds(self, state: PhysicsState) -> Mapping[str, str]:
        """Return the question that the state asks: another one has networks of its own."""
        return {state.question: QUESTIONS[state.question]}

    def make(self, start: PhysicsState, kind: str, seed: int) -> PhysicsState:
        """Return the scene of a seed; of connections, with one of two balls that the seed draws."""
        state = start.change(seed=seed)
        if kind != "connections":
            return state
        pairs = list(combinations([label for label in state.labels if label in ANSWERED_COLORS], 2))
        return state.change(connection=pairs[int(uniform_integers(make_rng(seed, "explore", 1), len(pairs), (1,))[0])])

    def measure(self, case: PhysicsCase) -> Mapping[str, Fact]:
        """Return the distance of the two balls when last seen, and how many connections and balls there are."""
        facts: dict[str, Fact] = {"connections": int(case.scene.links.sum()) // 2, "objects": case.scene.links.shape[0]}
        if case.connection is not None:
            one, other = (case.scene.positions[N_FRAMES - 1, ball] for ball in number_balls(case.connection))
            facts = {"distance": dist(one.tolist(), other.tolist()), **facts}
        return facts
