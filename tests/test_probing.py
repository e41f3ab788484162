"""Nothing asks an object what it has: types and protocols say it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted(path for part in ("rn_core", "pages", "benchmarks") for path in (ROOT / part).rglob("*.py"))


def find_probes(source: str) -> list[int]:
    """Return the lines that call `hasattr`, or `getattr` with a default or a name that is written out."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    named = [(node, node.func.id) for node in calls if isinstance(node.func, ast.Name)]
    return [
        node.lineno
        for node, name in named
        if name == "hasattr" or (name == "getattr" and (len(node.args) > 2 or isinstance(node.args[1], ast.Constant)))
    ]


def test_no_file_probes():
    found = {f"{path.relative_to(ROOT)}": lines for path in FILES if (lines := find_probes(path.read_text()))}
    assert found == {}


@pytest.mark.parametrize(
    ("source", "lines"),
    [("hasattr(x, 'y')", [1]), ("\ngetattr(x, 'y')", [2]), ("getattr(x, y, None)", [1]), ("getattr(self, name)", [])],
)
def test_probes_are_found(source, lines):
    assert find_probes(source) == lines
