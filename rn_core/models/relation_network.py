"""The Relation Network: `answer = f_phi( sum over i,j of g_theta(o_i, o_j, q) )`.

Source: Santoro et al. 2017, "A simple neural network module for relational reasoning"
(https://arxiv.org/abs/1706.01427), equations 1 and 2, and section 4 for the question.

`blocks.py` computes the pairs; this module does the rest.
"""

from __future__ import annotations

from abc import abstractmethod
from contextlib import nullcontext
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Protocol, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from rn_core.common.errors import RNCoreError
from rn_core.models.base import Core, Sizes
from rn_core.models.blocks import PairInputs, PairLayers, sum_by_size, take_pairs
from rn_core.models.layers import (
    OMIT_DEFAULT,
    Layers,
    check_dropout,
    check_factor,
    check_size,
    check_sizes,
    make_mlp,
    read_sum,
    take_rows,
)

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

AGGREGATES = ("sum", "mean")


@dataclass(frozen=True)
class RelationNetworkConfig:
    """Sizes of a Relation Network.

    Attributes:
        d_object: features of one object, coordinates included.
        d_question: features of the question; 0 for tasks without one.
        n_answers: number of logits A.
        g_widths: units of each layer of g_theta; the last is d_relation. ReLU after each.
        f_widths: hidden units of f_phi; ReLU after each, then linear logits.
        f_dropout: dropout probability after f_phi's last hidden layer, 0 to below 1.
        question_layer: the layer of g_theta that the question enters; 0 in the paper.
        aggregate: "sum" (the paper's) or "mean" over the pairs that exist.
        aggregate_scale: constant factor on the aggregate. The first layer of f_phi could absorb it, so it
            changes what is easy to learn, not what can be expressed; 1 in the paper.
        pair_chunk: pairs computed at once, counted over all questions, and at least N (the pairs of one object i);
            None takes all. Memory grows with the chunk; the result does not depend on it.
        d_pair: features of a pair besides its two objects, which the encoder computes; 0 in the paper.
    """

    d_object: int
    d_question: int
    n_answers: int
    g_widths: tuple[int, ...] = (256, 256, 256, 256)
    f_widths: tuple[int, ...] = (256, 256)
    f_dropout: float = 0.0
    question_layer: int = 0
    aggregate: str = "sum"
    aggregate_scale: float = 1.0
    pair_chunk: int | None = None
    d_pair: int = field(default=0, metadata=OMIT_DEFAULT)

    def __post_init__(self) -> None:
        """Raise RNCoreError for a size that cannot be built, with the field, its value and what is allowed."""
        for name in ("g_widths", "f_widths"):
            object.__setattr__(self, name, check_sizes(name, getattr(self, name)))
        for name, lowest in (
            ("d_object", 1),
            ("d_question", 0),
            ("n_answers", 1),
            ("question_layer", 0),
            ("d_pair", 0),
        ):
            check_size(name, getattr(self, name), lowest)
        if self.question_layer >= len(self.g_widths):
            raise RNCoreError(
                f"question_layer must be 0 to {len(self.g_widths) - 1} for {len(self.g_widths)} layers of g_theta, "
                f"got {self.question_layer!r}; choose one of them."
            )
        if self.aggregate not in AGGREGATES:
            raise RNCoreError(f"aggregate must be one of {', '.join(AGGREGATES)}, got {self.aggregate!r}; use one.")
        check_factor("aggregate_scale", self.aggregate_scale)
        check_dropout("f_dropout", self.f_dropout)
        if self.pair_chunk is not None:
            check_size("pair_chunk", self.pair_chunk)

    @classmethod
    def inside(cls, config: DataclassInstance, **changes: Any) -> Self:
        """Return the sizes of the Relation Network inside a larger core: the core's own, where names are the same.

        Args:
            config: of the larger core.
            changes: sizes that differ from the core's.
        """
        shared = {each.name for each in fields(cls)} & {each.name for each in fields(config)}
        return cls(**{name: getattr(config, name) for name in shared} | changes)


class PairSizes(Sizes, Protocol):
    """The sizes that the config of a core with pairs has besides `Sizes`."""

    @property
    def g_widths(self) -> tuple[int, ...]:
        """Return the units of each layer of g_theta; the last is d_relation."""
        ...


