"""The glossary: one table for pages and docs, and each word explained where it first stands on a page."""

from __future__ import annotations

import re

import pytest

from pages._lab.glossary import GLOSSARY, PAGE, explain, format_page


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
