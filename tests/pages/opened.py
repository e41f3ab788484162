"""A page opened in the app, as Streamlit's own test runner shows it, and what a visitor reads and presses there."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from streamlit.testing.v1 import AppTest

from pages._lab.links import PageState
from tests.shown_markdown import seen, without_meanings

ROOT = Path(__file__).resolve().parents[2]
State = TypeVar("State", bound=PageState)


def open_page(page: str, /, **query: str) -> AppTest:
    """Return a page of `pages/`, opened by a link from the entry script."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params.update(query)
    return app.switch_page(f"pages/{page}.py").run()


def html(app: AppTest) -> str:
    """Return all the HTML of the page, in which words of the glossary stand as plain text."""
    return without_meanings("".join(element.proto.body for element in app.get("html")))


def charts(app: AppTest) -> list[str]:
    """Return the alternative texts of the page's figures."""
    return [chart.proto.alt for chart in app.get("plotly_chart")]


def sentences(app: AppTest, *also: str) -> list[str]:
    """Return every sentence that says that something is wrong; a traceback fails the test.

    That two methods disagree is an answer, not a fault.

    Args:
        app: the page.
        also: kinds of boxes that are read beside errors and warnings, such as "info".
    """
    assert [error.message for error in app.exception] == []
    said = [element.value for kind in ("error", "warning", *also) for element in app.get(kind)]
    return [seen(text) for text in said if "The two methods disagree" not in text]


def state_of(kind: type[State], app: AppTest) -> State:
    """Return the page's state as its URL has it, without fault."""
    state, problems = kind.from_query({name: value for name, value in app.query_params.items() if value})
    assert problems == []
    return state


def press(app: AppTest, label: str) -> AppTest:
    """Press the button with a label."""
    return next(button for button in app.button if button.label == label).click().run()
