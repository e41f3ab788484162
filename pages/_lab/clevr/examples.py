"""Many examples of one group of CLEVR's questions, about scenes that networks see as objects."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from types import MappingProxyType
from typing import ClassVar

from pages._lab.clevr.models import sees_picture
from pages._lab.clevr.questions import ANY_FAMILY, GROUP_NAMES, list_families, sample_question
from pages._lab.clevr.state import ClevrState
from pages._lab.clevr.view import ClevrCase
from pages._lab.pairs.examples import ExampleSource
from rn_core.common.errors import QuestionError
from rn_core.evaluation.examples import Fact

_ANY = "any"


class ClevrExamples(ExampleSource[ClevrState, ClevrCase]):
    """Draws examples of one group of questions; none for networks of pictures, which would have to be drawn first."""

    titles: ClassVar[Mapping[str, str]] = MappingProxyType(
        {**ExampleSource.titles, "steps": "steps of the question's program"}
    )

    def list_kinds(self, state: ClevrState) -> Mapping[str, str]:
        """Return the groups of questions."""
        return {} if sees_picture(state.model) else {_ANY: "any kind", **GROUP_NAMES}

    def make(self, start: ClevrState, kind: str, seed: int) -> ClevrState:
        """Return the scene of a seed with a question of a group, of another family for each seed."""
        state = start.change(seed=seed)
        scene = state.known_scene
        if kind == _ANY:
            return state.change(question=sample_question(scene, ANY_FAMILY, seed))
        families = list_families(kind)
        begin = seed % len(families)
        for family in chain(families[begin:], families[:begin]):
            try:
                return state.change(question=sample_question(scene, family, seed))
            except QuestionError:
                continue
        raise QuestionError(f"Scene {seed} allows no question of the group '{GROUP_NAMES[kind]}'; choose another one.")

    def measure(self, case: ClevrCase) -> Mapping[str, Fact]:
        """Return how many steps the question takes and how many objects there are."""
        return {"steps": len(case.truth.program), "objects": len(case.state.things)}
