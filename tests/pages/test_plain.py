"""Text that a link or a person brings is shown as text: by `plain` itself, on every page, and in every call."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from importlib import import_module
from itertools import cycle
from pathlib import Path
from types import MappingProxyType

import pytest
from streamlit.testing.v1 import AppTest

from pages._ui.links import Field
from pages._ui.plain import LONGEST, clean, escape, escape_math, plain, shorten
from pages._ui.session import PageSession
from tests.shown_markdown import read_markdown, seen

ROOT = Path(__file__).resolve().parents[2]
#: Short ones: parameters are quoted up to 40 characters.
HOSTILE = (
    "![](http://e.co/x.png)",
    "[a](//e.co) <http://e.co> https://e.co",
    "www.e.co me@e.co",
    "**b** _i_ `c` ~~s~~ | t |",
    r"$x^2$ \$y$ $$z$$",
    r":red[r] \:small[s] :color[c]{foreground=red}",
    ":material/home: :material_home:",
    ":smile: :+1: :streamlit:",
    "<img src=http://e.co/x><b>x</b><!-- y -->",
    "&lt;b&gt; &#36; a -> b <= c",
    "x\n\n# h\n- i\n1. j\n    k\n> q",
    "\x00\x1b[31m\x7f\x85\x9b",
    "a\u202eb\u2066c\u200f\u2028d\ufeff",
    "\ud800x",
)
#: Page -> its module of parameters, and where its session is.
PAGES = MappingProxyType(
    {
        "explore": ("explore.state", "explore.session"),
        "clevr": ("clevr.state", "clevr.session"),
        "babi": ("babi.state", "babi.session"),
        "physics": ("physics.state", "physics.session"),
        "how_it_works": ("walk.state", "walk.session"),
        "train": ("train.state", "train.session"),
        "lessons": ("lessons.state", "lessons.session"),
        "results": ("results.state", "results.sections"),
    }
)


def table_of(page: str) -> tuple[Field, ...]:
    """Return a page's table of parameters."""
    return import_module(f"pages._ui.{PAGES[page][0]}").FIELDS


def session_of(page: str) -> PageSession:
    """Return what keeps a page's state."""
    module = import_module(f"pages._ui.{PAGES[page][1]}")
    return next(value for value in vars(module).values() if isinstance(value, PageSession))


def hostile_query(page: str) -> dict[str, str]:
    """Return a link to a page: each of its parameters hostile, and each hostile string the name of one more."""
    # No address holds half of a surrogate pair.
    texts = [text for text in HOSTILE if "\ud800" not in text]
    values = dict(zip((field.key for field in table_of(page)), cycle(texts), strict=False))
    return values | {name: "x" for name in texts}


def test_every_page_is_swept():
    assert {path.stem for path in ROOT.glob("pages/*.py")} == set(PAGES)


@pytest.mark.parametrize("text", HOSTILE)
def test_plain_text_has_no_markup_and_is_seen_as_it_is(text):
    for around in (text, f"The link's '{text}' was left out: {text}", text * 2):
        markdown = plain(around)
        assert read_markdown(markdown)[1] == set()
        assert seen(markdown) == clean(around).lstrip()


def test_the_parser_tells_markup_from_text():
    markup = [text for text in HOSTILE if read_markdown(text)[1]]
    assert markup == list(HOSTILE[:11])


def test_control_characters_are_shown_and_what_turns_writing_is_dropped():
    assert clean("a\x00b\x1b[31m\x7f\x9b") == "a␀b␛[31m␡\ufffd"
    assert clean("a\u202eb\u2066c\u200fd\ufeffe") == "abcde"
    assert clean("a\r\n\t b\u2028c") == "a b c"
    assert clean("\ud800 é 漢 👩\u200d🔬 1\u00a0%") == "\ufffd é 漢 👩\u200d🔬 1\u00a0%"
    assert plain("Two balls, 'red' and 'blue'; use 3.5 % (of 10).") == "Two balls, 'red' and 'blue'; use 3.5 % (of 10)."


def test_of_a_long_text_beginning_and_end_are_shown():
    shown = seen(plain(f"The value '{'x' * 10**6}' is too long; write less."))
    assert len(shown) == LONGEST
    assert shown.startswith("The value 'xxx") and "x…x" in shown and shown.endswith("' is too long; write less.")


def test_html_shows_the_text_and_no_element():
    tags, texts = [], []
    reader = HTMLParser()
    reader.handle_starttag = lambda tag, attributes: tags.append((tag, dict(attributes)))
    reader.handle_data = texts.append
    for text in HOSTILE:
        reader.feed(f'<i title="{escape(text)}">{escape(text)}</i>')
    assert tags == [("i", {"title": clean(text)}) for text in HOSTILE]
    assert "".join(texts) == "".join(map(clean, HOSTILE))


def test_matplotlib_draws_dollars_as_dollars():
    from matplotlib.figure import Figure

    text = Figure().text(0, 0, "")
    for hostile in (*HOSTILE, "$5 and $6", r"\$5$", "$x$\n$y$"):
        drawn, is_math = text._preprocess_math(escape_math(hostile))
        assert not is_math
        assert drawn == "\n".join(map(clean, hostile.split("\n")))


@pytest.mark.parametrize("page", PAGES)
def test_sentences_about_every_parameter_are_text(page):
    read = session_of(page).read
    for field in table_of(page):
        for text in HOSTILE:
            _, problems = read({field.key: text, text: "x"})
            assert any(clean(text)[:20].strip() in clean(problem) for problem in problems)
            for problem in problems:
                markdown = plain(problem)
                assert (seen(markdown), read_markdown(markdown)[1]) == (shorten(clean(problem)), set())


def markdown_of(app: AppTest) -> list[str]:
    """Return all Markdown of a page: bodies, labels, options, help."""
    found = []
    for element in walk(app._tree):
        proto = getattr(element, "proto", None)
        for name in ("body", "label", "help", "caption", "text", "content"):
            value = getattr(proto, name, "")
            if isinstance(value, str) and element.type not in ("html", "code", "text_area", "text_input"):
                found.append(value)
        found += list(getattr(proto, "options", [])) and [
            option if isinstance(option, str) else option.content for option in proto.options
        ]
    return [text for text in found if text]


def walk(block) -> Iterator:
    """Return the elements of a page, one after the other."""
    for child in block.children.values():
        yield child
        if hasattr(child, "children"):
            yield from walk(child)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_a_hostile_link_as_text(page):
    query = hostile_query(page)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300)
    app.query_params.update({name: [value, value] for name, value in query.items()})
    app.switch_page(f"pages/{page}.py").run()
    assert [error.message for error in app.exception] == []
    _, expected = session_of(page).read(query)
    shown = [warning.value for warning in app.warning]
    assert [seen(text) for text in shown[: len(expected)]] == [shorten(clean(problem)) for problem in expected]
    assert set().union(*(read_markdown(text)[1] for text in shown)) == set()
    for text in markdown_of(app):
        if text not in shown:
            assert "e.co" not in text and "home:" not in text and "x^2" not in text, text
    for element in app.get("html"):
        assert "e.co" not in element.proto.body
