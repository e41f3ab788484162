"""What Explore shows of a question about a chain of jumps: path, answers, and those after each step; draws nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import torch

from pages._lab import layout
from pages._lab.components.chain_stage import ChainStage, make_chain_stage
from pages._lab.plain import escape
from pages._lab.sort_of_clevr.state import CHAIN_NETWORKS, ExploreState
from pages._lab.tables import NONE, make_table
from rn_core.answering import Answerer
from rn_core.common.records import Answer
from rn_core.models.recurrent import RecurrentRelationNetwork
from rn_core.tasks import TASKS
from rn_core.tasks.sort_of_clevr.chain import CHAIN_ANSWERS, CHAIN_STARTS, N_JUMPS, read_answers, solve_chains
from rn_core.tasks.sort_of_clevr.chain_language import CHAIN_TEXTS, chain_text
from rn_core.tasks.sort_of_clevr.chain_scene import CHAIN_COLORS, CHAIN_SHAPES, stack_chains
from rn_core.tasks.sort_of_clevr.chain_spec import CHAIN_TITLES
from rn_core.weights.file_set import has_card
from rn_core.weights.store import PRETRAINED

#: The network that answers beside any other: it relates objects once.
BESIDE = "rn-chain"
#: What the shares of both kinds of networks can say; see `rn_core.models.multi_layer` and `recurrent`.
EXACTNESS: Mapping[str, str] = MappingProxyType(
    {
        "layer": "Exact is what each pair of the last layer adds to the answer; the pairs of earlier layers have no "
        "exact share, since the next layer is not linear in what they found.",
        "step": "Exact is what each object adds through its last state; the pairs of single steps have no exact share, "
        "since each object's state takes them in by a unit that is not linear.",
    }
)
#: What the answers after each layer or step are.
EXPLANATIONS: Mapping[str, str] = MappingProxyType(
    {
        "layer": "In training, every layer had to answer, so each can be read. What is found in one reaches the others "
        "in the next: later jumps need more of them.",
        "step": "Only the end of the network reads the number of jumps, so after each step it can be asked where it "
        "stands by then: one jump after the first step, two after the second. The last step "
        "has to answer the question.",
    }
)
_TASK = TASKS["sort-of-clevr/chain"]
_FIRST_CHOICES = ("rn-chain-4-steps", "rn-chain-8-steps")


@dataclass(frozen=True)
class ChainReading:
    """What one network says to one question.

    Attributes:
        answers: after each layer or step; the last one is the network's answer.
        asked: for how many jumps each of them was asked. A recurrent network reads the number at its end alone, so
            after step t, but the last, it is asked where t jumps lead.
        part: "layer" or "step".
    """

    answers: tuple[Answer, ...]
    asked: tuple[int, ...]
    part: str

    @property
    def answer(self) -> Answer:
        """Return the network's answer."""
        return self.answers[-1]


@dataclass(frozen=True)
class ChainTruth:
    """What is true of one question.

    Attributes:
        answer: the true answer.
        margin: pixels by which the nearest object was nearer than the next one, at the closest of the jumps.
        path: the objects reached after 0, 1, ... jumps as places in the scene, up to the one asked for.
        by_jumps: answer -> after how many jumps it would be the true one.
    """

    answer: str
    margin: float
    path: tuple[int, ...]
    by_jumps: Mapping[str, int]


@dataclass(frozen=True)
class ChainStep:
    """The answer after one layer or step.

    Attributes:
        asked: for how many jumps it was asked.
        text: the answer.
        probability: of it.
        is_right: whether it is true.
        jumps: after how many jumps it would be true; None for an answer that no number of jumps has.
    """

    asked: int
    text: str
    probability: float
    is_right: bool
    jumps: int | None


