"""Numbers and names as the page writes them."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt
from types import MappingProxyType

#: Cells along one side of the pixel model's grid.
GRID = 5
#: Question type -> how the menu calls it.
QUESTION_NAMES = MappingProxyType(
    {
        "shape": "its shape",
        "left": "on the left?",
        "top": "at the top?",
        "closest_shape": "closest one's shape",
        "furthest_shape": "furthest one's shape",
        "count_same_shape": "how many of its shape?",
    }
)
#: Type of questions about three objects -> how the menu calls it.
TRIPLE_NAMES = MappingProxyType(
    {"between": "how many in their box?", "line": "any near their line?", "obtuse": "how many obtuse triangles?"}
)


def format_pair(first: str, second: str) -> str:
    """Return a pair of names in the order of g_theta(o_i, o_j): i, then j."""
    return f"({first}, {second})"


def node_name(label: str, grid: int = GRID) -> str:
    """Return a node in words; a cell of a square grid by where it lies."""
    if not label.isdigit():
        return label
    row, column = divmod(int(label), grid)
    return f"row {row + 1} column {column + 1}"


def tag_cell(label: str, grid: int) -> str:
    """Return a cell of a square grid by where it lies, in letters: r1c2 is row 1, column 2."""
    row, column = divmod(int(label), grid)
    return f"r{row + 1}c{column + 1}"


def name_nodes(labels: Sequence[str]) -> tuple[str, ...]:
    """Return all nodes of a view in words; cells are those of a square grid."""
    return tuple(node_name(label, isqrt(len(labels))) for label in labels)


def format_signed(value: float) -> str:
    """Return a number with its sign, a true minus, and two decimals, three below 0.1; no sign on zero."""
    text = f"{value:+.2f}" if abs(value) >= 0.1 else f"{value:+.3f}"
    return "0" if float(text) == 0 else text.replace("-", "−")


def join_words(words: Sequence[str]) -> str:
    """Return "a", "a and b" or "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
