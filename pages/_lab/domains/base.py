"""What the app asks of a domain; sections, exports, what-ifs, caches and links are shared by all."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

import numpy as np
import torch

from pages._lab.components.ring import make_ring
from pages._lab.components.stage import PairLayer, Stage
from pages._lab.layout import cards_html
from pages._lab.pairs.examples import ExampleSource
from pages._lab.pairs.nodes import Nodes
from pages._lab.pairs.state import SECTIONS, PairState
from pages._lab.pairs.view import (
    Case,
    PairReading,
    PairView,
    Scene,
    SceneCase,
    make_pair_parts,
    pick_target,
)
from rn_core.attribution.base import Attribution, Target
from rn_core.common.errors import QuestionError
from rn_core.common.records import Answer
from rn_core.common.seeding import next_seed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Of objects that have no color.
_GRAY = (110, 118, 129)


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
SceneT = TypeVar("SceneT", bound=Scene)
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

    @property
    def examples(self) -> ExampleSource[StateT, CaseT]:
        """Return what draws many examples."""
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


class PairDomain(ABC, Generic[StateT, CaseT, ViewT]):
    """A `Domain` with what most of them do; each says the rest, and what it does otherwise.

    Attributes:
        name: the first part of the names of its weights.
        state: class of its page's states.
        view: class of its views.
        sections: what can be shown under the scene -> in words.
        baselines: keys of `pages._lab.pairs.state.BASELINES` that its models have.
    """

    name: str
    state: type[StateT]
    view: type[ViewT]
    sections: Mapping[str, str] = SECTIONS
    baselines: tuple[str, ...] = ("zero",)

    @property
    def examples(self) -> ExampleSource[StateT, CaseT]:
        """Return what draws many examples: scenes of seeds in a row, each with a suggested question."""
        return ExampleSource(self)

    def read_query(self, query: Mapping[str, str]) -> tuple[StateT, list[str]]:
        """Read URL parameters; see `PairState.from_query`."""
        return self.state.from_query(query)

    def sample(self, state: StateT) -> StateT:
        """Return the state with the scene of the next seed."""
        return state.change(seed=next_seed(state.seed))

    def parse(self, text: str) -> dict[str, Any]:
        """Return the change of state that a typed question asks for: the question in English."""
        return {"question": text}

    def list_suggested(self, state: StateT) -> Sequence[str]:
        """Return questions that the state's scene answers; none where they cannot be listed."""
        return ()

    def suggest(self, state: StateT, turn: int) -> str:
        """Return one of the questions that the scene answers, another one per turn; raises QuestionError without."""
        asked = self.list_suggested(state)
        if not asked:
            raise QuestionError("No question is suggested for this scene; write one, or draw another scene.")
        return asked[turn % len(asked)]

    @abstractmethod
    def ask(self, state: StateT) -> CaseT:
        """Return what a state asks, and what is true of it; see `Domain.ask`."""

    def offered_models(self, state: StateT) -> Mapping[str, str]:
        """Return the one Relation Network."""
        return {state.model: "Relation Network"}

    def list_models(self, case: CaseT) -> tuple[str, ...]:
        """Return the Relation Network, which answers alone."""
        return (case.state.model,)

    @abstractmethod
    def show(self, case: CaseT, model: str) -> Seen:
        """Return what a model is shown; see `Domain.show`."""

    @abstractmethod
    def list_objects(self, state: StateT) -> tuple[ShownObject, ...]:
        """Return the scene's objects; see `Domain.list_objects`."""

    @abstractmethod
    def take_away(self, view: ViewT) -> CaseT:
        """Return the view's case without the objects of `state.without`; see `Domain.take_away`."""

    def choose_target(self, case: CaseT, answer: Answer) -> Target:
        """Return the model's answer above the next best one, unless the state says else."""
        return pick_target(case.state, answer, answer.probabilities)

    def find_true_pairs(self, case: CaseT) -> tuple[tuple[int, int], ...]:
        """Return the pairs of nodes that decide the answer; none where nobody knows them.

        Those of objects that are no node, since the model did not find them, are left out of views.
        """
        return ()

    def make_nodes(self, case: CaseT, reading: PairReading) -> Nodes:
        """Return what the pairs on the page are made of, given what the models say: the scene's objects."""
        objects = self.list_objects(self._state_of(case))
        labels, names = tuple(each.label for each in objects), tuple(each.name for each in objects)
        return Nodes(labels, torch.eye(len(objects), dtype=torch.float64), names)

    def make_view(self, case: CaseT, reading: PairReading, attribution: Attribution, second: Attribution) -> ViewT:
        """Put together what a page shows; see `Domain.make_view`."""
        nodes = self.make_nodes(case, reading)
        return self.view(
            reading=reading,
            target=self.choose_target(case, reading.answer),
            true_pairs=tuple(pair for pair in self.find_true_pairs(case) if max(pair) < len(nodes.labels)),
            **make_pair_parts(case, attribution, second, nodes),
        )

    def make_stage(self, case: CaseT, view: ViewT | None) -> Stage:
        """Return the objects on a ring, with their pairs; without a view, the objects alone."""
        state = self._state_of(case)
        objects = [(each.label, each.name, each.color or _GRAY) for each in self.list_objects(state)]
        layer = PairLayer(np.zeros((len(objects), len(objects)))) if view is None else view.layer
        return make_ring(objects, layer, state.projector)

    def make_saved_stage(self, view: ViewT) -> Stage:
        """Return the interactive scene for a saved page, where nothing can be moved."""
        return self.make_stage(cast(CaseT, view.case), view)

    def _state_of(self, case: CaseT) -> StateT:
        """Return the state of a case as this domain's."""
        return cast(StateT, case.state)


