"""Programs as trees with slots, and what they become once these are filled: CLEVR's list of nodes.

Source: Johnson et al. 2017 (arXiv 1612.06890), section 3.2 and the question files of CLEVR v1.0.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Mapping
from typing import Any, NamedTuple

from rn_core.tasks.clevr.world import VALUES

#: Slots for descriptions, which filter, and for relations.
DESCRIPTION_SLOTS = frozenset("ABCD")
RELATION_SLOTS = frozenset("RST")


class Expression(NamedTuple):
    """A program as a tree.

    Attributes:
        function: "scene", a function of CLEVR, or a slot: A to D filter, R to T relate.
        inputs: the expressions that it works on.
    """

    function: str
    inputs: tuple[Expression, ...] = ()


class Description(NamedTuple):
    """What is said of a thing.

    Attributes:
        values: its size, color, material and shape; None where it is not named.
        place: a relation and the one thing that it stands in that relation to, or None.
    """

    values: tuple[str | None, ...]
    place: tuple[str, Description] | None = None


#: What fills the slots of a program: descriptions A to D, relations R to T.
Slots = Mapping[str, Description | str]


def make_expression(text: str) -> Expression:
    """Return the tree of a program such as "count(A(R(unique(B))))"; a bare description filters the scene."""
    return _expression(ast.parse(text, mode="eval").body)


def make_program(expression: Expression, slots: Slots) -> list[dict[str, Any]]:
    """Return a program as CLEVR writes it.

    Args:
        expression: the program with slots.
        slots: what fills them.

    Returns:
        nodes with "type", "inputs" (indices of earlier nodes) and "value_inputs"; the last one gives the answer.
    """
    nodes: list[dict[str, Any]] = []
    _add(nodes, expression, slots)
    return nodes


def _expression(node: ast.expr) -> Expression:
    """Return the tree of one node of Python's own syntax tree."""
    if isinstance(node, ast.Name):
        scene = Expression("scene")
        return scene if node.id == "scene" else Expression(node.id, (scene,))
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        raise ValueError(f"A program is made of names and calls, not of {ast.unparse(node)}.")
    return Expression(node.func.id, tuple(_expression(part) for part in node.args))


def _add(nodes: list[dict[str, Any]], expression: Expression, slots: Slots) -> int:
    """Append the nodes of an expression and return the index of its last one."""
    function, inputs = expression
    if function in DESCRIPTION_SLOTS:
        description = slots[function]
        assert isinstance(description, Description)
        return _add_description(nodes, description, inputs[0], slots)
    given = [_add(nodes, part, slots) for part in inputs]
    if function in RELATION_SLOTS:
        return _append(nodes, "relate", given, [slots[function]])
    return _append(nodes, function, given, [])


def _add_description(nodes: list[dict[str, Any]], description: Description, among: Expression, slots: Slots) -> int:
    """Append the filters of a description, applied to what it stands in relation to, or else to `among`."""
    if description.place is None:
        last = _add(nodes, among, slots)
    elif among.function == "scene":
        last = _add_place(nodes, *description.place)
    else:
        given = [_add(nodes, among, slots), _add_place(nodes, *description.place)]
        last = _append(nodes, "intersect", given, [])
    for kind, value in _filters(description.values):
        last = _append(nodes, kind, [last], [value])
    return last


def _add_place(nodes: list[dict[str, Any]], relation: str, landmark: Description) -> int:
    """Append what stands in a relation to the one thing that `landmark` describes."""
    last = _add_description(nodes, landmark, Expression("scene"), {})
    return _append(nodes, "relate", [_append(nodes, "unique", [last], [])], [relation])


def _append(nodes: list[dict[str, Any]], kind: str, inputs: list[int], values: list[Any]) -> int:
    """Append one node and return its index."""
    nodes.append({"type": kind, "inputs": inputs, "value_inputs": values})
    return len(nodes) - 1


@functools.cache
def _filters(values: tuple[str | None, ...]) -> tuple[tuple[str, str], ...]:
    """Return the filters of the attributes that are named, in CLEVR's order."""
    return tuple((f"filter_{name}", value) for name, value in zip(VALUES, values, strict=True) if value)
