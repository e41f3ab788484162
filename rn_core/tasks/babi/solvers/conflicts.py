"""Statements that cannot be true together, however they are asked about."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from rn_core.common.errors import SceneError


def check_order(steps: Iterable[tuple[str, str, int]], relation: str) -> None:
    """Raise SceneError, naming the statements, if an order goes round in a circle.

    Args:
        steps: (first, second, statement from 0), each of which says that the first comes before the second.
        relation: what that means, in words, such as "larger than".
    """
    told: dict[tuple[str, str], int] = {}
    for first, second, statement in steps:
        told.setdefault((first, second), statement)
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for first, second in told:
        sorter.add(second, first)
    try:
        sorter.prepare()
    except CycleError as err:
        circle: list[str] = err.args[1]
        several = sorted(told[pair] + 1 for pair in pairwise(circle))
        raise SceneError(
            f"Statements {', '.join(map(str, several))} contradict each other, the {min(circle)} cannot be {relation} "
            "itself; drop one of them."
        ) from err


def check_one_value(facts: Iterable[tuple[str, str, int]]) -> None:
    """Raise SceneError, naming the statements, if something is said to be two things.

    Args:
        facts: (what, value, statement from 0), each of which says that `what` is the value, in words.
    """
    known: dict[str, tuple[str, int]] = {}
    for what, value, statement in facts:
        earlier, told = known.setdefault(what, (value, statement))
        if earlier != value:
            raise SceneError(
                f"Statement {statement + 1} contradicts statement {told + 1}, {what} cannot be both {earlier} and "
                f"{value}; drop one of them."
            )
