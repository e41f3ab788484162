"""Text that a link or a person brings is shown as text: by `plain` itself, on every page, and in every call."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from importlib import import_module
from itertools import cycle
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages._lab.figures import plot_logit_shift, plot_pair_matrix
from pages._lab.links import Field
from pages._lab.plain import LONGEST, clean, escape, escape_math, plain, shorten
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
        "explore": ("sort_of_clevr.state", "explore.session"),
        "clevr": ("clevr.state", "clevr.session"),
        "babi": ("babi.state", "babi.session"),
        "physics": ("physics.state", "physics.session"),
        "own": ("own.state", "own.session"),
        "how_it_works": ("walk.state", "walk.session"),
        "train": ("train.state", "train.session"),
        "lessons": ("lessons.state", "lessons.session"),
        "results": ("results.state", "results.sections"),
    }
)


def table_of(page: str) -> tuple[Field, ...]:
    """Return a page's table of parameters."""
    return import_module(f"pages._lab.{PAGES[page][0]}").FIELDS


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


def test_figures_show_names_as_text():
    names = ('<a href="http://e.co">a</a>', "<b>b</b>")
    figures = (
        plot_pair_matrix(np.eye(2), names, names=names),
        plot_logit_shift(names, np.zeros(2), np.ones(2), removed=names[0]),
    )
    for figure in figures:
        drawn = figure.update_layout(meta=None).to_json().encode().decode("unicode_escape")
        assert "&lt;b&gt;b&lt;/b&gt;" in drawn
        assert not re.search("<[ab]", drawn)


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
        if proto is not None and element.type not in ("html", "code", "text_area", "text_input"):
            found += [getattr(proto, name, "") for name in ("body", "label", "help", "caption", "text", "content")]
            found += [getattr(option, "content", option) for option in getattr(proto, "options", ())]
    return [text for text in found if isinstance(text, str) and text]


def walk(block) -> Iterator:
    """Return the elements of a page, one after the other."""
    for child in block.children.values():
        yield child
        if hasattr(child, "children"):
            yield from walk(child)


@pytest.mark.weights
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


#: What Streamlit reads Markdown in: name of a call -> positions of its arguments, and the names that they may have.
RENDERED = MappingProxyType(
    dict.fromkeys(
        (
            "error warning info success exception markdown caption title header subheader write toast badge latex "
            "button download_button link_button form_submit_button checkbox toggle slider text_input text_area "
            "number_input file_uploader expander popover dialog spinner status tabs chat_input color_picker "
            "date_input time_input"
        ).split(),
        (0,),
    )
    | dict.fromkeys(("radio", "segmented_control", "pills", "select_slider", "metric"), (0, 1))
    # The options of a menu are shown as they are.
    | dict.fromkeys(("selectbox", "multiselect"), (0,))
    | {"progress": (1,), "page_link": (1,)}
)
_NAMED = ("body", "label", "help", "text", "caption", "captions", "title")
#: The project's own words that the rule cannot tell from others: file -> expressions that stand for tables' entries,
#: numbers, lessons' files, weights that ship, and texts that went through `plain` where they were made.
OWN_WORDS = MappingProxyType(
    {
        "pages/_ui/explained.py": ("explain_markdown(text)[0]",),
        "pages/_ui/lessons/measured.py": ("calls", "size"),
        "pages/_ui/lessons/polls.py": ("choice",),
        "pages/_ui/own/sections.py": (
            "sets", "label", "waits", "results_table(found, shown.floors)", "progress_table(view)", "KINDS[kind].short",
        ),
        "pages/_ui/pairs/sections.py": (
            "title", "n_pairs", "str(top)", "view.nodes.noun", "list(present)", "present", "other", "names",
            "layout.card_text(card)",
        ),
        "pages/_ui/pairs/many.py": ("names", "len(many.examples)", "len(rows)", "page.domain.examples.start_title"),
        "pages/_ui/pairs/page.py": ("names",),
        "pages/_ui/physics/sections.py": ("title",),
        "pages/_ui/results/sections.py": ("found.seed", "stops", "card_lines(card)", "DOMAINS[state.domain].title"),
        "pages/_ui/sharing.py": ("about",),
        "pages/_ui/train/models.py": ("RUNNERS[kind].short",),
        "pages/_ui/train/sections.py": ("scene_word(config.task)", "title", "groups[group].capitalize()"),
        "pages/_ui/train/settings.py": (
            "_task_name", "RUNNERS[model].title", "type_name", "scenes", "words.who", "words.learns",
            "words.without",
        ),
        "pages/_ui/walk/sections.py": ("formula", "title", "names"),
        "pages/babi.py": ("names", "state.n_turns"),
        "pages/clevr.py": ("names", "full_name(state.model)"),
        "pages/explore.py": ("names",),
        "pages/how_it_works.py": ("name", "names"),
        "pages/lessons.py": (
            "title", "label", "names", "choice", "following.title",
            "lesson_file.describe_format()", "lesson_layout.describe_progress(lessons, answers)",
        ),
        "pages/results.py": ("titles",),
        "pages/train.py": ("label",),
    }
)  # fmt: skip


