"""What the page asks the core to take apart, in which order objects are dealt and pairs join; draws nothing."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from pages._lab.models import seen_by
from rn_core.answering import Answerer
from rn_core.attribution.tracing import ForwardTrace, MLPTrace, trace_forward, trace_mlp
from rn_core.common.seeding import make_rng, uniform_integers
from rn_core.tasks.sort_of_clevr import Question, Scene, stack_scenes
from rn_core.tasks.sort_of_clevr.asking import check_answerable
from rn_core.tasks.sort_of_clevr.encoding import VIEWS
from rn_core.tasks.sort_of_clevr.questions import question_codes

_CODES = torch.from_numpy(question_codes())


def deal_order(n_slots: int, seed: int) -> np.ndarray:
    """Return (N,) int64, an order of the model's rows: as they are for seed 0, else at random and never as they are."""
    order = np.arange(n_slots)
    if seed == 0:
        return order
    keys = uniform_integers(make_rng(seed, "explore", n_slots), 2**32, (n_slots,))
    dealt = np.argsort(keys, kind="stable")
    return np.roll(order, 1) if (dealt == order).all() else dealt


def make_walk(answerer: Answerer, scene: Scene, question: Question, deal: int = 0) -> ForwardTrace:
    """Take a Relation Network's forward pass apart.

    Args:
        answerer: holds a Relation Network.
        scene: what is asked about.
        question: what is asked.
        deal: seed of `deal_order`, the order in which the objects reach the core.

    Raises:
        SceneError: if the scene lacks the object asked about, or any other that the question is about.
    """
    return trace_forward(answerer.model, *_encode(answerer, scene, question), partial(deal_order, seed=deal))


def make_thought(answerer: Answerer, scene: Scene, question: Question, deal: int = 0) -> MLPTrace:
    """Take an MLP's forward pass apart; arguments and errors as `make_walk`."""
    return trace_mlp(answerer.model, *_encode(answerer, scene, question), partial(deal_order, seed=deal))


def rank_pairs(order: str, contributions: np.ndarray, seed: int) -> np.ndarray:
    """Return (P,) int64, the pairs in the order in which they join the sum.

    Args:
        order: "strongest" and "weakest" by the size of the contributions, "rows" as they are, "random" by `seed`.
        contributions: (P,) what each pair adds to the answer.
        seed: 0 to 2**32 - 1.
    """
    if order == "strongest":
        return np.argsort(-np.abs(contributions), kind="stable")
    if order == "weakest":
        return np.argsort(np.abs(contributions), kind="stable")
    if order == "random":
        keys = uniform_integers(make_rng(seed, "explore", len(contributions)), 2**32, contributions.shape)
        return np.argsort(keys, kind="stable")
    return np.arange(len(contributions))


def choose_stops(n_pairs: int, most: int, always: int = 0) -> np.ndarray:
    """Return how many pairs are in the sum at each stop, rising from 0 to all: one by one at first, then in strides.

    Args:
        n_pairs: all pairs P.
        most: stops at most, 4 or more.
        always: a number of pairs, 0 to P, that is one of the stops.
    """
    if n_pairs < most:
        return np.arange(n_pairs + 1)
    singles = most // 2
    strides = np.geomspace(singles, n_pairs, most - singles - 1).round().astype(np.int64)
    return np.unique(np.concatenate([np.arange(singles), strides, [always, n_pairs]]))


def largest_change(one: ArrayLike, other: ArrayLike) -> float:
    """Return the largest distance between two lists of logits."""
    return float(np.abs(np.asarray(one, dtype=np.float64) - np.asarray(other, dtype=np.float64)).max())


def _encode(answerer: Answerer, scene: Scene, question: Question) -> tuple[tuple[Tensor, ...], Tensor]:
    """Return the encoder's inputs (one scene) and the question's code (1, D_q) on the model's device."""
    check_answerable(scene, question)
    device = next(answerer.model.parameters()).device
    inputs = VIEWS[seen_by(answerer.task)](stack_scenes([scene]))
    return tuple(part.to(device) for part in inputs), _CODES[[question.index]].to(device)
