"""What the bAbI page shows, as one value that fits in a URL; `FIELDS` is its only table of parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Self

from pages._lab.babi.models import MODELS
from pages._lab.babi.stories import (
    Line,
    format_lines,
    format_sentence,
    mark_line,
    move_line,
    parse_lines,
    parse_question,
    sampled_questions,
)
from pages._lab.links import Field, in_order, one_of, parse_seed, read_query, some_of, whole_number
from pages._lab.pairs import state as pair_state
from pages._lab.pairs.state import AUTO, PairState, pair_fields
from rn_core.tasks.babi.encoding import WINDOW
from rn_core.tasks.babi.story import TASK_NAMES, StoryQuestion
from rn_core.tasks.babi.words import ANSWERS

DEFAULT_TASK, DEFAULT_SEED, DEFAULT_TURN = 2, 0, 2
#: How the story is shown.
STAGES = MappingProxyType({"list": "Sentences", "text": "Write"})
SECTIONS = MappingProxyType({**pair_state.SECTIONS, "tasks": "20 tasks"})
#: bAbI's questions are too many for a mean aggregate each.
BASELINES = ("zero",)
#: More questions than any story has.
_MOST_TURNS = 99
#: Label of each place in a list of sentences; no list is as long.
LABELS = tuple(f"s{number}" for number in range(1, 1000))


@dataclass(frozen=True)
class BabiState(PairState):
    """Everything that decides what the bAbI page shows; fields that are not named here are those of `PairState`.

    Attributes:
        question: in English, as `tidy_question` writes it; None while it is the drawn one.
        model: key of `MODELS`.
        pair: the pinned pair as two labels; the label of a line is its place in the list, such as "s3".
        without: labels of the sentences removed under "What if".
        section: key of `SECTIONS`.
        task: 1 to 20.
        seed: the drawn story, 0 to 2**32 - 1.
        turn: which of its questions, from 0; what is told after it is not in the list.
        told: the sentences once they are written or edited; None while they are the drawn ones.
        stage: key of `STAGES`.
        given: the answer of the file that question and story were read from; None once either is changed.
    """

    question: str | None = None
    model: str = next(iter(MODELS))
    task: int = DEFAULT_TASK
    seed: int = DEFAULT_SEED
    turn: int = DEFAULT_TURN
    told: tuple[Line, ...] | None = None
    stage: str = next(iter(STAGES))
    given: str | None = None

    @property
    def n_turns(self) -> int:
        """Return how many questions the drawn story has."""
        return len(sampled_questions(self.task, self.seed))

    @property
    def drawn(self) -> StoryQuestion:
        """Return the drawn question with the statements before it."""
        return sampled_questions(self.task, self.seed)[min(self.turn, self.n_turns - 1)]

    @property
    def text(self) -> str:
        """Return the question that is asked."""
        return self.drawn.text if self.question is None else self.question

    @property
    def lines(self) -> tuple[Line, ...]:
        """Return the sentences of the list, those that are dropped included."""
        return tuple(map(Line, self.drawn.statements)) if self.told is None else self.told

    @property
    def statements(self) -> tuple[str, ...]:
        """Return the sentences that are told."""
        return tuple(line.text for line in self.lines if not line.dropped)

    @property
    def seen(self) -> tuple[int, ...]:
        """Return the places of the sentences that the networks see: the last ones that are told."""
        return tuple(place for place, line in enumerate(self.lines) if not line.dropped)[-WINDOW:]

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the labels of the sentences that the networks see."""
        return tuple(LABELS[place] for place in self.seen)

    def change(self, **changes: Any) -> Self:
        """Return the state with new values, and without what they make meaningless.

        As `PairState.change`; besides, another story or turn drops what was written, edited and asked, another task
        too unless the story is an own one, and another list of sentences the pairs of the old one.
        """
        if {"told", "question", "seed", "turn"} & {*changes}:
            changes = {"given": None, **changes}
        if self.told is not None and {"task", "seed", "turn"} & {*changes} == {"task"}:
            changes = {"told": self.told, "question": self.text, **changes}
            return super().change(**changes)._fit()
        others = {name: changes[name] for name in ("task", "seed", "turn") if name in changes}
        if any(value != getattr(self, name) for name, value in others.items()):
            changes = {"told": None, "question": None, "why": AUTO, "why_not": AUTO, **changes}
        if {*others, "told"} & {*changes}:
            changes = {"pair": None, "without": (), **changes}
        return super().change(**changes)._fit()

    def move(self, start: int, end: int) -> Self:
        """Return the state with the sentence of one place at another one; what is pinned goes along."""
        told, order = move_line(self.lines, start, end)
        renamed = {LABELS[old]: LABELS[new] for new, old in enumerate(order)}
        pair = self.pair and (renamed[self.pair[0]], renamed[self.pair[1]])
        without = in_order([renamed[label] for label in self.without], LABELS)
        return replace(self, told=told, pair=pair, without=without, given=None)._fit()

    def mark(self, place: int, dropped: bool) -> Self:
        """Return the state with a sentence dropped or restored."""
        return replace(self, told=mark_line(self.lines, place, dropped), given=None)._fit()

    def _fit(self) -> Self:
        """Return the state with nothing that its story does not have, and drawn what equals the drawn one."""
        state = replace(self, turn=min(self.turn, self.n_turns - 1))
        drawn = state.drawn
        if state.told == tuple(map(Line, drawn.statements)):
            state = replace(state, told=None)
        if state.told is None:
            state = replace(state, given=None)
        if state.question == drawn.text:
            state = replace(state, question=None)
        if state.top > len(state.seen) ** 2:
            state = replace(state, top=0)
        return state.let_go(state.labels)

    @staticmethod
    def fields() -> tuple[Field, ...]:
        """Return the page's only table of URL parameters."""
        return FIELDS

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> tuple[Self, list[str]]:
        """Read URL parameters; see `PageState.from_query`. A turn that the story does not have becomes its last one."""
        state, problems = read_query(cls, FIELDS, query)
        if "turn" in query and state.turn >= state.n_turns:
            problems.append(
                f"The link's 'turn' was left out: story {state.seed} of task {state.task} has questions 0 to "
                f"{state.n_turns - 1}, got {state.turn}."
            )
        state, problems = state.drop_misfits(problems)
        return state._fit(), problems


FIELDS = (
    Field("task", "task", whole_number(1, len(TASK_NAMES), "The task")),
    Field("seed", "seed", parse_seed),
    Field("turn", "turn", whole_number(0, _MOST_TURNS, "The turn")),
    Field("story", "told", parse_lines, format_lines),
    Field("show", "stage", one_of(STAGES, "way to show the story")),
    Field("q", "question", parse_question, format_sentence),
    Field("answer", "given", one_of(ANSWERS, "answer")),
    Field("model", "model", one_of(MODELS, "model")),
    *pair_fields(
        ANSWERS,
        LABELS,
        "s1-s4",
        WINDOW**2,
        some_of(LABELS, "sentence"),
        sections=tuple(SECTIONS),
        baselines=BASELINES,
    ),
)
