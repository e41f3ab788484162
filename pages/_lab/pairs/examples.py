"""How many examples of one kind of question are drawn for a domain; each is a state, so that a link opens it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Generic, Protocol, TypeVar, cast

from pages._lab.pairs.state import PairState
from pages._lab.pairs.view import Case
from rn_core.common.errors import RNCoreError
from rn_core.common.seeding import MAX_SEED
from rn_core.evaluation.examples import Fact

StateT = TypeVar("StateT", bound=PairState)
CaseT = TypeVar("CaseT", bound=Case, contravariant=True)
_AskedT = TypeVar("_AskedT", bound=PairState, contravariant=True)


class Suggesting(Protocol[_AskedT]):
    """What examples need of a domain."""

    def suggest(self, state: _AskedT, turn: int) -> str:
        """Return a question that the state's scene answers, another one per turn."""
        ...

    def parse(self, text: str) -> dict[str, Any]:
        """Return the change of state that a typed question asks for."""
        ...

    def list_objects(self, state: _AskedT) -> Sequence[object]:
        """Return the scene's objects."""
        ...


class ExampleSource(Generic[StateT, CaseT]):
    """Draws examples of any domain: the scenes of seeds in a row, each with a suggested question.

    A domain whose questions have kinds, or whose scenes come from elsewhere, says so in a class of its own.

    Attributes:
        kept: fields of a state that an example has from the page; all others are as in the page's plain address.
        titles: name of a fact that `measure` gives -> in words, with its unit.
        start_title: what the number is called with which examples begin.
    """

    kept: ClassVar[tuple[str, ...]] = ("model", "method", "baseline")
    titles: ClassVar[Mapping[str, str]] = MappingProxyType({"answer": "true answer", "objects": "objects"})
    start_title: ClassVar[str] = "From scene"

    def __init__(self, domain: Suggesting[StateT]) -> None:
        """Take the domain that is asked."""
        self.domain = domain

    def list_kinds(self, state: StateT) -> Mapping[str, str]:
        """Return the kinds of questions -> in words; none where nothing can be drawn for the state's network."""
        return {"any": "any question"}

    def find_kind(self, state: StateT) -> str:
        """Return the kind of the question that a state asks."""
        return next(iter(self.list_kinds(state)))

    def begin(self, state: StateT) -> StateT:
        """Return what all examples begin with, which decides them together with their kind and seeds."""
        return type(state)(**{name: getattr(state, name) for name in self.kept})

    def draw(self, state: StateT, kind: str, first: int, number: int) -> Iterator[StateT]:
        """Yield examples; scenes that cannot be asked such a question are left out.

        Args:
            state: of the page.
            kind: key of `list_kinds`.
            first: the first seed, 0 to 2**32 - 1.
            number: seeds, at least 1.

        Raises:
            RNCoreError: if no scene can be asked such a question.
        """
        start, n_drawn = self.begin(state), 0
        problem: RNCoreError | None = None
        for place in range(number):
            try:
                example = self.make(start, kind, (first + place) % (MAX_SEED + 1))
            except RNCoreError as err:
                problem = err
                continue
            n_drawn += 1
            yield example
        if not n_drawn and problem is not None:
            raise problem

    def make(self, start: StateT, kind: str, seed: int) -> StateT:
        """Return the example of a seed; raises RNCoreError if its scene cannot be asked such a question."""
        scene = start.change(seed=seed)
        return scene.change(**self.domain.parse(self.domain.suggest(scene, seed)))

    def measure(self, case: CaseT) -> Mapping[str, Fact]:
        """Return by what examples are divided: name -> value."""
        return {"objects": len(self.domain.list_objects(self._state_of(case)))}

    def _state_of(self, case: CaseT) -> StateT:
        """Return the state of a case as the domain's."""
        return cast(StateT, case.state)
