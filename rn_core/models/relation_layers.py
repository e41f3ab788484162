"""Stacked relation layers: what one hop finds about each object is seen by the pairs of the next.

An extension of ours to Santoro et al. 2017, whose network relates objects once: where an answer takes a chain of facts,
the first layer sums the relations of each object i over its partners j, and the second is the paper's network over
objects that know those sums. Others did the like: Jahrens & Martinetz 2018 (arXiv 1811.01838), Palm et al. 2018
(arXiv 1711.08028).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from rn_core.common.errors import RNCoreError
from rn_core.models.layers import Layers, Linears, check_size, check_sizes
from rn_core.models.relation_network import PairCore, RelationNetwork, RelationNetworkConfig, RelationTrace, group_rows


class RelationLayer(nn.Module):
    """For each object i, the sum over j of `g_theta(o_i, o_j, q)`."""

    def __init__(self, d_object: int, d_question: int, widths: tuple[int, ...]) -> None:
        """Build g_theta.

        Args:
            d_object: features of one object.
            d_question: features of the question; 0 for tasks without one.
            widths: units of each layer, ReLU after each.
        """
        super().__init__()
        self.d_object = d_object
        sizes = (2 * d_object + d_question, *widths)
        self.g_theta = Linears(nn.Linear(*pair) for pair in zip(sizes, widths, strict=False))

    def forward(self, objects: Tensor, object_mask: Tensor | None, question: Tensor) -> Tensor:
        """Return the sums of M questions about M scenes.

        Scenes of one size are paired together and without their padding, as in `RelationNetwork`.

        Args:
            objects: (M, N, D_o) float.
            object_mask: (M, N) bool, False where a row is padding and takes no part; None means no padding.
            question: (M, D_q) float.

        Returns:
            (M, N, D_g), 0 in padding.
        """
        if object_mask is None:
            return self._relate(objects, question)
        found, places = [], []
        numbers = torch.arange(object_mask.numel(), device=objects.device).view_as(object_mask)
        for size, rows in group_rows(object_mask.sum(dim=1)).items():
            if size:
                present = torch.unflatten(objects[rows][object_mask[rows]], 0, (-1, size))  # (R, size, D_o)
                found.append(self._relate(present, question[rows]).flatten(0, 1))  # (R * size, D_g)
                places.append(numbers[rows][object_mask[rows]])  # (R * size,)
        if not found:
            return objects.new_zeros(*object_mask.shape, self.g_theta[-1].out_features)
        sums = torch.cat(found)
        placed = sums.new_zeros(object_mask.numel(), sums.shape[1]).index_copy(0, torch.cat(places), sums)
        return torch.unflatten(placed, 0, object_mask.shape)  # (M, N, D_g)

    def _relate(self, objects: Tensor, question: Tensor) -> Tensor:
        """Return the sums (R, N, D_g) of scenes without padding."""
        first, d_object = self.g_theta[0], self.d_object
        receiver = functional.linear(objects, first.weight[:, :d_object], first.bias)  # (R, N, D)
        sender = functional.linear(objects, first.weight[:, d_object : 2 * d_object])  # (R, N, D)
        asked = functional.linear(question, first.weight[:, 2 * d_object :])  # (R, D)
        hidden = functional.relu((receiver + asked[:, None])[:, :, None] + sender[:, None])  # (R, N, N, D)
        for layer in self.g_theta[1:]:
            hidden = functional.relu_(layer(hidden))
        return hidden.sum(dim=2, dtype=torch.promote_types(hidden.dtype, torch.float32))  # (R, N, D_g)


@dataclass(frozen=True)
class StackedRelationNetworkConfig:
    """Sizes of two stacked relation layers.

    Attributes:
        d_object: features of one object.
        d_question: features of the question; 0 for tasks without one.
        n_answers: number of logits A.
        hop_widths: units of each layer of the first hop's g_theta; ReLU after each.
        d_hop: features that an object gains from the first hop's sum: a linear layer and ReLU.
        g_widths: of the second hop, as `RelationNetworkConfig`.
        f_widths: as `RelationNetworkConfig`.
        f_dropout: as `RelationNetworkConfig`.
        aggregate_scale: factor on the sums of both hops.
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
        return RelationNetworkConfig(
            d_object=self.d_object + self.d_hop,
            d_question=self.d_question,
            n_answers=self.n_answers,
            g_widths=self.g_widths,
            f_widths=self.f_widths,
            f_dropout=self.f_dropout,
            aggregate_scale=self.aggregate_scale,
        )


