"""The 80 words, and questions as numbers."""

from __future__ import annotations

import itertools
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rn_core.common.errors import QuestionError
from rn_core.tasks.clevr.language import DESCRIPTIONS, RELATION_PHRASES, description_phrases
from rn_core.tasks.clevr.templates import load_templates, text_variants
from rn_core.tasks.clevr.vocabulary import N_TOKENS, WORD_NUMBERS, WORDS, number_words, split_words


def test_the_words_are_those_of_the_official_training_questions(shared_data):
    official = json.loads((shared_data / "clevr-public-weights/vocab.json").read_text())["question"]
    assert set(official) - {";", "?"} == set(WORDS)
    assert len(WORDS) == len(set(WORDS)) == 80
    assert list(WORDS) == sorted(WORDS)


def test_the_language_uses_these_words_and_no_others():
    texts = [variant for template in load_templates() for text in template.texts for variant in text_variants(text)]
    texts += itertools.chain.from_iterable(RELATION_PHRASES.values())
    texts += [
        phrase for k in range(len(DESCRIPTIONS)) for many in (False, True) for phrase in description_phrases(k, many)
    ]
    said = {word for text in texts for word in re.findall("[a-z]+", re.sub(r"\{.}s?", "", text).lower())}
    assert said == set(WORDS)


def test_numbers_start_at_one():
    assert N_TOKENS == 81
    assert WORD_NUMBERS["a"] == 1
    assert WORD_NUMBERS["yellow"] == 80
    assert number_words("A yellow another?") == [1, 80, 4]


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=60))
def test_words_and_back(words):
    assert [WORDS[number - 1] for number in number_words(" ".join(words))] == words


def test_spelling_case_and_punctuation():
    assert (
        split_words("  WHAT\u2019s the colour, of\tthe (grey) cube?! ") == "what is the color of the gray cube".split()
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, r"^A question must be text, got NoneType; ask, for example, '.*'$"),
        (["cube"], r"^A question must be text, got list; ask, for example, '.*'$"),
        ("", r"^Type a question, such as '.*'$"),
        ("\x00 \u202e ?!", r"^Type a question, such as '.*'$"),
        ("cube " * 20_000, r"^A question may have at most 1000 characters, got 100000; shorten it\.$"),
        ("cube " * 81, r"^A question may have at most 80 words, got 81; shorten it\.$"),
        ("How many cuebs?", r"^The word 'cuebs' is not one of CLEVR's 80 words\. Did you mean 'cubes'\?$"),
        ("x" * 900, r"^The word 'x{39}…' is not one of CLEVR's 80 words\.$"),
    ],
)
def test_a_wrong_question_is_one_sentence(text, message):
    with pytest.raises(QuestionError, match=message):
        number_words(text)
