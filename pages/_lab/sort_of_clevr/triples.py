"""What Explore shows of a question about three objects: answers, truth, and what each triple adds; draws nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType

import numpy as np
import torch

from pages._lab import layout
from pages._lab.components.scene_view import SceneView
from pages._lab.plain import escape
from pages._lab.sort_of_clevr.picture import describe_scene
from pages._lab.sort_of_clevr.state import ExploreState
from pages._lab.tables import make_table
from pages._lab.words import format_signed
from rn_core.answering import Answerer
from rn_core.attribution import Target, attribute_pairs
from rn_core.attribution.base import Attribution
from rn_core.common.errors import RNCoreError
from rn_core.common.records import Answer
from rn_core.models.tuple_network import TupleNetwork
from rn_core.tasks import TASKS
from rn_core.tasks.sort_of_clevr import COLORS, stack_scenes
from rn_core.tasks.sort_of_clevr.triple_language import TRIPLE_TEMPLATES, triple_text
from rn_core.tasks.sort_of_clevr.triples import TRIPLE_ANSWERS, solve_triples

#: The network that is explained, and the one that answers beside it where its weights are there.
NETWORK, BESIDE = "rn-triples", "rn-triples-pairs"
TITLES: Mapping[str, str] = MappingProxyType({NETWORK: "RN over triples", BESIDE: "RN over pairs"})
#: Triples that are drawn, strongest first.
N_DRAWN = 3
_YES_NO = TRIPLE_ANSWERS[:2]
_TASK = TASKS["sort-of-clevr/triples"]


@dataclass(frozen=True)
class TripleRow:
    """One triple (A, B, k): its colors, what it adds to the logit, and whether it decides the answer."""

    members: tuple[str, str, str]
    contribution: float
    decides: bool


@dataclass(frozen=True)
class TripleReading:
    """What the network over triples says to one question, and what each triple adds.

    Attributes:
        answer: the network's.
        target: the logits explained.
        attribution: contributions of the triples, whose sum is exact.
        members: (T, 3) int64, each triple's objects as places in `COLORS`.
    """

    answer: Answer
    target: Target
    attribution: Attribution
    members: torch.Tensor


@dataclass(frozen=True)
class TripleView:
    """Everything that the page draws of a question about three objects.

    Attributes:
        state: what was asked for.
        reading: what the network over triples says.
        others: title -> the answer of another network.
        truth: the true answer.
        margin: pixels to the answer's boundary; infinite where there is none.
        deciding: the triples (A, B, k) that decide it, as places in `COLORS`.
    """

    state: ExploreState
    reading: TripleReading
    others: Mapping[str, Answer]
    truth: str
    margin: float
    deciding: tuple[tuple[int, int, int], ...]

    def answers_html(self) -> str:
        """Return truth and answers as HTML."""
        cards = {TITLES[NETWORK]: self.reading.answer, **self.others}
        return layout.truth_html(self.truth, self.margin) + layout.cards_html(cards, self.truth)

    @property
    def rows(self) -> tuple[TripleRow, ...]:
        """Return the triples of the scene's objects, strongest first."""
        shares = self.reading.attribution.contributions
        present = {COLORS.index(thing.color) for thing in self.state.scene.objects}
        rows = [
            TripleRow((COLORS[a], COLORS[b], COLORS[k]), float(share), (a, b, k) in self.deciding)
            for (a, b, k), share in zip(self.reading.members.tolist(), shares, strict=True)
            if {a, b, k} <= present
        ]
        return tuple(sorted(rows, key=lambda row: -abs(row.contribution)))

    @property
    def target_text(self) -> str:
        """Return what contributions speak for, in words."""
        target = self.reading.target
        against = "" if target.contrast is None else f", against “{TRIPLE_ANSWERS[target.contrast]}”"
        return f"“{TRIPLE_ANSWERS[target.answer]}”{against}"

    def describe_sum(self) -> str:
        """Return what the triples add up to."""
        parts = self.reading.attribution
        total = format_signed(parts.contributions.sum().item())
        return (
            f"All triples together add {total} to the logit of {self.target_text}; without any it is "
            f"{format_signed(parts.baseline_value)}, with all {format_signed(parts.value)}. "
            f"Residual: {parts.completeness_gap or 0:.1e}, only rounding: the shares are exact."
        )

    def rows_html(self) -> str:
        """Return the table of triples as HTML."""
        rows = [
            (
                escape(f"({', '.join(row.members)})"),
                f"<b>{escape(format_signed(row.contribution))}</b>",
                "decides" if row.decides and self.state.truth else "",
            )
            for row in self.rows
        ]
        return make_table(("Triple (A, B, k)", "Adds to the logit", "Truth"), rows)


