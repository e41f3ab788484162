"""The glossary: one table for pages and docs, and each word explained where it first stands on a page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages._lab.glossary import GLOSSARY, PAGE, explain, explain_markdown, format_page
from pages._lab.plain import escape

ROOT = Path(__file__).resolve().parents[2]
#: Page and link -> words that are underlined there, among others.
WHERE = (
    ("explore", {}, {"Relation Network", "MLP", "share", "pair", "logit"}),
    ("explore", {"section": "pair", "pair": "red-green"}, {"relation", "aggregate", "softmax"}),
    ("explore", {"section": "what-if"}, {"what-if"}),
    ("explore", {"section": "method"}, {"attribution", "baseline", "path integral", "residual"}),
    ("explore", {"section": "many"}, {"margin"}),
    ("how_it_works", {"step": "4"}, {"object"}),
    ("how_it_works", {"step": "3", "model": "rn-pixels"}, {"cell"}),
    ("lessons", {"lesson": "why-pairs"}, {"g_theta"}),
    ("lessons", {"lesson": "why-a-sum"}, {"f_phi"}),
    ("results", {}, {"LSTM", "blind floor", "relational question"}),
    ("results", {"section": "measure"}, {"seed"}),
)


def test_the_docs_page_is_the_table():
    """`python -m pages._lab.glossary` writes it anew."""
    assert PAGE.read_text(encoding="utf-8") == format_page()
    for word, meaning in GLOSSARY.items():
        assert format_page().count(f"**{word}**\n: {meaning}\n") == 1


@pytest.mark.parametrize("word", GLOSSARY)
def test_every_word_is_found_in_its_singular_and_plural_once(word):
    for said in (word, f"{word}s", word.capitalize()):
        html, found = explain(f"Here {said} and {said}.")
        assert word in found
        assert html.count('class="rn-word"') == 1
        assert re.sub(r'<span role="tooltip">.*?</span>|<[^>]*>', "", html) == f"Here {said} and {said}."


def test_a_word_that_was_explained_is_left_as_it_is():
    html, found = explain("A pair adds to the logit.", {"pair"})
    assert found == {"logit"}
    assert html.startswith("A pair adds to the <span")


def test_parts_of_words_stay_and_the_longest_word_wins():
    assert explain("impaired pairwise subjects") == ("impaired pairwise subjects", set())
    assert explain("the deciding pair")[1] == {"deciding pair"}


def test_text_stays_text():
    html, _ = explain('<b onclick="x">logit</b> & pairs')
    assert "<b" not in html
    assert html.startswith("&lt;b onclick=&quot;x&quot;&gt;<span")


def explained_on(page: str, query: dict[str, str]) -> set[str]:
    """Return the words that say their meaning on a page, the sidebar's list left out."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300)
    app.query_params.update(query)
    app.switch_page(f"pages/{page}.py").run()
    assert [error.message for error in app.exception] == []
    shown = "".join(element.proto.body for element in (*app.get("html"), *app.get("markdown")))
    return {word for word, meaning in GLOSSARY.items() if f'<span role="tooltip">{escape(meaning)}</span>' in shown}


@pytest.mark.weights
@pytest.mark.parametrize(("page", "query", "words"), WHERE)
def test_words_are_explained_on_the_pages_that_use_them(page, query, words):
    assert words <= explained_on(page, query)


def test_every_word_but_the_deciding_pair_is_looked_for_on_a_page():
    """That one stands in sentences about pairs that depend on the scene."""
    assert {word for _, _, words in WHERE for word in words} == {*GLOSSARY} - {"deciding pair"}


def test_markdown_keeps_its_formulas_its_code_and_its_paragraphs():
    text = "One **pair**.\n\n`g_theta` sees <b> a pair:\n\n$$g_theta < \\sum$$\n\n`other`, `g_theta`"
    html, found = explain_markdown(text)
    assert found == {"pair", "g_theta"}
    assert re.sub(r'<span role="tooltip">.*?</span>|<span[^>]*>|</span>', "", html) == text.replace("<b>", "&lt;b&gt;")
    assert html.count('class="rn-word"') == 2


def test_the_sidebar_lists_all_words():
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300).run()
    (listed,) = (element.proto.body for element in app.sidebar.get("html") if "rn-glossary" in element.proto.body)
    for word, meaning in GLOSSARY.items():
        assert f"<dt>{escape(word)}</dt><dd>{escape(meaning)}</dd>" in listed