@dataclass(frozen=True)
class ChainView:
    """Everything that the page draws of a question about a chain.

    Attributes:
        state: what was asked for.
        model: the network that is asked.
        reading: what it says.
        others: title -> the answer of another network.
        truth: the true answer and its path.
    """

    state: ExploreState
    model: str
    reading: ChainReading
    others: Mapping[str, Answer]
    truth: ChainTruth

    def answers_html(self) -> str:
        """Return truth and answers as HTML."""
        cards = {CHAIN_TITLES[self.model]: self.reading.answer, **self.others}
        return layout.truth_html(self.truth.answer, self.truth.margin) + layout.cards_html(cards, self.truth.answer)

    @property
    def rows(self) -> tuple[ChainStep, ...]:
        """Return the answers after each layer or step."""
        rows = []
        for asked, answer in zip(self.reading.asked, self.reading.answers, strict=True):
            jumps = self.truth.by_jumps.get(answer.text)
            rows.append(ChainStep(asked, answer.text, answer.probabilities.get(answer.text, 0), jumps == asked, jumps))
        return tuple(rows)

    def steps_html(self) -> str:
        """Return the table of answers after each layer or step as HTML."""
        rows = [
            (
                f"{self.reading.part} {number}",
                _count_jumps(row.asked),
                f"<b>{escape(row.text)}</b> {layout.mark_html(row.is_right)}",
                layout.format_share(row.probability),
                NONE if row.jumps is None else _count_jumps(row.jumps),
            )
            for number, row in enumerate(self.rows, start=1)
        ]
        return make_table(("After", "Asked for", "Answer", "Probability", "Reached after"), rows)

    @property
    def explanation(self) -> str:
        """Return what the answers after each layer or step are, in two sentences."""
        return EXPLANATIONS[self.reading.part]

    @property
    def exactness(self) -> str:
        """Return what is exact of this network's shares, in a sentence."""
        return EXACTNESS[self.reading.part]


def installed_chains() -> dict[str, str]:
    """Return network -> title, for the networks about chains whose weights are installed, the default first."""
    ordered = dict.fromkeys((*_FIRST_CHOICES, *CHAIN_NETWORKS))
    return {name: CHAIN_TITLES[name] for name in ordered if has_card(f"sort-of-clevr/{name}", PRETRAINED)}


def find_chain_truth(state: ExploreState) -> ChainTruth:
    """Return the true answer, its margin and the path to it.

    Raises:
        SceneError: if the scene lacks the start, or has too few objects for the jumps.
    """
    scene, question = state.chain_scene, state.chain
    _TASK.check_answerable(scene, chain_text(question))
    batch = stack_chains([scene])
    solution = solve_chains(batch)
    same_start = [jumps * len(CHAIN_STARTS) + CHAIN_STARTS.index(question.start) for jumps in range(N_JUMPS)]
    answers = read_answers(batch, solution.paths)[0, same_start]
    slots = _find_path(state, solution.paths[0])
    places = {thing.color: place for place, thing in enumerate(scene.objects)}
    return ChainTruth(
        answer=CHAIN_ANSWERS[answers[question.jumps]],
        margin=float(solution.margins[0, question.index]),
        path=tuple(places[CHAIN_COLORS[slot]] for slot in slots[: question.jumps + 1]),
        by_jumps={CHAIN_ANSWERS[answer]: jumps for jumps, answer in enumerate(answers) if answer >= 0},
    )


def _find_path(state: ExploreState, paths: np.ndarray) -> list[int]:
    """Return the places in `CHAIN_COLORS` that the question's chain reaches, of paths (8, 8) from every object."""
    start = state.chain.start
    color = next(each.color for each in state.chain_scene.objects if start in (each.color, each.shape))
    found: list[int] = paths[CHAIN_COLORS.index(color)].tolist()
    return found


def read_chain(answerer: Answerer, state: ExploreState) -> ChainReading:
    """Ask a network, and read its logits after every layer or step; errors as `Answerer.read`."""
    model, jumps = answerer.model, state.chain.jumps
    texts = [chain_text(replace(state.chain, jumps=fewer)) for fewer in range(jumps + 1)]
    device = next(model.parameters()).device
    with torch.inference_mode():
        inputs = tuple(part.to(device) for part in answerer.task.encode_scenes([state.chain_scene]))
        question = answerer.task.encode_questions(texts).to(device)
        logits = model(inputs, question, torch.zeros_like(question[:, 0], dtype=torch.int64), in_steps=True)
    follows = isinstance(model.core, RecurrentRelationNetwork)
    asked = (*(min(step, jumps) if follows else jumps for step in range(1, len(logits))), jumps)
    answers = (
        answerer.read(state.chain_scene, texts[fewer], each[fewer]) for fewer, each in zip(asked, logits, strict=True)
    )
    return ChainReading(tuple(answers), asked, "step" if follows else "layer")


def _count_jumps(jumps: int) -> str:
    """Return so many jumps in words."""
    return f"{jumps} jump{'s' * (jumps != 1)}"


def make_shown_chain(state: ExploreState, truth: ChainTruth | None) -> ChainStage:
    """Return the interactive scene with the true path; without a truth, the scene alone."""
    path = () if truth is None or not state.truth else truth.path
    return make_chain_stage(state.chain_scene, path, projector=state.projector)


def list_chain_words() -> dict[str, tuple[str, ...]]:
    """Return what words are for -> the words that these questions are made of."""
    return {"For example": CHAIN_TEXTS[-1:], "Colors": CHAIN_COLORS, "Shapes": CHAIN_SHAPES}
