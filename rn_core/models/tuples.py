"""g_theta over tuples of any order: pairs (i, j), triples (i, j, k), and tuples that hold what a question names.

The value is that of the formula, the sum over tuples (t_1, ..., t_r) of g_theta(o_t1, ..., o_tr, q). Each position is
either free, so that it runs over all N objects, or fixed to one object per question. Tuples therefore cost N to the
power of the free positions: N^2 for pairs, N^3 for triples, and N for anchored ones such as (A, k) or (A, B, k).

As in `blocks.py`, the first layer is split into one term per position, since W [o_1; ...; o_r; q] = W_1 o_1 + ... +
W_r o_r + W_q q, so each object passes through it once per position, and tuples are formed by addition. Of order 2
without fixed positions, the sums equal those of `PairLayers` to the bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial, reduce
from itertools import islice
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from rn_core.models.layers import ALL, Linears, split_range, take_rows


class TupleInputs(NamedTuple):
    """Scenes without padding and the questions about them.

    Attributes:
        objects: (S, N, D_o) float.
        question: (M, D_q) float.
        scene_index: (M,) int64, the scene of each question; None means question m asks scene m.
        fixed: (M, F) int64, the objects that fill the first F positions of each question's tuples; None for none.
    """

    objects: Tensor
    question: Tensor
    scene_index: Tensor | None = None
    fixed: Tensor | None = None

    @property
    def n_fixed(self) -> int:
        """Return F."""
        return 0 if self.fixed is None else self.fixed.shape[1]


class TupleTerms(NamedTuple):
    """The terms of g_theta's first layer.

    Attributes:
        fixed: (M, D), of the question, of the objects at fixed positions, and the bias; None where none is fixed.
        free: one (M, N, D) per free position; where none is fixed, the first includes question and bias.
    """

    fixed: Tensor | None
    free: tuple[Tensor, ...]


class TupleLayers(Linears):
    """g_theta: linear layers with ReLU after each on [o_1; ...; o_r; q]."""

    def __init__(self, d_object: int, d_question: int, widths: tuple[int, ...], order: int) -> None:
        """Build the layers; weights come from torch's global generator.

        Args:
            d_object: features of one object.
            d_question: features of the question; 0 for tasks without one.
            widths: units of each layer.
            order: objects in a tuple r, 1 or more.
        """
        d_inputs = [order * d_object + d_question, *widths[:-1]]
        super().__init__(nn.Linear(*sizes) for sizes in zip(d_inputs, widths, strict=True))
        self.d_object, self.d_question, self.order = d_object, d_question, order

    def forward(self, members: Tensor, question: Tensor) -> Tensor:
        """Return the relations of given tuples, computed as the formula is written.

        Args:
            members: (..., r, D_o) float, the objects of each tuple in order.
            question: (..., D_q) float.

        Returns:
            (..., D_g).
        """
        hidden = torch.cat([members.flatten(-2), question], dim=-1)  # (..., r * D_o + D_q)
        for layer in self:
            hidden = functional.relu(layer(hidden))
        return hidden

    def split(self, given: TupleInputs) -> TupleTerms:
        """Return the first layer's terms of each position, one row per question."""
        of_position, of_question = self._weights()
        n_fixed, index = given.n_fixed, given.scene_index
        asked = functional.linear(given.question, of_question)  # (M, D)
        if given.fixed is None:
            first = functional.linear(given.objects, of_position[0], self[0].bias)  # (S, N, D)
            rest = [functional.linear(given.objects, weight) for weight in of_position[1:]]  # (S, N, D) each
            first, *rest = (take_rows(term, index) for term in (first, *rest))  # (M, N, D) each
            return TupleTerms(None, (first + asked.unsqueeze(1), *rest))
        objects = take_rows(given.objects, index)  # (M, N, D_o)
        named = objects.take_along_dim(given.fixed[..., None], dim=1).flatten(1)  # (M, F * D_o)
        fixed = functional.linear(named, torch.cat(of_position[:n_fixed], dim=1), self[0].bias) + asked  # (M, D)
        free = [functional.linear(given.objects, weight) for weight in of_position[n_fixed:]]  # (S, N, D) each
        return TupleTerms(fixed, tuple(take_rows(term, index) for term in free))

    def relations(self, terms: TupleTerms, questions: slice = ALL, leading: slice = ALL) -> Tensor:
        """Return the relations of tuples (M, I, N, ..., D_g), one dimension per free position.

        Args:
            terms: from `split`.
            questions: which questions.
            leading: which objects at the first free position; the others run over all N.
        """
        hidden = self._combine(terms, questions, leading)  # (M, I, N, ..., D)
        grid = hidden.shape[:-1]
        hidden = functional.relu_(hidden.flatten(0, -2))  # one row per tuple
        for layer in islice(self, 1, None):
            hidden = functional.relu_(layer(hidden))
        return hidden.view(*grid, hidden.shape[1])

    def sum_tuples(self, given: TupleInputs, tuple_chunk: int | None = None) -> Tensor:
        """Return the sum of the relations over all tuples (M, D_g).

        Args:
            given: M questions.
            tuple_chunk: tuples computed at once; None for all. If given, a block's activations are dropped after the
                forward pass and computed again in the backward pass (Chen et al. 2016, arXiv 1604.06174), so memory
                does not grow with the number of tuples.
        """
        terms, n_free = self.split(given), self.order - given.n_fixed
        if tuple_chunk is None or not n_free:
            return _sum_block(self, terms, ALL, ALL)
        sum_block = partial(_sum_block, self)
        if torch.is_grad_enabled():
            sum_block = partial(checkpoint, sum_block, use_reentrant=False, preserve_rng_state=False)
        n_questions, n_objects = len(given.question), given.objects.shape[1]
        rows = []
        for questions, blocks in _split_tuples(n_questions, n_objects, n_free, tuple_chunk):
            rows.append(reduce(torch.add, (sum_block(terms, questions, leading) for leading in blocks)))
        return torch.cat(rows)

    def _weights(self) -> tuple[list[Tensor], Tensor]:
        """Return the first layer's weights for each position and for the question."""
        *of_position, of_question = torch.split(self[0].weight, [*[self.d_object] * self.order, self.d_question], dim=1)
        return of_position, of_question

    def _combine(self, terms: TupleTerms, questions: slice, leading: slice) -> Tensor:
        """Return the first layer's sums of tuples (M, I, N, ..., D), before the ReLU."""
        n_free = len(terms.free)
        parts = [] if terms.fixed is None else [_spread(terms.fixed[questions], (), n_free)]
        for place, term in enumerate(terms.free):
            rows = term[questions][:, leading] if place == 0 else term[questions]
            parts.append(_spread(rows, (place,), n_free))
        return reduce(torch.add, parts) if len(parts) > 1 else parts[0].clone()


