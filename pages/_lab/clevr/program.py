"""A question's program in words: what each step asks, what it gives, and how the steps hang together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pages._lab.clevr.things import LETTERS
from rn_core.tasks.clevr.execution import Output, answer_text
from rn_core.tasks.clevr.program import FUNCTIONS, check_program

#: Function -> what it asks, in a word or two.
_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "scene": "all objects",
        "unique": "the one",
        "intersect": "in both",
        "union": "in either",
        "count": "how many?",
        "exist": "any?",
        "equal_integer": "as many?",
        "less_than": "fewer?",
        "greater_than": "more?",
    }
)
_RELATIONS = MappingProxyType({"left": "left of", "right": "right of", "front": "in front of", "behind": "behind"})


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        asks: what it asks, in words.
        gives: what it gives on the scene, in words; None where it does not come to that.
    """

    asks: str
    gives: str | None


@dataclass(frozen=True)
class Lane:
    """Steps of which each continues from the one before it.

    Attributes:
        joins: numbers of the lanes, from 0, whose results the first step puts together; none where it starts anew.
        steps: one or more.
    """

    joins: tuple[int, ...]
    steps: tuple[Step, ...]


def make_lanes(program: Sequence[Mapping[str, Any]], outputs: Sequence[Output]) -> tuple[Lane, ...]:
    """Return a program as lanes of steps.

    Args:
        program: CLEVR's nodes.
        outputs: what the first of them give.
    """
    nodes = check_program(program)
    lane_of: list[int] = []
    joins: list[tuple[int, ...]] = []
    steps: list[list[Step]] = []
    ends: list[int] = []
    for k, node in enumerate(nodes):
        gives = _say_output(node.function, outputs[k]) if k < len(outputs) else None
        lane = lane_of[node.inputs[0]] if len(node.inputs) == 1 else None
        if lane is None or ends[lane] != node.inputs[0]:
            lane = len(steps)
            joins.append(tuple(lane_of[source] for source in node.inputs))
            steps.append([])
            ends.append(k)
        lane_of.append(lane)
        ends[lane] = k
        steps[lane].append(Step(say_function(node.function, node.value), gives))
    return tuple(Lane(joined, tuple(own)) for joined, own in zip(joins, steps, strict=True))


def say_function(function: str, value: str) -> str:
    """Return what a function asks, in a word or two."""
    kind, _, attribute = function.partition("_")
    if function in _WORDS:
        return _WORDS[function]
    if kind == "filter":
        return value
    if kind == "relate":
        return _RELATIONS[value]
    return {"same": f"same {attribute}", "query": f"{attribute}?", "equal": f"same {attribute}?"}[kind]


def _say_output(function: str, output: Output) -> str:
    """Return what a step gives, in words: letters of objects, a number, yes or no, or a value."""
    if isinstance(output, list):
        return " ".join(LETTERS[k] for k in output) or "none"
    return LETTERS[int(output)] if FUNCTIONS[function].returns == "object" else answer_text(output)
