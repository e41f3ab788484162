"""The question encoder against an LSTM written out word by word."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from rn_core.common.device import can_read_words_in_bf16
from rn_core.common.errors import RNCoreError
from rn_core.models.questions import QuestionEncoder, QuestionEncoderConfig

CONFIG = QuestionEncoderConfig(n_words=9, d_word=4, d_question=5)
QUESTIONS = ([3, 1, 9, 2], [7], [5, 5, 8, 1, 2, 6], [4, 2])


def build_encoder(**changes: object) -> QuestionEncoder:
    return QuestionEncoder(replace(CONFIG, **changes)).double()


def pad(questions: tuple[list[int], ...], length: int = 6) -> Tensor:
    return torch.tensor([question + [0] * (length - len(question)) for question in questions])


def read_word_by_word(encoder: QuestionEncoder, words: list[int]) -> Tensor:
    """Return the last state: Hochreiter & Schmidhuber's cell with a forget gate, one word at a time."""
    lstm, d_question = encoder.lstm, encoder.config.d_question
    hidden = cell = torch.zeros(d_question, dtype=torch.float64)
    for word in words:
        seen = lstm.weight_ih_l0 @ encoder.words.weight[word] + lstm.bias_ih_l0
        gates = seen + lstm.weight_hh_l0 @ hidden + lstm.bias_hh_l0
        enter, forget, new, leave = gates.split(d_question)
        cell = forget.sigmoid() * cell + enter.sigmoid() * new.tanh()
        hidden = leave.sigmoid() * cell.tanh()
    return hidden


@pytest.mark.parametrize("padded_length", [0, 4, 9])
@pytest.mark.parametrize("reverse", [False, True])
def test_it_is_the_last_state_of_an_lstm(reverse, padded_length):
    encoder = build_encoder(reversed=reverse, padded_length=padded_length)
    found = encoder(pad(QUESTIONS))
    for row, question in enumerate(QUESTIONS):
        words = question[::-1] if reverse else question
        words = [0] * (padded_length - len(question)) + words
        torch.testing.assert_close(found[row], read_word_by_word(encoder, words), rtol=0, atol=1e-12)


def test_padded_behind_and_then_reversed_is_padding_first():
    """What the public weights were trained with."""
    encoder = build_encoder(reversed=True, padded_length=8)
    padded = [*QUESTIONS[0], 0, 0, 0, 0]
    torch.testing.assert_close(encoder(pad(QUESTIONS))[0], read_word_by_word(encoder, padded[::-1]), rtol=0, atol=1e-12)


def test_more_padding_behind_changes_nothing():
    encoder = build_encoder()
    torch.testing.assert_close(encoder(pad(QUESTIONS)), encoder(pad(QUESTIONS, 17)), rtol=0, atol=1e-15)
    alone = torch.cat([encoder(torch.tensor([question])) for question in QUESTIONS])
    torch.testing.assert_close(encoder(pad(QUESTIONS)), alone, rtol=0, atol=1e-15)


@pytest.mark.parametrize("reverse", [False, True])
def test_padding_gets_no_gradient(reverse):
    encoder = build_encoder(reversed=reverse)
    encoder(pad(QUESTIONS, 17)).sum().backward()
    assert not encoder.words.weight.grad[0].any()
    assert encoder.words.weight.grad[[1, 2, 3]].abs().sum(dim=1).all()


def test_a_question_of_no_words_is_one_padding_word():
    encoder = build_encoder()
    torch.testing.assert_close(encoder(torch.zeros(1, 3, dtype=torch.int64))[0], read_word_by_word(encoder, [0]))


def test_autocast_counts_while_training_only():
    encoder = QuestionEncoder(CONFIG)
    exact = encoder(pad(QUESTIONS))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = encoder.train()(pad(QUESTIONS))
        found = encoder.eval()(pad(QUESTIONS))
    assert found.dtype == rounded.dtype == torch.float32
    torch.testing.assert_close(found, exact, rtol=0, atol=0)
    torch.testing.assert_close(rounded, exact, rtol=0, atol=0.02)
    assert torch.equal(rounded, exact) == (not can_read_words_in_bf16(torch.device("cpu")))


def test_the_order_of_words_counts():
    encoder = build_encoder()
    one, other = encoder(torch.tensor([[1, 2, 3], [3, 2, 1]]))
    assert not torch.allclose(one, other)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"n_words": 0}, "n_words must be a whole number of 1 or more, got 0"),
        ({"d_word": 1.5}, "d_word must be a whole number of 1 or more, got 1.5"),
        ({"d_question": 0}, "d_question must be a whole number of 1 or more, got 0"),
        ({"padded_length": -1}, "padded_length must be a whole number of 0 or more, got -1"),
        ({"reversed": "no"}, "reversed must be true or false, got 'no'"),
    ],
)
def test_a_value_that_cannot_be_built_is_one_sentence(changes, sentence):
    with pytest.raises(RNCoreError, match=f"^{sentence}"):
        replace(CONFIG, **changes)
