"""What the page Your data shows, as one value that fits in a URL."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from pages._lab.links import Field, parse_seed, read_query
from pages._lab.models import is_own
from pages._lab.own.sets import DEFAULT, PREFIX, find_set
from pages._lab.pairs.state import AUTO, SECTIONS, PairState, pair_fields
from rn_core.common.errors import RNCoreError, lookup, quote
from rn_core.tasks.own.bundled import BUNDLED
from rn_core.tasks.own.faults import MAX_NAME, MAX_OBJECTS, MAX_TEXT
from rn_core.tasks.own.scene import SceneRecord

#: Labels of objects, by their place in the scene: names would not fit into a URL.
LABELS = tuple(f"o{k}" for k in range(1, MAX_OBJECTS + 1))
OWN_SECTIONS = {**SECTIONS, "results": "Accuracy"}
_SET = re.compile(rf"{PREFIX}[0-9a-f]{{32}}")


@dataclass(frozen=True)
class OwnState(PairState):
    """Everything that decides what the page shows; fields that are not named here are those of `PairState`.

    Attributes:
        question: the text, with names in braces; empty for the scene's first one.
        model: the session's own network; empty before one is trained.
        seed: the scene, among those that nothing is learned from.
        data: name of the set.
        section: key of `OWN_SECTIONS`.
    """

    question: str = ""
    data: str = DEFAULT

    def change(self, **changes: Any) -> Self:
        """Return the state with new values, and without what they make meaningless."""
        if changes.get("data", self.data) != self.data:
            changes = {"model": "", "seed": 0, **changes}
        if any(changes.get(name, getattr(self, name)) != getattr(self, name) for name in ("data", "seed")):
            changes = {"question": "", "pair": None, "without": (), "why": AUTO, "why_not": AUTO, **changes}
        return super().change(**changes)

    @property
    def record(self) -> SceneRecord:
        """Return the scene with its questions; raises RNCoreError if the set is gone."""
        records = find_set(self.data).records
        return records[self.seed % len(records)]

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the labels of the scene's objects."""
        return LABELS[: len(self.record.scene.objects)]

    @property
    def text(self) -> str:
        """Return the question that is asked."""
        return self.question or self.record.questions[0].text

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> tuple[Self, list[str]]:
        """Read URL parameters; see `PairState.from_query`. A set that is gone takes all else with it."""
        state, problems = read_query(cls, cls.fields(), query)
        try:
            task, answers = find_set(state.data).task, find_set(state.data).task.answers
        except RNCoreError as err:
            return cls(), [*problems, f"The link's 'set' was left out: {err}"]
        try:
            task.check_answerable(state.record.scene.asked(state.text), state.text)
        except RNCoreError as err:
            problems.append(f"The link's 'q' was left out, got {quote(state.question)}: {err}")
            state = replace(state, question="")
        for name, allowed in (("why", (AUTO, *answers)), ("why_not", (AUTO, "none", *answers))):
            if getattr(state, name) not in allowed:
                problems.append(f"The link's '{name}' was left out: {quote(getattr(state, name))} is no answer here.")
                state = replace(state, why=AUTO) if name == "why" else replace(state, why_not=AUTO)
        return state.drop_misfits(problems)

    @staticmethod
    def fields() -> tuple[Field, ...]:
        """Return the page's only table of URL parameters."""
        return FIELDS


def _make_fields() -> tuple[Field, ...]:
    """Return the table of URL parameters: answers are any text here, because each set has its own."""
    pairs = pair_fields((), LABELS, sections=tuple(OWN_SECTIONS), baselines=("zero",))
    shared = {field.key: field for field in pairs}
    shared["why"] = Field("why", "why", _text_parser("An answer", MAX_NAME))
    shared["not"] = Field("not", "why_not", _text_parser("An answer", MAX_NAME))
    return (
        Field("set", "data", parse_set),
        Field("scene", "seed", parse_seed),
        Field("q", "question", _text_parser("A question", MAX_TEXT)),
        Field("model", "model", _parse_model),
        *shared.values(),
    )


def parse_set(text: str) -> str:
    """Read a set's name; whether a session holds it is seen later."""
    if not _SET.fullmatch(text):
        lookup(text, BUNDLED, "set")
    return text


def _parse_model(text: str) -> str:
    """Read the name of a session's own network."""
    if not is_own(text) or len(text) > MAX_NAME:
        raise RNCoreError(f"Networks here are trained on this page, got {quote(text)}; train one.")
    return text


def _text_parser(what: str, longest: int) -> Callable[[str], str]:
    """Return a parser of any text of some length."""

    def parse(text: str) -> str:
        if not 1 <= len(text) <= longest or not text.isprintable():
            raise RNCoreError(f"{what} must have 1 to {longest} printable letters, got {quote(text)}.")
        return text

    return parse


FIELDS = _make_fields()
