"""Hops before a Relation Network: each picks a sentence, given the question and what was picked before.

    e_k^t = (key_t(o_k) + W_t o_k) . ask_t(q, c^1, ..., c^(t-1))
    a^t   = softmax over k of e_k^t
    c^t   = sum over k of a_k^t o_k
    answer = f_phi( sum over i,j of g_theta(o_i, o_j, q)  +  sum over k of a_k^T r(o_k, c^1, ..., c^(T-1), q) )

A chain of facts (who has the ball, where they went, where they were before) needs one relation after another, and each
hop is one: it relates every object to those picked so far, n relations instead of n * n. The last hop's relation r
of an object is added to that of the pair (k, k), and the answer is read from one sum, as in the paper.

Source: memory networks' hops (Sukhbaatar et al. 2015, arXiv 1503.08895) before a Relation Network, as in Pavez et al.
2018, "Working Memory Networks" (arXiv 1805.09354), whose pairs are those of the picked objects alone. Where we differ:
the pairs are the paper's, of all objects, so that a trained Relation Network is the start.

What is exact in an attribution: the sum runs over pairs, so each pair's share of a logit is exact, that of (k, k) with
what the last hop found at k. What is not: the weight a_k^T and r depend on the sentences picked before, which are
weighed by a softmax over the whole story, so such a share is no share of object k alone, and the picks of earlier
hops have none. What they matter for is measured by leaving them out.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from rn_core.models.blocks import PairInputs
from rn_core.models.layers import Layers, check_size, linear_at, make_mlp, read_sum, take_rows
from rn_core.models.relation_network import PairCore, RelationNetwork, RelationNetworkConfig, RelationTrace


@dataclass(frozen=True)
class HopRelationNetworkConfig:
    """Sizes of a Relation Network with hops before it.

    Attributes:
        d_object: features of one object.
        d_question: features of the question; 0 for tasks without one.
        n_answers: number of logits A.
        n_hops: hops T.
        d_key: features by which a hop compares an object with what it asks for.
        d_hidden: units of the hidden layer of key_t, ask_t and r.
        g_widths: as `RelationNetworkConfig`.
        f_widths: as `RelationNetworkConfig`.
        f_dropout: as `RelationNetworkConfig`.
        aggregate_scale: as `RelationNetworkConfig`; what the last hop finds is not scaled.
    """

    d_object: int
    d_question: int
    n_answers: int
    n_hops: int = 3
    d_key: int = 64
    d_hidden: int = 192
    g_widths: tuple[int, ...] = (256, 256, 256, 256)
    f_widths: tuple[int, ...] = (256, 512)
    f_dropout: float = 0.0
    aggregate_scale: float = 1.0

    def __post_init__(self) -> None:
        """Raise RNCoreError for a size that cannot be built."""
        for name in ("d_object", "n_hops", "d_key", "d_hidden"):
            check_size(name, getattr(self, name))
        for name in ("g_widths", "f_widths"):
            object.__setattr__(self, name, getattr(self.pairs, name))

    @property
    def pairs(self) -> RelationNetworkConfig:
        """Return the config of the Relation Network behind the hops."""
        return RelationNetworkConfig.inside(self)


class Hop(nn.Module):
    """One hop: how well each object fits what is asked for."""

    def __init__(self, d_object: int, d_asked: int, d_hidden: int, d_key: int) -> None:
        """Build key_t, W_t and ask_t; W_t lets a place among the objects be compared as it is.

        Args:
            d_object: features of one object.
            d_asked: features of the question and of the objects picked so far.
            d_hidden: units of each one's hidden layer.
            d_key: features that are compared.
        """
        super().__init__()
        self.key: Layers = make_mlp((d_object, d_hidden, d_key))
        self.ask: Layers = make_mlp((d_asked, d_hidden, d_key))
        self.direct = nn.Linear(d_object, d_key, bias=False)

    def forward(self, objects: Tensor, asked: Tensor, mask: Tensor) -> Tensor:
        """Return the scores (M, N) of objects (M, N, D_o); minus infinity where the mask (M, N) is False."""
        rows = objects[mask]  # (R, D_o)
        fits = (self.key(rows) + self.direct(rows)) * self.ask(asked)[_row_of(mask)]  # (R, d_key)
        scores = torch.full(mask.shape, -torch.inf, dtype=fits.dtype, device=objects.device)
        scores[mask] = fits.sum(dim=1)
        return scores

    if TYPE_CHECKING:  # torch gives every module's call the type Any
        __call__ = forward


class _Hopped(NamedTuple):
    """What the hops of M questions found.

    Attributes:
        scores: (M, T, N) e^t, minus infinity in padding.
        objects: (M, N, D_o), one scene per question.
        mask: (M, N) bool, False where a row is padding.
        asked: (M, D), what the last hop was asked: the question and the objects picked before.
    """

    scores: Tensor
    objects: Tensor
    mask: Tensor
    asked: Tensor


class HopRelationNetwork(PairCore):
    """Hops that pick one object after another, and a Relation Network whose sum holds what the last one finds."""

    config: HopRelationNetworkConfig

    def __init__(self, config: HopRelationNetworkConfig) -> None:
        """Build the layers of `config`; weights come from torch's global generator (see `build_model`)."""
        super().__init__()
        self.config = config
        d_asked = [config.d_question + picked * config.d_object for picked in range(config.n_hops)]
        self.hops = nn.ModuleList(Hop(config.d_object, size, config.d_hidden, config.d_key) for size in d_asked)
        self.find: Layers = make_mlp((config.d_object + d_asked[-1], config.d_hidden, config.g_widths[-1]))
        self.pairs = RelationNetwork(config.pairs)

    def forward(
        self,
        objects: Tensor,
        object_mask: Tensor | None,
        question: Tensor,
        scene_index: Tensor | None = None,
        pair_features: Tensor | None = None,
        hold_relations: bool = False,
    ) -> Tensor:
        """Answer M questions about S scenes; arguments as `RelationNetwork.forward`, logits (M, A).

        Held relations are those of all pairs and the hops' picks; f_phi and what the last hop finds are learned.
        """
        with torch.no_grad() if hold_relations else nullcontext():
            given = PairInputs(objects, object_mask, question, scene_index, pair_features)
            aggregate = self.pairs.sum_relations(given)  # (M, D_g)
            hopped = self._hop(objects, object_mask, question, scene_index)
        found = self._find(hopped)  # (M, N, D_g)
        return read_sum(self.f_phi, aggregate + found.sum(dim=1))  # (M, A)

    def score(
        self, objects: Tensor, object_mask: Tensor | None, question: Tensor, scene_index: Tensor | None = None
    ) -> Tensor:
        """Return each hop's scores e^t (M, T, N), minus infinity in padding; arguments as `forward`."""
        return self._hop(objects, object_mask, question, scene_index).scores

    def trace(
        self,
        objects: Tensor,
        object_mask: Tensor | None,
        question: Tensor,
        scene_index: Tensor | None = None,
        pair_features: Tensor | None = None,
    ) -> RelationTrace:
        """Return every intermediate result; what the last hop finds at object k belongs to the pair (k, k)."""
        trace = self.pairs.trace(objects, object_mask, question, scene_index, pair_features)
        hopped = self._hop(objects, object_mask, question, scene_index)
        found = self._find(hopped)  # (M, N, D_g)
        relations = trace.relations.clone()  # (M, N * N, D_g)
        relations[:, :: found.shape[1] + 1] += found
        aggregate = relations.sum(dim=1)  # (M, D_g)
        return replace(
            trace,
            relations=relations,
            aggregate=aggregate,
            logits=read_sum(self.f_phi, aggregate),
            picks=hopped.scores.softmax(dim=-1),
        )

    def relate(
        self,
        objects: Tensor,
        object_mask: Tensor | None,
        pairs: Tensor,
        question: Tensor,
        pair_features: Tensor | None = None,
    ) -> Tensor:
        """Return g_theta of chosen pairs, without what the hops find; arguments as `RelationNetwork.relate`."""
        return self.pairs.relate(objects, object_mask, pairs, question, pair_features)

    @torch.no_grad()
    def init_from(self, learned: RelationNetwork) -> None:
        """Copy a Relation Network's layers, so that both give the same logits until this one is trained.

        The last hop finds nothing at first. Where the learned network has other answers, f_phi keeps its new weights.

        Raises:
            RNCoreError: if its g_theta has other sizes.
        """
        self.pairs.init_from(learned)
        last = linear_at(self.find, -1)
        last.weight.zero_()
        last.bias.zero_()
        if learned.config == self.pairs.config:
            self.pairs.f_phi.load_state_dict(learned.f_phi.state_dict())

    @property
    def f_phi(self) -> Layers:
        """Return the layers that compute the answer from the sum."""
        return self.pairs.f_phi

    @property
    def last_hop(self) -> RelationNetwork:
        """Return the Relation Network behind the hops."""
        return self.pairs

    def _hop(
        self, objects: Tensor, object_mask: Tensor | None, question: Tensor, scene_index: Tensor | None
    ) -> _Hopped:
        """Take the hops in at least 32 bits, which places next to each other need; arguments as `forward`."""
        with torch.autocast(objects.device.type, enabled=False):
            wide = torch.promote_types(objects.dtype, torch.float32)
            return self._hop_wide(objects.to(wide), object_mask, question.to(wide), scene_index)

    def _hop_wide(
        self, objects: Tensor, object_mask: Tensor | None, question: Tensor, scene_index: Tensor | None
    ) -> _Hopped:
        """Take the hops; arguments as `forward`."""
        objects = take_rows(objects, scene_index)  # (M, N, D_o)
        mask = take_rows(object_mask, scene_index)
        mask = torch.ones_like(objects[..., 0], dtype=torch.bool) if mask is None else mask  # (M, N)
        asked = question
        scores: list[Tensor] = []
        for number, hop in enumerate(self.hops):
            if number:
                weights = scores[-1].softmax(dim=1)  # (M, N)
                asked = torch.cat([asked, (weights[..., None] * objects).sum(dim=1)], dim=1)
            scores.append(hop(objects, asked, mask))
        return _Hopped(torch.stack(scores, dim=1), objects, mask, asked)

    def _find(self, hopped: _Hopped) -> Tensor:
        """Return what the last hop finds at each object, a_k^T r(o_k, ...), (M, N, D_g), 0 in padding."""
        scores, objects, mask, asked = hopped
        first, last = linear_at(self.find, 0), linear_at(self.find, -1)
        of_object, of_asked = torch.split(
            first.weight, [objects.shape[-1], asked.shape[-1]], dim=1
        )  # linear in its parts
        own = functional.linear(objects[mask], of_object, first.bias)  # (R, d_hidden)
        hidden = functional.relu(own + functional.linear(asked, of_asked)[_row_of(mask)])
        found = torch.zeros(*mask.shape, last.out_features, device=objects.device, dtype=scores.dtype)
        found[mask] = last(hidden).to(scores.dtype) * scores[:, -1].softmax(dim=1)[mask][:, None]
        return found


def _row_of(mask: Tensor) -> Tensor:
    """Return the row of each True of a mask (M, N), in order."""
    return mask.nonzero()[:, 0]
