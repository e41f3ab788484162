"""English questions, both ways, and the help for those that are not in the language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rn_core.common.errors import QuestionError
from rn_core.tasks.sort_of_clevr.language import ALL_TEXTS, parse, text
from rn_core.tasks.sort_of_clevr.questions import N_QUESTIONS, Question


@pytest.mark.parametrize("index", range(N_QUESTIONS))
def test_text_and_back(index):
    question = Question.from_index(index)
    assert parse(text(question)) == question
    assert text(question) == ALL_TEXTS[index]


def test_texts_are_the_ones_promised():
    assert [ALL_TEXTS[row * 6] for row in range(6)] == [
        "What is the shape of the red object?",
        "Is the red object on the left?",
        "Is the red object at the top?",
        "What is the shape of the object closest to the red object?",
        "What is the shape of the object furthest from the red object?",
        "How many other objects have the same shape as the red object?",
    ]
    assert len(set(ALL_TEXTS)) == N_QUESTIONS


@given(st.integers(0, N_QUESTIONS - 1), st.randoms(use_true_random=False))
def test_case_spaces_and_punctuation_do_not_matter(index, random):
    words = ALL_TEXTS[index].rstrip("?").split()
    cased = ["".join(random.choice((letter.lower(), letter.upper())) for letter in word) for word in words]
    spaced = "".join(word + random.choice((" ", "  ", "\t", "\n", ", ", " - ")) for word in cased)
    sentence = random.choice(("", " ", "\n", '"')) + spaced + random.choice(("", "?", " ?", "??", "!", "."))
    assert parse(sentence).index == index


@pytest.mark.parametrize(
    ("sentence", "index"),
    [
        ("what's the shape of the grey object", 4),
        ("What\u2019s the shape of the blue object?", 2),
        ("What is the shape of the object nearest to the red object?", 18),
        ("What is the shape of the object farthest from the yellow object?", 29),
        ("Is there a red object on the left?", 6),
        ("Is there a blue one in the upper half of the picture?", 14),
        ("What is the shape of the nearest neighbour of green?", 19),
        ("What shape is the object that is furthest from orange?", 27),
        ("What is the number of objects with the same shape as red?", 30),
    ],
)
def test_other_spellings(sentence, index):
    assert parse(sentence).index == index


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        (
            "What is the shap of the red object?",
            "The word 'shap' is not in this task's language. Did you mean 'shape'? "
            "Ask, for example, 'What is the shape of the red object?'",
        ),
        (
            "Is the blau object on the left?",
            "The word 'blau' is not in this task's language. Did you mean 'blue'? "
            "Ask, for example, 'Is the blue object on the left?'",
        ),
        (
            "Is the red object left left?",
            "'Is the red object left left?' is not one of the 36 questions. "
            "Did you mean 'Is the red object on the left?'",
        ),
        ("", "Type a question, such as 'What is the shape of the red object?'"),
        ("   ", "Type a question, such as 'What is the shape of the red object?'"),
        (None, "Type a question, such as 'What is the shape of the red object?'"),
    ],
)
def test_a_wrong_question_is_one_sentence_with_a_right_one(sentence, message):
    with pytest.raises(QuestionError) as caught:
        parse(sentence)
    assert str(caught.value) == message


@given(st.text(max_size=60))
def test_any_text_is_a_question_or_a_question_error(sentence):
    try:
        assert parse(sentence).index in range(N_QUESTIONS)
    except QuestionError as error:
        assert any(known in str(error) for known in ALL_TEXTS)


def test_a_very_long_word_is_cut():
    with pytest.raises(QuestionError) as caught:
        parse("x" * 10_000)
    assert len(str(caught.value)) < 200
