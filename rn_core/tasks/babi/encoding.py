"""Stories and questions as word indices.

Source: Santoro et al. 2017, supplement E: up to 20 sentences just before the question, each read word by word.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from rn_core.common.errors import QuestionError, RNCoreError, SceneError, cut, quote
from rn_core.tasks.babi.story import StoryQuestion
from rn_core.tasks.babi.synonyms import WORDING
from rn_core.tasks.babi.words import WORDS

#: Statements that a network sees: the last ones before the question.
WINDOW = 20
#: Most words of a statement or question; the published ones have 11 at most.
MAX_WORDS = 32

#: The number in front of a line of a published story.
_LINE_NUMBER = re.compile(r"\s*\d+[.):]?\s+")
_NUMBERS = {word: number for number, word in enumerate(WORDS, start=1)}
_WORD = re.compile(r"[^\W_]+")
#: What ends a sentence: its mark, or its line.
_END = re.compile("[.!?\u2026\\v\\f\\r\\n\\x1c-\\x1e\\x85\u2028\u2029]+")
#: A statement with the marks that end it.
_STATEMENT = re.compile(r"[^.!\u2026]+[.!\u2026]*|[.!\u2026]+")
#: Most sentences of a story; the published ones have 228.
MOST_SENTENCES = 400


def tokenize(text: str) -> list[str]:
    """Return the words of a sentence in lower case, without punctuation, synonyms replaced."""
    return WORDING.replace(_WORD.findall(text.lower()))


def split_sentences(text: str) -> tuple[str, ...]:
    """Return the statements of a text, which end at a full stop or with their line.

    Empty lines and the numbers in front of published lines are left out.

    Raises:
        SceneError: with the first line that asks a question.
    """
    sentences: list[str] = []
    for line in text.splitlines():
        told = _LINE_NUMBER.sub("", line, count=1) if _LINE_NUMBER.match(line) else line
        if "?" in told and tokenize(told):
            raise SceneError(
                f"A story holds statements only, got the question {cut(told.strip(), 60)!r}; ask it where questions go."
            )
        sentences += [part.strip() for part in _STATEMENT.findall(told) if part.strip()]
    return tuple(sentences)


def encode_sentence(text: str) -> list[int]:
    """Return the indices of a sentence's words, from 1.

    Raises:
        RNCoreError: for no word or too many, for more than one sentence, or with the first unknown word and
            the nearest known ones.
    """
    words = tokenize(text)
    n_sentences = sum(bool(tokenize(part)) for part in _END.split(text))
    if n_sentences > 1:
        raise RNCoreError(f"It must be one sentence, got {n_sentences} in {text[:60]!r}; write one sentence per line.")
    if not 1 <= len(words) <= MAX_WORDS:
        raise RNCoreError(f"A sentence has 1 to {MAX_WORDS} words, got {len(words)} in {cut(text, 60)!r}; rewrite it.")
    if words[0].isdecimal():
        raise RNCoreError(f"It begins with the number {words[0][:30]}; leave line numbers out.")
    for word in words:
        if word not in _NUMBERS:
            raise RNCoreError(f"{quote(word)} is not among bAbI's {len(WORDS)} words{_nearest(word) or '.'}")
    return [_NUMBERS[word] for word in words]


def _nearest(word: str) -> str:
    """Return the known word nearest to an unknown one, by meaning or spelling, as the end of a sentence."""
    near = WORDING.hint(word, WORDS)
    return "" if near is None else f"; did you mean '{near}'?"


def encode_questions(texts: Sequence[str]) -> Tensor:
    """Return M questions as word indices (M, L) int64, followed by padding 0. Each distinct text is read once.

    Raises:
        QuestionError: for no question, or one that is empty, too long or has an unknown word.
    """
    if not texts:
        raise QuestionError("There must be at least one question, got 0; add one.")
    try:
        return pad_sequence([torch.tensor(_encode_question(text)) for text in texts], batch_first=True)
    except RNCoreError as err:
        raise QuestionError(f"The question cannot be read: {err}") from err


@functools.lru_cache(maxsize=256)
def _encode_question(text: str) -> tuple[int, ...]:
    """Return one question as word indices; errors as `encode_sentence`."""
    return tuple(encode_sentence(text))


def encode_stories(stories: Sequence[Sequence[str]], window: int = WINDOW) -> tuple[Tensor, Tensor]:
    """Return the last statements of S stories as word indices, in order.

    Args:
        stories: 1 or more, each of 1 or more statements.
        window: number of statements that are kept, the last ones.

    Returns:
        words (S, N, L) int64, followed by padding 0 up to the longest story and the longest statement; and mask (S, N)
        bool, False where there is no statement.

    Raises:
        SceneError: for no story, or with the first statement that is too long or has an unknown word.
    """
    if not stories or not all(stories):
        raise SceneError("The story is empty; write one sentence per line.")
    rows = [[_encode_statement(text, row) for row, text in list(enumerate(story, 1))[-window:]] for story in stories]
    n_statements, n_words = max(map(len, rows)), max(len(row) for story in rows for row in story)
    words = torch.zeros(len(rows), n_statements, n_words, dtype=torch.int64)
    mask = torch.zeros(len(rows), n_statements, dtype=torch.bool)
    for index, story in enumerate(rows):
        mask[index, : len(story)] = True
        for place, numbers in enumerate(story):
            words[index, place, : len(numbers)] = torch.tensor(numbers)
    return words, mask


def _encode_statement(text: str, row: int) -> list[int]:
    """Return one statement as word indices; raises SceneError with its number in the story."""
    try:
        return encode_sentence(text)
    except RNCoreError as err:
        raise SceneError(f"Sentence {row} cannot be read: {err}") from err


def read_story(scene: object) -> tuple[str, ...]:
    """Return the statements of a scene: text with one sentence per line, a sequence of sentences, or a `StoryQuestion`.

    Raises:
        SceneError: for anything else, for no sentence or too many, or with the first one that cannot be read, even
            if only later ones are used.
    """
    sentences = _list_sentences(scene)
    if not sentences:
        raise SceneError("The story is empty; write one sentence per line.")
    if len(sentences) > MOST_SENTENCES:
        raise SceneError(f"A story must have 1 to {MOST_SENTENCES} sentences, got {len(sentences):,}; shorten it.")
    for row, sentence in enumerate(sentences, start=1):
        _encode_statement(sentence, row)
    return sentences


def _list_sentences(scene: object) -> tuple[str, ...]:
    """Return the statements of a scene of any kind."""
    if isinstance(scene, StoryQuestion):
        return scene.statements
    if isinstance(scene, str):
        return split_sentences(scene)
    if isinstance(scene, list | tuple) and all(isinstance(statement, str) for statement in scene):
        return tuple(scene)
    raise SceneError(f"A story must be text with one sentence per line, or a list, got {type(scene).__name__}.")
