"""A recurrent Relation Network: the same relations step after step, each object keeping what it has found.

    x_i   = e(o_i, q)
    h_i^0 = x_i
    m_i^t = sum over j of f(h_i^(t-1), h_j^(t-1), e_ij)
    h_i^t = u(h_i^(t-1), [x_i; m_i^t])
    o^t   = r( sum over i of h_i^t )

The input x_i is given again at every step, and training has a loss at every step, so that each learns to come nearer to
the answer; the answer is the last step's.

Source: Palm et al. 2018, "Recurrent Relational Networks" (https://arxiv.org/abs/1711.08028), equations 1 to 4; e_ij are
features of a pair, as on the edges of their graphs. Where we differ: u is a gated recurrent unit (Cho et al. 2014,
arXiv 1406.1078), or an MLP whose result is added to the state, where the paper has an LSTM or an MLP; f's last layer
has a ReLU, as in all relations here; each object may be told whether the question names it; and the question can be
given to r in place of e, so that questions about one scene which name the same objects share their steps.

What is exact in an attribution: the sum that r reads runs over objects, so each object's share of a logit through its
last state is exact. What is not: the pairs (i, j) of any step have no exact share, because they pass through u, which
is not linear. What a pair or an object matters for is measured by leaving it out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

from rn_core.common.errors import RNCoreError
from rn_core.models.base import Core
from rn_core.models.layers import Layers, check_factor, check_size, check_sizes, make_mlp, read_sum, take_rows
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
        asks_last: whether r reads the question in place of e, which then reads only the objects, marked as named.
        u_widths: hidden units of u, ReLU after each, whose result is added to the state; empty for a gated recurrent
            unit.
        d_pair: as `RelationNetworkConfig`; f reads them.
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
    asks_last: bool = False
    u_widths: tuple[int, ...] = ()
    d_pair: int = 0

    def __post_init__(self) -> None:
        """Raise RNCoreError for a size that cannot be built."""
        for name in ("e_widths", "message_widths", "f_widths"):
            object.__setattr__(self, name, check_sizes(name, getattr(self, name)))
        object.__setattr__(self, "u_widths", check_sizes("u_widths", self.u_widths) if self.u_widths else ())
        object.__setattr__(self, "names_at", tuple(self.names_at))
        for name in ("d_object", "n_answers", "n_steps", "d_state"):
            check_size(name, getattr(self, name))
        for name in ("d_question", "d_pair"):
            check_size(name, getattr(self, name), lowest=0)
        check_names(self.names_at, self.d_name, self.d_object, self.d_question)
        check_factor("message_scale", self.message_scale)


class _Rows(NamedTuple):
    """What the steps run on.

    Attributes:
        inputs: (R, N, d_state).
        mask: (R, N) bool, False where a row is padding; None for no padding.
        row_of: (M,) int64, the row of each question; None where row m is question m's.
        pair_features: (R, N, N, D_p); None for none.
    """

    inputs: Tensor
    mask: Tensor | None
    row_of: Tensor | None
    pair_features: Tensor | None


class RecurrentRelationNetwork(Core):
    """Messages between all objects, summed per object, which update its state; the same layers at every step."""

    config: RecurrentRelationNetworkConfig

    def __init__(self, config: RecurrentRelationNetworkConfig) -> None:
        """Build the layers of `config`; weights come from torch's global generator (see `build_model`)."""
        super().__init__()
        self.config = config
        d_marked, d_state = config.d_object + len(config.names_at), config.d_state
        d_asked, d_read = (0, config.d_question) if config.asks_last else (config.d_question, 0)
        self.encode: Layers = make_mlp((d_marked + d_asked, *config.e_widths, d_state))
        self.message = RelationLayer(d_state, 0, config.message_widths, config.d_pair)
        self.update = _make_update(config)
        self.f_phi: Layers = make_mlp((d_state + d_read, *config.f_widths, config.n_answers))

    def forward(
        self,
        objects: Tensor,
        object_mask: Tensor | None,
        question: Tensor,
        scene_index: Tensor | None = None,
        pair_features: Tensor | None = None,
    ) -> Tensor:
        """Answer M questions about S scenes; arguments as `RelationNetwork.forward`, logits (M, A)."""
        rows = self._prepare(objects, object_mask, question, scene_index, pair_features)
        *_, states = self._follow(rows, self.config.n_steps)
        return self._read(states, rows, question)

    if TYPE_CHECKING:  # torch gives every module's call the type Any
        __call__ = forward

    def answer_steps(
        self,
        objects: Tensor,
        object_mask: Tensor | None,
        question: Tensor,
        scene_index: Tensor | None = None,
        pair_features: Tensor | None = None,
        n_steps: int | None = None,
    ) -> Tensor:
        """Return the logits after each of the first steps (T, M, A); see `AnswersInSteps`."""
        rows = self._prepare(objects, object_mask, question, scene_index, pair_features)
        n_steps = self.config.n_steps if n_steps is None else min(n_steps, self.config.n_steps)
        return torch.stack([self._read(states, rows, question) for states in self._follow(rows, n_steps)])

    @torch.no_grad()
    def init_from(self, learned: RecurrentRelationNetwork) -> None:
        """Copy the layers of a network of another number of steps.

        Raises:
            RNCoreError: if any other size differs.
        """
        same = replace(learned.config, n_steps=self.config.n_steps)
        if same != self.config:
            raise RNCoreError(
                f"The layers must have the sizes of the network that they start from, {same!r}, got {self.config!r}; "
                "use those."
            )
        self.load_state_dict(learned.state_dict())

    def _prepare(
        self,
        objects: Tensor,
        object_mask: Tensor | None,
        question: Tensor,
        scene_index: Tensor | None,
        pair_features: Tensor | None,
    ) -> _Rows:
        """Return the inputs x_i; questions that share their steps have one row."""
        scene = torch.arange(len(question), device=question.device) if scene_index is None else scene_index
        mask = None if object_mask is None or object_mask.all() else object_mask[scene]
        objects = objects[scene] if mask is None else objects[scene] * mask[..., None]  # (M, N, D_o)
        marked, named = mark_named(objects, question, self.config.names_at, self.config.d_name, mask)
        if not self.config.asks_last:
            asked = question[:, None].expand(-1, marked.shape[1], -1)  # (M, N, D_q)
            inputs = self.encode(torch.cat([marked, asked], dim=-1))
            return _Rows(inputs, mask, None, take_rows(pair_features, scene))
        kinds, row_of = torch.unique(torch.cat([scene[:, None], named], dim=1), dim=0, return_inverse=True)
        example = torch.zeros(len(kinds), dtype=torch.int64, device=question.device)  # a question of each row
        example[row_of] = torch.arange(len(question), device=question.device)
        inputs = self.encode(marked[example])
        return _Rows(inputs, take_rows(mask, example), row_of, take_rows(pair_features, scene[example]))

    def _follow(self, rows: _Rows, n_steps: int) -> Iterator[Tensor]:
        """Yield the states (R, N, d_state) after each step."""
        states, nothing = rows.inputs, rows.inputs.new_zeros(len(rows.inputs), 0)  # messages take no question
        for _ in range(n_steps):
            messages = self.message(states, rows.mask, nothing, pair_features=rows.pair_features)
            messages = messages.to(states.dtype) * self.config.message_scale  # (R, N, d_message)
            states = self._change(states, rows.inputs, messages)
            yield states

    def _change(self, states: Tensor, inputs: Tensor, messages: Tensor) -> Tensor:
        """Return u of states, inputs and messages, each (R, N, D): the next states."""
        if self.config.u_widths:
            changes: Tensor = self.update(torch.cat([states, inputs, messages], dim=-1))
            return states + changes
        given = torch.cat([inputs, messages], dim=-1)  # (R, N, d_state + d_message)
        after: Tensor = self.update(given.flatten(0, 1), states.flatten(0, 1))
        return after.view_as(states)

    def _read(self, states: Tensor, rows: _Rows, question: Tensor) -> Tensor:
        """Return the logits (M, A) of the sums of states, padding left out."""
        sums = (states if rows.mask is None else states * rows.mask[..., None]).sum(dim=1)  # (R, d_state)
        sums = sums if rows.row_of is None else sums[rows.row_of]  # (M, d_state)
        read = torch.cat([sums, question.to(sums.dtype)], dim=1) if self.config.asks_last else sums
        return read_sum(self.f_phi, read)


def _make_update(config: RecurrentRelationNetworkConfig) -> nn.Module:
    """Return u: a gated recurrent unit, or an MLP."""
    d_state, d_message = config.d_state, config.message_widths[-1]
    if config.u_widths:
        return make_mlp((2 * d_state + d_message, *config.u_widths, d_state))
    return nn.GRUCell(d_state + d_message, d_state)
