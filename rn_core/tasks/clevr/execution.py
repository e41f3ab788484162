"""The truth: what each node of a program gives on a scene, the answer, and the objects that decide it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from rn_core.common.errors import QuestionError
from rn_core.tasks.clevr.program import FUNCTIONS, Node, check_answering, check_program
from rn_core.tasks.clevr.scene import VALUES, ClevrScene

#: What a node gives: indices in rising order, one index, a number, yes or no, or a value of an attribute.
Output = list[int] | int | bool | str

_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        "less_than": operator.lt,
        "greater_than": operator.gt,
        **{f"equal_{name}": operator.eq for name in ("integer", *VALUES)},
    }
)


class PartialRun(NamedTuple):
    """What a program gives as far as it runs on a scene.

    Attributes:
        outputs: of each node, as `execute_nodes`, up to the first that asks for the one object of another set.
        misfit: the objects of that set, none or several; None if the program runs to its end.
    """

    outputs: tuple[Output, ...]
    misfit: tuple[int, ...] | None


def execute_partly(program: Sequence[Mapping[str, Any]], scene: ClevrScene | Mapping[str, Any] | str) -> PartialRun:
    """Return what a program gives on a scene, also where it asks for the one object of a set with none or several.

    Arguments and errors as `execute_nodes`, without the one that is about such a set.
    """
    nodes, read = check_program(program), _as_scene(scene)
    outputs: list[Output] = []
    for index, node in enumerate(nodes):
        inputs = [outputs[source] for source in node.inputs]
        if node.function == "unique" and len(found := _as_set(inputs[0])) != 1:
            return PartialRun(tuple(outputs), tuple(found))
        outputs.append(_apply(node, index, inputs, read))
    return PartialRun(tuple(outputs), None)


def describe_misfit(misfit: Sequence[int], names: Sequence[str] | None = None) -> str:
    """Return in a sentence why a question has no true answer where a description fits no object, or several.

    Args:
        misfit: as `PartialRun.misfit`.
        names: what objects are called; None takes their numbers in the scene, from 0.
    """
    if not misfit:
        return "No object fits, so this question has no answer in this scene."
    *called, last = (str(index) if names is None else names[index] for index in misfit)
    fits = f"{', '.join(called)} and {last}"
    return f"{len(called) + 1} objects fit ({fits}), so this question has no single answer."


def execute_nodes(program: Sequence[Mapping[str, Any]], scene: ClevrScene | Mapping[str, Any] | str) -> list[Output]:
    """Return what each node of a program gives.

    Args:
        program: list of nodes, as `check_program` takes it; the last one may give anything.
        scene: a scene, or its JSON.

    Returns:
        an output a node: a list of object indices in rising order, an index, a number, True or False, or a word.

    Raises:
        QuestionError: if the program is malformed or asks for the only object of a set that has none or several.
        SceneError: if the scene is malformed.
    """
    return _run(check_program(program), _as_scene(scene))


def execute(program: Sequence[Mapping[str, Any]], scene: ClevrScene | Mapping[str, Any] | str) -> str:
    """Return a program's answer in CLEVR's spelling: "yes", "no", "0" to "10", or a value such as "red".

    Arguments and errors as `execute_nodes`; also raises QuestionError if the last node gives objects.
    """
    nodes = check_program(program)
    check_answering(nodes)
    return answer_text(_run(nodes, _as_scene(scene))[-1])


def answer_text(output: Output) -> str:
    """Return an answer in CLEVR's spelling."""
    if isinstance(output, bool):
        return "yes" if output else "no"
    return str(output)


def deciding_objects(
    program: Sequence[Mapping[str, Any]], scene: ClevrScene | Mapping[str, Any] | str
) -> tuple[int, ...]:
    """Return the objects that a program touched last, in rising order: those that its answer is read from.

    - query: the object asked about;
    - equal_size, _color, _material, _shape: the two objects whose values are compared;
    - count, exist: the objects of the set;
    - equal_integer, less_than, greater_than: the objects of both sets.

    Where a set is empty, the objects that it was looked for from take its place: for relate and same the object that
    they start from, for filter the set that it filtered, for intersect and union both of their sets; and where such a
    set is itself empty, what that one was looked for from. Arguments and errors as `execute`.
    """
    nodes = check_program(program)
    check_answering(nodes)
    touched: list[set[int]] = []
    for node, output in zip(nodes, _run(nodes, _as_scene(scene)), strict=True):
        touched.append(_objects_in(node, output) or set().union(*(touched[source] for source in node.inputs)))
    return tuple(sorted(touched[-1]))


