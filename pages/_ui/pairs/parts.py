"""What the sections of a page about pairs need to know of it, and how they draw a figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic

import streamlit as st
from torch import nn

from pages._lab import figures
from pages._lab.cells import fit_style
from pages._lab.domains.base import Domain
from pages._lab.pairs.view import Case, PairReading
from pages._ui.pairs.exports import View
from pages._ui.pairs.reading import find_f_phi, rank_pairs, read_models
from pages._ui.session import PageControls
from rn_core.attribution.faithfulness import Faithfulness, KeepingSet

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_CHART = MappingProxyType({"displayModeBar": False})


@dataclass(frozen=True)
class PairPage(Generic[View]):
    """What the sections need to know of the page that they are on.

    Attributes:
        domain: what is asked there.
        session: the page's.
        take_away: `Domain.take_away`, where a smaller case needs what only the session has; None takes the domain's.
    """

    domain: Domain[Any, Any, View]
    session: PageControls
    take_away: Callable[[View], Case] | None = None

    def f_phi(self, view: View) -> nn.Sequential:
        """Return that of the Relation Network that is explained."""
        return find_f_phi(self.domain, view.case)

    def rank(self, view: View) -> tuple[Faithfulness, KeepingSet]:
        """Return how well the ranking of the view's pairs holds up."""
        return rank_pairs(self.domain, view, view.case)

    def list_removable(self, view: View) -> dict[str, str]:
        """Return the label of each object that can be removed -> its name."""
        return {each.label: each.name for each in self.domain.list_objects(view.state)}

    def read_smaller(self, view: View) -> PairReading:
        """Return the reading of the scene without the objects of `state.without`; raises RNCoreError without answer."""
        return read_models(self.domain, (self.take_away or self.domain.take_away)(view))

    def pin(self, view: View, pair: tuple[int, int] | None) -> None:
        """Pin a pair of nodes by number; None lets the pinned pair go, and so does the pinned pair itself."""
        labels = view.nodes.labels
        named = None if pair is None else (labels[pair[0]], labels[pair[1]])
        self.session.update(pair=None if named == view.state.pair else named)


def draw_figure(figure: Figure, **options: Any) -> None:
    """Draw a figure with its alternative text, its own colors and no tool bar, and fit its cells to the screen."""
    if style := fit_style(figure, str(options.get("key"))):
        st.html(style)
    st.plotly_chart(figure, theme=None, config=dict(_CHART), alt=figures.alt_text(figure), **options)
