"""The section that says how many objects at once an answer takes."""

from __future__ import annotations

import streamlit as st

from pages._lab.figures import Look
from pages._lab.pairs.orders import Orders, find_orders, plot_orders
from pages._lab.plain import plain
from pages._lab.sort_of_clevr.view import ExploreView
from pages._lab.words import format_signed
from pages._ui.explained import draw_explained
from pages._ui.explore.sections import EXPLORE_PAGE
from pages._ui.pairs.sections import draw_figure
from rn_core.common.errors import RNCoreError


def draw_orders(view: ExploreView, look: Look) -> None:
    """Draw one bar per order, and for each order its sets."""
    try:
        orders = find_orders(view, EXPLORE_PAGE.f_phi(view))
    except RNCoreError as err:
        st.info(plain(err))
        return
    left, right = st.columns([6, 5], gap="large")
    with left:
        st.markdown("**How many objects at once?**")
        draw_explained(orders.describe())
        draw_figure(plot_orders(orders, look), key=EXPLORE_PAGE.session.key("orders"))
    with right:
        st.caption(
            "Every set of objects is tried with all others masked out. A number says what a set adds beyond what "
            "smaller sets of its objects do (its Harsanyi dividend); the bars add up to the logit exactly."
        )
        for order in range(1, len(orders.bars) + 1):
            _draw_order(orders, order)


def _draw_order(orders: Orders, order: int) -> None:
    """Draw the sets of one order, closed at first."""
    rows = orders.list_rows(order)
    title = f"{orders.name_order(order)}: {format_signed(orders.bars[order - 1])}"
    with st.expander(plain(title)):
        if not rows:
            st.caption("No set of so many adds anything.")
            return
        table = {"together": [row.objects for row in rows], "logit": [format_signed(row.logit) for row in rows]}
        st.dataframe(table, hide_index=True, key=EXPLORE_PAGE.session.key(f"orders.{order}"))
