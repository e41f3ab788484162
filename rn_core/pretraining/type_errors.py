"""Which question types a pretraining asks more often: those with larger errors."""

from __future__ import annotations

import numpy as np
from torch import Tensor

#: Step size of the running errors.
_RATE = 0.02


class TypeErrors:
    """Running errors of each question type, so that learned types are sampled less often."""

    def __init__(self, n_types: int, least: float = 0.1) -> None:
        """Begin with equal errors for all types.

        Args:
            n_types: T.
            least: smallest weight of a type as a share of the largest.
        """
        self.missed, self._least = np.ones(n_types), least

    @property
    def weights(self) -> np.ndarray:
        """Return (T,) the probability of each type."""
        weights: np.ndarray = np.maximum(self.missed, self._least * self.missed.max())
        return weights

    def add(self, type_index: Tensor, missed: Tensor) -> None:
        """Move the running means by one step's errors (M,) of questions of types (M,)."""
        kinds, n_types = type_index.cpu().numpy(), len(self.missed)
        counts = np.bincount(kinds, minlength=n_types)
        sums = np.bincount(kinds, weights=missed.detach().cpu().numpy(), minlength=n_types)
        rate = _RATE * np.minimum(1, counts / 20)
        self.missed += rate * (sums / np.maximum(counts, 1) - self.missed)
