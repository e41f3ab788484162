"""CLEVR's 80 words, and questions as numbers for models.

Word k of `WORDS` (in the order of the alphabet) has number k + 1; 0 is padding. Case and punctuation do not count.
This is the order of this project's own models; public weights bring their own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor

from rn_core.common.errors import QuestionError, did_you_mean, quote

WORDS = (
    *("a", "an", "and", "another", "any", "anything", "are", "as", "ball", "balls", "behind", "big", "block"),
    *("blocks", "blue", "both", "brown", "color", "cube", "cubes", "cyan", "cylinder", "cylinders", "do", "does"),
    *("either", "else", "equal", "fewer", "front", "gray", "greater", "green", "has", "have", "how", "in", "is"),
    *("it", "its", "large", "left", "less", "made", "many", "material", "matte", "metal", "metallic", "more"),
    *("number", "object", "objects", "of", "on", "or", "other", "purple", "red", "right", "rubber", "same"),
    *("shape", "shiny", "side", "size", "small", "sphere", "spheres", "than", "that", "the", "there", "thing"),
    *("things", "tiny", "to", "visible", "what", "yellow"),
)
#: Numbers of words and padding.
N_TOKENS = len(WORDS) + 1
#: Word -> its number, 1 to 80.
WORD_NUMBERS = MappingProxyType({word: number for number, word in enumerate(WORDS, start=1)})
EXAMPLE = "How many small cubes are there?"
_MAX_CHARACTERS = 1000
_MAX_WORDS = 80
_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
#: Other spellings that a person types.
_SPELLINGS = MappingProxyType({"grey": "gray", "colour": "color", "what's": "what is"})


def split_words(text: str) -> list[str]:
    """Return the lower-cased words of a question, without punctuation; "grey" and "colour" as CLEVR spells them.

    Raises:
        QuestionError: unless `text` is a text of 1 to 80 words and at most 1,000 characters.
    """
    if not isinstance(text, str):
        raise QuestionError(f"A question must be a text, got {type(text).__name__}; ask, for example, '{EXAMPLE}'")
    if len(text) > _MAX_CHARACTERS:
        raise QuestionError(f"A question may have at most {_MAX_CHARACTERS} characters, got {len(text)}; shorten it.")
    words = _WORD.findall(text.lower().replace("\u2019", "'"))
    if not _SPELLINGS.keys().isdisjoint(words):
        words = " ".join(_SPELLINGS.get(word, word) for word in words).split()
    if not words:
        raise QuestionError(f"Type a question, such as '{EXAMPLE}'")
    if len(words) > _MAX_WORDS:
        raise QuestionError(f"A question may have at most {_MAX_WORDS} words, got {len(words)}; shorten it.")
    return words


def encode_questions(texts: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Return M questions as numbers.

    Args:
        texts: English questions in CLEVR's 80 words.

    Returns:
        tokens (M, L) int64, the numbers of the words, padded behind with 0 to the longest of the questions, and
        lengths (M,) int64, the words of each question.

    Raises:
        QuestionError: for a question that `split_words` refuses, or naming the first word that is not CLEVR's.
    """
    numbers = [[_number(word) for word in split_words(text)] for text in texts]
    lengths = np.array([len(row) for row in numbers], dtype=np.int64)
    tokens = np.zeros((len(numbers), int(lengths.max(initial=0))), dtype=np.int64)
    tokens[np.arange(tokens.shape[1]) < lengths[:, None]] = [number for row in numbers for number in row]
    return torch.from_numpy(tokens), torch.from_numpy(lengths)


def _number(word: str) -> int:
    """Return a word's number; raises QuestionError for a word that is not CLEVR's."""
    number = WORD_NUMBERS.get(word)
    if number is None:
        raise QuestionError(f"The word {quote(word)} is none of CLEVR's 80 words.{did_you_mean(word, list(WORDS))}")
    return number