@dataclass(frozen=True)
class RelationTrace:
    """Every intermediate result of one forward pass, from the objects to the logits.

    Attributes:
        objects: (S, N, D_o) the objects of the pairs.
        object_mask: (S, N) bool, False where a row is padding.
        relations: (M, N * N, D_g) g_theta of every ordered pair, scaled so that they sum to the aggregate;
            row `i * N + j` is the pair (o_i, o_j), zero where either is padding.
        aggregate: (M, D_g) the sum of the relations over the pairs.
        logits: (M, A) f_phi of the aggregate.
        picks: (M, T, N) the weight of each object in each hop, 0 in padding; None for a network without hops.
    """

    objects: Tensor
    object_mask: Tensor
    relations: Tensor
    aggregate: Tensor
    logits: Tensor
    picks: Tensor | None = None

    def without_padding(self) -> RelationTrace:
        """Return the trace of one question (M = S = 1) without the rows that are padding."""
        there = self.object_mask[0]  # (N,)
        grid = torch.unflatten(self.relations, 1, (len(there), len(there)))[:, there][:, :, there]  # (1, n, n, D_g)
        return replace(
            self,
            objects=self.objects[:, there],
            object_mask=self.object_mask[:, there],
            relations=grid.flatten(1, 2),
            picks=None if self.picks is None else self.picks[..., there],
        )

    def take(self, row: int) -> RelationTrace:
        """Return the trace of one question, of as many scenes as questions (M = S)."""
        rows = slice(row, row + 1)
        return RelationTrace(
            self.objects[rows],
            self.object_mask[rows],
            self.relations[rows],
            self.aggregate[rows],
            self.logits[rows],
            None if self.picks is None else self.picks[rows],
        )


class PairCore(Core):
    """A core with g_theta and f_phi, whose pairs can be examined: a Relation Network, stacked or not."""

    config: PairSizes

    if TYPE_CHECKING:  # so that a network may have it as a layer of its own or of a part

        @property
        def f_phi(self) -> Layers:
            """Return the layers that compute the answer from the sum."""
            ...

        def __call__(
            self,
            objects: Tensor,
            object_mask: Tensor | None,
            question: Tensor,
            scene_index: Tensor | None = None,
            pair_features: Tensor | None = None,
            hold_relations: bool = False,
        ) -> Tensor:
            """Return logits; see `RelationNetwork.forward`."""
            ...

    @property
    @abstractmethod
    def last_hop(self) -> RelationNetwork:
        """Return the network whose pairs are examined: the whole core, or the part after its other hops."""

    @abstractmethod
    def trace(
        self,
        objects: Tensor,
        object_mask: Tensor | None,
        question: Tensor,
        scene_index: Tensor | None = None,
        pair_features: Tensor | None = None,
    ) -> RelationTrace:
        """Return every intermediate result of `forward`; same arguments."""

    @abstractmethod
    def relate(
        self,
        objects: Tensor,
        object_mask: Tensor | None,
        pairs: Tensor,
        question: Tensor,
        pair_features: Tensor | None = None,
    ) -> Tensor:
        """Return g_theta of chosen pairs; see `RelationNetwork.relate`."""

    @abstractmethod
    def init_from(self, learned: RelationNetwork) -> None:
        """Copy what a Relation Network learned; raises RNCoreError if sizes differ."""


