"""The value that is attributed, a logit or the difference of two, and the result, one number per pair."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from rn_core.common.errors import RNCoreError


@dataclass(frozen=True)
class Target:
    """The value z that is attributed: a logit, or the difference of two ("why this answer, not that one").

    Never a probability: a saturated softmax has no gradient left to attribute.

    Attributes:
        answer: index of the logit, 0 to A - 1.
        contrast: index of the logit that is subtracted, or None for the plain logit.
    """

    answer: int
    contrast: int | None = None

    def __post_init__(self) -> None:
        """Raise RNCoreError for an invalid index."""
        for name in ("answer", "contrast"):
            index = getattr(self, name)
            if index is None and name == "contrast":
                continue
            if isinstance(index, bool) or not isinstance(index, int) or index < 0:
                raise RNCoreError(f"{name} must be the index of a logit, 0 or more, got {index!r}.")
        if self.contrast == self.answer:
            raise RNCoreError(
                f"contrast must be another logit than answer, or None for the plain logit, got {self.answer} for both."
            )

    def check_answers(self, n_answers: int) -> None:
        """Raise RNCoreError if the model has no such logit.

        Args:
            n_answers: number of logits A.
        """
        for name in ("answer", "contrast"):
            index = getattr(self, name)
            if index is not None and index >= n_answers:
                raise RNCoreError(f"{name} must be 0 to {n_answers - 1} for {n_answers} logits, got {index}.")

    def value(self, logits: Tensor) -> Tensor:
        """Return z (...) of logits (..., A)."""
        chosen = logits[..., self.answer]
        return chosen if self.contrast is None else chosen - logits[..., self.contrast]


@dataclass(frozen=True)
class Attribution:
    """Each pair's contribution to one value of one question.

    Attributes:
        method: key of `METHODS`.
        contributions: (P,) float64 on the CPU; row `i * N + j` is the pair (o_i, o_j).
        value: z(S), of the aggregate S of all pairs, in float64 (the model's float32 logits differ from it by
            their own rounding).
        baseline_value: z(B), of the baseline.
        completeness_gap: z(S) - z(B) less the sum of the contributions, in logits; each method documents its
            meaning. None where the contributions are not shares of a logit (`norm`).
    """

    method: str
    contributions: Tensor
    value: float
    baseline_value: float
    completeness_gap: float | None
