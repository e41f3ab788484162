"""Figures that all sessions share: of one content each is plotted once, and sent to whoever draws it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec

import streamlit as st
from plotly.graph_objects import Figure

from pages._lab.ready_figure import digest_inputs, make_ready

Inputs = ParamSpec("Inputs")


def plot_ready(plot: Callable[Inputs, Figure], *inputs: Inputs.args, **options: Inputs.kwargs) -> Figure:
    """Return what `plot` draws; another session that plots the same content gets the same figure, which is read only.

    Args:
        plot: a function of a module, whose figure depends on its inputs alone.
        inputs: as `pages._lab.ready_figure.digest_inputs` takes them.
        options: likewise, by name.
    """
    key = digest_inputs(plot.__module__, plot.__qualname__, inputs, options)
    return _plotted(key, lambda: plot(*inputs, **options))


@st.cache_resource(max_entries=128, show_spinner=False)
def _plotted(key: str, _plot: Callable[[], Figure]) -> Figure:
    """Return the figure of a digest."""
    return make_ready(_plot())
