"""Deep sets: phi of each object by itself, their sum, and rho of that sum; no layer sees two objects at once.

Source: Zaheer et al. 2017 (arXiv 1703.06114), theorem 2: rho(sum over i of phi(x_i)); section 3.1 conditions phi on
what else is known, here the question, which joins each object as in a Relation Network. Wide enough, they represent
any function of a set; at a Relation Network's size, rho has to compare objects of which it has the sum alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from rn_core.models.base import Core
from rn_core.models.layers import check_dropout, check_size, check_sizes, make_mlp


@dataclass(frozen=True)
class DeepSetConfig:
    """Sizes of deep sets.

    Attributes:
        d_object: features of one object.
        d_question: features of the question; 0 for tasks without one.
        n_answers: number of logits A.
        phi_widths: units of each layer of phi; ReLU after each.
        rho_widths: hidden units of rho; ReLU after each, then linear logits.
        dropout: dropout probability after rho's last hidden layer.
    """

    d_object: int
    d_question: int
    n_answers: int
    phi_widths: tuple[int, ...] = (256, 256)
    rho_widths: tuple[int, ...] = (256,)
    dropout: float = 0.0

    def __post_init__(self) -> None:
        """Raise RNCoreError for a size that cannot be built."""
        for name in ("phi_widths", "rho_widths"):
            object.__setattr__(self, name, check_sizes(name, getattr(self, name)))
        for name, lowest in (("d_object", 1), ("d_question", 0), ("n_answers", 1)):
            check_size(name, getattr(self, name), lowest)
        check_dropout("dropout", self.dropout)


class DeepSet(Core):
    """rho(sum over i of phi(o_i, q)): objects in any order, and any number of them."""

    config: DeepSetConfig

    def __init__(self, config: DeepSetConfig) -> None:
        """Build the layers of `config`."""
        super().__init__()
        self.config = config
        self.phi = make_mlp((config.d_object + config.d_question, *config.phi_widths))
        self.rho = make_mlp((config.phi_widths[-1], *config.rho_widths, config.n_answers), config.dropout)

    def forward(
        self, objects: Tensor, object_mask: Tensor | None, question: Tensor, scene_index: Tensor | None = None
    ) -> Tensor:
        """Answer M questions about S scenes; arguments as `RelationNetwork.forward`, logits (M, A)."""
        if scene_index is not None:
            objects = objects[scene_index]  # (M, N, D_o)
            object_mask = None if object_mask is None else object_mask[scene_index]  # (M, N)
        asked = question[:, None].expand(-1, objects.shape[1], -1)  # (M, N, D_q)
        each = self.phi(torch.cat([objects, asked], dim=2)).relu()  # (M, N, D_phi)
        if object_mask is not None:
            each = each * object_mask[..., None]
        return self.rho(each.sum(dim=1))  # (M, A)