def is_own(node: ast.expr, known: Sequence[str]) -> bool:
    """Tell whether an expression holds the project's own words, numbers, or what went through `plain`."""
    if ast.unparse(node) in known:
        return True
    match node:
        case ast.Constant() | ast.Call(func=ast.Name(id="plain")):
            return True
        case ast.Name(id=name) | ast.Attribute(attr=name) if name.isupper():
            return True
        case ast.Attribute(value=ast.Name(id=name), attr="get") | ast.Subscript(value=ast.Name(id=name)):
            return name.isupper()
        case ast.FormattedValue(value=value, format_spec=spec):
            return spec is not None or is_own(value, known)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
            return any(isinstance(side, ast.Constant) and isinstance(side.value, int) for side in (left, right))
        case ast.Call(func=ast.Name(id="list" | "sorted" | "range" | "named"), args=arguments):
            return all(is_own(each, known) for each in arguments)
        case ast.JoinedStr(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts):
            return all(is_own(each, known) for each in parts)
        case ast.IfExp(body=one, orelse=other):
            return is_own(one, known) and is_own(other, known)
        case ast.Lambda(body=body):
            return is_own(body, known)
    return False


def find_foreign(source: str, known: Sequence[str] = ()) -> list[str]:
    """Return the calls whose Markdown may hold what a person or a link brings; `known` are the project's own words."""
    found = []
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in RENDERED:
            places, named = RENDERED[call.func.attr], {keyword.arg: keyword.value for keyword in call.keywords}
            if places == (0, 1) and "format_func" in named:
                places, named["label"] = (0,), named.get("label", named["format_func"])
            shown = [call.args[k] for k in places if k < len(call.args)]
            shown += [value for name, value in named.items() if name in _NAMED]
            found += [
                f"{call.lineno}: {call.func.attr}({ast.unparse(node)})" for node in shown if not is_own(node, known)
            ]
    return found


def test_every_markdown_of_a_page_is_the_projects_or_went_through_plain():
    sources = {str(path.relative_to(ROOT)): path.read_text() for path in (ROOT / "app.py", *ROOT.glob("pages/**/*.py"))}
    drawing = {path: source for path, source in sources.items() if "import streamlit" in source}
    found = {path: find_foreign(source, OWN_WORDS.get(path, ())) for path, source in drawing.items()}
    assert {path: calls for path, calls in found.items() if calls} == {}
    unused = [(path, words) for path, known in OWN_WORDS.items() for words in known if words not in sources[path]]
    assert unused == []


@pytest.mark.parametrize(
    "call",
    (
        "st.error(str(err))",
        "left.caption(f'Now: {name}')",
        "st.button('Go', help=text)",
        "st.pills('A', people)",
        "st.radio('A', X, format_func=lambda key: names[key])",
        "bar.progress(0.5, text)",
        "st.toast(f'{plain(a)}{b}')",
    ),
)
def test_the_rule_finds_what_breaks_it(call):
    assert len(find_foreign(call)) == 1


def test_html_and_figures_escape_by_the_one_function():
    for path in ROOT.glob("pages/**/*.py"):
        if path.name != "plain.py":
            assert not re.search(r"from html import|\bhtml\.escape\(", path.read_text()), path
