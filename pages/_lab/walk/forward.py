"""One question's forward pass, taken apart: every number between the image and the logits; nothing here draws.

Models are only read, so sessions and threads share them. All results are NumPy arrays on the CPU.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn
from torch.nn import functional

from pages._lab.models import seen_by
from rn_core.answering import Answerer
from rn_core.common.seeding import make_rng, uniform_integers
from rn_core.models.encoders import ImageEncoder
from rn_core.models.relation_network import RelationNetwork
from rn_core.tasks.sort_of_clevr import Question, Scene, stack_scenes
from rn_core.tasks.sort_of_clevr.asking import check_answerable
from rn_core.tasks.sort_of_clevr.encoding import VIEWS
from rn_core.tasks.sort_of_clevr.questions import question_codes

_CODES = torch.from_numpy(question_codes())


@dataclass(frozen=True)
class Walk:
    """The forward pass of a Relation Network; objects that the scene lacks are left out.

    Attributes:
        maps: what each convolution gives after its ReLU, (C, h, w) each; none for object rows.
        slots: (n,) int64, the model's row that each object came from, in the order they were dealt.
        objects: (n, D_o) float32.
        question: (D_q,) float32.
        relations: (n * n, D_g) float32; row `i * n + j` is the pair (o_i, o_j), scaled as the sum needs it.
        weight: what g_theta's result is multiplied by before it is added; 1 for a plain sum.
        aggregate: (D_g,) float32, what f_phi is given.
        logits: (A,) float32.
    """

    maps: tuple[np.ndarray, ...]
    slots: np.ndarray
    objects: np.ndarray
    question: np.ndarray
    relations: np.ndarray
    weight: float
    aggregate: np.ndarray
    logits: np.ndarray


@dataclass(frozen=True)
class PairSteps:
    """One pair on its way through g_theta.

    Attributes:
        inputs: what the pair is made of, end to end: o_i, o_j and the question, where it enters first.
        terms: (3, D_1) float32, what the first layer makes of o_i (its bias included), o_j and the question; their
            sum is what its ReLU is given. Zero for a question that enters later.
        layers: the hidden units after each layer; the last is g_theta of the pair.
    """

    inputs: np.ndarray
    terms: np.ndarray
    layers: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Growth:
    """The sum as pairs join it.

    Attributes:
        counts: (K,) int64, pairs added at each stop, rising from 0 to all.
        ranking: (P,) int64, the pairs in the order in which they join.
        sums: (K, D_g) float32.
        logits: (K, A) float32, f_phi of each sum.
        probabilities: (K, A) float64.
    """

    counts: np.ndarray
    ranking: np.ndarray
    sums: np.ndarray
    logits: np.ndarray
    probabilities: np.ndarray


@dataclass(frozen=True)
class Thought:
    """The forward pass of an MLP.

    Attributes:
        inputs: (N * D_o + D_q,) float32, all objects end to end and the question behind them.
        layers: the hidden units after each layer's ReLU.
        logits: (A,) float32.
    """

    inputs: np.ndarray
    layers: tuple[np.ndarray, ...]
    logits: np.ndarray


def deal_order(n_slots: int, seed: int) -> np.ndarray:
    """Return (N,) int64, an order of the model's rows: as they are for seed 0, else at random and never as they are."""
    order = np.arange(n_slots)
    if seed == 0:
        return order
    keys = uniform_integers(make_rng(seed, "explore", n_slots), 2**32, (n_slots,))
    dealt = np.argsort(keys, kind="stable")
    return np.roll(order, 1) if (dealt == order).all() else dealt


@torch.inference_mode()
def make_walk(answerer: Answerer, scene: Scene, question: Question, deal: int = 0) -> Walk:
    """Take a Relation Network's forward pass apart.

    Args:
        answerer: holds a Relation Network.
        scene: what is asked about.
        question: what is asked.
        deal: seed of `deal_order`, the order in which the objects reach the core.

    Raises:
        SceneError: if the scene lacks the asked object, or any other that the question is about.
    """
    inputs, code = _encode(answerer, scene, question)
    objects, mask = _deal_objects(answerer, inputs, deal)
    core = answerer.model.core
    trace = core.trace(objects, mask, code)
    n_slots, there = objects.shape[1], trace.object_mask[0]
    relations = trace.relations[0].unflatten(0, (n_slots, n_slots))[there][:, there].flatten(0, 1)  # (n * n, D_g)
    return Walk(
        maps=_trace_maps(answerer.model.encoder, inputs[0]),
        slots=deal_order(n_slots, deal)[there.cpu().numpy()],
        objects=_array(objects[0, there]),
        question=_array(code[0]),
        relations=_array(relations),
        weight=_pair_weight(core, int(there.sum())),
        aggregate=_array(trace.aggregate[0]),
        logits=_array(trace.logits[0]),
    )


@torch.inference_mode()
def make_thought(answerer: Answerer, scene: Scene, question: Question, deal: int = 0) -> Thought:
    """Take an MLP's forward pass apart; arguments and errors as `make_walk`."""
    inputs, code = _encode(answerer, scene, question)
    objects, mask = _deal_objects(answerer, inputs, deal)
    if mask is not None:
        objects = objects * mask[..., None]
    row = torch.cat([objects.flatten(1), code], dim=1)[0]  # (N * D_o + D_q,)
    *layers, logits = _run(answerer.model.core.layers, row)
    return Thought(_array(row), tuple(layers), logits)


