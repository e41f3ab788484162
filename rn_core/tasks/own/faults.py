"""Limits of files of anybody's, and sentences about what is wrong in them: file, line, value, what is allowed."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from rn_core.common.checks import shown
from rn_core.common.errors import RNCoreError, did_you_mean

#: Bytes of a file: by the command line, and on the page.
MAX_BYTES, MAX_PAGE_BYTES = 50_000_000, 10_000_000
MAX_OBJECTS, MAX_QUESTIONS, MIN_SCENES = 50, 200_000, 10
#: Features of an object and of a pair, objects that one question names, and values of a category.
MAX_FEATURES, MAX_PAIR_FEATURES, MAX_ABOUT, MAX_VALUES = 64, 8, 4, 200
MAX_ANSWERS, MAX_TYPES, MAX_WORDS = 200, 40, 2_000
#: Letters of a name or a category, and of a question.
MAX_NAME, MAX_TEXT = 60, 300
#: Numbers are of this size at most.
MAX_NUMBER = 1e9
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)


class Spot:
    """A line of a file, which sentences about it begin with."""

    def __init__(self, file: str, line: int) -> None:
        """Name the file and the line, from 1."""
        self.file, self.line = file, line

    def fault(self, text: str) -> RNCoreError:
        """Return the error whose sentence names the line and ends in `text`."""
        return RNCoreError(f"'{self.file}', line {self.line}: {text}")

    def check_name(self, value: object, what: str, longest: int = MAX_NAME) -> str:
        """Return a text; raises RNCoreError unless it has 1 to `longest` printable letters and no blanks around it."""
        value = as_text(value)
        if not isinstance(value, str) or not 1 <= len(value) <= longest or not value.isprintable():
            raise self.fault(f"{what} must be text of 1 to {longest} printable letters, got {shown(value)}; change it.")
        if value != value.strip():
            raise self.fault(f"{what} must not begin or end with a blank, got {shown(value)}; take the blank away.")
        return value

    def check_number(self, value: object, what: str) -> float:
        """Return a number; raises RNCoreError unless it is finite and at most `MAX_NUMBER` in size."""
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER:
            return float(value)
        raise self.fault(f"{what} must be a number from -1e9 to 1e9, got {shown(value)}; change it.")

    def check_keys(self, found: Iterable[str], known: Iterable[str], what: str) -> None:
        """Raise RNCoreError for a key that nobody reads."""
        known = [*known]
        for key in found:
            if key not in known:
                raise self.fault(
                    f"{what} has the unknown key {shown(key)}, but can have {', '.join(known)}."
                    f"{did_you_mean(key, known)} Rename it, or leave it out."
                )


def as_text(value: object) -> object:
    """Return a truth value as yes or no, and a whole number as its digits; anything else as it is."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, int) and abs(value) <= MAX_NUMBER else value


def is_number_text(text: str) -> bool:
    """Return whether a cell of a CSV file is written as a number, however large."""
    return _NUMBER.fullmatch(text) is not None


def parse_number(text: str) -> float:
    """Return the number of a cell for which `is_number_text` holds; infinite if it is too large."""
    value = float(text)
    return value if math.isfinite(value) else math.inf