def find_triple_truth(state: ExploreState) -> tuple[str, float, tuple[tuple[int, int, int], ...]]:
    """Return the true answer, its margin in pixels, and the triples that decide it.

    Raises:
        SceneError: if the state's scene lacks one of the two objects that are named.
    """
    _TASK.check_answerable(state.scene, triple_text(state.triple))
    solution, index = solve_triples(stack_scenes([state.scene])), state.triple.index
    answer = TRIPLE_ANSWERS[int(solution.answers[0, index])]
    return answer, float(solution.margins[0, index]), tuple(solution.deciding_triples(0, index))


def read_triples(answerer: Answerer, state: ExploreState) -> TripleReading:
    """Ask the network over triples, and share its answer's logit among them.

    Raises:
        RNCoreError: if the network relates no tuples, or the scene lacks an object that is named.
    """
    core, text = answerer.model.core, triple_text(state.triple)
    if not isinstance(core, TupleNetwork):
        raise RNCoreError(f"'{answerer.name}' relates no tuples; choose a network over triples.")
    device = next(core.parameters()).device
    with torch.inference_mode():
        inputs = (part.to(device) for part in answerer.task.encode_scenes([state.scene]))
        objects, mask = answerer.model.encoder(*inputs)
        trace = core.trace(objects, mask, answerer.task.encode_questions([text]).to(device))
    answer = answerer.read(state.scene, text, trace.logits[0])
    target = choose_rival(answer)
    found = attribute_pairs(core.f_phi, trace.relations[0].clone(), target)
    return TripleReading(answer, target, found, trace.members[0].clone().cpu())


def choose_rival(answer: Answer) -> Target:
    """Return the network's answer against its rival: yes against no, and a count against one less, 0 against 1.

    Against one less, what is counted speaks for the answer.
    """
    answers = tuple(answer.probabilities)
    if answer.text in _YES_NO:
        (rival,) = {*_YES_NO} - {answer.text}
    else:
        rival = str(max(int(answer.text) - 1, 0) or int(answer.text == "0"))
    return Target(answers.index(answer.text), answers.index(rival))


def make_triple_stage(state: ExploreState, view: TripleView | None) -> SceneView:
    """Return the interactive scene with its strongest triples; without a view, the scene alone."""
    objects = state.scene.objects
    places = {thing.color: place for place, thing in enumerate(objects)}
    rows = () if view is None else view.rows[:N_DRAWN]
    deciding = () if view is None else view.deciding
    named = [(places[state.triple.first], places[state.triple.second])] if deciding else []
    return SceneView(
        objects=[asdict(thing) for thing in objects],
        weights=np.zeros((len(objects), len(objects))),
        triples=[(_find_places(row, places), row.contribution) for row in rows],
        true_pairs=named,
        show_truth=state.truth,
        deciding=[places[COLORS[node]] for triple in deciding for node in triple],
        projector=state.projector,
        alt=describe_scene(state.scene),
    )


def _find_places(row: TripleRow, places: Mapping[str, int]) -> tuple[int, int, int]:
    """Return the nodes of a triple."""
    first, second, third = row.members
    return places[first], places[second], places[third]


def list_triple_words() -> dict[str, tuple[str, ...]]:
    """Return what words are for -> the words that these questions are made of."""
    return {"Questions": tuple(each.format("…", "…") for each in TRIPLE_TEMPLATES.values()), "Colors": COLORS}
