"""The core stays pure, and files and functions stay small."""

from __future__ import annotations

import ast
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import pages._lab
import rn_core

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted(
    found.name
    for package in (rn_core, pages._lab)
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not found.name.endswith("__main__")  # it runs the command line
)
_PROBE = """
import importlib, sys
packages, *groups = sys.argv[1:]
for modules in groups:
    for name in modules.split():
        importlib.import_module(name)
    print(*(package for package in packages.split() if package in sys.modules))
"""
MAX_FUNCTION_LINES = 60


def probe(packages: str, groups: list[list[str]], folder: Path) -> list[list[str]]:
    """Return which of `packages` are loaded after each group of modules, imported one by one in a fresh process."""
    command = [sys.executable, "-c", _PROBE, packages, *map(" ".join, groups)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [line.split() for line in done.stdout.splitlines()]


def count_code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function without its docstring."""
    first = function.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    docstring = first.end_lineno - first.lineno + 1 if is_docstring else 0
    return function.end_lineno - function.lineno + 1 - docstring


def find_long_functions(source: str) -> list[str]:
    """Return "name: lines" of every function above the cap."""
    functions = [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return [f"{f.name}: {count_code_lines(f)}" for f in functions if count_code_lines(f) > MAX_FUNCTION_LINES]


def test_what_computes_loads_no_streamlit_and_fabric_matplotlib_and_captum_wait_for_their_users():
    assert {"rn_core.race.worker", "pages._lab.walk.forward", "pages._lab.train.job_board"} <= {*MODULES}
    heavy = "torch streamlit lightning_fabric torch._dynamo matplotlib captum lightning"
    pages = ["pages._ui.pairs.exports", "pages._ui.cache", "pages._ui.explore.sections"]
    computes, draws = probe(heavy, [MODULES, pages], ROOT)
    assert computes == ["torch"]
    assert not {*draws} & {"matplotlib", "captum", "lightning"}, "no page waits for these"


def test_the_probe_can_fail(tmp_path):
    (tmp_path / "leaky.py").write_text("import streamlit\n")
    assert probe("torch streamlit", [["json"], ["json", "leaky"]], tmp_path) == [[], ["streamlit"]]


@pytest.mark.parametrize(
    ("pattern", "cap"),
    [
        ("rn_core/**/*.py", 400),
        ("benchmarks/*.py", 400),
        ("pages/_lab/**/*.py", 400),
        ("pages/_ui/**/*.py", 400),
        ("pages/_ui/**/*.js", 400),
        ("pages/*.py", 200),
        ("app.py", 80),
    ],
)
def test_files_stay_below_their_cap(pattern, cap):
    lengths = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in ROOT.glob(pattern)}
    assert lengths, f"no file matches {pattern}"
    assert {str(path): length for path, length in lengths.items() if length > cap} == {}


@pytest.mark.parametrize("pattern", ["rn_core/**/*.py", "pages/**/*.py", "benchmarks/*.py", "app.py"])
def test_functions_stay_below_their_cap(pattern):
    long = {str(path.relative_to(ROOT)): find_long_functions(path.read_text()) for path in ROOT.glob(pattern)}
    assert {path: names for path, names in long.items() if names} == {}


def test_long_functions_are_found():
    lines = "\n".join(["    x = 1"] * MAX_FUNCTION_LINES)
    assert find_long_functions(f'def fits():\n    """One line."""\n{lines[:-10]}\n') == []
    assert find_long_functions(f"def long():\n{lines}\n") == [f"long: {MAX_FUNCTION_LINES + 1}"]
