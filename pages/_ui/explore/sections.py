"""The sections under the scene, one idea each: pairs, one pair, what if, method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import streamlit as st

from pages._ui import figures, layout
from pages._ui.cache import cached_answerer, cached_ranking, cached_reading
from pages._ui.explore.session import EXPLORE, pin_nodes
from pages._ui.explore.state import AUTO, BASELINES, METHODS, in_order
from pages._ui.explore.view import ExploreView, Reading, describe_sum, second_method
from pages._ui.explore.what_if import describe_enough, follow_pair, make_what_ifs, remove_objects
from pages._ui.figures import Look
from pages._ui.words import format_pair, format_signed, node_name
from rn_core.errors import RNCoreError
from rn_core.tasks.sort_of_clevr.questions import ANSWERS

_MATRIX = "explore.matrix"
_TABLE = "explore.table"
#: Stops of the slider of the strongest pairs.
_STOPS = (1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 36, 50, 100, 200, 400)
_TARGET_NAMES = MappingProxyType({AUTO: "the next best answer", "none": "nothing: the plain logit"})
_CHART = MappingProxyType({"displayModeBar": False})


def draw_figure(figure: figures.go.Figure, **options: Any) -> None:
    """Draw a figure with its alternative text, its own colours and no tool bar."""
    st.plotly_chart(figure, theme=None, config=dict(_CHART), alt=figures.alt_text(figure), **options)


def draw_pairs(view: ExploreView, look: Look) -> None:
    """Draw the pair matrix, its controls and the table of the strongest pairs."""
    left, right = st.columns([6, 5], gap="large")
    with left:
        figure = figures.plot_pair_matrix(view.matrix, view.nodes.labels, view.true_pairs_shown, view.pinned, look)
        draw_figure(figure, key=_MATRIX, on_select=_pin_from_matrix, selection_mode="points")
    with right:
        st.caption(f"Each number: what a pair adds to the logit of {view.target_text}. Click a square to pin its pair.")
        draw_threshold(view)
        draw_rows(view)


def draw_threshold(view: ExploreView) -> None:
    """Draw the slider of the strongest pairs and its renormalise box."""
    n_pairs = len(view.kept)
    # A link may ask for a number that is no stop; the slider then has it as one more.
    stops = sorted({0, view.state.top, *(stop for stop in _STOPS if stop < n_pairs)})
    st.select_slider(
        "Strongest pairs kept",
        stops,
        format_func=lambda top: f"all {n_pairs}" if top == 0 else str(top),
        **EXPLORE.bind("top"),
    )
    if view.state.top:
        st.checkbox("Scale them up to the whole", **EXPLORE.bind("renormalise"))


def draw_rows(view: ExploreView) -> None:
    """Draw the table of the strongest pairs; choosing a line pins its pair."""
    rows = {
        "pair": [format_pair(row.first, row.second) for row in view.rows],
        "logit": [format_signed(row.contribution) for row in view.rows],
        "share": ["" if row.share is None else f"{row.share:.0f} %".replace("-", "−") for row in view.rows],
        "decides": ["✓ decides" if row.decides else "" for row in view.rows],
    }
    st.dataframe(
        rows, hide_index=True, key=f"{_TABLE}.{view.pinned}", on_select=lambda: _pin_from_table(view),
        selection_mode="single-row",
    )  # fmt: skip


def _pin_from_matrix() -> None:
    """Pin the pair of the square that was clicked, or let it go."""
    pin_nodes(read_matrix_click(st.session_state[_MATRIX]))


def read_matrix_click(event: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return the pair (i, j) of the clicked square, or None; i runs down and j to the right."""
    points = event.get("selection", {}).get("points", [])
    return (int(points[0]["y"]), int(points[0]["x"])) if points else None


def _pin_from_table(view: ExploreView) -> None:
    """Pin the pair of the chosen line."""
    chosen = st.session_state[f"{_TABLE}.{view.pinned}"]["selection"]["rows"]
    if chosen:
        EXPLORE.update(pair=(view.rows[chosen[0]].first, view.rows[chosen[0]].second))


def draw_pair(view: ExploreView, look: Look) -> None:
    """Draw the pinned pair's relation and its way through f_phi."""
    draw_pair_choice(view)
    if view.pinned is None:
        st.info("Choose two objects here, or click a pair in the scene or in the matrix.")
        return
    name = format_pair(*(view.nodes.labels[k] for k in view.pinned))
    path = follow_pair(view, cached_answerer(view.state.model).model.core.f_phi)
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(f"**1 · g_theta{name}**: one vector, added to those of all other pairs")
        draw_figure(figures.plot_relation_strip(view.pinned_relation.numpy(), look), key="explore.strip")
        st.markdown("**2 · Inside f_phi**: what changes when the pair is added")
        draw_figure(figures.plot_hidden_change(path.changes, look), key="explore.hidden")
    with right:
        st.markdown(f"**3 · Logits** without and with {name}")
        figure = figures.plot_logit_shift(ANSWERS, path.without, path.full, look, removed=name)
        draw_figure(figure, key="explore.shift")


