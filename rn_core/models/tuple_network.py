"""A Relation Network over tuples: `answer = f_phi( sum over tuples t of g_theta(o_t1, ..., o_tr, q) )`.

Our extension of Santoro et al. 2017 (https://arxiv.org/abs/1706.01427), which relates two objects at a time and leaves
higher orders open. A question that names objects, such as two colors, can fix them in all tuples: then g_theta need not
find out which of N^3 triples matter. `tuples.py` computes the tuples.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor

from rn_core.common.errors import RNCoreError
from rn_core.models.base import Core
from rn_core.models.blocks import PairInputs, sum_by_size
from rn_core.models.layers import Layers, check_dropout, check_factor, check_size, check_sizes, make_mlp, read_sum
from rn_core.models.naming import check_names, mark_named
from rn_core.models.tuples import TupleInputs, TupleLayers, make_tuple_index


@dataclass(frozen=True)
class TupleNetworkConfig:
    """Sizes of a Relation Network over tuples.

    Attributes:
        d_object: features of one object, coordinates included.
        d_question: features of the question; 0 for tasks without one.
        n_answers: number of logits A.
        order: objects in a tuple r; 2 for pairs, 3 for triples.
        n_fixed: leading positions of a tuple that hold objects which the question names: every choice of so many of
            them, in the order in which they are named. The other positions run over all objects.
        names_at: for each object that the question names, the column of the question at which its name begins. Each
            object is told which of the names, if any, is its own.
        d_name: columns of a name; the object's own are the first ones of its features.
        g_widths: units of each layer of g_theta; ReLU after each.
        f_widths: hidden units of f_phi; ReLU after each, then linear logits.
        f_dropout: dropout probability after f_phi's last hidden layer, 0 to below 1.
        aggregate_scale: constant factor on the sum over tuples.
        tuple_chunk: tuples computed at once, counted over all questions; None takes all. Memory grows with the chunk;
            the result does not depend on it.
    """

    d_object: int
    d_question: int
    n_answers: int
    order: int = 3
    n_fixed: int = 0
    names_at: tuple[int, ...] = ()
    d_name: int = 0
    g_widths: tuple[int, ...] = (256, 256, 256)
    f_widths: tuple[int, ...] = (256, 256)
    f_dropout: float = 0.0
    aggregate_scale: float = 1.0
    tuple_chunk: int | None = None

    def __post_init__(self) -> None:
        """Raise RNCoreError for a size that cannot be built, with the field, its value and what is allowed."""
        for name in ("g_widths", "f_widths"):
            object.__setattr__(self, name, check_sizes(name, getattr(self, name)))
        object.__setattr__(self, "names_at", tuple(self.names_at))
        for name, lowest in (("d_object", 1), ("d_question", 0), ("n_answers", 1), ("order", 1), ("n_fixed", 0)):
            check_size(name, getattr(self, name), lowest)
        check_names(self.names_at, self.d_name, self.d_object, self.d_question)
        self._check_fixed()
        check_factor("aggregate_scale", self.aggregate_scale)
        check_dropout("f_dropout", self.f_dropout)
        if self.tuple_chunk is not None:
            check_size("tuple_chunk", self.tuple_chunk)

    def _check_fixed(self) -> None:
        """Raise RNCoreError if more positions are fixed than there are names."""
        most = min(self.order, len(self.names_at))
        if self.n_fixed > most:
            raise RNCoreError(
                f"n_fixed must be 0 to {most} for tuples of {self.order} and {len(self.names_at)} names, "
                f"got {self.n_fixed!r}; choose one of them."
            )


@dataclass(frozen=True)
class TupleTrace:
    """Every intermediate result of one forward pass, from the objects to the logits.

    Attributes:
        objects: (M, N, D_o) the objects of the tuples, marked as named ones, one row per question.
        object_mask: (M, N) bool, False where a row is padding.
        members: (M, T, r) int64, the objects of each tuple.
        relations: (M, T, D_g) g_theta of each tuple, scaled so that they sum to the aggregate, zero where a member is
            padding.
        aggregate: (M, D_g) the sum of the relations over the tuples.
        logits: (M, A) f_phi of the aggregate.
    """

    objects: Tensor
    object_mask: Tensor
    members: Tensor
    relations: Tensor
    aggregate: Tensor
    logits: Tensor


class TupleNetwork(Core):
    """g_theta over tuples of objects (repeats included), summed, then f_phi."""

    config: TupleNetworkConfig

    def __init__(self, config: TupleNetworkConfig) -> None:
        """Build the layers of `config`; weights come from torch's global generator (see `build_model`)."""
        super().__init__()
        self.config = config
        d_marked = config.d_object + len(config.names_at)
        self.g_theta = TupleLayers(d_marked, config.d_question, config.g_widths, config.order)
        self.f_phi: Layers = make_mlp((config.g_widths[-1], *config.f_widths, config.n_answers), config.f_dropout)

    def forward(
        self, objects: Tensor, object_mask: Tensor | None, question: Tensor, scene_index: Tensor | None = None
    ) -> Tensor:
        """Answer M questions about S scenes; arguments as `RelationNetwork.forward`, logits (M, A)."""
        aggregate = sum_by_size(PairInputs(objects, object_mask, question, scene_index), self._aggregate)  # (M, D_g)
        return read_sum(self.f_phi, aggregate)  # (M, A)

    def trace(
        self, objects: Tensor, object_mask: Tensor | None, question: Tensor, scene_index: Tensor | None = None
    ) -> TupleTrace:
        """Return every intermediate result of `forward`, all tuples at once; same arguments."""
        mask = torch.ones_like(objects[..., 0], dtype=torch.bool) if object_mask is None else object_mask
        if scene_index is not None:
            objects, mask = objects[scene_index], mask[scene_index]
        marked, named = self._mark(objects * mask[..., None], question)  # (M, N, D)
        choices = self._choose(named)
        members = [make_tuple_index(objects.shape[1], fixed, self.config.order) for fixed in choices]
        found = [self._relate(marked, question, fixed) for fixed in choices]
        index, relations = torch.cat(members, dim=1), torch.cat(found, dim=1)  # (M, T, r), (M, T, D_g)
        there = mask[:, None].expand(-1, index.shape[1], -1).gather(2, index).all(dim=2)  # (M, T)
        relations = relations * there[..., None] * self.config.aggregate_scale
        aggregate = relations.sum(dim=1)  # (M, D_g)
        return TupleTrace(marked, mask, index, relations, aggregate, read_sum(self.f_phi, aggregate))

    def _aggregate(self, given: PairInputs) -> Tensor:
        """Return the aggregates (M, D_g) of scenes without padding."""
        config = self.config
        if not config.names_at:
            plain = TupleInputs(given.objects, given.question, given.scene_index)
            return self.g_theta.sum_tuples(plain, config.tuple_chunk) * config.aggregate_scale
        objects = given.objects if given.scene_index is None else given.objects[given.scene_index]  # (M, N, D_o)
        marked, named = self._mark(objects, given.question)
        sums = [
            self.g_theta.sum_tuples(TupleInputs(marked, given.question, None, fixed), config.tuple_chunk)
            for fixed in (self._choose(named) if config.n_fixed else [None])
        ]
        return torch.stack(sums).sum(dim=0) * config.aggregate_scale  # (M, D_g)

    def _relate(self, marked: Tensor, question: Tensor, fixed: Tensor) -> Tensor:
        """Return the relations (M, T, D_g) of the tuples with some objects at the fixed positions."""
        given = TupleInputs(marked, question, None, fixed if fixed.shape[1] else None)
        relations = self.g_theta.relations(self.g_theta.split(given))  # (M, N, ..., D_g)
        relations = relations.reshape(len(marked), -1, relations.shape[-1])  # (M, T, D_g)
        return relations.to(torch.promote_types(relations.dtype, torch.float32))

    def _mark(self, objects: Tensor, question: Tensor) -> tuple[Tensor, Tensor]:
        """Return objects (M, N, D_o + K) marked as named by the question, and which those are (M, K)."""
        return mark_named(objects, question, self.config.names_at, self.config.d_name)

    def _choose(self, named: Tensor) -> list[Tensor]:
        """Return each choice of the fixed positions' objects, (M, F) int64 each, of the named ones (M, K)."""
        places = combinations(range(named.shape[1]), self.config.n_fixed)
        return [named[:, torch.tensor(chosen, dtype=torch.int64)] for chosen in places]
