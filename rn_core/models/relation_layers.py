"""Stacked relation layers: the pairs of the second hop see what the first hop found about each object.

Our extension of Santoro et al. 2017, whose network relates objects once: where an answer takes a chain of facts,
the first layer sums the relations of each object i over its partners j, and the second is the paper's network over
objects extended by those sums. Similar: Jahrens & Martinetz 2018 (arXiv 1811.01838), Palm et al. 2018
(arXiv 1711.08028).
"""

from __future__ import annotations

from abc import abstractmethod
from contextlib import nullcontext
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from rn_core.common.errors import RNCoreError
from rn_core.models.blocks import PairInputs, PairLayers, sum_by_size
from rn_core.models.layers import OMIT_DEFAULT, Layers, check_size, check_sizes, take_rows
from rn_core.models.relation_network import PairCore, RelationNetwork, RelationNetworkConfig, RelationTrace


class RelationLayer(nn.Module):
    """For each object i, the sum over j of `g_theta(o_i, o_j, q)`."""

    def __init__(self, d_object: int, d_question: int, widths: tuple[int, ...], d_pair: int = 0) -> None:
        """Build g_theta.

        Args:
            d_object: features of one object.
            d_question: features of the question; 0 for tasks without one.
            widths: units of each layer, ReLU after each.
            d_pair: features of a pair besides its two objects.
        """
        super().__init__()
        self.g_theta = PairLayers(d_object, d_question, widths, d_pair=d_pair)

    def forward(
        self,
        objects: Tensor,
        object_mask: Tensor | None,
        question: Tensor,
        scene_index: Tensor | None = None,
        pair_features: Tensor | None = None,
    ) -> Tensor:
        """Return the sums (M, N, D_g) of M questions about S scenes, 0 in padding; arguments as `RelationNetwork`'s."""
        given = PairInputs(objects, object_mask, question, scene_index, pair_features)
        return sum_by_size(given, self.g_theta.sum_partners)