def draw_pair_choice(view: ExploreView) -> None:
    """Draw the two menus that pin a pair without a mouse."""
    options = (None, *view.nodes.labels)
    columns = st.columns([2, 2, 3])
    for place, title in enumerate(("First object, i", "Second object, j")):
        columns[place].selectbox(
            title, options, format_func=lambda label: "none" if label is None else node_name(label),
            **EXPLORE.bind(f"pair.{place}", show=None if view.state.pair is None else view.state.pair[place],
                   read=partial(_replace_node, view, place)),
        )  # fmt: skip


def _replace_node(view: ExploreView, place: int, label: str | None) -> dict[str, Any]:
    """Return the change that puts `label` at one place of the pinned pair; with no pair yet, at both."""
    if label is None:
        return {"pair": None}
    pair = list(view.state.pair or (label, label))
    pair[place] = label
    return {"pair": tuple(pair)}


def draw_what_if(view: ExploreView, look: Look) -> None:
    """Draw whether the answer survives without the pinned pair, without objects, with the strongest pairs alone."""
    left, right = st.columns([6, 5], gap="large")
    with left:
        present = [thing.color for thing in view.state.scene.objects]
        chosen = EXPLORE.bind(
            "without", show=list(view.state.without), read=lambda colors: {"without": in_order(colors)}
        )
        st.pills("Take objects away", present, selection_mode="multi", **chosen)
        draw_threshold(view)
        f_phi = cached_answerer(view.state.model).model.core.f_phi
        st.html(layout.what_ifs_html(make_what_ifs(view, f_phi, _read_smaller(view))))
        if view.pinned is None:
            st.caption("Pin a pair to see the answer without it.")
    with right:
        draw_ranking(view, look)


def _read_smaller(view: ExploreView) -> Reading | None:
    """Return the reading of the scene without the objects taken away; a sentence and None if it has no answer."""
    if not view.state.without:
        return None
    try:
        scene = remove_objects(view.state.scene, view.state.without)
        return cached_reading(view.state.model, scene.to_json(), view.state.question.index)
    except RNCoreError as err:
        st.info(str(err))
        return None


def draw_ranking(view: ExploreView, look: Look) -> None:
    """Draw the deletion and insertion curves of the chosen method, and how few pairs are enough."""
    state = view.state
    curves, enough = cached_ranking(
        state.model, state.scene.to_json(), state.question.index, view.target, state.method, state.baseline
    )
    st.markdown(describe_enough(enough, len(view.kept), view.target_text))
    named = (
        ("strongest taken away", curves.deletion),
        ("random taken away", curves.random_deletion),
        ("strongest added", curves.insertion),
        ("random added", curves.random_insertion),
    )
    figure = figures.plot_faithfulness([(name, curve.values.numpy()) for name, curve in named], look)
    draw_figure(figure, key="explore.curves")


def draw_method(view: ExploreView, _: Look) -> None:
    """Draw the choice of method, baseline and target, and what the contributions add up to."""
    left, right = st.columns([6, 5], gap="large")
    with left:
        st.selectbox("Method", list(METHODS), format_func=METHODS.get, **EXPLORE.bind("method"))
        baseline = {"format_func": BASELINES.get, "horizontal": True, **EXPLORE.bind("baseline")}
        st.radio("Compared with (baseline)", list(BASELINES), **baseline)
        why, why_not = st.columns(2)
        why.selectbox(
            "Why this answer", [AUTO, *ANSWERS], **EXPLORE.bind("why"),
            format_func=lambda name: f"the model's answer ({view.reading.answer.text})" if name == AUTO else name,
        )  # fmt: skip
        why_not.selectbox(
            "… and not", [AUTO, "none", *(name for name in ANSWERS if name != view.why)],
            format_func=lambda name: _TARGET_NAMES.get(name, name),
            **EXPLORE.bind("why_not", show=AUTO if view.state.why_not == view.why else view.state.why_not),
        )  # fmt: skip
    with right:
        st.markdown(describe_sum(view))
        other = METHODS[second_method(view.state.method)]
        if view.disagreement:
            st.warning(view.disagreement)
        else:
            st.success(f"{other} puts the same pair first.")


#: Section -> what draws it.
DRAW: Mapping[str, Callable[[ExploreView, Look], None]] = MappingProxyType(
    {"pairs": draw_pairs, "pair": draw_pair, "what-if": draw_what_if, "method": draw_method}
)
