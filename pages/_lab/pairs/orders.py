"""How many objects at once an answer takes: the order spectrum of a page's question; this module draws nothing."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go
import torch
from torch import nn

from pages._lab.figures import Look, finish_figure
from pages._lab.pairs.view import PairView
from pages._lab.plain import escape
from pages._lab.words import format_signed, join_words
from rn_core.attribution.orders import MAX_COALITION_OBJECTS, OrderSpectrum, find_order_spectrum
from rn_core.common.errors import RNCoreError
from rn_core.models.relation_network import make_pair_index

#: A part of this size or less, in logits, counts as none.
_NONE = 1e-9


@dataclass(frozen=True)
class SetRow:
    """One line of the table of an order's sets: its objects in words, and what they add together in logits."""

    objects: str
    logit: float


@dataclass(frozen=True)
class Orders:
    """The order spectrum of a page's question.

    Attributes:
        spectrum: over the view's nodes.
        names: n names of the nodes.
        target: the logits explained, in words.
        noun: what a node is called, in the singular.
    """

    spectrum: OrderSpectrum
    names: tuple[str, ...]
    target: str
    noun: str

    @property
    def bars(self) -> list[float]:
        """Return what the sets of 1, 2, ..., n objects add, in logits."""
        return [float(value) for value in self.spectrum.orders[1:]]

    def list_rows(self, order: int) -> list[SetRow]:
        """Return the sets of so many objects, the strongest first, without those that add nothing."""
        sets = self.spectrum.list_sets(order)
        return [SetRow(join_words([self.names[k] for k in set_]), value) for set_, value in sets if abs(value) > _NONE]

    def name_order(self, order: int) -> str:
        """Return an order in words, such as "2 objects"."""
        return f"{order} {self.noun}{'s' * (order > 1)}"

    def describe(self) -> str:
        """Return the spectrum in one or two sentences."""
        start, total = float(self.spectrum.orders[0]), float(self.spectrum.orders.sum())
        strongest = max(range(len(self.bars)), key=lambda k: abs(self.bars[k])) + 1
        return (
            f"Without any {self.noun} the logit of {self.target} is {format_signed(start)}; with all of them it is "
            f"{format_signed(total)}. Most of the way comes from sets of {self.name_order(strongest)}: "
            f"{format_signed(self.bars[strongest - 1])}."
        )


def find_orders(view: PairView, f_phi: nn.Sequential) -> Orders:
    """Return how many nodes of a view's question its answer takes at once.

    A node that is masked out takes all its pairs out of the sum. Where several cells make a node, their pairs count for
    it in proportion.

    Args:
        view: the page.
        f_phi: the Relation Network's.

    Raises:
        RNCoreError: if the view has more nodes than coalitions can be counted for.
    """
    nodes, n_nodes = view.nodes, len(view.nodes.labels)
    if n_nodes > MAX_COALITION_OBJECTS:
        raise RNCoreError(
            f"All sets of up to {MAX_COALITION_OBJECTS} objects can be tried, got {n_nodes}; show pairs of objects."
        )
    pairs = [(i, j) for i in range(n_nodes) for j in range(n_nodes)]
    relations = torch.stack([nodes.merge_relations(view.reading.relations, pair) for pair in pairs])
    spectrum = find_order_spectrum(f_phi, relations, make_pair_index(n_nodes), n_nodes, view.target)
    return Orders(spectrum, tuple(nodes.called), view.target_text, nodes.noun)


def plot_orders(orders: Orders, look: Look) -> go.Figure:
    """Draw one bar per order: what all sets of so many objects add to the logit."""
    bars = orders.bars
    names, texts = [orders.name_order(k + 1) for k in range(len(bars))], [format_signed(value) for value in bars]
    figure = go.Figure(
        go.Bar(
            x=names, y=bars, text=texts, textposition="outside", cliponaxis=False,
            marker={"color": [look.color(value) for value in bars], "line": {"width": 0}},
            hovertemplate="%{x}: %{text}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_yaxes(title="logit", zeroline=True, zerolinecolor=look.ink)
    figure.update_xaxes(type="category")
    parts = "; ".join(f"{escape(name)}: {text}" for name, text in zip(names, texts, strict=True))
    return finish_figure(figure, look, f"What sets of objects add to the logit. {parts}.", 460 if look.large else 380)
