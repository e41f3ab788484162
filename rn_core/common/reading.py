"""Reading data sets of others: what cannot be used is left out, counted and named, or stops the reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from rn_core.common.errors import RNCoreError

Value = TypeVar("Value")
#: Most of the questions left out that are named.
_NAMED = 5


@dataclass(frozen=True)
class Skipped:
    """One question that was left out.

    Attributes:
        file: its file's name.
        unit: what `index` counts, "question" (from 0) or "line" (from 1).
        index: its place in the file.
        reason: why, in one sentence.
    """

    file: str
    unit: str
    index: int
    reason: str

    def __str__(self) -> str:
        """Return where it is, and why it was left out."""
        first = " (from 0)" if self.unit == "question" else ""
        return f"'{self.file}', {self.unit} {self.index}{first}: {self.reason}"


@dataclass
class Reading:
    """How a data set is read for evaluation, and what was left out of it.

    Attributes:
        strict: stop at the first question that cannot be used, instead of leaving it out.
        takes_unanswered: keep questions without an answer, for a model to answer.
        cache: folder for caches; None for one within the data set.
        skipped: the questions that were left out, in the order in which they were met.
        is_changed: whether a part of a question that is kept was ignored, such as a malformed program.
    """

    strict: bool = False
    takes_unanswered: bool = False
    cache: Path | None = None
    skipped: list[Skipped] = field(default_factory=list)
    is_changed: bool = False

    @property
    def is_complete(self) -> bool:
        """Return whether all was read as the files have it."""
        return not self.skipped and not self.is_changed

    def skip(self, file: str, unit: str, index: int, error: RNCoreError) -> None:
        """Leave a question out; arguments as `Skipped`, with the error whose text is the reason.

        Raises:
            RNCoreError: of the error's own type, with file and place, if the reading is strict.
        """
        skipped = Skipped(file, unit, index, str(error))
        if self.strict:
            raise type(error)(str(skipped)) from error
        self.skipped.append(skipped)

    def to_dict(self) -> dict[str, Any]:
        """Return the number of questions left out and the first five of them, for JSON."""
        return {"count": len(self.skipped), "first": [vars(each) for each in self.skipped[:_NAMED]]}

    def describe(self) -> list[str]:
        """Return lines that say how many questions were left out, and which the first five are; none if none was."""
        if not self.skipped:
            return []
        more = len(self.skipped) - _NAMED
        named = [f"  {each}" for each in self.skipped[:_NAMED]]
        return [f"{len(self.skipped)} skipped:", *named, *([f"  and {more} more"] if more > 0 else [])]


def attempt(
    reading: Reading | None, file: str, unit: str, index: int, read: Callable[[], Value]
) -> tuple[Value] | tuple[()]:
    """Return the value of `read` in a tuple, or an empty one if a question is left out.

    Args:
        reading: None raises errors as they are.
        file: as `Skipped.file`.
        unit: as `Skipped.unit`.
        index: as `Skipped.index`.
        read: reads the question.

    Raises:
        RNCoreError: that of `read`, if there is no reading, or a strict one.
    """
    try:
        return (read(),)
    except RNCoreError as err:
        if reading is None:
            raise
        reading.skip(file, unit, index, err)
        return ()


def check_any(reading: Reading | None, n_kept: int, what: str) -> None:
    """Raise RNCoreError, with the first reason, if nothing of `what` was kept."""
    if not n_kept and reading is not None and reading.skipped:
        raise RNCoreError(f"No question of {what} can be evaluated; the first is {reading.skipped[0]}")
