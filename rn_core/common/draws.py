"""Random draws, the same on every platform and NumPy version, from random words fetched in blocks."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from rn_core.common.seeding import uniform_integers

Item = TypeVar("Item")
_HIGH = 2**32


class RandomDraws:
    """Draws from a generator. Random words are fetched in blocks; those left in the last block are discarded.

    Attributes:
        block: numbers fetched at once: one call of NumPy costs as much as about fifty draws from a list.
    """

    block = 128

    def __init__(self, rng: np.random.Generator) -> None:
        """Draw from `rng`, a generator over `PCG64`."""
        self._rng = rng
        self._numbers: list[int] = []

    def integer(self, high: int) -> int:
        """Return a number from 0 to `high - 1`; `high` is 1 to 2**32."""
        if not self._numbers:
            self._numbers = uniform_integers(self._rng, _HIGH, (self.block,)).tolist()
        return (self._numbers.pop() * high) >> 32

    def choice(self, items: Sequence[Item]) -> Item:
        """Return one of the items, each with equal probability."""
        return items[self.integer(len(items))]

    def chance(self, p: float) -> bool:
        """Return True with probability `p`, 0 to 1."""
        return self.integer(_HIGH) < p * _HIGH

    def weighted(self, weights: Sequence[float]) -> int:
        """Return an index, with probability proportional to its weight."""
        sums = list(itertools.accumulate(weights))
        reached = self.integer(_HIGH) * sums[-1] / _HIGH
        return next(index for index, total in enumerate(sums) if reached < total)

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        """Return all items in a random order."""
        return self.sample(items, len(items))

    def sample(self, items: Sequence[Item], n: int) -> list[Item]:
        """Return `n` of the items in a random order, without replacement."""
        left = list(items)
        for index in range(n):
            other = index + self.integer(len(left) - index)
            left[index], left[other] = left[other], left[index]
        return left[:n]
