"""Errors that a person can act on: the rule, the value given, the values allowed, the fix."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import TypeVar

Value = TypeVar("Value")
#: Most characters of a value that a message quotes.
LONGEST_QUOTE = 40
#: How alike two names must be for a hint, as `difflib` measures: "gary", "gray" are 0.75, "picture", "purple" 0.62.
LEAST_LIKENESS = 0.7


class RNCoreError(ValueError):
    """Base of all errors that this project raises for bad input; the message is one sentence."""


class UnknownNameError(RNCoreError, KeyError):
    """A name that is in no table (a task, a model, a method, a weights file)."""

    def __str__(self) -> str:
        """Return the message itself; `KeyError` would put it in quotes."""
        return str(self.args[0])


class QuestionError(RNCoreError):
    """A question that is not in the task's language.

    Attributes:
        suggestion: a question near to it that is in the language, or None.
    """

    def __init__(self, sentence: str, suggestion: str | None = None) -> None:
        """Say what is wrong, and what could be asked instead."""
        super().__init__(sentence)
        self.suggestion = suggestion


class SceneError(RNCoreError):
    """A scene that breaks a rule of its task."""


class WeightsError(RNCoreError):
    """A weights file that is missing, damaged, foreign or unsafe."""


def cut(text: str, longest: int = LONGEST_QUOTE) -> str:
    """Return a value as a message quotes it; one of more than `longest` characters ends in "…"."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def quote(text: str) -> str:
    """Return a value, cut if it is long, in quotes."""
    return f"'{cut(text)}'"


def did_you_mean(word: str, allowed: list[str]) -> str:
    """Return " Did you mean 'x'?" for the nearest allowed word, or an empty string if none is near."""
    near = nearest(word, allowed, 1)
    return f" Did you mean '{near[0]}'?" if near else ""


def nearest(word: str, allowed: Sequence[str], n: int) -> list[str]:
    """Return up to `n` allowed words that are spelled like one, the nearest first; one letter may always differ."""
    word = str(word)[: 2 * LONGEST_QUOTE]
    alike = difflib.get_close_matches(word, allowed, n=n, cutoff=LEAST_LIKENESS)
    return alike or [other for other in allowed if _differ_in_one(word, other)][:n]


def _differ_in_one(word: str, other: str) -> bool:
    """Return whether two words of two letters or more are equal but for one letter, or two swapped neighbors."""
    if len(word) != len(other) or len(word) < 2:
        return False
    places = [place for place, pair in enumerate(zip(word, other, strict=True)) if pair[0] != pair[1]]
    is_swapped = len(places) == 2 and places[1] == places[0] + 1 and sorted(word) == sorted(other)
    return len(places) == 1 or is_swapped


def lookup(name: str, table: Mapping[str, Value], kind: str) -> Value:
    """Return `table[name]`.

    Args:
        name: the key to look up.
        table: name -> value.
        kind: what the table holds, in words ("attribution method").

    Raises:
        UnknownNameError: with the value given, the nearest name and all valid names.
    """
    if name in table:
        return table[name]
    allowed = list(table)
    nearest = did_you_mean(name, allowed)
    raise UnknownNameError(f"Unknown {kind} {quote(str(name))}.{nearest} Use one of: {', '.join(allowed)}.")
