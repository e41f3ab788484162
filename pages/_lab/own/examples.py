"""Many examples of a set of anybody's: the questions of one type about its scenes that nothing is learned from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from math import dist
from types import MappingProxyType
from typing import ClassVar

from pages._lab.own.sets import find_set
from pages._lab.own.state import OwnState
from pages._lab.pairs.examples import ExampleSource
from pages._lab.pairs.view import Case
from rn_core.common.errors import RNCoreError
from rn_core.evaluation.examples import Fact
from rn_core.tasks.own.scene import OwnQuestion, find_about

#: Instead of a question type: all of them.
_ANY = "any"


class OwnExamples(ExampleSource[OwnState, Case]):
    """Lists the questions of a set, scene by scene, as its file has them."""

    kept: ClassVar[tuple[str, ...]] = ("model", "method", "baseline", "data")
    titles: ClassVar[Mapping[str, str]] = MappingProxyType(
        {**ExampleSource.titles, "type": "question type", "distance": "distance of both objects"}
    )
    start_title: ClassVar[str] = "From question"

    def list_kinds(self, state: OwnState) -> Mapping[str, str]:
        """Return all questions together and, by number, the set's question types."""
        types = _list_types(state)
        return {_ANY: "all questions", **({str(k): name for k, name in enumerate(types)} if len(types) > 1 else {})}

    def draw(self, state: OwnState, kind: str, first: int, number: int) -> Iterator[OwnState]:
        """Yield examples; arguments and errors as `ExampleSource.draw`, but `first` counts questions of the kind."""
        start, n_drawn = self.begin(state), 0
        types = _list_types(state) if kind == _ANY else [self.list_kinds(state)[kind]]
        asked = ((place, each) for place, each in _list_asked(state) if each.type in types)
        for place, question in islice(asked, first, first + number):
            n_drawn += 1
            yield start.change(seed=place, question=question.text)
        if not n_drawn:
            raise RNCoreError(f"This set has fewer questions of this kind to show than {first + 1}; begin with 0.")

    def measure(self, case: Case) -> Mapping[str, Fact]:
        """Return the type, the objects, and how far the two that the question is about are from each other."""
        record = self._state_of(case).record
        types = {asked.text: asked.type for asked in record.questions}
        facts: dict[str, Fact] = {"objects": len(record.scene.objects), "type": types.get(case.question)}
        places = {each.name: each.place for each in record.scene.objects if each.place is not None}
        about = [places[name] for name in find_about(case.question) if name in places]
        return {"distance": dist(*about), **facts} if len(about) == 2 else facts


def _list_asked(state: OwnState) -> Iterator[tuple[int, OwnQuestion]]:
    """Yield each question of the state's set with the place of its scene."""
    for place, record in enumerate(find_set(state.data).records):
        for asked in record.questions:
            yield place, asked


def _list_types(state: OwnState) -> list[str]:
    """Return the question types of the state's set, in alphabetical order."""
    return sorted({asked.type for _, asked in _list_asked(state)})
