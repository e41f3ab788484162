"""CLEVR's 80 words and their numbers.

Word k of `WORDS` (in the order of the alphabet) has number k + 1; models pad with 0. Case and punctuation do not count.
This is the order of this project's own models; public weights bring their own.
"""

from __future__ import annotations

import re
from types import MappingProxyType

from rn_core.common.errors import QuestionError, quote
from rn_core.tasks.clevr.synonyms import WORDING

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


def split_parts(text: str) -> list[str]:
    """Return the parts of a text between semicolons, without those that hold no word."""
    return [part for part in text.split(";") if any(letter.isalnum() for letter in part)]


def split_words(text: str) -> list[str]:
    """Return the lower-cased words of a question, without punctuation; synonyms such as "grey" as CLEVR says them.

    Raises:
        QuestionError: unless `text` is a text of 1 to 80 words and at most 1,000 characters.
    """
    if not isinstance(text, str):
        raise QuestionError(f"A question must be text, got {type(text).__name__}; ask, for example, '{EXAMPLE}'")
    if len(text) > _MAX_CHARACTERS:
        raise QuestionError(f"A question may have at most {_MAX_CHARACTERS} characters, got {len(text)}; shorten it.")
    words = WORDING.replace(typed_words(text))
    if not words:
        raise QuestionError(f"Type a question, such as '{EXAMPLE}'")
    if len(words) > _MAX_WORDS:
        raise QuestionError(f"A question may have at most {_MAX_WORDS} words, got {len(words)}; shorten it.")
    return words


def typed_words(text: str) -> list[str]:
    """Return the lower-cased words of a text as they were typed, without punctuation."""
    return _WORD.findall(text.lower().replace("\u2019", "'"))


def number_words(text: str) -> list[int]:
    """Return the number of each word of a text, 1 to 80.

    Args:
        text: English in CLEVR's 80 words.

    Raises:
        QuestionError: for a text that `split_words` refuses, or naming the first word that is not CLEVR's.
    """
    return [_number(word) for word in split_words(text)]


def _number(word: str) -> int:
    """Return a word's number; raises QuestionError for a word that is not CLEVR's."""
    number = WORD_NUMBERS.get(word)
    if number is None:
        near = WORDING.hint(word, WORDS)
        hint = f" Did you mean '{near}'?" if near else ""
        raise QuestionError(f"The word {quote(word)} is not one of CLEVR's 80 words.{hint}")
    return number