class RelationNetwork(PairCore):
    """g_theta over all ordered pairs of objects (i = j included), summed, then f_phi."""

    config: RelationNetworkConfig
    f_phi: Layers

    def __init__(self, config: RelationNetworkConfig) -> None:
        """Build the layers of `config`; weights come from torch's global generator (see `build_model`)."""
        super().__init__()
        self.config = config
        self.g_theta = PairLayers(
            config.d_object, config.d_question, config.g_widths, config.question_layer, config.d_pair
        )
        self.f_phi = make_mlp((config.g_widths[-1], *config.f_widths, config.n_answers), config.f_dropout)

    def forward(
        self,
        objects: Tensor,
        object_mask: Tensor | None,
        question: Tensor,
        scene_index: Tensor | None = None,
        pair_features: Tensor | None = None,
        hold_relations: bool = False,
    ) -> Tensor:
        """Answer M questions about S scenes.

        Args:
            objects: (S, N, D_o) float.
            object_mask: (S, N) bool, False where a row is padding and takes no part; None means no padding.
            question: (M, D_q) float.
            scene_index: (M,) int64, the scene each question is about; None means question m asks scene m.
            pair_features: (S, N, N, D_p) float, features of the pair of objects i and j; None for a `d_pair` of 0.
            hold_relations: whether gradients stop before g_theta (training f_phi alone).

        Returns:
            logits (M, A).
        """
        given = PairInputs(objects, object_mask, question, scene_index, pair_features)
        with torch.no_grad() if hold_relations else nullcontext():
            aggregate = self.sum_relations(given)  # (M, D_g)
        return read_sum(self.f_phi, aggregate)  # (M, A)

    def sum_relations(self, given: PairInputs) -> Tensor:
        """Return the aggregates (M, D_g), which f_phi reads."""
        return sum_by_size(given, self._aggregate)

    def trace(
        self,
        objects: Tensor,
        object_mask: Tensor | None,
        question: Tensor,
        scene_index: Tensor | None = None,
        pair_features: Tensor | None = None,
    ) -> RelationTrace:
        """Return every intermediate result of `forward`, all pairs at once; same arguments."""
        given = PairInputs(objects, object_mask, question, scene_index, pair_features)
        relations = self.g_theta.relations(self.g_theta.split(given)).flatten(1, 2)  # (M, N * N, D_g)
        mask = torch.ones_like(objects[..., 0], dtype=torch.bool) if object_mask is None else object_mask
        n_objects = mask.sum(dim=1).clamp(min=1)  # (S,)
        n_objects = take_rows(n_objects, scene_index)  # (M,)
        relations = relations.to(torch.promote_types(relations.dtype, torch.float32))
        relations = relations * self.pair_weight(n_objects.to(relations.dtype)[:, None, None])  # (M, N * N, D_g)
        aggregate = relations.sum(dim=1)  # (M, D_g)
        return RelationTrace(objects, mask, relations, aggregate, read_sum(self.f_phi, aggregate))

    @torch.no_grad()
    def init_from(self, learned: RelationNetwork) -> None:
        """Copy the relations of a network trained on another kind of answer; f_phi keeps its initial weights.

        Columns that objects have in addition, behind those of the other network's, begin unused.

        Raises:
            RNCoreError: if its g_theta has other sizes, or takes wider objects.
        """
        own, others = (
            (one.d_question, one.g_widths, one.question_layer, one.d_pair) for one in (self.config, learned.config)
        )
        if own != others or self.config.d_object < learned.config.d_object:
            raise RNCoreError(
                f"g_theta must have the sizes of the network that it starts from, {others} with objects of at most "
                f"{self.config.d_object} features, got {own} and {learned.config.d_object}; use those."
            )
        state = {**learned.g_theta.state_dict(), "0.weight": widen_objects(learned, self.config.d_object)}
        self.g_theta.load_state_dict(state)

    def relate(
        self,
        objects: Tensor,
        object_mask: Tensor | None,
        pairs: Tensor,
        question: Tensor,
        pair_features: Tensor | None = None,
    ) -> Tensor:
        """Return g_theta of chosen pairs, computed as the formula is written.

        Args:
            objects: (M, N, D_o) float.
            object_mask: unused; chosen pairs are never padding.
            pairs: (M, K, 2) int64, the objects i and j of K pairs per question.
            question: (M, D_q) float.
            pair_features: (M, K, D_p) float, of the chosen pairs; None for a `d_pair` of 0.

        Returns:
            (M, K, D_g), as in `trace`, but not scaled.
        """
        asked = question[:, None].expand(-1, pairs.shape[1], -1)  # (M, K, D_q)
        return self.g_theta(*take_pairs(objects, pairs), asked, pair_features)  # (M, K, D_g)

    @property
    def last_hop(self) -> RelationNetwork:
        """Return the network itself."""
        return self

    @property
    def first_layer(self) -> nn.Linear:
        """Return the layer that sees the objects first."""
        return self.g_theta[0]

    @property
    def n_blocks(self) -> int:
        """Return how many objects are concatenated in that layer's input."""
        return 2

    def _aggregate(self, given: PairInputs) -> Tensor:
        """Return the aggregates (M, D_g) of scenes without padding."""
        sums = self.g_theta.sum_pairs(given, self.config.pair_chunk)  # (M, D_g)
        weight = self.pair_weight(max(1, given.objects.shape[1]))
        return sums if weight == 1 else sums * weight

    def pair_weight(self, n_objects: int | Tensor) -> float | Tensor:
        """Return the factor on the relations of scenes with so many objects, 1 or more."""
        scale = self.config.aggregate_scale
        return scale if self.config.aggregate == "sum" else scale / n_objects**2


def widen_objects(learned: RelationNetwork, width: int) -> Tensor:
    """Return the weight of the first layer for objects of more features, of which those behind the known are unused."""
    known, weight = learned.config.d_object, learned.first_layer.weight
    blocks = torch.split(weight[:, : learned.n_blocks * known], known, dim=1)
    padded = [functional.pad(block, (0, width - known)) for block in blocks]
    return torch.cat([*padded, weight[:, learned.n_blocks * known :]], dim=1)


def make_pair_index(n_objects: int) -> Tensor:
    """Return (N * N, 2) int64: row p is the ordered pair (i, j) of row p of `relations`."""
    return torch.cartesian_prod(torch.arange(n_objects), torch.arange(n_objects))
