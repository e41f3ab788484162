"""Programs: the functions of CLEVR, their types, and what makes a list of nodes a program.

Source: Johnson et al. 2017 (arXiv 1612.06890), supplement B (the catalogue of functions).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from rn_core.common.checks import is_whole, shown
from rn_core.common.errors import QuestionError, did_you_mean
from rn_core.tasks.clevr.world import RELATIONS, VALUES

#: Longest program that is read; CLEVR's have up to 24 nodes.
MAX_NODES = 100
#: What the answer-giving node of a program may return.
ANSWER_TYPES = ("number", "truth", *VALUES)
_VALUE_KEYS = ("value_inputs", "side_inputs")


class Signature(NamedTuple):
    """What a function takes and returns.

    Attributes:
        takes: the types of its inputs: "set", "object", "number", "truth", or an attribute for a value of it.
        returns: the type of its output.
        values: what its one word beside the inputs may be; empty where it has none.
    """

    takes: tuple[str, ...]
    returns: str
    values: tuple[str, ...] = ()


def _signatures() -> dict[str, Signature]:
    """Return all functions of CLEVR."""
    table = {"scene": Signature((), "set"), "unique": Signature(("set",), "object")}
    table |= {f"filter_{name}": Signature(("set",), "set", values) for name, values in VALUES.items()}
    table["relate"] = Signature(("object",), "set", RELATIONS)
    table |= {f"same_{name}": Signature(("object",), "set") for name in VALUES}
    table |= {name: Signature(("set", "set"), "set") for name in ("intersect", "union")}
    table |= {"count": Signature(("set",), "number"), "exist": Signature(("set",), "truth")}
    table |= {f"query_{name}": Signature(("object",), name) for name in VALUES}
    numbers = ("equal_integer", "less_than", "greater_than")
    table |= {name: Signature(("number", "number"), "truth") for name in numbers}
    return table | {f"equal_{name}": Signature((name, name), "truth") for name in VALUES}


#: Function -> what it takes and returns.
FUNCTIONS: Mapping[str, Signature] = MappingProxyType(_signatures())

#: The functions that can give the answer, which are the question types.
QUESTION_TYPES = tuple(name for name, signature in FUNCTIONS.items() if signature.returns in ANSWER_TYPES)
#: Group, as the paper's tables name it -> its question types.
GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "count": ("count",),
        "exist": ("exist",),
        "compare_integer": ("equal_integer", "less_than", "greater_than"),
        "query_attribute": tuple(f"query_{name}" for name in VALUES),
        "compare_attribute": tuple(f"equal_{name}" for name in VALUES),
    }
)


class Node(NamedTuple):
    """One step of a program.

    Attributes:
        function: a key of `FUNCTIONS`.
        inputs: indices of earlier nodes.
        value: the word beside the inputs ("red", "left"); empty where the function has none.
    """

    function: str
    inputs: tuple[int, ...]
    value: str


def check_program(program: Any) -> tuple[Node, ...]:
    """Return a program's nodes.

    Args:
        program: list of nodes as in CLEVR's JSON: "type" or "function"; "inputs", indices of earlier nodes; and
            "value_inputs" or "side_inputs", a list of words. Lists without items may be missing.

    Raises:
        QuestionError: in one sentence, naming the node and what is wrong with it: no known function, inputs that come
            later, or too many, or of another type than the function takes, or a word that it does not know.
    """
    if not isinstance(program, Sequence) or isinstance(program, str | bytes):
        raise QuestionError(f"A program must be a list of nodes, got {shown(program)}; see CLEVR's questions.")
    if not 1 <= len(program) <= MAX_NODES:
        raise QuestionError(f"A program must have 1 to {MAX_NODES} nodes, got {len(program)}; shorten it.")
    nodes: list[Node] = []
    for index, record in enumerate(program):
        nodes.append(_read_node(record, index, nodes))
    return tuple(nodes)


def check_answering(nodes: Sequence[Node]) -> Node:
    """Return the last node; raises QuestionError unless it gives an answer and not an object or a set of them."""
    last = nodes[-1]
    if FUNCTIONS[last.function].returns not in ANSWER_TYPES:
        raise QuestionError(
            f"A program's last node must give an answer, got '{last.function}', which gives "
            f"{_kind(FUNCTIONS[last.function].returns)}; add a node such as count or query_color."
        )
    return last


def question_type(program: Any) -> str:
    """Return which of `QUESTION_TYPES` a program asks; raises QuestionError as `check_program` does."""
    return check_answering(check_program(program)).function


def _read_node(record: Any, index: int, earlier: Sequence[Node]) -> Node:
    """Return one checked node."""
    if not isinstance(record, Mapping):
        raise QuestionError(f"Node {index} must be a JSON object with a function and inputs, got {shown(record)}.")
    function = _read_function(record, index)
    signature = FUNCTIONS[function]
    inputs = record.get("inputs", [])
    where = f"Node {index} ({function})"
    if not isinstance(inputs, list | tuple) or len(inputs) != len(signature.takes):
        n_needed = len(signature.takes)
        raise QuestionError(f'{where} must have {n_needed} "inputs", indices of earlier nodes, got {shown(inputs)}.')
    for source, needed in zip(inputs, signature.takes, strict=True):
        if not is_whole(source) or not 0 <= source < index:
            raise QuestionError(
                f"{where} must take its inputs from earlier nodes, 0 to {index - 1}, got {shown(source)}."
            )
        got = FUNCTIONS[earlier[source].function].returns
        if got != needed:
            raise QuestionError(
                f"{where} must take {_kind(needed)}, but its input, node {source} ({earlier[source].function}), "
                f"gives {_kind(got)}."
            )
    return Node(function, tuple(inputs), _read_word(record, where, signature.values))


def _read_function(record: Mapping[str, Any], index: int) -> str:
    """Return the function of a node."""
    names = [record[key] for key in ("type", "function") if key in record]
    if len(names) == 2 and names[0] != names[1]:
        raise QuestionError(f"Node {index} must have one function, got {shown(names)}; keep one of them.")
    name = names[0] if names else None
    if not isinstance(name, str) or name not in FUNCTIONS:
        guess = did_you_mean(name, list(FUNCTIONS)) if isinstance(name, str) and len(name) < 50 else ""
        raise QuestionError(
            f"Node {index} must have a function of CLEVR such as filter_color or count, got {shown(name)}.{guess}"
        )
    return name


def _read_word(record: Mapping[str, Any], where: str, allowed: tuple[str, ...]) -> str:
    """Return the word beside the inputs, or an empty string where the function has none."""
    given = [record[key] for key in _VALUE_KEYS if record.get(key) not in (None, [])]
    words = given[0] if given else []
    needed = 1 if allowed else 0
    if not isinstance(words, list | tuple) or len(words) != needed:
        raise QuestionError(f'{where} must have {needed} "value_inputs", got {shown(words)}.')
    if not allowed:
        return ""
    word = words[0]
    if not isinstance(word, str) or word not in allowed:
        raise QuestionError(f"{where} must have one of {', '.join(allowed)} as its value, got {shown(word)}.")
    return word


def _kind(name: str) -> str:
    """Return a type in words."""
    plain = {"set": "a set of objects", "object": "one object", "number": "a number", "truth": "yes or no"}
    return plain.get(name, f"a {name}")
