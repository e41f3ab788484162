"""f_phi as plain float64 arrays, and one question's relations in front of it.

A copy, so that a model shared by many sessions is never changed, and so that completeness holds to
float64 rounding whatever precision the model runs in. It is on the CPU: not every accelerator has float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rn_core.attribution.base import Target
from rn_core.common.errors import RNCoreError

#: Rows of aggregates that pass through f_phi at once, so that memory does not grow with the number of pairs.
_BLOCK = 4096


@dataclass(frozen=True)
class Readout:
    """The layers of f_phi; ReLU between them, dropout as in eval mode.

    Attributes:
        weights: one (W_out, W_in) float64 per linear layer.
        biases: one (W_out,) float64 per linear layer.
    """

    weights: tuple[Tensor, ...]
    biases: tuple[Tensor, ...]

    @property
    def d_relation(self) -> int:
        """Return D_g, the features of an aggregate."""
        return self.weights[0].shape[1]

    @property
    def n_answers(self) -> int:
        """Return the number of logits A."""
        return len(self.biases[-1])

    def logits(self, aggregates: Tensor) -> Tensor:
        """Return logits (..., A) of aggregates (..., D_g) float64."""
        rows = aggregates.reshape(-1, self.d_relation)
        logits = torch.cat([self._block(block) for block in torch.split(rows, _BLOCK)])
        return torch.unflatten(logits, 0, aggregates.shape[:-1]) if aggregates.dim() > 1 else logits[0]

    def _block(self, level: Tensor) -> Tensor:
        """Return logits (R, A) of aggregates (R, D_g)."""
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            level = torch.addmm(bias, level, weight.T).relu_()
        return torch.addmm(self.biases[-1], level, self.weights[-1].T)

    def toward(self, target: Target) -> Readout:
        """Return the readout with z as its only logit.

        Raises:
            RNCoreError: if the model has no such logit.
        """
        target.check_answers(self.n_answers)
        weight = target.value(self.weights[-1].T)[None]  # (1, W)
        bias = target.value(self.biases[-1])[None]
        return Readout((*self.weights[:-1], weight), (*self.biases[:-1], bias))


@dataclass(frozen=True)
class PairSum:
    """The relations of one question and their baseline.

    Attributes:
        readout: f_phi with all its logits.
        shares: (P, D_g) float64, each relation less its part B / P of the baseline; they sum to S - B.
        baseline: (D_g,) float64, B.
        aggregate: (D_g,) float64, S.
    """

    readout: Readout
    shares: Tensor
    baseline: Tensor
    aggregate: Tensor

    def value(self, target: Target, aggregates: Tensor) -> Tensor:
        """Return z (...) of aggregates (..., D_g)."""
        return self.readout.toward(target).logits(aggregates)[..., 0]


def make_readout(f_phi: nn.Sequential) -> Readout:
    """Copy f_phi; the module is not changed, whatever its mode.

    Args:
        f_phi: linear layers with one ReLU between each two; dropout is ignored.

    Raises:
        RNCoreError: for any other layer or order.
    """
    layers = [layer for layer in f_phi.children() if not isinstance(layer, nn.Dropout)]
    kinds = [type(layer).__name__ for layer in layers]
    if not layers or kinds != (["Linear", "ReLU"] * len(layers))[: len(layers)] or kinds[-1] != "Linear":
        raise RNCoreError(
            f"f_phi must be Linear layers with one ReLU between each two, got {', '.join(kinds) or 'no layer'}."
        )
    linear = [layer for layer in layers if isinstance(layer, nn.Linear)]
    return Readout(
        tuple(_copy(layer.weight) for layer in linear),
        tuple(
            _copy(layer.weight.new_zeros(len(layer.weight)) if layer.bias is None else layer.bias) for layer in linear
        ),
    )


def make_pair_sum(f_phi: nn.Sequential, relations: Tensor, baseline: Tensor | None = None) -> PairSum:
    """Check one question's relations and combine them with f_phi.

    Args:
        f_phi: the model's own; see `make_readout`.
        relations: (P, D_g), any float type; the rows sum to the aggregate.
        baseline: (D_g,) the aggregate that stands for "no information": None is zero (no pairs at all); the
            usual alternative is the mean aggregate over scenes. Each pair has the P-th part of it.

    Raises:
        RNCoreError: if shapes do not match f_phi or a relation is not finite.
    """
    readout = make_readout(f_phi)
    d_relation = readout.d_relation
    if relations.dim() != 2 or relations.shape[1] != d_relation or not len(relations):
        raise RNCoreError(
            f"relations must have shape (P, {d_relation}), one row per pair of one question, "
            f"got {tuple(relations.shape)}."
        )
    if baseline is not None and baseline.shape != (d_relation,):
        raise RNCoreError(f"baseline must be None for zero or have shape ({d_relation},), got {tuple(baseline.shape)}.")
    shares = _copy(relations)
    aggregate = shares.sum(dim=0)
    start = torch.zeros_like(aggregate) if baseline is None else _copy(baseline)
    if not (aggregate.isfinite().all() and start.isfinite().all()):
        raise RNCoreError("relations and baseline must be finite numbers, got infinity or NaN among them.")
    if baseline is not None:
        shares -= start / len(shares)
    return PairSum(readout, shares, start, aggregate)


def answer_logits(f_phi: nn.Sequential, aggregates: Tensor) -> Tensor:
    """Return f_phi's answer to aggregates, for "what if this pair were missing".

    Args:
        f_phi: see `make_readout`.
        aggregates: (..., D_g), any float type.

    Returns:
        logits (..., A) float64 on the CPU.

    Raises:
        RNCoreError: if the aggregates do not match f_phi.
    """
    readout = make_readout(f_phi)
    if not aggregates.dim() or aggregates.shape[-1] != readout.d_relation:
        raise RNCoreError(f"aggregates must have shape (..., {readout.d_relation}), got {tuple(aggregates.shape)}.")
    return readout.logits(_copy(aggregates))


def _copy(tensor: Tensor) -> Tensor:
    """Return a float64 copy on the CPU, free of any graph."""
    return tensor.detach().to("cpu", torch.float64, copy=True)