def last_links(
    program: Sequence[Mapping[str, Any]], scene: ClevrScene | Mapping[str, Any] | str
) -> tuple[tuple[int, int], ...]:
    """Return the pairs (i, j) by which a program found what its answer is read from, in rising order.

    i is an object that the answer is read from, j the one that the last relate or same led from, such as (sphere,
    cube) in "How many spheres are left of the cube?". None where the last step to those objects was the scene itself.
    Arguments and errors as `execute`.
    """
    nodes = check_program(program)
    check_answering(nodes)
    outputs = _run(nodes, _as_scene(scene))
    found: set[tuple[int, int]] = set()
    for index in _answer_sets(nodes, len(nodes) - 1):
        found.update(_links_to(nodes, outputs, index, _as_set(outputs[index])))
    return tuple(sorted(found))


def _answer_sets(nodes: Sequence[Node], index: int) -> Iterator[int]:
    """Yield the nodes nearest below a node that give sets: those of the objects that its result is read from."""
    if FUNCTIONS[nodes[index].function].returns == "set":
        yield index
        return
    for source in nodes[index].inputs:
        yield from _answer_sets(nodes, source)


def _links_to(
    nodes: Sequence[Node], outputs: Sequence[Any], index: int, wanted: Collection[int]
) -> Iterator[tuple[int, int]]:
    """Yield (i, j) for each wanted object i of a set and each object j from which a relate or same has led to it."""
    node, found = nodes[index], [thing for thing in outputs[index] if thing in wanted]
    if node.function.partition("_")[0] in ("relate", "same"):
        yield from ((thing, outputs[node.inputs[0]]) for thing in found)
        return
    for source in node.inputs:
        yield from _links_to(nodes, outputs, source, found)


def _objects_in(node: Node, output: Output) -> set[int]:
    """Return the objects in a node's output; none if it is a number, a word, or yes or no."""
    if isinstance(output, list):
        return set(output)
    return {output} if FUNCTIONS[node.function].returns == "object" and isinstance(output, int) else set()


def _as_set(output: Output) -> list[int]:
    """Return what a node gives that, as the program was checked, gives a set."""
    assert isinstance(output, list)
    return output


def _as_scene(scene: ClevrScene | Mapping[str, Any] | str) -> ClevrScene:
    """Return the scene itself, or read it."""
    return scene if isinstance(scene, ClevrScene) else ClevrScene.from_json(scene)


def _run(nodes: Sequence[Node], scene: ClevrScene) -> list[Output]:
    """Return the output of each node of a checked program."""
    outputs: list[Output] = []
    for index, node in enumerate(nodes):
        outputs.append(_apply(node, index, [outputs[source] for source in node.inputs], scene))
    return outputs


def _apply(node: Node, index: int, inputs: list[Any], scene: ClevrScene) -> Output:
    """Return what one node gives on the outputs of its inputs."""
    kind, _, attribute = node.function.partition("_")
    if node.function in _COMPARISONS:
        return _COMPARISONS[node.function](*inputs)
    if kind == "scene":
        return list(range(scene.n_objects))
    if kind == "filter":
        return [thing for thing in inputs[0] if scene.words[attribute][thing] == node.value]
    if kind == "unique":
        return _only(inputs[0], index)
    if kind == "relate":
        led_to: list[int] = scene.related[node.value][inputs[0]].nonzero()[0].tolist()
        return led_to
    if kind == "same":
        values = scene.words[attribute]
        return [thing for thing, value in enumerate(values) if value == values[inputs[0]] and thing != inputs[0]]
    if kind == "intersect":
        return sorted(set(inputs[0]) & set(inputs[1]))
    if kind == "union":
        return sorted(set(inputs[0]) | set(inputs[1]))
    if kind == "query":
        return str(scene.words[attribute][inputs[0]])
    return len(inputs[0]) if kind == "count" else bool(inputs[0])


def _only(objects: list[int], index: int) -> int:
    """Return the only object of a set; raises QuestionError if it has none or several."""
    if len(objects) != 1:
        got = "none" if not objects else f"{len(objects)} (objects {', '.join(map(str, objects))})"
        raise QuestionError(
            f"Node {index} (unique) asks for the one object that fits a description, but this scene has {got}; "
            "describe one object only."
        )
    return objects[0]
