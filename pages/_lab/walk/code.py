"""Lines of the core's source, found by what they say, so that what a page shows is what runs."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import rn_core
from rn_core.common.errors import RNCoreError

_ROOT = Path(rn_core.__file__).parents[1]


@dataclass(frozen=True)
class Anchor:
    """Where a line of code is.

    Attributes:
        file: path from the project's root.
        function: its name, with its class before a dot if it has one.
        text: a piece of exactly one statement in it.
    """

    file: str
    function: str
    text: str


@dataclass(frozen=True)
class Excerpt:
    """Statements of one file.

    Attributes:
        file: path from the project's root.
        lines: line number -> the line, without the indentation of the first of its neighbors.
    """

    file: str
    lines: dict[int, str]

    @property
    def text(self) -> str:
        """Return the lines as they are shown."""
        return "\n".join(self.lines.values())

    @property
    def place(self) -> str:
        """Return file and line numbers, such as `rn_core/answering.py:126, 130-132`."""
        runs: list[list[int]] = []
        for number in sorted(self.lines):
            if runs and number == runs[-1][-1] + 1:
                runs[-1].append(number)
            else:
                runs.append([number])
        spans = (f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
        return f"{self.file}:{', '.join(spans)}"


def read_code(anchors: Sequence[Anchor]) -> Excerpt:
    """Return the statements that anchors of one file name, whole lines with their comments.

    Raises:
        RNCoreError: if a file has no such function, or the function not exactly one such statement.
    """
    file = anchors[0].file
    source = _read_lines(file)
    indent, numbers = 0, sorted({number for anchor in anchors for number in _find_lines(anchor)})
    lines: dict[int, str] = {}
    for number in numbers:
        line = source[number - 1]
        indent = indent if number - 1 in lines else len(line) - len(line.lstrip())
        lines[number] = line[indent:]
    return Excerpt(file, lines)


@cache
def _read_lines(file: str) -> tuple[str, ...]:
    """Return the lines of a file of the project."""
    return tuple((_ROOT / file).read_text(encoding="utf-8").splitlines())


@cache
def _find_lines(anchor: Anchor) -> range:
    """Return the line numbers of the statement that an anchor names."""
    source = "\n".join(_read_lines(anchor.file))
    node: ast.AST = ast.parse(source)
    for name in anchor.function.split("."):
        named = (part for part in ast.iter_child_nodes(node) if isinstance(part, ast.ClassDef | ast.FunctionDef))
        body = next((part for part in named if part.name == name), None)
        if body is None:
            raise RNCoreError(f"{anchor.file} has no function '{anchor.function}'; fix the page's table of steps.")
        node = body
    found = [
        part
        for part in ast.walk(node)
        if isinstance(part, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Return | ast.Expr)
        and anchor.text in (ast.get_source_segment(source, part) or "")
    ]
    if len(found) != 1:
        raise RNCoreError(
            f"'{anchor.text}' must be in one statement of {anchor.function} in {anchor.file}, it is in {len(found)}; "
            "fix the page's table of steps."
        )
    return range(found[0].lineno, (found[0].end_lineno or found[0].lineno) + 1)
