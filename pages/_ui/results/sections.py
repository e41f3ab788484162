"""What lies under the Results page's chart: the table, a new measurement, the weights' cards."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import streamlit as st

from pages._lab.figures import Look
from pages._lab.lanes import Lane, describe_model, make_lanes
from pages._lab.physics.figures import plot_errors
from pages._lab.plain import plain
from pages._lab.results import files as results_files
from pages._lab.results.distances import distances_html, find_distances, list_errors
from pages._lab.results.html import card_lines, describe_head_start, measured_html
from pages._lab.results.measure import fresh_seed, measure
from pages._lab.results.state import FEWEST, MOST, ResultsState
from pages._lab.sort_of_clevr.jumps import find_jump_lines
from pages._ui.cache import measuring_desk
from pages._ui.chain_reading import draw_jumps
from pages._ui.classroom.seats import is_following
from pages._ui.explained import draw_explained
from pages._ui.kept import Kept
from pages._ui.pairs.sections import draw_figure
from pages._ui.session import PageSession
from pages._ui.sharing import draw_link
from pages._ui.waiting import wait_for
from rn_core.common.errors import RNCoreError
from rn_core.common.records import Evaluation
from rn_core.common.seeding import MAX_SEED
from rn_core.tasks.registry import DOMAINS
from rn_core.weights.store import WeightsEntry, write_card

RESULTS = PageSession("results", ResultsState.from_query)
_STOPS = (FEWEST, 200, 500, 1000, MOST)
#: Domain and model -> what this session measured last of it.
_MEASURED: Kept[dict[tuple[str, str], Evaluation]] = Kept(RESULTS.key("measured"), dict)


def chosen_model(state: ResultsState, entries: Mapping[str, WeightsEntry]) -> str:
    """Return what is measured again: the state's model where it ships, else the first that does."""
    return state.model if state.model in entries else next(iter(entries))


def read_measured(state: ResultsState, entries: Mapping[str, WeightsEntry]) -> dict[str, Evaluation]:
    """Return what this session measured last of each model of the domain."""
    kept = _MEASURED.get()
    return {model: kept[state.domain, model] for model in entries if (state.domain, model) in kept}


def draw_measure(state: ResultsState, entries: Mapping[str, WeightsEntry]) -> None:
    """Draw the choice of weights and scenes, the progress, and the result beside the card's figures."""
    if not entries:
        st.info(f"No weights for {DOMAINS[state.domain].title} ship yet, so there is nothing to measure.")
        return
    model = chosen_model(state, entries)
    seed = fresh_seed(entries[model]) if state.seed is None else state.seed
    draw_explained("The scenes are those of another seed than the card's, so the figures are measured anew.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Weights", list(entries), format_func=describe_model, width=260, **RESULTS.bind("model", show=model)
        )
        stops = sorted({*_STOPS, state.n_scenes})
        with st.container(width=320):
            st.select_slider("New scenes, all questions each", stops, **RESULTS.bind("n_scenes"))
        st.number_input("Seed of the scenes", 0, MAX_SEED, step=1, width=200, **RESULTS.bind("seed", show=seed))
        asked = st.button("Measure now", type="primary", icon=":material/play_arrow:")
    if asked:
        _measure_now(state, model, entries[model], seed)
    measured = read_measured(state, entries)
    if model in measured:
        found = measured[model]
        st.caption(f"{plain(describe_model(model))}, measured here on {found.n:,} new scenes of seed {found.seed}:")
        lanes = make_lanes(state.domain, entries, measured)
        st.html(measured_html([lane for lane in lanes if lane.model == model]))


def _measure_now(state: ResultsState, model: str, entry: WeightsEntry, seed: int) -> None:
    """Measure and keep the result; whatever a person moves meanwhile ends it."""
    place = st.empty()
    with place.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0)
        st.button("Stop measuring", icon=":material/stop:")
    key = ("results", entry.name, entry.card.sha256, seed, state.n_scenes)
    make = partial(measure, entry, seed, state.n_scenes)
    try:
        found = wait_for(measuring_desk(), key, make, draw=bar.progress, keeps=False)
    except RNCoreError as err:
        place.error(plain(err))
        return
    _MEASURED.set({**_MEASURED.get(), (state.domain, model): found})
    st.rerun()


def draw_distances(entries: Mapping[str, WeightsEntry], look: Look) -> None:
    """Draw how far predicted paths are off, frame by frame; nothing for a domain without such."""
    found = find_distances(entries)
    if not found:
        return
    st.html('<h2 class="rn-question">How accurate are predicted paths?</h2>')
    draw_figure(plot_errors(*list_errors(found), look), key=RESULTS.key("distances"))
    st.html(distances_html(found))


def draw_chains(entries: Mapping[str, WeightsEntry], look: Look) -> None:
    """Draw accuracy against the number of jumps; nothing for a domain without networks on chains."""
    lines = find_jump_lines(entries)
    if lines:
        st.html('<h2 class="rn-question">How many jumps can each network follow?</h2>')
        draw_jumps(lines, look, RESULTS.key("jumps"))


def draw_cards(state: ResultsState, entries: Mapping[str, WeightsEntry]) -> None:
    """Draw one button a weights file that opens its card."""
    if not entries:
        st.caption(f"Ours for {DOMAINS[state.domain].title}: not shipped yet.")
        return
    ahead = describe_head_start(entries)
    if ahead:
        st.caption(plain(ahead))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Card and recipe:", width="content")
        for model, entry in entries.items():
            if st.button(plain(describe_model(model)), icon=":material/description:", key=RESULTS.key(f"card.{model}")):
                _open_card(entry)


@st.dialog("Card and recipe", width="large")
def _open_card(entry: WeightsEntry) -> None:
    """Draw everything that a card says, and offer it as a file."""
    card = entry.card
    st.markdown(f"#### {plain(card.name)}")
    if card.recipe:
        st.code(card.recipe, language="shell", wrap_lines=True)
    st.markdown(card_lines(card))
    content = write_card(card)
    name = f"{entry.name.replace('/', '-')}.json"
    st.download_button("Card (JSON)", content, name, "application/json", on_click="ignore", icon=":material/download:")
    with st.expander("The whole card, metrics included"):
        st.json(card.to_dict(), expanded=1)


def draw_save(state: ResultsState, lanes: tuple[Lane, ...]) -> None:
    """Draw the link and the files; a file is made when it is asked for."""
    if is_following():
        return
    with st.popover("Save & share", icon=":material/ios_share:"):
        draw_link(RESULTS.link(), "A link to this view")
        title = DOMAINS[state.domain].title
        shown = [lane for lane in lanes if lane.level == state.level] or list(lanes)
        png = partial(results_files.export_png, title, shown)
        csv = partial(results_files.export_csv, lanes)
        st.download_button("Table (CSV)", csv, "results.csv", "text/csv", on_click="ignore", width="stretch")
        st.download_button("Picture (PNG)", png, "results.png", "image/png", on_click="ignore", width="stretch")
