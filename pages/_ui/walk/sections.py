"""The picture of each step, and what stands under all of them: a new order of the objects, and the MLP's way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

import streamlit as st

from pages._lab.figures import Look
from pages._lab.plain import plain
from pages._lab.walk import figures as walk_figures
from pages._lab.walk import found as walk_found
from pages._lab.walk import html as walk_html
from pages._lab.walk import strips as walk_strips
from pages._lab.walk.code import read_code
from pages._lab.walk.formulas import thought_formulas
from pages._lab.walk.growth import plot_growth
from pages._lab.walk.state import ORDERS, count_pairs
from pages._lab.walk.steps import THOUGHT, Side, find_step
from pages._lab.walk.view import WalkView
from pages._ui.options import named
from pages._ui.pairs.sections import draw_figure
from pages._ui.ready_figures import plot_ready
from pages._ui.walk import session as walk_session
from pages._ui.walk.session import GRID_KEY, WALK, replace_node, take_click


def draw_explanation(view: WalkView) -> None:
    """Draw a step's sentence, its formula with the scene's numbers, and its lines of code."""
    step = find_step(view)
    draw_side(f"{view.state.step} · {step.name}", step, step.formulas(view), view)


def draw_side(title: str, side: Side, formulas: tuple[str, ...], view: WalkView) -> None:
    """Draw one side of a step."""
    n = len(view.labels)
    st.html(walk_html.step_html(title, side.sentence.format(n=n, pairs=n * n)))
    for formula in formulas:
        st.latex(formula)
    excerpt = read_code(side.anchors)
    st.code(excerpt.text, language="python", wrap_lines=True)
    st.caption(plain(excerpt.place))


def draw_image(view: WalkView, look: Look) -> None:
    """Draw what the network is given."""
    draw_figure(plot_ready(walk_figures.plot_image, view, look), key="walk.figure.image")


def draw_maps(view: WalkView, look: Look) -> None:
    """Draw the feature maps."""
    draw_figure(plot_ready(walk_figures.plot_maps, view, look), key="walk.figure.maps")


def draw_rows(view: WalkView, look: Look) -> None:
    """Draw the rows."""
    draw_figure(plot_ready(walk_figures.plot_rows, view, look), key="walk.figure.rows")


def draw_heatmap(view: WalkView, look: Look) -> None:
    """Draw how probably an object's center is nearest to each cell."""
    draw_figure(plot_ready(walk_found.plot_heatmap, view, look), key="walk.figure.heatmap")


def draw_peaks(view: WalkView, look: Look) -> None:
    """Draw the peaks of the heatmap."""
    draw_nodes(view, ("Object",))
    draw_figure(plot_ready(walk_found.plot_peaks, view, look), key="walk.figure.peaks")


def draw_found(view: WalkView, look: Look) -> None:
    """Draw what was read at the peaks, a row per object, and the numbers of one."""
    draw_nodes(view, ("Object",))
    draw_figure(plot_ready(walk_figures.plot_rows, view, look), key="walk.figure.found")
    draw_figure(plot_ready(walk_strips.plot_strips, [walk_strips.object_strip(view)], look), key="walk.figure.object")


def draw_objects(view: WalkView, look: Look) -> None:
    """Draw the objects in their places, and the numbers of one."""
    draw_nodes(view, ("Object",))
    draw_figure(plot_ready(walk_figures.plot_objects, view, look, both=False, height=500), key="walk.figure.objects")
    draw_figure(plot_ready(walk_strips.plot_strips, [walk_strips.object_strip(view)], look), key="walk.figure.object")


def draw_pairs(view: WalkView, look: Look) -> None:
    """Draw the grid of pairs, one of them laid end to end."""
    draw_nodes(view, ("First object, i", "Second object, j"))
    draw_figure(
        plot_ready(walk_figures.plot_pair_grid, view, look), key=GRID_KEY, selection_mode="points",
        on_select=partial(take_click, view.labels),
    )  # fmt: skip
    draw_figure(plot_ready(walk_strips.plot_strips, [walk_strips.pair_input(view)], look), key="walk.figure.pair")


