"""Errors that a person can act on: the rule, the value got, the values allowed, the fix."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TypeVar

Value = TypeVar("Value")
#: Most characters of a value that a sentence quotes.
LONGEST_QUOTE = 40


class RNCoreError(ValueError):
    """Base of every error that this project raises for bad input; its text is one sentence."""


class UnknownNameError(RNCoreError, KeyError):
    """A name that is in no table (a task, a model, a method, a weights file)."""

    def __str__(self) -> str:
        """Return the sentence itself, not `KeyError`'s quoted form of it."""
        return str(self.args[0])


class QuestionError(RNCoreError):
    """A question that the task's language does not hold."""


class SceneError(RNCoreError):
    """A scene that breaks a rule of its task."""


class WeightsError(RNCoreError):
    """A weights file that is missing, damaged, foreign or unsafe."""


def cut(text: str, longest: int = LONGEST_QUOTE) -> str:
    """Return a value that was got as a sentence quotes it: one of more than `longest` characters ends in "…"."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def quote(text: str) -> str:
    """Return a value that was got, cut and in quotes."""
    return f"'{cut(text)}'"


def did_you_mean(word: str, allowed: list[str]) -> str:
    """Return " Did you mean 'x'?" for the nearest allowed word, or an empty string."""
    near = difflib.get_close_matches(str(word)[: 2 * LONGEST_QUOTE], allowed, n=1, cutoff=0.5)
    return f" Did you mean '{near[0]}'?" if near else ""


def lookup(name: str, table: Mapping[str, Value], kind: str) -> Value:
    """Return `table[name]`.

    Args:
        name: what was asked for.
        table: name -> value.
        kind: what the table holds, in words ("attribution method").

    Raises:
        UnknownNameError: naming the value got, the nearest name and all that exist.
    """
    if name in table:
        return table[name]
    allowed = list(table)
    nearest = did_you_mean(name, allowed)
    raise UnknownNameError(f"Unknown {kind} {quote(str(name))}.{nearest} Use one of: {', '.join(allowed)}.")
