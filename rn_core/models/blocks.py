"""g_theta over all ordered pairs of a scene: the block that networks which sum relations share.

The values are those of the formula, g_theta(o_i, o_j, q), but four things are computed differently, because there
are N * N pairs:
  1. g_theta's first layer is linear in its parts, W [o_i; o_j; q] = W_1 o_i + W_2 o_j + W_3 q, so each part passes
     through it once and the pairs are formed by addition (`PairLayers.split`, `PairLayers.relations`).
  2. A scene is given once, however many questions are asked about it (`PairInputs.scene_index`).
  3. Scenes of one size are paired together and without their padding, so only pairs that exist are computed
     (`sum_by_size`).
  4. The sum is taken block by block (`PairLayers.sum_pairs`), so memory need not grow with the number of pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial, reduce
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from rn_core.models.layers import ALL, Linears, split_range, take_rows

#: Most pairs of one question for which laying them out is faster than the steps that save work.
_FEW_PAIRS = 64


class PairInputs(NamedTuple):
    """Scenes and the questions about them.

    Attributes:
        objects: (S, N, D_o) float.
        object_mask: (S, N) bool, False where a row is padding; None means no padding.
        question: (M, D_q) float.
        scene_index: (M,) int64, the scene of each question; None means question m asks scene m.
        pair_features: (S, N, N, D_p) float, features of the pair of objects i and j; None for none.
    """

    objects: Tensor
    object_mask: Tensor | None
    question: Tensor
    scene_index: Tensor | None = None
    pair_features: Tensor | None = None


class PairTerms(NamedTuple):
    """The terms of g_theta's first layer, before objects are paired.

    Attributes:
        receiver: (S, N, D) term of o_i, the bias included.
        sender: (S, N, D) term of o_j.
        asked: (M, D) the question's term at the layer that it enters.
        object_mask: as `PairInputs.object_mask`.
    """

    receiver: Tensor
    sender: Tensor
    asked: Tensor
    object_mask: Tensor | None
    scene_index: Tensor | None
    pair_features: Tensor | None


class PairLayers(Linears):
    """g_theta: linear layers with ReLU after each on [o_i; o_j; pair features]; the question enters one of them."""

    def __init__(
        self, d_object: int, d_question: int, widths: tuple[int, ...], question_layer: int = 0, d_pair: int = 0
    ) -> None:
        """Build the layers; weights come from torch's global generator.

        Args:
            d_object: features of one object.
            d_question: features of the question; 0 for tasks without one.
            widths: units of each layer.
            question_layer: the layer that the question enters; 0 in the paper.
            d_pair: features of a pair besides its two objects; 0 in the paper.
        """
        d_inputs = [2 * d_object + d_pair, *widths[:-1]]
        d_inputs[question_layer] += d_question
        super().__init__(nn.Linear(*sizes) for sizes in zip(d_inputs, widths, strict=True))
        self.d_object, self.d_question, self.d_pair, self.question_layer = d_object, d_question, d_pair, question_layer

    def forward(self, first: Tensor, second: Tensor, question: Tensor, pair_features: Tensor | None = None) -> Tensor:
        """Return the relations of given pairs, computed as the formula is written.

        Args:
            first: (..., D_o) float, objects i.
            second: (..., D_o) float, objects j.
            question: (..., D_q) float.
            pair_features: (..., D_p) float; None for layers that take none.

        Returns:
            (..., D_g).
        """
        return self.follow(first, second, question, pair_features)[-1]

    if TYPE_CHECKING:  # torch gives every module's call the type Any
        __call__ = forward

    def follow(
        self, first: Tensor, second: Tensor, question: Tensor, pair_features: Tensor | None = None
    ) -> list[Tensor]:
        """Return the units of every layer after its ReLU; arguments as `forward`, whose result comes last."""
        return self._follow(self._join(first, second, question, pair_features), question)

    def _join(self, first: Tensor, second: Tensor, question: Tensor, pair_features: Tensor | None) -> Tensor:
        """Return the first layer's input (..., D); arguments as `forward`."""
        parts = [first, second] if pair_features is None else [first, second, pair_features]
        return torch.cat([*parts, question] if self.question_layer == 0 else parts, dim=-1)

    def _follow(self, hidden: Tensor, question: Tensor) -> list[Tensor]:
        """Return the units of every layer after its ReLU, from the first layer's input (..., D) on."""
        found = []
        for k, layer in enumerate(self):
            if 0 < k == self.question_layer:
                hidden = torch.cat([hidden, question], dim=-1)
            hidden = functional.relu_(layer(hidden))
            found.append(hidden)
        return found

    def split(self, given: PairInputs) -> PairTerms:
        """Return the first layer's terms of each object, and the question's term."""
        of_first, of_second, _ = self._weights()
        receiver = functional.linear(given.objects, of_first, self[0].bias)  # (S, N, D)
        sender = functional.linear(given.objects, of_second)  # (S, N, D)
        asked = functional.linear(given.question, self._split_question(self[self.question_layer])[1])  # (M, D)
        return PairTerms(receiver, sender, asked, given.object_mask, given.scene_index, given.pair_features)

    def relations(self, terms: PairTerms, questions: slice = ALL, receivers: slice = ALL) -> Tensor:
        """Return the relations of the pairs (i, j) with i in `receivers`: (M, I, N, D_g), zero for padding.

        Layers before the question enters run once per scene (S rows), the others once per question (M rows).
        """
        asked, scenes, scene_of = take_rows(terms.asked, questions), *self._find_scenes(terms, questions)
        hidden = self._pair_up(terms, asked, scenes, scene_of, receivers)  # (S or M, I, N, D)
        n_rows, *grid = hidden.shape[:3]
        hidden = hidden.flatten(0, 2)  # one row per pair: relu_ is cheap on a layer's own result, not on a view
        for k, layer in enumerate(islice(self, 1, None), start=1):
            if k != self.question_layer:
                hidden = functional.relu_(layer(hidden))
                continue
            seen = functional.linear(hidden, self._split_question(layer)[0], layer.bias)  # (S * I * N, D)
            seen = take_rows(torch.unflatten(seen, 0, (n_rows, *grid)), scene_of)
            hidden = functional.relu_(seen + asked[:, None, None]).flatten(0, 2)  # (M * I * N, D)
        relations = hidden.view(len(asked), *grid, hidden.shape[1])  # (M, I, N, D_g)
        if terms.object_mask is None:
            return relations
        mask = take_rows(terms.object_mask[scenes], scene_of)  # (M, N)
        return relations * (mask[:, receivers, None, None] & mask[:, None, :, None])  # (M, I, N, D_g)

    def sum_pairs(self, given: PairInputs, pair_chunk: int | None = None) -> Tensor:
        """Return the sum of the relations over all pairs (M, D_g), padding left out.

        Args:
            given: M questions.
            pair_chunk: pairs computed at once; None for all. If given, a block's activations are dropped after the
                forward pass and computed again in the backward pass (Chen et al. 2016, arXiv 1604.06174), so memory
                does not grow with the number of pairs.
        """
        return self._sum(given, pair_chunk, (1, 2))

    def sum_partners(self, given: PairInputs, pair_chunk: int | None = None) -> Tensor:
        """Return for each object i the sum of its relations over j (M, N, D_g); arguments as `sum_pairs`."""
        return self._sum(given, pair_chunk, (2,))

    def _sum(self, given: PairInputs, pair_chunk: int | None, dims: tuple[int, ...]) -> Tensor:
        """Return the sum over some dimensions of the relations, block by block."""
        n_questions, n_objects = len(given.question), given.objects.shape[1]
        if n_questions == len(given.objects) == 1 and n_objects**2 <= _FEW_PAIRS:
            return self._lay_out(given).sum(dim=dims, dtype=torch.promote_types(given.objects.dtype, torch.float32))
        terms = self.split(given)
        n_pairs, learns = n_questions * n_objects**2, torch.is_grad_enabled()
        if pair_chunk is None or (n_pairs <= pair_chunk and not learns):
            return self._sum_block(terms, ALL, ALL, dims)
        sum_block = self._sum_block
        if learns:
            sum_block = partial(checkpoint, self._sum_block, use_reentrant=False, preserve_rng_state=False)
        rows = []
        for questions, receiver_blocks in _split_pairs(n_questions, n_objects, pair_chunk):
            blocks = (sum_block(terms, questions, receivers, dims) for receivers in receiver_blocks)
            rows.append(reduce(torch.add, blocks) if 1 in dims else torch.cat([*blocks], dim=1))
        return rows[0] if len(rows) == 1 else torch.cat(rows)

    def _lay_out(self, given: PairInputs) -> Tensor:
        """Return the relations (1, N, N, D_g) of one question about one scene, one row per pair, as in the formula."""
        n_objects = given.objects.shape[1]
        first = given.objects.unsqueeze(2).expand(-1, -1, n_objects, -1)  # (1, N, N, D_o)
        second = given.objects.unsqueeze(1).expand(-1, n_objects, -1, -1)  # (1, N, N, D_o)
        asked = given.question.expand(1, n_objects, n_objects, -1)  # (1, N, N, D_q)
        pairs = self._join(first, second, asked, given.pair_features).flatten(0, 2)  # (N * N, D), copied once
        relations = self._follow(pairs, asked.flatten(0, 2))[-1]  # (N * N, D_g)
        return relations.view(1, n_objects, n_objects, relations.shape[1])

    def _sum_block(self, terms: PairTerms, questions: slice, receivers: slice, dims: tuple[int, ...]) -> Tensor:
        """Return the sum of one block's relations, accumulated in at least 32 bits."""
        relations = self.relations(terms, questions, receivers)  # (M, I, N, D_g)
        return relations.sum(dim=dims, dtype=torch.promote_types(relations.dtype, torch.float32))

    def _weights(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return the first layer's weights for o_i, o_j and the pair's features."""
        d_object, weight = self.d_object, self[0].weight
        rest = weight.shape[1] - 2 * d_object - self.d_pair
        of_first, of_second, of_pair, _ = torch.split(weight, [d_object, d_object, self.d_pair, rest], dim=1)
        return of_first, of_second, of_pair

    def _split_question(self, layer: nn.Linear) -> tuple[Tensor, Tensor]:
        """Return the question layer's weights for its other inputs and for the question."""
        others, asked = torch.split(layer.weight, [layer.in_features - self.d_question, self.d_question], dim=1)
        return others, asked

    def _find_scenes(self, terms: PairTerms, questions: slice) -> tuple[slice | Tensor, Tensor | None]:
        """Return which scenes to compute for some questions, and the row of each question among them.

        None means that row m belongs to question m. If no layer precedes the question, scenes are repeated.
        """
        if terms.scene_index is None:
            return questions, None
        index = terms.scene_index[questions]
        if self.question_layer == 0 and terms.pair_features is None:
            return index, None
        scenes, scene_of = torch.unique_consecutive(index, return_inverse=True)
        return scenes, scene_of

    def _pair_up(
        self, terms: PairTerms, asked: Tensor, scenes: slice | Tensor, scene_of: Tensor | None, receivers: slice
    ) -> Tensor:
        """Return the first layer's units of pairs (S or M, I, N, D), after the ReLU."""
        receiver, sender, shown = take_rows(terms.receiver, scenes), take_rows(terms.sender, scenes), None
        if terms.pair_features is not None:
            shown = functional.linear(terms.pair_features[scenes][:, receivers], self._weights()[2])  # (S, I, N, D)
        if self.question_layer == 0:
            receiver = take_rows(receiver, scene_of) + asked.unsqueeze(1)  # (M, N, D)
            sender, shown = take_rows(sender, scene_of), take_rows(shown, scene_of)
        receiver = receiver if receivers is ALL else receiver[:, receivers]
        hidden = receiver.unsqueeze(2) + sender.unsqueeze(1)  # (S or M, I, N, D)
        return functional.relu_(hidden if shown is None else hidden + shown)


def sum_by_size(given: PairInputs, add_up: Callable[[PairInputs], Tensor]) -> Tensor:
    """Return sums of M questions, computed for one scene size after the other, so that padding costs nothing.

    Padding may lie anywhere among the rows.

    Args:
        given: scenes and questions, with a mask or without.
        add_up: takes scenes without padding and returns sums (R, D) or, per object, (R, n, D).

    Returns:
        (M, D) or (M, N, D), 0 in padding.
    """
    mask = given.object_mask
    if mask is None:
        return add_up(given)
    if mask.all():
        return add_up(given._replace(object_mask=None))
    present_first = mask.int().argsort(dim=1, descending=True, stable=True)  # (S, N)
    index = torch.arange(len(mask), device=mask.device) if given.scene_index is None else given.scene_index
    groups = [(asked, add_up(part)) for asked, part in _group_by_size(given, present_first, index)]
    order = torch.cat([asked for asked, _ in groups]).argsort()
    if groups[0][1].ndim == 2:
        return torch.cat([sums for _, sums in groups])[order]  # (M, D)
    padded = [functional.pad(sums, (0, 0, 0, mask.shape[1] - sums.shape[1])) for _, sums in groups]
    back = present_first.argsort(dim=1)[index][..., None]  # (M, N, 1)
    return torch.cat(padded)[order].take_along_dim(back, dim=1)  # (M, N, D)


def _group_by_size(given: PairInputs, present_first: Tensor, index: Tensor) -> Iterator[tuple[Tensor, PairInputs]]:
    """Yield for each scene size the questions (R,) about scenes of it, and scenes and questions without padding."""
    assert given.object_mask is not None
    sizes = given.object_mask.sum(dim=1)  # (S,)
    objects, shown = given.objects, given.pair_features
    if given.object_mask.int().diff(dim=1).gt(0).any():  # an object stands behind padding
        objects = objects.take_along_dim(present_first[..., None], dim=1)  # (S, N, D_o)
        if shown is not None:
            shown = shown.take_along_dim(present_first[:, :, None, None], dim=1)
            shown = shown.take_along_dim(present_first[:, None, :, None], dim=2)  # (S, N, N, D_p)
    scenes_by_size = group_rows(sizes)
    for size, asked in group_rows(sizes[index]).items():
        scenes = scenes_by_size[size]
        yield (
            asked,
            PairInputs(
                objects[scenes, :size],
                None,
                given.question[asked],
                torch.searchsorted(scenes, index[asked]),
                None if shown is None else shown[scenes, :size, :size],
            ),
        )


def group_rows(values: Tensor) -> dict[int, Tensor]:
    """Return value -> the rows (ascending, int64) of `values`, whole numbers of at least 0, that have it."""
    counts = values.bincount().tolist()
    rows = torch.split(values.argsort(stable=True), counts)
    return {value: found for value, found in enumerate(rows) if len(found)}


def take_pairs(objects: Tensor, pairs: Tensor) -> tuple[Tensor, Tensor]:
    """Return objects i and j, (M, K, D_o) each, of pairs (M, K, 2) int64 among objects (M, N, D_o)."""
    first, second = (objects.take_along_dim(pairs[..., side, None], dim=1) for side in (0, 1))
    return first, second


def _split_pairs(n_questions: int, n_objects: int, pair_chunk: int) -> Iterator[tuple[slice, list[slice]]]:
    """Split pairs into blocks of about `pair_chunk`: some questions, and the objects i to take at once.

    A chunk that holds all pairs of a question takes whole questions; a smaller one splits the objects i of one
    question, and holds at least the N pairs of one of them.
    """
    receiver_blocks = split_range(n_objects, max(1, pair_chunk // max(1, n_objects)))
    for questions in split_range(n_questions, max(1, pair_chunk // max(1, n_objects**2))):
        yield questions, receiver_blocks
