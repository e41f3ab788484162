"""Languages: the statements and questions of a task. What a form writes, its language reads back."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, Protocol, TypeVar

from rn_core.common.errors import QuestionError, SceneError, cut, did_you_mean
from rn_core.tasks.babi.encoding import tokenize

Said = TypeVar("Said")
_ARTICLES = frozenset(("the", "a", "an"))
Said_co = TypeVar("Said_co", covariant=True)


class Kind(Protocol[Said_co]):
    """Sentences of one kind."""

    def sentences(self) -> Iterator[tuple[str, Said_co]]:
        """Yield every sentence of this kind, at least one, with its meaning."""
        ...


class Form:
    """One pattern of sentences.

    Attributes:
        pattern: such as "The {} is {} of the {}.", a pair of braces per slot.
        slots: the words or phrases that each slot may hold, in the pattern's order; all of them distinct within a slot.
        write: words in the slots' order -> sentence.
    """

    def __init__(self, pattern: str, *slots: Iterable[str]) -> None:
        """Make the form of `pattern` whose slots hold one of `slots` each."""
        self.pattern = pattern
        self.slots = tuple(tuple(slot) for slot in slots)
        self.write = pattern.format

    def sentences(self) -> Iterator[tuple[str, Read]]:
        """Yield every sentence of this form, with the words in its slots."""
        for words in itertools.product(*self.slots):
            if len(set(words)) == len(words):
                yield self.write(*words), Read(self, words)


@dataclass(frozen=True)
class Read:
    """A sentence that was read.

    Attributes:
        form: its form.
        words: the words in the form's slots.
    """

    form: Form
    words: tuple[str, ...]


@dataclass(frozen=True)
class Language(Generic[Said]):
    """The statements and questions of a task: at most a few thousand sentences, which are looked up.

    Attributes:
        task: 1 to 20.
        statements: kinds of statements.
        questions: kinds of questions.
    """

    task: int
    statements: tuple[Kind[Said], ...]
    questions: tuple[Kind[Said], ...]

    def read_statements(self, statements: Sequence[str]) -> list[Said]:
        """Return the meaning of statements; case, spaces, articles, synonyms and the full stop do not matter.

        Raises:
            SceneError: with the first statement that is not in the task's language.
        """
        read = []
        for number, text in enumerate(statements, start=1):
            if (found := self.known_statements.find(text)) is None:
                nearest = _nearest(text, self.statements)
                raise SceneError(
                    f"Statement {number} is not in the language of task {self.task}, got {cut(text, 80)!r}.{nearest}"
                )
            read.append(found)
        return read

    def read_question(self, text: str) -> Said:
        """Return the meaning of a question; case, spaces, articles, synonyms and the question mark do not matter.

        Raises:
            QuestionError: if it is not in the task's language.
        """
        if (found := self.known_questions.find(text)) is None:
            nearest = _nearest(text, self.questions)
            raise QuestionError(f"Task {self.task} does not ask this question, got {cut(text, 80)!r}.{nearest}")
        return found

    def knows_statements(self, statements: Iterable[str]) -> bool:
        """Return whether all statements are in the task's language."""
        return all(self.known_statements.find(text) is not None for text in statements)

    def knows_question(self, text: str) -> bool:
        """Return whether a question is in the task's language."""
        return self.known_questions.find(text) is not None

    @cached_property
    def known_statements(self) -> Sentences[Said]:
        """Return all statements."""
        return Sentences(self.statements)

    @cached_property
    def known_questions(self) -> Sentences[Said]:
        """Return all questions."""
        return Sentences(self.questions)


class Sentences(Generic[Said]):
    """All sentences of some kinds.

    Attributes:
        meanings: each sentence, normalized -> its meaning.
    """

    def __init__(self, kinds: Sequence[Kind[Said]]) -> None:
        """Write down every sentence."""
        self.meanings = {_plain(text): said for kind in kinds for text, said in kind.sentences()}

    @cached_property
    def by_gist(self) -> dict[str, Said]:
        """Return the meaning of each sentence by its gist."""
        return {find_gist(text): said for text, said in self.meanings.items()}

    def find(self, text: str) -> Said | None:
        """Return the meaning of a sentence, as it stands or by its gist; None if it is unknown."""
        found = self.meanings.get(_plain(text))
        return self.by_gist.get(find_gist(text)) if found is None else found


def find_gist(text: str) -> str:
    """Return the words that tell a task's sentences apart: in lower case, synonyms replaced, without articles."""
    return " ".join(word for word in tokenize(text) if word not in _ARTICLES)


def _plain(text: str) -> str:
    """Return a sentence in lower case, without extra spaces and its final mark."""
    return " ".join(text.lower().rstrip(" .?\n").split())


def _nearest(text: str, kinds: Sequence[Kind[Said]]) -> str:
    """Return the nearest sentence of some kinds, or if none is near, one of each."""
    written = [[sentence for sentence, _ in kind.sentences()] for kind in kinds]
    if near := did_you_mean(text[:80], list(itertools.chain(*written))):
        return near
    return f" Write one such as {' or '.join(repr(sentences[0]) for sentences in written)}."