@dataclass(frozen=True)
class SceneView(PairView):
    """What a page draws of a `SceneCase`."""

    case: SceneCase[PairState, Scene]

    def answers_html(self) -> str:
        """Return the answers as HTML, each with its mark."""
        return cards_html(self.model_answers, self.reading.truth)

    def scene_content(self) -> Any:
        """Return the scene as JSON values."""
        return json.loads(self.case.scene.to_json())

    def draw_scene(self, axes: Axes) -> None:
        """Write the objects' names, one per line."""
        axes.axis("off")
        axes.text(0.5, 0.5, "\n".join(self.nodes.names), ha="center", va="center", fontsize=12)


class SceneDomain(PairDomain[StateT, SceneCase[StateT, SceneT], SceneView], Generic[StateT, SceneT]):
    """A `PairDomain` whose questions stand in the state, in English, and whose models all see the scene as it is."""

    view = SceneView

    @abstractmethod
    def make_scene(self, state: StateT, without: Collection[str] = ()) -> SceneT:
        """Return a state's scene without the objects of some labels; raises SceneError if nothing is left."""

    @abstractmethod
    def find_answer(self, scene: SceneT, question: str) -> str:
        """Return the true answer; raises RNCoreError where the question cannot be asked."""

    def ask(self, state: StateT) -> SceneCase[StateT, SceneT]:
        """Return what a state asks, and what is true of it."""
        return self._ask(state, ())

    def take_away(self, view: SceneView) -> SceneCase[StateT, SceneT]:
        """Return the view's case without the objects of `state.without`."""
        return self._ask(cast(StateT, view.state), view.state.without)

    def show(self, case: SceneCase[StateT, SceneT], model: str) -> Seen:
        """Return the scene."""
        return Seen(case.scene, case.scene.to_json())

    def _ask(self, state: StateT, without: Collection[str]) -> SceneCase[StateT, SceneT]:
        """Return what a state asks of its scene without some objects."""
        scene = self.make_scene(state, without)
        return SceneCase(state, scene, self.find_answer(scene, state.question))


class FileBacked(Protocol[FileT]):
    """A domain whose scenes can be opened from a file."""

    def read_file(self, content: bytes, name: str) -> FileT:
        """Return what a file holds; raises RNCoreError, naming the file."""
        ...


def full_name(domain: Domain[Any, Any, Any], model: str) -> str:
    """Return the full name of a domain's model, such as "clevr/rn-states"."""
    return f"{domain.name}/{model}"