def _sum_block(layers: TupleLayers, terms: TupleTerms, questions: slice, leading: slice) -> Tensor:
    """Return the sum of one block's relations, accumulated in at least 32 bits."""
    relations = layers.relations(terms, questions, leading)  # (M, I, N, ..., D_g)
    dims = tuple(range(1, relations.ndim - 1))
    wide = torch.promote_types(relations.dtype, torch.float32)
    return relations.sum(dim=dims, dtype=wide) if dims else relations.to(wide)


def _spread(rows: Tensor, places: tuple[int, ...], n_free: int) -> Tensor:
    """Return rows (M, D) or (M, N, D) with a dimension per free position, of size 1 but at `places`."""
    for place in range(n_free):
        if place not in places:
            rows = rows.unsqueeze(1 + place)
    return rows


def _split_tuples(
    n_questions: int, n_objects: int, n_free: int, tuple_chunk: int
) -> Iterator[tuple[slice, list[slice]]]:
    """Split tuples into blocks of about `tuple_chunk`: some questions, and the objects to take at the first free place.

    A block holds at least the tuples of one question that begin with one object.
    """
    n_tails = max(1, n_objects) ** (n_free - 1)
    blocks = split_range(n_objects, max(1, tuple_chunk // n_tails))
    for questions in split_range(n_questions, max(1, tuple_chunk // (n_tails * max(1, n_objects)))):
        yield questions, blocks


def make_tuple_index(n_objects: int, fixed: Tensor, order: int) -> Tensor:
    """Return (M, T, r) int64, the objects of each question's tuples, in the order of flattened `relations`.

    Args:
        n_objects: N.
        fixed: (M, F) int64, as `TupleInputs.fixed`; F may be 0.
        order: objects in a tuple r.
    """
    n_free = order - fixed.shape[1]
    free = torch.cartesian_prod(*[torch.arange(n_objects, device=fixed.device)] * n_free) if n_free else None
    if free is None:
        return fixed[:, None]  # (M, 1, r)
    free = free.view(-1, n_free)  # (T, r - F)
    shape = (len(fixed), len(free), -1)
    return torch.cat([fixed[:, None].expand(shape), free.expand(shape)], dim=-1)  # (M, T, r)
