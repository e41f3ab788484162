"""A Relation Network of several layers: from the second on, a layer relates what those before found about two objects.

    h_ij^1 = g_1(o_i, o_j, q)
    s_i^t  = sum over k of h_ik^t
    h_ij^t = g_t([o_i; s_i^1; ...; s_i^(t-1)], [o_j; s_j^1; ...; s_j^(t-1)], q)
    answer = f_phi( sum over i,j of h_ij^L )

Source: Jahrens & Martinetz 2018, "Multi-layer Relation Networks" (https://arxiv.org/abs/1811.01838), whose layer t is
h_ij^t = g_t(s_i^(t-1), s_j^(t-1)). Where we differ: objects, question and all earlier sums are given to every layer, so
that no layer has to carry on what another one found. One layer is the Relation Network of Santoro et al. 2017.

What is exact in an attribution: the aggregate is a sum over the pairs of the last layer, so each such pair's share of
a logit is exact, as in the network of one layer. What is not: a pair (i, j) of the last layer reads s_i and s_j, sums
over all objects, so its share is no share of i and j alone, and the pairs of earlier layers have none, because g_t is
not linear in those sums. What such a pair or an object matters for is measured by leaving it out.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rn_core.common.errors import RNCoreError
from rn_core.models.layers import check_size, check_sizes, read_sum, take_rows
from rn_core.models.naming import check_names, mark_named
from rn_core.models.relation_layers import ExtendedRelationNetwork, RelationLayer
from rn_core.models.relation_network import RelationNetwork, RelationNetworkConfig


@dataclass(frozen=True)
class MultiLayerRelationNetworkConfig:
    """Sizes of a Relation Network of several layers.

    Attributes:
        d_object: features of one object.
        d_question: features of the question; 0 for tasks without one.
        n_answers: number of logits A.
        n_layers: relation layers L; 1 is a Relation Network.
        g_widths: units of each layer of every g_t; ReLU after each.
        f_widths: as `RelationNetworkConfig`.
        f_dropout: as `RelationNetworkConfig`.
        aggregate_scale: factor on the sums of all layers.
        names_at: as `TupleNetworkConfig`: each object is told whether the question names it.
        d_name: as `TupleNetworkConfig`.
        every_layer: whether training has a loss at every layer, whose sums f_phi reads as it does the last one's.
    """

    d_object: int
    d_question: int
    n_answers: int
    n_layers: int = 2
    g_widths: tuple[int, ...] = (128, 128)
    f_widths: tuple[int, ...] = (128,)
    f_dropout: float = 0.0
    aggregate_scale: float = 1.0
    names_at: tuple[int, ...] = ()
    d_name: int = 0
    every_layer: bool = False

    def __post_init__(self) -> None:
        """Raise RNCoreError for a size that cannot be built."""
        object.__setattr__(self, "g_widths", check_sizes("g_widths", self.g_widths))
        object.__setattr__(self, "names_at", tuple(self.names_at))
        for name in ("d_object", "n_layers"):
            check_size(name, getattr(self, name))
        check_names(self.names_at, self.d_name, self.d_object, self.d_question)
        object.__setattr__(self, "f_widths", self.last.f_widths)

    @property
    def d_marked(self) -> int:
        """Return the features of an object with the marks of its names."""
        return self.d_object + len(self.names_at)

    @property
    def last(self) -> RelationNetworkConfig:
        """Return the config of the last layer and f_phi."""
        return RelationNetworkConfig.inside(self, d_object=self.d_marked + (self.n_layers - 1) * self.g_widths[-1])


class MultiLayerRelationNetwork(ExtendedRelationNetwork):
    """Layers of relations, each over objects extended by the sums of those before; the last is a Relation Network."""

    config: MultiLayerRelationNetworkConfig

    def __init__(self, config: MultiLayerRelationNetworkConfig) -> None:
        """Build the layers of `config`; weights come from torch's global generator (see `build_model`)."""
        super().__init__()
        self.config = config
        sizes = (config.d_marked + before * config.g_widths[-1] for before in range(config.n_layers - 1))
        self.layers = nn.ModuleList(RelationLayer(size, config.d_question, config.g_widths) for size in sizes)
        self.last = RelationNetwork(config.last)

    def answer_steps(
        self,
        objects: Tensor,
        object_mask: Tensor | None,
        question: Tensor,
        scene_index: Tensor | None = None,
        pair_features: Tensor | None = None,
        n_steps: int | None = None,
    ) -> Tensor:
        """Return the logits that training has a loss on, (T, M, A), layer by layer; see `AnswersInSteps`.

        A network without a loss at every layer has one step.
        """
        related, mask, sums = self._relate_layers(objects, object_mask, question, scene_index)
        logits = self.last(related, mask, question)  # (M, A)
        if not self.config.every_layer:
            return logits[None]
        return torch.stack([*(read_sum(self.f_phi, found.sum(dim=1)) for found in sums), logits])[:n_steps]

    def init_from(self, learned: RelationNetwork) -> None:
        """Raise RNCoreError: no Relation Network has layers that these could begin with."""
        raise RNCoreError(
            f"A network of {self.config.n_layers} relation layers starts from new weights, not from a Relation "
            "Network's; leave core_from out."
        )

    def extend(
        self, objects: Tensor, object_mask: Tensor | None, question: Tensor, scene_index: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """Return objects (M, N, D) with the sums of all layers before the last, and their mask."""
        related, mask, _ = self._relate_layers(objects, object_mask, question, scene_index)
        return related, mask

    def _relate_layers(
        self, objects: Tensor, object_mask: Tensor | None, question: Tensor, scene_index: Tensor | None
    ) -> tuple[Tensor, Tensor | None, list[Tensor]]:
        """Return the last layer's objects (M, N, D) and their mask, and the sums (M, N, D_g) of each layer before."""
        mask = None if object_mask is None or object_mask.all() else object_mask
        objects, mask = take_rows(objects, scene_index), take_rows(mask, scene_index)
        objects = objects if mask is None else objects * mask[..., None]
        related, _ = mark_named(objects, question, self.config.names_at, self.config.d_name, mask)  # (M, N, D_o + K)
        found: list[Tensor] = []
        for layer in self.layers:
            sums = layer(related, mask, question) * self.config.aggregate_scale  # (M, N, D_g)
            related = torch.cat([related, sums.to(related.dtype)], dim=-1)
            found.append(sums)
        return related, mask, found

    @property
    def last_hop(self) -> RelationNetwork:
        """Return the last layer and f_phi."""
        return self.last
