"""The type checker: the whole project passes, a planted error is found, and comments that silence it are few."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tokenize
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CHECKED = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["files"]
#: Comments that silence the type checker in the whole project at most.
MOST_IGNORES = 15
#: Such a comment with its code, and its reason behind it.
_IGNORE = re.compile(r"# type: ignore\[[a-z-]+(, [a-z-]+)*\]  # \S.{9,}")
#: Continuous integration, where nothing is read a second time, keeps nothing: to write it takes a tenth of the time.
_KEPT = [f"--cache-dir={os.devnull}"] if os.environ.get("CI") == "true" else []
#: A line that mypy prints of the planted module.
_OF_PLANTED = re.compile(r"\S*/planted\.py:\d+: ")
#: A page's own session takes its own state alone, and shared sections only views of pairs.
_PLANTED = """
from pages._ui.session import PageControls, PageSession


class Bare:
    projector = False


def read(query: object) -> tuple[Bare, list[str]]:
    return Bare(), []


BARE = PageSession("bare", read)


def open_it(page: PageControls) -> int:
    return page.link()
"""


def check_types(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run mypy with the project's settings in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--no-color-output", "--no-error-summary", *_KEPT, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def list_ignores(source: str) -> list[str]:
    """Return the comments of a module that silence the type checker."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = (token.string for token in tokens if token.type == tokenize.COMMENT)
    return [comment for comment in comments if re.search(r"type:\s*ignore|mypy:|pyright:", comment)]


def list_sources() -> list[Path]:
    """Return the modules that are checked."""
    found = (ROOT / name for name in CHECKED)
    return [file for path in found for file in ([path] if path.is_file() else sorted(path.rglob("*.py")))]


@pytest.fixture(scope="module")
def checked(tmp_path_factory) -> subprocess.CompletedProcess[str]:
    """Return what mypy says of the whole project and of a planted module, in one run: reading it all takes longest."""
    planted = tmp_path_factory.mktemp("planted") / "planted.py"
    planted.write_text(_PLANTED)
    return check_types(*CHECKED, str(planted))


@pytest.mark.check
def test_mypy_finds_nothing_in_the_project(checked):
    lines = [line for line in checked.stdout.splitlines() if not _OF_PLANTED.match(line)]
    elsewhere = [line for line in lines if not line.startswith("pyproject.toml: note: unused section")]
    assert (elsewhere, checked.stderr) == ([], "")


@pytest.mark.check
def test_mypy_finds_a_planted_error(checked):
    assert checked.returncode == 1
    found = re.findall(r"planted\.py:(\d+): error: .*\[([a-z-]+)\]", checked.stdout)
    lines = _PLANTED.splitlines()
    assert [(lines[int(line) - 1], code) for line, code in found] == [
        ('BARE = PageSession("bare", read)', "type-var"),
        ("    return page.link()", "return-value"),
    ], checked.stdout + checked.stderr


def test_the_checker_is_rarely_silenced_and_never_without_a_reason():
    ignores = [(file, comment) for file in list_sources() for comment in list_ignores(file.read_text("utf-8"))]
    assert [found for found in ignores if not _IGNORE.fullmatch(found[1])] == []
    assert len(ignores) <= MOST_IGNORES


@pytest.mark.parametrize(
    "comment",
    [
        "# type: ignore",
        "# type: ignore[attr-defined]",
        "# type: ignore  # a reason without a code",
        "# mypy: ignore-errors",
    ],
)
def test_a_bare_comment_would_be_seen(comment):
    (found,) = list_ignores(f"x = 1  {comment}\n")
    assert not _IGNORE.fullmatch(found)


def test_a_comment_with_code_and_reason_is_let_through():
    (found,) = list_ignores("x = 1  # type: ignore[attr-defined]  # the library's stubs lack it\n")
    assert _IGNORE.fullmatch(found)


def test_the_session_state_is_reached_through_typed_helpers_alone():
    using = {str(file.relative_to(ROOT)) for file in list_sources() if "st.session_state" in file.read_text("utf-8")}
    assert using == {"pages/_ui/kept.py", "pages/_ui/session.py"}
