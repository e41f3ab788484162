"""What the answer would be with less, and what one pair does inside f_phi; this module draws nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from pages._lab.pairs.view import PairReading, PairView
from rn_core.attribution.base import Target
from rn_core.attribution.faithfulness import (
    Faithfulness,
    KeepingSet,
    keep_pairs,
    measure_faithfulness,
    smallest_keeping_set,
)
from rn_core.attribution.readout import answer_logits
from rn_core.common.errors import RNCoreError

#: Random orders beside each curve, their seed, and points per curve.
N_ORDERS, ORDER_SEED, N_POINTS = 5, 0, 40


@dataclass(frozen=True)
class WhatIf:
    """The answer after something is removed.

    Attributes:
        label: what is left, in words.
        answer: what the Relation Network says then.
        probability: of that answer, 0 to 1.
        truth: the true answer then; None if unknown.
        survives: whether the answer is still the one with everything there.
    """

    label: str
    answer: str
    probability: float
    truth: str | None
    survives: bool


@dataclass(frozen=True)
class PairPath:
    """One pair on its way through f_phi.

    Attributes:
        changes: for each hidden layer (D,), activations with the pair minus without it.
        without: (A,) logits without the pair.
        full: (A,) logits of all pairs.
    """

    changes: tuple[np.ndarray, ...]
    without: np.ndarray
    full: np.ndarray


def make_what_ifs(view: PairView, f_phi: nn.Sequential, smaller: PairReading | None) -> tuple[WhatIf, ...]:
    """Return the answer with everything, without the pinned pair, with the strongest pairs alone, without objects.

    Args:
        view: the page.
        f_phi: the Relation Network's.
        smaller: a reading of the scene without the objects of `state.without`; None if none are removed.
    """
    state, relations = view.state, view.reading.relations
    total = relations.sum(dim=0)
    cases = [("everything", total)]
    pinned = view.pinned_relation
    if pinned is not None:
        cases.append((f"without the pair {view.pinned_name}", total - pinned))
    if state.top:
        cases.append((f"only the {state.top} strongest pairs", keep_pairs(relations, view.kept)))
    found = [_answer(label, answer_logits(f_phi, aggregate), view) for label, aggregate in cases]
    if smaller is not None:
        answer = smaller.answer
        label = f"without {view.removed_text}"
        survives = answer.text == view.reading.answer.text
        found.append(WhatIf(label, answer.text, answer.probabilities[answer.text], smaller.truth, survives))
    return tuple(found)


def _answer(label: str, logits: Tensor, view: PairView) -> WhatIf:
    """Return what logits (A,) say."""
    best = int(logits.argmax())
    probability = float(torch.softmax(logits, dim=0)[best])
    answer = view.answers[best]
    return WhatIf(label, answer, probability, view.reading.truth, answer == view.reading.answer.text)


def follow_pair(view: PairView, f_phi: nn.Sequential) -> PairPath:
    """Follow the pinned pair through f_phi; raises RNCoreError where none is pinned."""
    total, pinned = view.reading.relations.sum(dim=0), view.pinned_relation
    if pinned is None:
        raise RNCoreError("No pair is pinned; pin one to follow it.")
    both = torch.stack([total - pinned, total])  # (2, D_g)
    changes, level = [], both.to(next(f_phi.parameters()))
    with torch.no_grad():
        for layer in f_phi:
            level = layer(level)
            if isinstance(layer, nn.ReLU):
                changes.append((level[1] - level[0]).cpu().numpy())
    without, full = answer_logits(f_phi, both).numpy()
    return PairPath(tuple(changes), without, full)


def measure_ranking(
    f_phi: nn.Sequential, relations: Tensor, contributions: Tensor, target: Target, baseline: Tensor | None
) -> tuple[Faithfulness, KeepingSet]:
    """Return how well a ranking of all model pairs holds up, and how few of them are enough.

    Args:
        f_phi: the Relation Network's.
        relations: (P, D_g).
        contributions: (P,) that rank them.
        target: the logits to follow.
        baseline: (D_g,) that stands in for pairs that are left out; None is zero.
    """
    generator = torch.Generator().manual_seed(ORDER_SEED)
    curves = measure_faithfulness(
        f_phi, relations, contributions, target, generator, baseline, n_orders=N_ORDERS, n_points=N_POINTS
    )
    return curves, smallest_keeping_set(f_phi, relations, contributions, baseline)


def describe_enough(enough: KeepingSet, n_pairs: int, target_text: str) -> str:
    """Return in one sentence how few pairs give the answer of all."""
    few = len(enough.pairs)
    if few == 0:
        return "The answer needs no pair here: f_phi gives it without any."
    pairs = "The one pair that speaks" if few == 1 else f"The {few} pairs that speak"
    gives = "gives" if few == 1 else "give"
    return f"{pairs} most for {target_text} {gives} the answer alone, without the other {n_pairs - few}."
