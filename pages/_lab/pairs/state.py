"""What decides which pairs a page shows, as one value that fits in a URL; all pages about pairs build on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Self, TypeVar

from pages._lab.links import Field, PageState, format_switch, one_of, parse_seed, parse_switch, some_of
from rn_core.attribution import pairs
from rn_core.common.errors import RNCoreError, quote

#: Attribution method -> its name on the page.
METHODS = MappingProxyType({name: method.title for name, method in pairs.METHODS.items()})
BASELINES = MappingProxyType({"zero": "no pairs at all", "mean": "the mean scene"})
VIEWS = MappingProxyType({"objects": "Objects", "cells": "Cells"})
SECTIONS = MappingProxyType(
    {"pairs": "Pairs", "pair": "One pair", "what-if": "What if", "method": "Method", "many": "Many examples"}
)
#: What can be seen of many examples, one idea each.
MANY_VIEWS = MappingProxyType(
    {
        "accuracy": "How often right",
        "confidence": "How sure",
        "failures": "Failures",
        "differences": "Differences",
        "all": "All",
    }
)
#: Numbers of examples that can be asked at once; fewest and most, the first one is the default.
NUMBERS = (200, 50, 500)
#: Another network beside the explained one: the one that the page shows beside it, or none.
USUAL, ALONE = "usual", "none"
#: "auto" in the URL: the model's answer, or the next best one.
AUTO = "auto"
GROUND = "ground"
#: Key of a kind of question, a fact or a network in a link.
_WORD = re.compile(r"[A-Za-z0-9._-]{1,80}")
State = TypeVar("State", bound="PairState")


@dataclass(frozen=True)
class PairState(PageState):
    """What decides which pairs are shown, and how; a page adds its scene, and its own fields.

    Attributes:
        question: what is asked.
        model: the Relation Network that is explained.
        seed: the sampled scene, 0 to 2**32 - 1.
        method: key of `METHODS`.
        baseline: key of `BASELINES`.
        why: the answer whose logit is explained; "auto" is the model's answer.
        why_not: the answer it is set against; "auto" is the next best one, "none" the logit alone.
        view: key of `VIEWS`; cells exist for pixel models only.
        pair: the pinned pair as two labels of nodes.
        top: strongest pairs kept, 1 or more; 0 keeps all.
        renormalise: whether the pairs kept are scaled up to the total of all.
        without: labels of the objects removed under "What if".
        truth: whether the pairs that decide the answer are marked.
        section: what is shown under the scene.
        projector: large type.
        kind: the kind of question of which many examples are asked; empty for that of the question.
        first: seed of the first of many examples.
        number: how many seeds, of `NUMBERS`.
        beside: the network beside the explained one, or `USUAL` or `ALONE`.
        many: what is seen of many examples, key of `MANY_VIEWS`.
        by: the fact that divides many examples; empty for the first one.
    """

    question: Any = None
    model: str = ""
    seed: int = 0
    method: str = "exact_path"
    baseline: str = "zero"
    why: str = AUTO
    why_not: str = AUTO
    view: str = "objects"
    pair: tuple[str, str] | None = None
    top: int = 0
    renormalise: bool = False
    without: tuple[str, ...] = ()
    truth: bool = True
    section: str = "pairs"
    projector: bool = False
    kind: str = ""
    first: int = 0
    number: int = NUMBERS[0]
    beside: str = USUAL
    many: str = next(iter(MANY_VIEWS))
    by: str = ""

    def change(self, **changes: Any) -> Self:
        """Return the state with new values, and without what they make meaningless.

        A new model or view drops the pinned pair and the threshold of the old one, a new question the answers named,
        and an answer is never set against itself.
        """
        if changes.get("view", self.view) != self.view or changes.get("model", self.model) != self.model:
            changes = {"pair": None, "top": 0, **changes}
        if changes.get("question", self.question) != self.question:
            changes = {"why": AUTO, "why_not": AUTO, **changes}
        state = super().change(**changes)
        return replace(state, why_not=AUTO) if state.why == state.why_not else state

    def let_go(self, present: Collection[str]) -> Self:
        """Return the state without the pinned pair and the objects removed that a new scene does not have.

        Args:
            present: labels of the scene's objects.
        """
        gone = self.view == "objects" and self.pair is not None and not {*self.pair} <= {*present, GROUND}
        without = tuple(label for label in self.without if label in present)
        return replace(self, pair=None if gone else self.pair, without=without)

    def drop_misfits(self, problems: list[str]) -> tuple[Self, list[str]]:
        """Drop what does not fit a scene whose objects models see as rows, with a sentence each."""
        return drop_pair_misfits(self, problems, lambda each: each.labels, self.labels, len(self.labels) ** 2, False)

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the labels of the scene's objects."""
        raise NotImplementedError


