"""Questions as numbers: words where the vocabulary has them, marks as words of their own."""

from __future__ import annotations

import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rn_core.common.errors import QuestionError
from rn_core.tasks.clevr.tokens import TOKENS, encode_tokens
from rn_core.tasks.registry import model_config


def read(row: torch.Tensor) -> str:
    """Return a row's words and marks, joined by spaces."""
    return " ".join(TOKENS[number - 1] for number in row.tolist() if number)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Is there a cube?", "is there a cube ?"),
        ("is there   a CUBE", "is there a cube ?"),
        ("Is there a cube??", "is there a cube ?"),
        ("There is a cube; what color is it?", "there is a cube ; what color is it ?"),
        ("There is a cube ;what color is it ;", "there is a cube ; what color is it ?"),
        ("There is a cube; ; is it grey?", "there is a cube ; is it gray ?"),
        ("Are there any cubes, or spheres!", "are there any cubes or spheres ?"),
    ],
)
def test_words_and_marks_in_their_order(text, words):
    assert [read(row) for row in encode_tokens([text])] == [words]


def test_padding_is_behind_and_nowhere_else():
    found = encode_tokens(["Is there a cube?", "There is a cube; what color is it?"])
    assert found.dtype == torch.int64
    assert (found != 0).sum(dim=1).tolist() == [5, 10]
    assert found[0, 5:].tolist() == [0] * 5


def test_official_questions_are_their_words_and_marks(shared_data):
    path = shared_data / "clevr" / "questions" / "official_train_questions_images0-3.json"
    texts = [row["question"] for row in json.loads(path.read_text())["questions"]]
    for text, row in zip(texts, encode_tokens(texts), strict=True):
        assert read(row) == text.lower().replace(";", " ;").replace("?", " ?")


def test_models_of_clevr_know_as_many_words():
    for task in ("clevr/pixels", "clevr/states"):
        assert model_config(task, "rn").question.n_words == len(TOKENS) == 82


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Is there; a pyramid?", "'pyramid'"),
        ("?", "Type a question"),
        (";", "Type a question"),
        (None, "must be text, got NoneType"),
        ("a " * 2000, "at most"),
    ],
)
def test_what_is_no_question_is_one_sentence(text, sentence):
    with pytest.raises(QuestionError, match=sentence):
        encode_tokens([text])


@given(st.one_of(st.text(max_size=300), st.lists(st.sampled_from([*TOKENS, "?!", "  "]), max_size=90).map(" ".join)))
def test_any_text_is_numbers_or_a_sentence(text):
    try:
        row = encode_tokens([text])[0]
    except QuestionError as err:
        assert "\n" not in str(err)
    else:
        assert 1 <= row.min() <= row.max() <= len(TOKENS)
        assert row[-1] == TOKENS.index("?") + 1