@torch.inference_mode()
def follow_pair(core: RelationNetwork, walk: Walk, i: int, j: int) -> PairSteps:
    """Take the pair (o_i, o_j) through g_theta as the formula says it: laid end to end, layer by layer."""
    entrance, enters = cast(nn.Linear, core.g_theta[0]), core.config.question_layer
    first, second, asked = (
        torch.from_numpy(part).to(entrance.weight.device) for part in (walk.objects[i], walk.objects[j], walk.question)
    )
    hidden, layers = torch.cat([first, second]), []
    inputs = torch.cat([hidden, asked]) if enters == 0 else hidden
    for k, layer in enumerate(core.g_theta):
        hidden = torch.cat([hidden, asked]) if k == enters else hidden
        layers.append(functional.relu(layer(hidden)))
        hidden = layers[-1]
    parts = [first, second, asked] if enters == 0 else [first, second]
    weights = torch.split(entrance.weight, [len(part) for part in parts], dim=1)
    terms = [weight @ part for weight, part in zip(weights, parts, strict=True)]
    terms[0] = terms[0] + entrance.bias
    terms += [torch.zeros_like(terms[0])] * (3 - len(terms))
    return PairSteps(_array(inputs), _array(torch.stack(terms)), tuple(map(_array, layers)))


@torch.inference_mode()
def follow_sum(core: RelationNetwork, aggregate: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the hidden units of f_phi after each ReLU, then the logits, of an aggregate (D_g,)."""
    return _run(core.f_phi, torch.from_numpy(aggregate).to(_device(core)))


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


@torch.inference_mode()
def grow_sum(core: RelationNetwork, relations: np.ndarray, ranking: np.ndarray, counts: np.ndarray) -> Growth:
    """Add pairs up one by one and ask f_phi on the way.

    Args:
        core: whose f_phi is asked.
        relations: (P, D_g) as `Walk.relations`.
        ranking: (P,) the pairs in the order in which they join.
        counts: (K,) pairs in the sum at each stop.
    """
    grown = np.cumsum(relations[ranking], axis=0, dtype=np.float64)
    sums = np.vstack([np.zeros_like(grown[:1]), grown])[counts].astype(np.float32)  # (K, D_g)
    logits = core.f_phi(torch.from_numpy(sums).to(_device(core)))  # (K, A)
    return Growth(counts, ranking, sums, _array(logits), _array(logits.double().softmax(dim=1)))


def largest_change(one: ArrayLike, other: ArrayLike) -> float:
    """Return the largest distance between two lists of logits."""
    return float(np.abs(np.asarray(one, dtype=np.float64) - np.asarray(other, dtype=np.float64)).max())


def _encode(answerer: Answerer, scene: Scene, question: Question) -> tuple[tuple[Tensor, ...], Tensor]:
    """Return the encoder's inputs (one scene) and the question's code (1, D_q) on the model's device."""
    check_answerable(scene, question)
    device = _device(answerer.model)
    inputs = VIEWS[seen_by(answerer.task)](stack_scenes([scene]))
    return tuple(part.to(device) for part in inputs), _CODES[[question.index]].to(device)


def _deal_objects(answerer: Answerer, inputs: tuple[Tensor, ...], deal: int) -> tuple[Tensor, Tensor | None]:
    """Return a scene's objects (1, N, D_o) and their mask in the order of a deal."""
    objects, mask = answerer.model.encoder(*inputs)
    order = torch.from_numpy(deal_order(objects.shape[1], deal)).to(objects.device)
    return objects[:, order], None if mask is None else mask[:, order]


def _trace_maps(encoder: nn.Module, images: Tensor) -> tuple[np.ndarray, ...]:
    """Return what each convolution gives after its ReLU; none for an encoder of rows."""
    if not isinstance(encoder, ImageEncoder):
        return ()
    features = (255 - images).permute(0, 3, 1, 2).to(next(encoder.parameters()).dtype) * (2 / 255)  # (1, 3, H, W)
    maps = []
    for layer in encoder.layers:
        features = layer(features)
        if isinstance(layer, nn.ReLU):
            maps.append(_array(features[0]))
    return tuple(maps)


def _pair_weight(core: RelationNetwork, n_objects: int) -> float:
    """Return what every relation is multiplied by before it is added."""
    scale = core.config.aggregate_scale
    return scale if core.config.aggregate == "sum" else scale / n_objects**2


def _run(layers: nn.Sequential, row: Tensor) -> tuple[np.ndarray, ...]:
    """Return what a stack of layers makes of one row, after each ReLU and at the end."""
    found = []
    for layer in layers:
        row = layer(row)
        if isinstance(layer, nn.ReLU):
            found.append(_array(row))
    return (*found, _array(row))


def _device(module: nn.Module) -> torch.device:
    """Return the device that a module's weights are on."""
    return next(module.parameters()).device


def _array(values: Tensor) -> np.ndarray:
    """Return a tensor's values in an array of their own."""
    return values.cpu().numpy().copy()
