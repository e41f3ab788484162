"""Sentence forms: a pattern with slots and the words of each; what a form writes, a language reads back."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from rn_core.errors import QuestionError, SceneError, did_you_mean


class Form:
    """One pattern of sentences.

    Attributes:
        pattern: such as "The {} is {} of the {}.", a pair of braces a slot.
        slots: the words or phrases that each slot may hold, in the pattern's order; no two hold the same.
        write: words in the slots' order -> sentence.
    """

    def __init__(self, pattern: str, *slots: Iterable[str]) -> None:
        """Make the form of `pattern` whose slots hold one of `slots` each."""
        self.pattern = pattern
        self.slots = tuple(tuple(slot) for slot in slots)
        self.write = pattern.format

    def sentences(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield every sentence of this form, with the words in its slots."""
        for words in itertools.product(*self.slots):
            if len(set(words)) == len(words):
                yield self.write(*words), words


@dataclass(frozen=True)
class Read:
    """A sentence, read.

    Attributes:
        form: its form.
        words: the words in the form's slots.
    """

    form: Form
    words: tuple[str, ...]


@dataclass(frozen=True)
class Language:
    """What can be told and asked in a task.

    Attributes:
        task: 4 or 15 to 20.
        statements: forms of statements.
        questions: forms of questions.
    """

    task: int
    statements: tuple[Form, ...]
    questions: tuple[Form, ...]

    def read_statements(self, statements: Sequence[str]) -> list[Read]:
        """Return the statements read; case, blanks and the full stop do not matter.

        Raises:
            SceneError: naming the first statement that the task's language does not hold.
        """
        read = []
        for number, text in enumerate(statements, start=1):
            if (found := self._known_statements.get(_plain(text))) is None:
                allowed = _allowed(text, self._known_statements, self.statements)
                raise SceneError(f"Statement {number} is none that task {self.task} knows, got {text[:80]!r}.{allowed}")
            read.append(found)
        return read

    def read_question(self, text: str) -> Read:
        """Return the question read; case, blanks and the question mark do not matter.

        Raises:
            QuestionError: if the task's language does not hold it.
        """
        if (found := self._known_questions.get(_plain(text))) is None:
            allowed = _allowed(text, self._known_questions, self.questions)
            raise QuestionError(f"This is no question of task {self.task}, got {text[:80]!r}.{allowed}")
        return found

    @cached_property
    def _known_statements(self) -> dict[str, Read]:
        return _read_all(self.statements)

    @cached_property
    def _known_questions(self) -> dict[str, Read]:
        return _read_all(self.questions)


def _read_all(forms: Sequence[Form]) -> dict[str, Read]:
    """Return every sentence of the forms, plain, with what it says."""
    return {_plain(text): Read(form, words) for form in forms for text, words in form.sentences()}


def _plain(text: str) -> str:
    """Return a sentence in lower case, without needless blanks and its last sign."""
    return " ".join(text.lower().rstrip(" .?\n").split())


def _allowed(text: str, known: Mapping[str, Read], forms: Sequence[Form]) -> str:
    """Return the nearest known sentence, or where there is none one of each form."""
    if near := did_you_mean(_plain(text), list(known)):
        return near
    return f" Write one such as {', '.join(repr(next(form.sentences())[0]) for form in forms)}."
