"""The Relation Network: `answer = f_phi( sum over i,j of g_theta(o_i, o_j, q) )`.

Source: Santoro et al. 2017, "A simple neural network module for relational reasoning"
(https://arxiv.org/abs/1706.01427), equations 1 and 2, and section 4 for the question.

The values are the formula's; four things are computed in another order, because there are N * N pairs:
  1. g_theta's first layer is linear in its parts, W [o_i; o_j; q] = W_1 o_i + W_2 o_j + W_3 q, so each part
     goes through it once and the pairs are made by adding (`_split_first_layer`, `_g_theta`).
  2. A scene is given once, however many questions are asked about it (`scene_index`).
  3. Scenes of one size are paired together and without their padding, so the work is that of the pairs that exist
     (`_aggregate_by_size`).
  4. The sum is taken block by block (`_sum_relations`), so memory need not grow with the number of pairs.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial, reduce
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from rn_core.common.errors import RNCoreError
from rn_core.models.base import Core, Sizes
from rn_core.models.layers import (
    OMIT_DEFAULT,
    Layers,
    Linears,
    check_dropout,
    check_size,
    check_sizes,
    linear_at,
    make_mlp,
)
from rn_core.models.paths import PathComparison

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
        question_layer: the layer of g_theta that the question enters; 0 is the paper's.
        aggregate: "sum" (the paper's) or "mean" over the pairs that exist.
        aggregate_scale: constant factor on the aggregate. The first layer of f_phi could absorb it, so it
            changes what is easy to learn, not what can be said; 1 is the paper's.
        pair_chunk: pairs computed at once, counted over all questions, and N (the pairs of one object i) at
            least; None takes all. Memory grows with the chunk; the result does not depend on it.
        path_frames: frames of the path that ends each object, x in each frame, then y; g_theta then reads beside its
            two objects what `PathComparison` makes of their paths. 0, for no paths, is the paper's.
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
    path_frames: int = field(default=0, metadata=OMIT_DEFAULT)

    def __post_init__(self) -> None:
        """Raise RNCoreError for a size that cannot be built, naming field, value and what is allowed."""
        for name in ("g_widths", "f_widths"):
            object.__setattr__(self, name, check_sizes(name, getattr(self, name)))
        for name, lowest in (("d_object", 1), ("d_question", 0), ("n_answers", 1), ("question_layer", 0)):
            check_size(name, getattr(self, name), lowest)
        if self.question_layer >= len(self.g_widths):
            raise RNCoreError(
                f"question_layer must be 0 to {len(self.g_widths) - 1} for {len(self.g_widths)} layers of g_theta, "
                f"got {self.question_layer!r}; choose one of them."
            )
        if self.aggregate not in AGGREGATES:
            raise RNCoreError(f"aggregate must be one of {', '.join(AGGREGATES)}, got {self.aggregate!r}; use one.")
        if not 0 < self.aggregate_scale < float("inf"):
            raise RNCoreError(f"aggregate_scale must be above 0 and finite, got {self.aggregate_scale!r}; 1 is usual.")
        check_dropout("f_dropout", self.f_dropout)
        if self.path_frames:
            check_size("path_frames", self.path_frames, 3)
            check_size("d_object", self.d_object, 2 * self.path_frames)
        if self.pair_chunk is not None:
            check_size("pair_chunk", self.pair_chunk)


class PairSizes(Sizes, Protocol):
    """What the config of a core with pairs says beside `Sizes`."""

    @property
    def g_widths(self) -> tuple[int, ...]:
        """Return the units of each layer of g_theta; the last is d_relation."""
        ...


@dataclass(frozen=True)
class RelationTrace:
    """Everything between the objects and the logits of one forward pass.

    Attributes:
        objects: (S, N, D_o) what the pairs were made of.
        object_mask: (S, N) bool, False where a row is padding.
        relations: (M, N * N, D_g) g_theta of every ordered pair, scaled as the aggregate needs it, so that
            they add up to it; row `i * N + j` is the pair (o_i, o_j), zero where either is padding.
        aggregate: (M, D_g) the sum of the relations over the pairs.
        logits: (M, A) f_phi of the aggregate.
    """

    objects: Tensor
    object_mask: Tensor
    relations: Tensor
    aggregate: Tensor
    logits: Tensor


class PairCore(Core):
    """A core with g_theta and f_phi, whose pairs can be looked at: both Relation Networks, stacked or not."""

    config: PairSizes

    if TYPE_CHECKING:  # here so that either network may have it as a layer of its own or of a part

        @property
        def f_phi(self) -> Layers:
            """Return what reads the answer off the sum."""
            ...

        def __call__(
            self,
            objects: Tensor,
            object_mask: Tensor | None,
            question: Tensor,
            scene_index: Tensor | None = None,
            hold_relations: bool = False,
        ) -> Tensor:
            """Return logits; see `RelationNetwork.forward`."""
            ...

    @abstractmethod
    def trace(
        self, objects: Tensor, object_mask: Tensor | None, question: Tensor, scene_index: Tensor | None = None
    ) -> RelationTrace:
        """Return everything that `forward` computes on the way; arguments as there."""

    @abstractmethod
    def relate(self, objects: Tensor, object_mask: Tensor | None, pairs: Tensor, question: Tensor) -> Tensor:
        """Return g_theta of chosen pairs; see `RelationNetwork.relate`."""

    @abstractmethod
    def begin_as(self, learned: RelationNetwork) -> None:
        """Take over what a Relation Network learned; raises RNCoreError if sizes differ."""


class RelationNetwork(PairCore):
    """All ordered pairs of objects (i = j included) through g_theta, added up, then through f_phi."""

    config: RelationNetworkConfig
    f_phi: Layers

    def __init__(self, config: RelationNetworkConfig) -> None:
        """Build the layers of `config`; weights come from torch's global generator (see `build_model`)."""
        super().__init__()
        self.config = config
        self.compare = PathComparison(config.path_frames) if config.path_frames else None
        d_inputs = [2 * config.d_object + (self.compare.d_pair if self.compare else 0), *config.g_widths[:-1]]
        d_inputs[config.question_layer] += config.d_question
        self.g_theta = Linears(nn.Linear(*sizes) for sizes in zip(d_inputs, config.g_widths, strict=True))
        self.f_phi = make_mlp((config.g_widths[-1], *config.f_widths, config.n_answers), config.f_dropout)

    def forward(
        self,
        objects: Tensor,
        object_mask: Tensor | None,
        question: Tensor,
        scene_index: Tensor | None = None,
        hold_relations: bool = False,
    ) -> Tensor:
        """Answer M questions about S scenes.

        Args:
            objects: (S, N, D_o) float.
            object_mask: (S, N) bool, False where a row is padding and takes no part; None means no padding.
            question: (M, D_q) float.
            scene_index: (M,) int64, the scene each question is about; None means question m asks scene m.
            hold_relations: whether no gradient reaches g_theta (training f_phi alone).

        Returns:
            logits (M, A).
        """
        if scene_index is None:
            scene_index = torch.arange(len(objects), device=objects.device)
        with torch.set_grad_enabled(torch.is_grad_enabled() and not hold_relations):
            if object_mask is None:
                aggregate = self._aggregate(objects, question, scene_index)  # (M, D_g)
            else:
                aggregate = self._aggregate_by_size(objects, object_mask, question, scene_index)  # (M, D_g)
        return self._f_phi(aggregate)  # (M, A)

    def trace(
        self, objects: Tensor, object_mask: Tensor | None, question: Tensor, scene_index: Tensor | None = None
    ) -> RelationTrace:
        """Return everything that `forward` computes on the way, all pairs at once; arguments as there."""
        if scene_index is None:
            scene_index = torch.arange(len(objects), device=objects.device)
        parts = self._split_first_layer(objects, object_mask, question, scene_index)
        relations = self._g_theta(parts, slice(None), slice(None)).flatten(1, 2)  # (M, N * N, D_g)
        relations = relations * self._pair_weight(parts)[..., None]  # (M, N * N, D_g)
        aggregate = relations.sum(dim=1)  # (M, D_g)
        mask = torch.ones_like(objects[..., 0], dtype=torch.bool) if object_mask is None else object_mask
        return RelationTrace(objects, mask, relations, aggregate, self._f_phi(aggregate))

    @torch.no_grad()
    def begin_as(self, learned: RelationNetwork) -> None:
        """Take over the relations of a network that learned to answer something else of them; f_phi starts afresh.

        Raises:
            RNCoreError: if its g_theta has other sizes.
        """
        own, others = (
            (one.d_object, one.d_question, one.g_widths, one.question_layer, one.path_frames)
            for one in (self.config, learned.config)
        )
        if own != others:
            raise RNCoreError(
                f"g_theta must have the sizes of the network that it goes on from, {others}, got {own}; set them so."
            )
        self.g_theta.load_state_dict(learned.g_theta.state_dict())

    def relate(self, objects: Tensor, object_mask: Tensor | None, pairs: Tensor, question: Tensor) -> Tensor:
        """Return g_theta of chosen pairs, written as the formula is.

        Args:
            objects: (M, N, D_o) float.
            object_mask: unused; chosen pairs hold no padding.
            pairs: (M, K, 2) int64, the objects i and j of K pairs a question.
            question: (M, D_q) float.

        Returns:
            (M, K, D_g), as `trace` has them, but not scaled.
        """
        first, second = (objects.take_along_dim(pairs[..., side, None], dim=1) for side in (0, 1))  # (M, K, D_o)
        asked = question[:, None].expand(-1, first.shape[1], -1)  # (M, K, D_q)
        compared = [self.compare(first, second)] if self.compare else []  # (M, K, D_p)
        hidden = torch.cat([first, second, *compared], dim=-1)  # (M, K, 2 * D_o + D_p)
        for k, layer in enumerate(self.g_theta):
            if k == self.config.question_layer:
                hidden = torch.cat([hidden, asked], dim=-1)
            hidden = functional.relu(layer(hidden))
        return hidden  # (M, K, D_g)

    @property
    def first_layer(self) -> nn.Linear:
        """Return the layer that sees the objects first."""
        return self.g_theta[0]

    @property
    def n_blocks(self) -> int:
        """Return how many objects lie end to end in that layer's input."""
        return 2

    def _aggregate(self, objects: Tensor, question: Tensor, scene_index: Tensor) -> Tensor:
        """Return the aggregates (M, D_g) of scenes without padding."""
        parts = self._split_first_layer(objects, None, question, scene_index)
        return self._sum_relations(parts) * self._pair_weight(parts)  # (M, D_g)

    def _aggregate_by_size(self, objects: Tensor, object_mask: Tensor, question: Tensor, scene_index: Tensor) -> Tensor:
        """Return the aggregates (M, D_g), one size of scenes after the other: a padded row costs nothing.

        Padding may lie anywhere among the rows. A scene of no objects has the aggregate 0.
        """
        sizes = object_mask.sum(dim=1)  # (S,)
        present_first = object_mask.int().argsort(dim=1, descending=True, stable=True)  # (S, N)
        objects = objects.take_along_dim(present_first[..., None], dim=1)  # (S, N, D_o)
        scenes_by_size, asked_by_size = group_rows(sizes), group_rows(sizes[scene_index])
        aggregates = []
        for size, asked in asked_by_size.items():
            scenes = scenes_by_size[size]
            if size == 0:
                dtype = torch.promote_types(objects.dtype, torch.float32)
                aggregates.append(objects.new_zeros(len(asked), self.config.g_widths[-1], dtype=dtype))
                continue
            index = torch.searchsorted(scenes, scene_index[asked])
            aggregates.append(self._aggregate(objects[scenes, :size], question[asked], index))
        order = torch.cat([*asked_by_size.values()]).argsort()
        return torch.cat(aggregates)[order]  # (M, D_g)

    def _split_first_layer(
        self, objects: Tensor, object_mask: Tensor | None, question: Tensor, scene_index: Tensor
    ) -> _Parts:
        """Return what g_theta's first layer makes of each object and each question, before they are paired."""
        first, asked_at = self.g_theta[0], self.g_theta[self.config.question_layer]
        d_object, d_question = self.config.d_object, self.config.d_question
        receiver = functional.linear(objects, first.weight[:, :d_object], first.bias)  # (S, N, D)
        sender = functional.linear(objects, first.weight[:, d_object : 2 * d_object])  # (S, N, D)
        asked = functional.linear(question, asked_at.weight[:, asked_at.in_features - d_question :])  # (M, D)
        compared = None
        if self.compare is not None:
            shown = self.compare(objects[:, :, None], objects[:, None])  # (S, N, N, D_p)
            compared = functional.linear(
                shown, first.weight[:, 2 * d_object : 2 * d_object + self.compare.d_pair]
            )  # (S, N, N, D)
        return _Parts(receiver, sender, compared, asked, object_mask, scene_index)

    def _g_theta(self, parts: _Parts, questions: slice, receivers: slice) -> Tensor:
        """Return the relations of the pairs (i, j) with i in `receivers`: (M, I, N, D_g), zero for padding.

        Layers before the question enters run once a scene (S rows), the others once a question (M rows).
        """
        asked = parts.asked[questions]  # (M, D)
        scenes, scene_of = torch.unique_consecutive(parts.scene_index[questions], return_inverse=True)
        receiver, sender = parts.receiver[scenes], parts.sender[scenes]  # (S, N, D)
        if self.config.question_layer == 0:
            receiver, sender = receiver[scene_of] + asked[:, None], sender[scene_of]  # (M, N, D)
        hidden = receiver[:, receivers, None] + sender[:, None]  # (S or M, I, N, D)
        if parts.compared is not None:
            compared = parts.compared[scenes]  # (S, N, N, D)
            hidden += (compared[scene_of] if self.config.question_layer == 0 else compared)[:, receivers]
        hidden = functional.relu_(hidden)
        grid = hidden.shape[1:3]
        hidden = hidden.flatten(0, 2)  # one row a pair: relu_ in place is cheap on a layer's own result, not on a view
        for k, layer in enumerate(self.g_theta[1:], start=1):
            if k != self.config.question_layer:
                hidden = functional.relu_(layer(hidden))
                continue
            seen = functional.linear(hidden, layer.weight[:, : hidden.shape[1]], layer.bias)  # (S * I * N, D)
            seen = torch.unflatten(seen, 0, (-1, *grid))[scene_of]  # (M, I, N, D)
            hidden = functional.relu_(seen + asked[:, None, None]).flatten(0, 2)  # (M * I * N, D)
        relations = torch.unflatten(hidden, 0, (-1, *grid))  # (M, I, N, D_g)
        if parts.object_mask is None:
            return relations
        mask = parts.object_mask[scenes][scene_of]  # (M, N)
        return relations * (mask[:, receivers, None, None] & mask[:, None, :, None])  # (M, I, N, D_g)

    def _sum_relations(self, parts: _Parts) -> Tensor:
        """Return the sum of the relations over all pairs (M, D_g), block by block.

        With `pair_chunk` a block's activations are dropped after the forward pass and computed again in the
        backward pass (Chen et al. 2016, arXiv 1604.06174), so memory does not grow with the number of pairs.
        """
        sum_block = self._sum_block
        if self.config.pair_chunk is not None and torch.is_grad_enabled():
            sum_block = partial(checkpoint, self._sum_block, use_reentrant=False, preserve_rng_state=False)
        return torch.cat(
            [
                reduce(torch.add, (sum_block(questions, receivers, *parts) for receivers in receiver_blocks))
                for questions, receiver_blocks in self._blocks(parts)
            ]
        )

    def _sum_block(self, questions: slice, receivers: slice, *parts: Any) -> Tensor:
        """Return the sum of one block's relations (M, D_g), added up in 32 bits or more."""
        relations = self._g_theta(_Parts(*parts), questions, receivers).flatten(1, 2)  # (M, I * N, D_g)
        return relations.sum(dim=1, dtype=torch.promote_types(relations.dtype, torch.float32))

    def _blocks(self, parts: _Parts) -> Iterator[tuple[slice, list[slice]]]:
        """Split the pairs into blocks of about `pair_chunk`: some questions, and the objects i to take at once.

        A chunk that holds all pairs of a question takes whole questions; a smaller one splits the objects i
        of one question, and holds at least the N pairs of one of them.
        """
        n_questions, n_objects = len(parts.asked), parts.sender.shape[1]
        chunk = self.config.pair_chunk or n_questions * n_objects**2
        receiver_blocks = _split(n_objects, max(1, chunk // n_objects))
        for questions in _split(n_questions, max(1, chunk // n_objects**2)):
            yield questions, receiver_blocks

    def _pair_weight(self, parts: _Parts) -> Tensor:
        """Return what every relation is multiplied by: (M, 1), or (1, 1) where it is the same for all."""
        dtype = torch.promote_types(parts.receiver.dtype, torch.float32)
        scale = parts.receiver.new_full((1, 1), self.config.aggregate_scale, dtype=dtype)
        if self.config.aggregate == "sum":
            return scale
        if parts.object_mask is None:
            return scale / parts.sender.shape[1] ** 2
        n_objects = parts.object_mask.sum(dim=1, keepdim=True).clamp(min=1)  # (S, 1)
        return scale / n_objects[parts.scene_index] ** 2

    def _f_phi(self, aggregate: Tensor) -> Tensor:
        """Return the logits, computed outside autocast: bf16 would round one pair out of a large sum."""
        with torch.autocast(aggregate.device.type, enabled=False):
            return self.f_phi(aggregate.to(linear_at(self.f_phi, 0).weight.dtype))


class _Parts(NamedTuple):
    """What the pairs of some scenes and questions are made of.

    Attributes:
        receiver: (S, N, D) first-layer term of o_i, the bias included.
        sender: (S, N, D) first-layer term of o_j.
        compared: (S, N, N, D) first-layer term of what the paths of o_i and o_j show together, or None.
        asked: (M, D) the question's term at the layer where it enters.
        object_mask: (S, N) bool or None.
        scene_index: (M,) the scene of each question.
    """

    receiver: Tensor
    sender: Tensor
    compared: Tensor | None
    asked: Tensor
    object_mask: Tensor | None
    scene_index: Tensor


def group_rows(values: Tensor) -> dict[int, Tensor]:
    """Return value -> the rows (ascending, int64) of `values`, whole numbers of 0 or more, that have it."""
    counts = values.bincount().tolist()
    rows = torch.split(values.argsort(stable=True), counts)
    return {value: found for value, found in enumerate(rows) if len(found)}


def _split(length: int, step: int) -> list[slice]:
    """Return slices of `step` that cover `length`."""
    return [slice(start, min(start + step, length)) for start in range(0, length, step)]


def make_pair_index(n_objects: int) -> Tensor:
    """Return (N * N, 2) int64: row p is the ordered pair (i, j) that row p of `relations` is about."""
    return torch.cartesian_prod(torch.arange(n_objects), torch.arange(n_objects))
