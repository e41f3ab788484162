"""Many examples of one question type about scenes of shapes, each about an object of a drawn color."""

from __future__ import annotations

from collections.abc import Mapping
from math import dist, isfinite
from types import MappingProxyType
from typing import ClassVar

from pages._lab.pairs.examples import ExampleSource
from pages._lab.sort_of_clevr.state import ExploreState
from pages._lab.sort_of_clevr.view import ShapesCase, remove_objects
from pages._lab.words import QUESTION_NAMES
from rn_core.common.seeding import make_rng, uniform_integers
from rn_core.evaluation.examples import Fact
from rn_core.tasks.sort_of_clevr import COLORS, Question
from rn_core.tasks.sort_of_clevr.questions import RELATIONAL

#: Behind a question type: some objects are left out, so that two to six are there.
_FEWER = ".fewer"


class ShapesExamples(ExampleSource[ExploreState, ShapesCase]):
    """Draws examples for Explore: one per seed, of one question type."""

    titles: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "margin": "margin to another answer, pixels",
            "distance": "distance of the deciding pair, pixels",
            **ExampleSource.titles,
        }
    )

    def list_kinds(self, state: ExploreState) -> Mapping[str, str]:
        """Return the question types, relational ones again for scenes of two to six objects."""
        fewer = {f"{kind}{_FEWER}": f"{QUESTION_NAMES[kind]} (2 to 6 objects)" for kind in RELATIONAL}
        return {**{kind: QUESTION_NAMES[kind] for kind in (*RELATIONAL, *QUESTION_NAMES)}, **fewer}

    def find_kind(self, state: ExploreState) -> str:
        """Return the type of the state's question."""
        return state.question.type

    def make(self, start: ExploreState, kind: str, seed: int) -> ExploreState:
        """Return the scene of a seed, asked about the object of a color that the seed draws."""
        rng = make_rng(seed, "explore", 1)
        order = [COLORS[k] for k in uniform_integers(rng, 2**32, (len(COLORS),)).argsort(kind="stable")]
        question = Question(kind.removesuffix(_FEWER), order[0])
        state = start.change(seed=seed, question=question)
        if not kind.endswith(_FEWER):
            return state
        n_objects = 2 + int(uniform_integers(rng, len(COLORS) - 1, (1,))[0])
        return state.edit(remove_objects(state.scene, tuple(order[n_objects:])))

    def measure(self, case: ShapesCase) -> Mapping[str, Fact]:
        """Return the margin and the distance of the two objects that decide, in pixels, and the number of objects."""
        scene = case.state.scene
        facts: dict[str, Fact] = {"objects": len(scene.objects)}
        others = [color for color in case.targets if color != case.state.question.color]
        if len(others) == 1:
            one, other = scene.get(case.state.question.color), scene.get(others[0])
            facts["distance"] = dist((one.x, one.y), (other.x, other.y))
        if isfinite(case.margin):
            facts["margin"] = case.margin
        return facts