def draw_g_theta(view: WalkView, look: Look) -> None:
    """Draw the pair's way through the layers of g_theta."""
    draw_nodes(view, ("First object, i", "Second object, j"))
    draw_figure(plot_ready(walk_strips.plot_strips, walk_strips.pair_strips(view), look), key="walk.figure.g")
    draw_figure(plot_ready(walk_figures.plot_objects, view, look, both=True, height=330), key="walk.figure.where")


def draw_sum(view: WalkView, look: Look) -> None:
    """Draw the growing sum with its order and where its film opens."""
    state = view.state
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox("Pairs are added", list(ORDERS), format_func=named(ORDERS), width=220, **WALK.bind("order"))
        st.number_input("Pairs in the sum", 0, count_pairs(state), step=1, width=170, **WALK.bind("added"))
    # Another film takes another place, so that one that plays is not mixed with the next.
    draw_figure(plot_ready(plot_growth, view, look), key=f"walk.figure.sum.{hash((state, look))}")


def draw_f_phi(view: WalkView, look: Look) -> None:
    """Draw the sum's way through f_phi, and the logits at its end."""
    draw_figure(plot_ready(walk_strips.plot_strips, walk_strips.readout_strips(view), look), key="walk.figure.f")
    draw_figure(
        plot_ready(walk_strips.plot_logits, view.walk.logits, view.reading.truth, look), key="walk.figure.logits"
    )


def draw_answer(view: WalkView, look: Look) -> None:
    """Draw the probabilities, and both models' answers."""
    st.html(view.reading.to_html())
    draw_figure(
        plot_ready(walk_strips.plot_probabilities, view.growth.probabilities[-1], view.reading.truth, look),
        key="walk.figure.answer",
    )


def draw_nodes(view: WalkView, titles: tuple[str, ...]) -> None:
    """Draw the menus that choose the followed pair, or its first object alone."""
    names = {label: view.name(node) for node, label in enumerate(view.labels)}
    columns = st.columns(2)
    for place, title in enumerate(titles):
        columns[place].selectbox(
            title, list(names), format_func=named(names),
            **WALK.bind(f"pair.{place}", show=view.pair_labels[place],
                        read=partial(replace_node, view.pair_labels, place)),
        )  # fmt: skip


def draw_order(view: WalkView) -> None:
    """Draw the button that permutes the objects, and its effect."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Permute the objects", icon=":material/shuffle:", on_click=walk_session.permute)
        if view.state.deal:
            st.button("Put them back", icon=":material/undo:", on_click=walk_session.put_back)
            st.caption("The cells have new numbers." if view.has_cells else f"Now: {plain(', '.join(view.labels))}.")
        st.toggle("What the MLP has instead", **WALK.bind("mlp"))
    if view.state.deal:
        st.html(walk_html.deal_html(view))


def draw_thought(view: WalkView, look: Look) -> None:
    """Draw the MLP's way from the same input to its answer."""
    if view.thought is None:
        st.info("The MLP's weights cannot be used here, so the MLP is not shown.")
        return
    left, right = st.columns([6, 5], gap="large")
    with left:
        strips = walk_strips.thought_strips(view, view.thought)
        draw_figure(plot_ready(walk_strips.plot_strips, strips, look), key="walk.figure.mlp")
        logits = plot_ready(walk_strips.plot_logits, view.thought.logits, view.reading.truth, look)
        draw_figure(logits, key="walk.figure.mlp.logits")
    with right:
        draw_side(THOUGHT.name, THOUGHT, thought_formulas(view), view)


#: `Step.picture` -> what draws it.
DRAW: Mapping[str, Callable[[WalkView, Look], None]] = MappingProxyType(
    {
        "image": draw_image,
        "maps": draw_maps,
        "rows": draw_rows,
        "objects": draw_objects,
        "heatmap": draw_heatmap,
        "peaks": draw_peaks,
        "found": draw_found,
        "pairs": draw_pairs,
        "g_theta": draw_g_theta,
        "sum": draw_sum,
        "f_phi": draw_f_phi,
        "answer": draw_answer,
    }
)
