"""Stacked attention: a baseline with two hops of attention over single objects instead of a sum over pairs.

Source: Yang et al. 2016, "Stacked attention networks for image question answering" (https://arxiv.org/abs/1511.02274),
section 3.3; the baseline "CNN+LSTM+SA" of Santoro et al. 2017, table 1, trained end-to-end. Where we differ: the
objects carry coordinates, and an MLP gives the logits instead of one linear layer.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rn_core.models.base import Core
from rn_core.models.layers import check_dropout, check_size, check_sizes, make_mlp


@dataclass(frozen=True)
class StackedAttentionConfig:
    """Sizes of a stacked attention network.

    Attributes:
        d_object: features of one object.
        d_question: features of the question, and of an object after projection.
        n_answers: number of logits A.
        n_hops: number of attention hops.
        d_attention: units of the layer that scores the objects.
        widths: hidden units between the last hop and the logits, ReLU after each.
        dropout: dropout probability after the last hidden layer.
    """

    d_object: int
    d_question: int
    n_answers: int
    n_hops: int = 2
    d_attention: int = 512
    widths: tuple[int, ...] = (1024,)
    dropout: float = 0.0

    def __post_init__(self) -> None:
        """Raise RNCoreError for a size that cannot be built."""
        object.__setattr__(self, "widths", check_sizes("widths", self.widths))
        for name in ("d_object", "d_question", "n_answers", "n_hops", "d_attention"):
            check_size(name, getattr(self, name))
        check_dropout("dropout", self.dropout)


class _Hop(nn.Module):
    """One hop: scores of all objects for a query, and their weighted mean."""

    def __init__(self, d_question: int, d_attention: int) -> None:
        """Build the scoring layers."""
        super().__init__()
        self.of_object = nn.Linear(d_question, d_attention, bias=False)
        self.of_query = nn.Linear(d_question, d_attention)
        self.score = nn.Linear(d_attention, 1, bias=False)  # the softmax would cancel a bias

    def forward(self, objects: Tensor, padding: Tensor | None, query: Tensor, scene_index: Tensor) -> Tensor:
        """Return the attended features (M, D_q) of objects (S, N, D_q), leaving out `padding` (S, N) bool."""
        hidden = torch.tanh(self.of_object(objects)[scene_index] + self.of_query(query)[:, None])  # (M, N, D_a)
        scores = self.score(hidden)[..., 0]  # (M, N)
        if padding is not None:
            scores = scores.masked_fill(padding[scene_index], torch.finfo(scores.dtype).min)
        weights = scores.softmax(dim=1).to(objects.dtype)  # (M, N)
        return torch.einsum("mn,mnd->md", weights, objects[scene_index])  # (M, D_q)


class StackedAttention(Core):
    """Several hops of attention; each adds its result to the query of the next."""

    config: StackedAttentionConfig

    def __init__(self, config: StackedAttentionConfig) -> None:
        """Build the layers of `config`."""
        super().__init__()
        self.config = config
        self.project = nn.Linear(config.d_object, config.d_question)
        self.hops = nn.ModuleList(_Hop(config.d_question, config.d_attention) for _ in range(config.n_hops))
        self.layers = make_mlp((config.d_question, *config.widths, config.n_answers), config.dropout)

    def forward(
        self, objects: Tensor, object_mask: Tensor | None, question: Tensor, scene_index: Tensor | None = None
    ) -> Tensor:
        """Answer M questions about S scenes; arguments as `RelationNetwork.forward`, logits (M, A)."""
        if scene_index is None:
            scene_index = torch.arange(len(objects), device=objects.device)
        seen = torch.tanh(self.project(objects))  # (S, N, D_q)
        padding = None if object_mask is None else ~object_mask
        query = question
        for hop in self.hops:
            query = query + hop(seen, padding, query, scene_index)  # (M, D_q)
        return self.layers(query)  # (M, A)
