"""A recurrent Relation Network: the same relations step after step, each object keeping what it has found.

    x_i   = e(o_i, q)
    h_i^0 = x_i
    m_i^t = sum over j of f(h_i^(t-1), h_j^(t-1))
    h_i^t = u(h_i^(t-1), [x_i; m_i^t])
    o^t   = r( sum over i of h_i^t )

The input x_i is given again at every step, and training has a loss at every step, so that each learns to come nearer to
the answer; the answer is the last step's.

Source: Palm et al. 2018, "Recurrent Relational Networks" (https://arxiv.org/abs/1711.08028), equations 1 to 4. Where we
differ: u is a gated recurrent unit (Cho et al. 2014, arXiv 1406.1078), where the paper has an LSTM or an MLP; f's last
layer has a ReLU, as in all relations here; and each object may be told whether the question names it.

What is exact in an attribution: the sum that r reads runs over objects, so each object's share of a logit through its
last state is exact. What is not: the pairs (i, j) of any step have no exact share, because they pass through u, which
is not linear. What a pair or an object matters for is measured by leaving it out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rn_core.models.base import Core
from rn_core.models.layers import Layers, check_factor, check_size, check_sizes, linear_at, make_mlp
from rn_core.models.naming import check_names, mark_named
from rn_core.models.relation_layers import RelationLayer


@dataclass(frozen=True)
class RecurrentRelationNetworkConfig:
    """Sizes of a recurrent Relation Network.

    Attributes:
        d_object: features of one object.
        d_question: features of the question; 0 for tasks without one.
        n_answers: number of logits A.
        n_steps: steps, which share their weights.
        d_state: features of an object's input x_i and of its state h_i.
        e_widths: hidden units of e; ReLU after each, then linear.
        message_widths: units of each layer of f; ReLU after each.
        f_widths: hidden units of r; ReLU after each, then linear logits.
        message_scale: factor on the sums of messages.
        names_at: as `TupleNetworkConfig`: each object is told whether the question names it.
        d_name: as `TupleNetworkConfig`.
    """

    d_object: int
    d_question: int
    n_answers: int
    n_steps: int = 4
    d_state: int = 96
    e_widths: tuple[int, ...] = (96,)
    message_widths: tuple[int, ...] = (96, 96)
    f_widths: tuple[int, ...] = (128,)
    message_scale: float = 1.0
    names_at: tuple[int, ...] = ()
    d_name: int = 0

    def __post_init__(self) -> None:
        """Raise RNCoreError for a size that cannot be built."""
        for name in ("e_widths", "message_widths", "f_widths"):
            object.__setattr__(self, name, check_sizes(name, getattr(self, name)))
        object.__setattr__(self, "names_at", tuple(self.names_at))
        for name, lowest in (("d_object", 1), ("d_question", 0), ("n_answers", 1), ("n_steps", 1), ("d_state", 1)):
            check_size(name, getattr(self, name), lowest)
        check_names(self.names_at, self.d_name, self.d_object, self.d_question)
        check_factor("message_scale", self.message_scale)


class RecurrentRelationNetwork(Core):
    """Messages between all objects, summed per object, which update its state; the same layers at every step."""

    config: RecurrentRelationNetworkConfig

    def __init__(self, config: RecurrentRelationNetworkConfig) -> None:
        """Build the layers of `config`; weights come from torch's global generator (see `build_model`)."""
        super().__init__()
        self.config = config
        d_input, d_state = config.d_object + len(config.names_at) + config.d_question, config.d_state
        self.encode: Layers = make_mlp((d_input, *config.e_widths, d_state))
        self.message = RelationLayer(d_state, 0, config.message_widths)
        self.update = nn.GRUCell(d_state + config.message_widths[-1], d_state)
        self.f_phi: Layers = make_mlp((d_state, *config.f_widths, config.n_answers))

    def forward(
        self, objects: Tensor, object_mask: Tensor | None, question: Tensor, scene_index: Tensor | None = None
    ) -> Tensor:
        """Answer M questions about S scenes; arguments as `RelationNetwork.forward`, logits (M, A)."""
        *_, (states, mask) = self.follow(objects, object_mask, question, scene_index)
        return self._read(states, mask)

    def answer_steps(
        self, objects: Tensor, object_mask: Tensor | None, question: Tensor, scene_index: Tensor | None = None
    ) -> Tensor:
        """Return the logits after every step (T, M, A), on each of which training has a loss; as `forward`."""
        steps = self.follow(objects, object_mask, question, scene_index)
        return torch.stack([self._read(states, mask) for states, mask in steps])

    def follow(
        self, objects: Tensor, object_mask: Tensor | None, question: Tensor, scene_index: Tensor | None = None
    ) -> Iterator[tuple[Tensor, Tensor | None]]:
        """Yield the states (M, N, d_state) after each step and the objects' mask (M, N); arguments as `forward`."""
        mask = None if object_mask is None or object_mask.all() else object_mask
        if scene_index is not None:
            objects, mask = objects[scene_index], None if mask is None else mask[scene_index]
        objects = objects if mask is None else objects * mask[..., None]
        marked, _ = mark_named(objects, question, self.config.names_at, self.config.d_name, mask)  # (M, N, D_o + K)
        asked = question[:, None].expand(-1, marked.shape[1], -1)  # (M, N, D_q)
        inputs = self.encode(torch.cat([marked, asked], dim=-1))  # (M, N, d_state)
        states = inputs
        for _ in range(self.config.n_steps):
            states = self._step(inputs, states, mask)
            yield states, mask

    def _step(self, inputs: Tensor, states: Tensor, mask: Tensor | None) -> Tensor:
        """Return the next states (M, N, d_state)."""
        nothing = states.new_zeros(len(states), 0)  # messages take no question: inputs hold it
        messages = self.message(states, mask, nothing) * self.config.message_scale  # (M, N, d_message)
        given = torch.cat([inputs, messages.to(inputs.dtype)], dim=-1).flatten(0, 1)  # (M * N, d_state + d_message)
        after: Tensor = self.update(given, states.flatten(0, 1))
        return after.view_as(states)

    def _read(self, states: Tensor, mask: Tensor | None) -> Tensor:
        """Return the logits (M, A) of the sum of states, padding left out."""
        states = states if mask is None else states * mask[..., None]
        return self.f_phi(states.sum(dim=1).to(linear_at(self.f_phi, 0).weight.dtype))
