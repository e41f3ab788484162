"""Single numbers of chance, cheaply: drawn in blocks, the same on every platform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from rn_core.seeding import uniform_integers

Item = TypeVar("Item")
_BLOCK = 4096


class Draws:
    """A stream of uniform whole numbers; it takes blocks of raw words from its generator."""

    def __init__(self, rng: np.random.Generator) -> None:
        """Draw from `rng`, a generator over PCG64."""
        self._rng = rng
        self._left: list[int] = []

    def below(self, high: int) -> int:
        """Return a number from 0 to `high - 1`; `high` is 1 to 2**32."""
        if not self._left:
            self._left = uniform_integers(self._rng, 2**32, (_BLOCK,)).tolist()
        return (self._left.pop() * high) >> 32

    def choose(self, items: Sequence[Item]) -> Item:
        """Return one of the items, all alike in chance."""
        return items[self.below(len(items))] if len(items) > 1 else items[0]