def pair_fields(
    answers: tuple[str, ...],
    labels: Sequence[str],
    example: str = "",
    most_pairs: int | None = None,
    parse_without: Callable[[str], tuple[str, ...]] | None = None,
    sections: Collection[str] = tuple(SECTIONS),
    baselines: Collection[str] = tuple(BASELINES),
) -> tuple[Field, ...]:
    """Return the URL parameters of the fields that these pages have, behind those of scene, question and model.

    Args:
        answers: the task's.
        labels: every label that a node of any scene can have.
        example: how a pair reads, for the sentence about one that does not; empty takes the first two labels.
        most_pairs: pairs of the model that has most; None if each label is an object that models see.
        parse_without: reads labels of objects; None if each label is one.
        sections: what can be shown under the scene.
        baselines: keys of `BASELINES` that the page offers.
    """
    return (
        Field("method", "method", one_of(METHODS, "attribution method")),
        Field("baseline", "baseline", one_of(tuple(baselines), "baseline")),
        Field("why", "why", one_of((AUTO, *answers), "answer")),
        Field("not", "why_not", one_of((AUTO, "none", *answers), "answer")),
        Field("view", "view", one_of(VIEWS, "view")),
        Field("pair", "pair", pair_parser(labels, example or "-".join(labels[:2])), "-".join),
        Field("top", "top", _top_parser(len(labels) ** 2 if most_pairs is None else most_pairs)),
        Field("renormalise", "renormalise", parse_switch, format_switch),
        Field("without", "without", parse_without or some_of(labels, "object"), "-".join),
        Field("truth", "truth", parse_switch, format_switch),
        Field("section", "section", one_of(tuple(sections), "section")),
        Field("projector", "projector", parse_switch, format_switch),
        *_MANY_FIELDS,
    )


def _parse_number(text: str) -> int:
    """Read how many examples are asked."""
    return int(one_of(tuple(map(str, NUMBERS)), "number of examples")(text))


def _parse_word(text: str) -> str:
    """Read the key of a kind of question, a fact or a network; whether the page has it is seen later."""
    if not _WORD.fullmatch(text):
        raise RNCoreError(f"It must have 1 to 80 letters, digits, dots and dashes, got {quote(text)}.")
    return text


#: URL parameters about many examples.
_MANY_FIELDS = (
    Field("kind", "kind", _parse_word),
    Field("first", "first", parse_seed),
    Field("number", "number", _parse_number),
    Field("beside", "beside", _parse_word),
    Field("many", "many", one_of(MANY_VIEWS, "view of many examples")),
    Field("by", "by", _parse_word),
)


def drop_pair_misfits(
    state: State,
    problems: list[str],
    labels_of: Callable[[State], tuple[str, ...]],
    present: tuple[str, ...],
    n_pairs: int,
    sees_pixels: bool,
) -> tuple[State, list[str]]:
    """Drop what a link says that does not fit its other parameters, with a sentence each.

    Args:
        state: as it was read.
        problems: the sentences so far.
        labels_of: state -> labels of the nodes that it shows.
        present: labels of the scene's objects.
        n_pairs: pairs of the model.
        sees_pixels: whether the model has cells.
    """
    if state.view == "cells" and not sees_pixels:
        problems.append(
            f"The link's 'view' was left out: cells belong to models of pixels, and the model is {state.model}."
        )
        state = replace(state, view="objects")
    if state.pair is not None and not {*state.pair} <= {*labels_of(state)}:
        problems.append(
            f"The link's 'pair' was left out: a pair in this view is two of {_range_text(labels_of(state))}, "
            f"got {'-'.join(state.pair)}."
        )
        state = replace(state, pair=None)
    if not {*state.without} <= {*present}:
        problems.append(f"The link's 'without' was left out: this scene has {', '.join(present)}.")
        state = replace(state, without=())
    if state.top > n_pairs:
        problems.append(f"The link's 'top' was left out: {state.model} has {n_pairs} pairs, got {state.top}.")
        state = replace(state, top=0)
    if state.why_not == state.why != AUTO:
        problems.append(f"The link's 'not' was left out: it must differ from 'why', got {state.why} for both.")
        state = replace(state, why_not=AUTO)
    return state, problems


def _range_text(labels: tuple[str, ...]) -> str:
    """Return the labels in words, numbers as a range."""
    return f"0 to {len(labels) - 1}" if labels[0] == "0" else ", ".join(labels)


def pair_parser(labels: Collection[str], example: str) -> Callable[[str], tuple[str, str]]:
    """Return a parser of pairs such as `red-blue` or `3-17`; whether the scene has them is checked later."""

    def parse(text: str) -> tuple[str, str]:
        parts = text.split("-")
        if len(parts) != 2 or not {*parts} <= {*labels}:
            raise RNCoreError(f"A pair must read like {example}, got {quote(text)}.")
        return parts[0], parts[1]

    return parse


def _top_parser(most_pairs: int) -> Callable[[str], int]:
    """Return a parser of numbers of pairs."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,4}", text) or int(text) > most_pairs:
            raise RNCoreError(f"The number of pairs kept must be 0 (all) to {most_pairs}, got {quote(text)}.")
        return int(text)

    return parse
