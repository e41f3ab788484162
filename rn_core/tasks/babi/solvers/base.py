"""What a solver returns."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Solution:
    """An answer and what it follows from.

    Attributes:
        answer: one word, or several joined by commas, as in the published files.
        support: the statements that it follows from, as indices, in the published files' order.
    """

    answer: str
    support: tuple[int, ...]
