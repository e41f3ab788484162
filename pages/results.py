"""Results: how often each network is right, ours beside the paper's and beside guessing."""

from __future__ import annotations

import streamlit as st

from pages._lab.babi_tasks import TASKS_LEVEL, tasks_html
from pages._lab.figures import Look
from pages._lab.lanes import Lane, find_entries, levels_of, make_lanes
from pages._lab.plain import plain
from pages._lab.results.figures import plot_results
from pages._lab.results.html import results_html
from pages._lab.results.state import LEVELS, SECTIONS, ResultsState
from pages._ui.explained import draw_explained
from pages._ui.frame import draw_frame
from pages._ui.options import named
from pages._ui.pairs.sections import draw_figure
from pages._ui.results import sections as results_sections
from pages._ui.results.sections import RESULTS
from rn_core.common.errors import RNCoreError
from rn_core.tasks.registry import DOMAINS
from rn_core.weights.store import WeightsEntry, list_weights


def read_entries(domain: str) -> dict[str, WeightsEntry]:
    """Return the domain's shipped weights by model; a card that cannot be read is one sentence on the page."""
    try:
        return find_entries(domain, list_weights())
    except RNCoreError as err:
        st.error(plain(err))
        return {}


def draw_controls(state: ResultsState, lanes: tuple[Lane, ...]) -> None:
    """Draw the choice of domain and of questions, and what keeps the view."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        titles = {name: domain.title for name, domain in DOMAINS.items()}
        bound = RESULTS.bind("domain")
        st.segmented_control("Questions from", list(titles), format_func=named(titles), wrap=True, **bound)
        levels = levels_of(lanes)
        if len(levels) > 1:
            st.segmented_control("Shown", levels, format_func=named(LEVELS), wrap=True, **RESULTS.bind("level"))
        results_sections.draw_save(state, lanes)


def draw_chart(lanes: list[Lane], look: Look) -> None:
    """Draw the chart of what is shown."""
    st.html('<h2 class="rn-question">How accurate is each network?</h2>')
    draw_explained(
        "Relation Networks beside baselines with the same input, such as an MLP or an LSTM. Dotted: the blind floor. "
        "A relational question needs more than one object."
    )
    draw_figure(plot_results(lanes, look), key="results.chart")


def draw_page() -> None:
    """Draw the whole page from the session's state."""
    state = RESULTS.open()
    look = draw_frame(RESULTS)
    entries = read_entries(state.domain)
    lanes = make_lanes(state.domain, entries, results_sections.read_measured(state, entries))
    shown = [lane for lane in lanes if lane.level == state.level] or list(lanes)
    draw_controls(state, lanes)
    draw_chart(shown, look)
    results_sections.draw_distances(entries, look)
    results_sections.draw_chains(entries, look)
    results_sections.draw_cards(state, entries)
    st.segmented_control(
        "Look closer",
        list(SECTIONS),
        format_func=named(SECTIONS),
        label_visibility="collapsed",
        **RESULTS.bind("section"),
    )
    if state.section == "table":
        st.html(tasks_html(lanes) if (state.domain, state.level) == TASKS_LEVEL else results_html(shown))
    else:
        results_sections.draw_measure(state, entries)
    RESULTS.write_url()


draw_page()
