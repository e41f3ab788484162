"""What the app asks of a domain; sections, exports, what-ifs, caches and links are shared by all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from pages._lab.components.stage import Stage
from pages._lab.pairs.state import PairState
from pages._lab.pairs.view import Case, PairReading, PairView
from rn_core.attribution.base import Attribution, Target
from rn_core.common.records import Answer


@dataclass(frozen=True)
class Seen:
    """What one model is shown of a scene.

    Attributes:
        content: as `rn_core.answering.Answerer.answer` takes it.
        key: differs wherever two contents that one model can be shown differ; caches tell them apart by it.
    """

    content: Any
    key: str


@dataclass(frozen=True)
class ShownObject:
    """One object of a scene as pages call it.

    Attributes:
        label: short, as in URLs and files.
        name: in words.
        color: (red, green, blue), 0 to 255; None where objects have none.
    """

    label: str
    name: str
    color: tuple[int, int, int] | None = None


StateT = TypeVar("StateT", bound=PairState)
CaseT = TypeVar("CaseT", bound=Case)
ViewT = TypeVar("ViewT", bound=PairView)
FileT = TypeVar("FileT", covariant=True)


class Domain(Protocol[StateT, CaseT, ViewT]):
    """The app's side of one domain: its page's state, what is asked, and what its pairs show; draws nothing.

    Attributes:
        name: the first part of the names of its weights.
        sections: what can be shown under the scene -> in words.
        baselines: keys of `pages._lab.pairs.state.BASELINES` that its models have.
    """

    @property
    def name(self) -> str:
        """Return the first part of the names of its weights."""
        ...

    @property
    def sections(self) -> Mapping[str, str]:
        """Return what can be shown under the scene -> in words."""
        ...

    @property
    def baselines(self) -> tuple[str, ...]:
        """Return the baselines that its models have."""
        ...

    def read_query(self, query: Mapping[str, str]) -> tuple[StateT, list[str]]:
        """Read URL parameters as `PairState.to_query` writes them.

        Returns:
            the state, and one sentence for each parameter that could not be used and is left at its default.
        """
        ...

    def sample(self, state: StateT) -> StateT:
        """Return the state with the next sampled scene."""
        ...

    def parse(self, text: str) -> dict[str, Any]:
        """Return the change of state that a typed question asks for; raises QuestionError."""
        ...

    def suggest(self, state: StateT, turn: int) -> str:
        """Return a question that the state's scene answers, another one per turn; RNCoreError if there is none."""
        ...

    def ask(self, state: StateT) -> CaseT:
        """Return what a state asks, and what is true of it; raises RNCoreError where it cannot be asked."""
        ...

    def offered_models(self, state: StateT) -> Mapping[str, str]:
        """Return the Relation Networks that can be chosen -> their names on the page."""
        ...

    def list_models(self, case: CaseT) -> tuple[str, ...]:
        """Return the models that answer, the explained one first; raises RNCoreError where that one is missing."""
        ...

    def show(self, case: CaseT, model: str) -> Seen:
        """Return what a model is shown; raises SceneError where there is nothing of the kind."""
        ...

    def list_objects(self, state: StateT) -> tuple[ShownObject, ...]:
        """Return the scene's objects, which "What if" can remove; none where they are unknown."""
        ...

    def take_away(self, view: ViewT) -> CaseT:
        """Return the view's case without the objects of `state.without`; raises RNCoreError if nothing is left."""
        ...

    def choose_target(self, case: CaseT, answer: Answer) -> Target:
        """Return the logits that are explained, given the model's answer."""
        ...

    def make_view(self, case: CaseT, reading: PairReading, attribution: Attribution, second: Attribution) -> ViewT:
        """Assemble what a page shows.

        Args:
            case: what was asked.
            reading: the models' answers.
            attribution: of the Relation Network's pairs toward `choose_target`, by the state's method.
            second: of the same target by `second_method`, to tell whether the two agree.
        """
        ...

    def make_stage(self, case: CaseT, view: ViewT | None) -> Stage:
        """Return the interactive scene with its pairs; without a view, the scene alone."""
        ...

    def make_saved_stage(self, view: ViewT) -> Stage:
        """Return the interactive scene for a saved page, where nothing can be moved."""
        ...


class FileBacked(Protocol[FileT]):
    """A domain whose scenes can be opened from a file."""

    def read_file(self, content: bytes, name: str) -> FileT:
        """Return what a file holds; raises RNCoreError, naming the file."""
        ...


def full_name(domain: Domain[Any, Any, Any], model: str) -> str:
    """Return the full name of a domain's model, such as "clevr/rn-states"."""
    return f"{domain.name}/{model}"
