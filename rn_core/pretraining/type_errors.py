"""Which question types a pretraining asks more often: those with larger errors."""

from __future__ import annotations

import numpy as np
from torch import Tensor

#: Smallest weight of a question type as a share of the largest, and the step size of the running errors.
_LEAST, _RATE = 0.1, 0.02


class TypeErrors:
    """Running errors of each question type, so that learned types are sampled less often."""

    def __init__(self, n_types: int) -> None:
        """Begin with equal errors for all types."""
        self.missed = np.ones(n_types)

    @property
    def weights(self) -> np.ndarray:
        """Return (T,) the probability of each type."""
        weights: np.ndarray = np.maximum(self.missed, _LEAST * self.missed.max())
        return weights

    def add(self, type_index: Tensor, missed: Tensor) -> None:
        """Move the running means by one step's errors (M,) of questions of types (M,)."""
        kinds, n_types = type_index.cpu().numpy(), len(self.missed)
        counts = np.bincount(kinds, minlength=n_types)
        sums = np.bincount(kinds, weights=missed.detach().cpu().numpy(), minlength=n_types)
        rate = _RATE * np.minimum(1, counts / 20)
        self.missed += rate * (sums / np.maximum(counts, 1) - self.missed)
