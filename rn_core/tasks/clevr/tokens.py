"""Questions as models read them: the numbers of their words, with ";" and "?" as words of their own.

CLEVR's questions have one question mark, at their end, and some a semicolon ("There is a cube; what color is it?").
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from rn_core.tasks.clevr.vocabulary import N_TOKENS, WORDS, number_words, split_parts, split_words

#: Word k has number k + 1; 0 is padding.
TOKENS = (*WORDS, ";", "?")
_SEMICOLON, _QUESTION_MARK = N_TOKENS, N_TOKENS + 1


def encode_tokens(texts: Sequence[str]) -> Tensor:
    """Return M questions as numbers.

    Args:
        texts: English questions, 1 or more. A question mark is added where it is missing; other marks do not count.

    Returns:
        (M, L) int64, numbers of `TOKENS`, padded with 0 at the end to the longest question.

    Raises:
        QuestionError: for no question at all, or naming the first word that is not CLEVR's.
    """
    return pad_sequence([torch.tensor(_tokens(text)) for text in texts], batch_first=True)


def _tokens(text: str) -> list[int]:
    """Return the numbers of one question's words and marks."""
    split_words(text)  # its sentences are about the whole question
    numbers = []
    for part in split_parts(text):
        numbers += [*number_words(part), _SEMICOLON]
    return [*numbers[:-1], _QUESTION_MARK]