class ExtendedRelationNetwork(PairCore):
    """A Relation Network over objects that earlier relations have extended: its pairs are those that are examined."""

    @abstractmethod
    def extend(
        self, objects: Tensor, object_mask: Tensor | None, question: Tensor, scene_index: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """Return objects (M, N, D), one row per question, extended by earlier relations, and their mask."""

    def forward(
        self,
        objects: Tensor,
        object_mask: Tensor | None,
        question: Tensor,
        scene_index: Tensor | None = None,
        pair_features: Tensor | None = None,
        hold_relations: bool = False,
    ) -> Tensor:
        """Answer M questions about S scenes; arguments as `RelationNetwork.forward`, logits (M, A)."""
        with torch.no_grad() if hold_relations else nullcontext():
            related, mask = self.extend(objects, object_mask, question, scene_index)
        shown = take_rows(pair_features, scene_index)
        return self.last_hop(related, mask, question, pair_features=shown, hold_relations=hold_relations)  # (M, A)

    def trace(
        self,
        objects: Tensor,
        object_mask: Tensor | None,
        question: Tensor,
        scene_index: Tensor | None = None,
        pair_features: Tensor | None = None,
    ) -> RelationTrace:
        """Return the last relations' intermediate results; their objects are the extended ones."""
        related, mask = self.extend(objects, object_mask, question, scene_index)
        return self.last_hop.trace(related, mask, question, pair_features=take_rows(pair_features, scene_index))

    def relate(
        self,
        objects: Tensor,
        object_mask: Tensor | None,
        pairs: Tensor,
        question: Tensor,
        pair_features: Tensor | None = None,
    ) -> Tensor:
        """Return the last g_theta of chosen pairs; arguments as `RelationNetwork.relate`, with the mask."""
        related, mask = self.extend(objects, object_mask, question, None)
        return self.last_hop.relate(related, mask, pairs, question, pair_features)

    @property
    def f_phi(self) -> Layers:
        """Return the layers that compute the answer from the sum."""
        return self.last_hop.f_phi


@dataclass(frozen=True)
class StackedRelationNetworkConfig:
    """Sizes of two stacked relation layers.

    Attributes:
        d_object: features of one object.
        d_question: features of the question; 0 for tasks without one.
        n_answers: number of logits A.
        hop_widths: units of each layer of the first hop's g_theta; ReLU after each.
        d_hop: features that an object gains from the first hop's sum, by a linear layer and ReLU.
        g_widths: of the second hop, as `RelationNetworkConfig`.
        f_widths: as `RelationNetworkConfig`.
        f_dropout: as `RelationNetworkConfig`.
        aggregate_scale: factor on the sums of both hops.
        d_pair: as `RelationNetworkConfig`; the second hop reads them.
    """

    d_object: int
    d_question: int
    n_answers: int
    hop_widths: tuple[int, ...] = (256, 256)
    d_hop: int = 128
    g_widths: tuple[int, ...] = (256, 256, 256, 256)
    f_widths: tuple[int, ...] = (256, 512)
    f_dropout: float = 0.0
    aggregate_scale: float = 1.0
    d_pair: int = field(default=0, metadata=OMIT_DEFAULT)

    def __post_init__(self) -> None:
        """Raise RNCoreError for a size that cannot be built."""
        object.__setattr__(self, "hop_widths", check_sizes("hop_widths", self.hop_widths))
        for name in ("d_object", "d_hop"):
            check_size(name, getattr(self, name))
        for name in ("g_widths", "f_widths"):
            object.__setattr__(self, name, getattr(self.second, name))

    @property
    def second(self) -> RelationNetworkConfig:
        """Return the config of the second hop."""
        return RelationNetworkConfig.inside(self, d_object=self.d_object + self.d_hop)


class StackedRelationNetwork(ExtendedRelationNetwork):
    """A Relation Network over objects extended by the relations of a first hop."""

    config: StackedRelationNetworkConfig

    def __init__(self, config: StackedRelationNetworkConfig) -> None:
        """Build the layers of `config`; weights come from torch's global generator (see `build_model`)."""
        super().__init__()
        self.config = config
        self.first = RelationLayer(config.d_object, config.d_question, config.hop_widths)
        self.gain = nn.Linear(config.hop_widths[-1], config.d_hop)
        self.second = RelationNetwork(config.second)

    @torch.no_grad()
    def init_from(self, learned: RelationNetwork) -> None:
        """Copy a Relation Network's layers, so that both give the same logits until this one is trained.

        The features gained from the first hop have no effect at first.

        Raises:
            RNCoreError: if the layers do not fit the second hop.
        """
        same = replace(learned.config, d_object=self.config.second.d_object)
        if same != self.config.second:
            raise RNCoreError(
                f"The second hop must have the layers of the network that it starts from, {learned.config!r}, got "
                f"{self.config.second!r}; use those sizes."
            )
        d_old, d_new = learned.config.d_object, same.d_object
        layers = learned.state_dict()
        old = layers["g_theta.0.weight"]
        grown = torch.zeros_like(self.second.first_layer.weight)
        grown[:, :d_old], grown[:, d_new : d_new + d_old] = old[:, :d_old], old[:, d_old : 2 * d_old]
        grown[:, 2 * d_new :] = old[:, 2 * d_old :]
        self.second.load_state_dict({**layers, "g_theta.0.weight": grown})

    def extend(
        self, objects: Tensor, object_mask: Tensor | None, question: Tensor, scene_index: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """Return objects (M, N, D_o + d_hop) extended by their relations, and their mask."""
        sums = self.first(objects, object_mask, question, scene_index) * self.config.aggregate_scale  # (M, N, D_g)
        gained = functional.relu(self.gain(sums))  # (M, N, d_hop)
        objects, mask = take_rows(objects, scene_index), take_rows(object_mask, scene_index)
        return torch.cat([objects, gained.to(objects.dtype)], dim=-1), mask

    @property
    def last_hop(self) -> RelationNetwork:
        """Return the second hop."""
        return self.second