class StackedRelationNetwork(PairCore):
    """A Relation Network over objects that have related once before."""

    config: StackedRelationNetworkConfig

    def __init__(self, config: StackedRelationNetworkConfig) -> None:
        """Build the layers of `config`; weights come from torch's global generator (see `build_model`)."""
        super().__init__()
        self.config = config
        self.first = RelationLayer(config.d_object, config.d_question, config.hop_widths)
        self.gain = nn.Linear(config.hop_widths[-1], config.d_hop)
        self.second = RelationNetwork(config.second)

    @torch.no_grad()
    def begin_as(self, learned: RelationNetwork) -> None:
        """Take over a Relation Network's layers, so that both give the same logits until this one learns.

        What an object gains from the first hop counts for nothing at first.

        Raises:
            RNCoreError: if the layers are not those of the second hop.
        """
        same = replace(learned.config, d_object=self.config.second.d_object)
        if same != self.config.second:
            raise RNCoreError(
                f"The second hop must have the layers of the network that it goes on from, {learned.config!r}, got "
                f"{self.config.second!r}; set its sizes to those."
            )
        d_old, d_new = learned.config.d_object, same.d_object
        layers = learned.state_dict()
        old = layers["g_theta.0.weight"]
        grown = torch.zeros_like(self.second.first_layer.weight)
        grown[:, :d_old], grown[:, d_new : d_new + d_old] = old[:, :d_old], old[:, d_old : 2 * d_old]
        grown[:, 2 * d_new :] = old[:, 2 * d_old :]
        self.second.load_state_dict({**layers, "g_theta.0.weight": grown})

    def forward(
        self,
        objects: Tensor,
        object_mask: Tensor | None,
        question: Tensor,
        scene_index: Tensor | None = None,
        hold_relations: bool = False,
    ) -> Tensor:
        """Answer M questions about S scenes; arguments as `RelationNetwork.forward`, logits (M, A)."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not hold_relations):
            related, mask = self._hop(objects, object_mask, question, scene_index)
        return self.second(related, mask, question, hold_relations=hold_relations)

    def trace(
        self, objects: Tensor, object_mask: Tensor | None, question: Tensor, scene_index: Tensor | None = None
    ) -> RelationTrace:
        """Return what the second hop computes; its objects, one row a question, know the first hop's sums."""
        return self.second.trace(*self._hop(objects, object_mask, question, scene_index), question)

    def relate(self, objects: Tensor, object_mask: Tensor | None, pairs: Tensor, question: Tensor) -> Tensor:
        """Return the second hop's g_theta of chosen pairs; arguments as `RelationNetwork.relate`, with the mask."""
        return self.second.relate(*self._hop(objects, object_mask, question, None), pairs, question)

    def _hop(
        self, objects: Tensor, object_mask: Tensor | None, question: Tensor, scene_index: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """Return objects (M, N, D_o + d_hop) that know their relations, and their mask."""
        if scene_index is not None:
            objects = objects[scene_index]  # (M, N, D_o)
            object_mask = None if object_mask is None else object_mask[scene_index]
        sums = self.first(objects, object_mask, question) * self.config.aggregate_scale  # (M, N, D_g)
        gained = functional.relu(self.gain(sums))  # (M, N, d_hop)
        return torch.cat([objects, gained.to(objects.dtype)], dim=-1), object_mask

    @property
    def f_phi(self) -> Layers:
        """Return what reads the answer off the sum."""
        return self.second.f_phi
