"""The section of many examples: one kind of question, one or two networks, one view at a time."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from pages._lab.desk import Report
from pages._lab.domains.base import full_name
from pages._lab.figures import Look
from pages._lab.many import asking
from pages._lab.many.asking import ManyExamples, draw_cases, list_networks
from pages._lab.many.figures import Series, export_png, list_confidence, list_slices, plot_series
from pages._lab.many.table import choose_rows, export_csv, list_columns, summary_html
from pages._lab.pairs.state import ALONE, MANY_VIEWS, NUMBERS
from pages._lab.pairs.view import Case
from pages._lab.plain import plain
from pages._ui.cache import find_answerer, measuring_desk
from pages._ui.explained import draw_explained
from pages._ui.kept import widget_event
from pages._ui.options import named
from pages._ui.pairs.exports import View
from pages._ui.pairs.parts import PairPage, draw_figure
from pages._ui.waiting import wait_for
from rn_core.answering import Answerer
from rn_core.common.errors import RNCoreError, WeightsError
from rn_core.common.seeding import MAX_SEED
from rn_core.evaluation.examples import list_facts

_NONE_HERE = "Many examples need a network that sees objects: drawing many pictures takes too long. Choose another one."


def draw_many(page: PairPage[View], view: View, look: Look) -> None:
    """Draw the choice of examples and one view of them; why there are none, where there are none."""
    kinds = page.domain.examples.list_kinds(view.state)
    if not kinds:
        st.info(_NONE_HERE)
        return
    try:
        kind = find_kind(page, view, kinds)
        first = next(draw_cases(page.domain, view.state, kind, view.state.first, view.state.number))
        networks = list_networks(page.domain, first)
        chosen = choose_networks(page, view, first, networks)
        beside = {**{name: networks[name] for name in networks if name != chosen[0]}, ALONE: "none"}
        _draw_choices(page, kinds, kind, beside, (*chosen, ALONE)[1])
        many = find_many(page, view, kind, {name: networks[name] for name in chosen})
    except RNCoreError as err:
        st.info(plain(err))
        return
    names = dict(MANY_VIEWS)
    if len(many.networks) == 1:
        del names["differences"]
    shown = view.state.many if view.state.many in names else next(iter(names))
    st.segmented_control(
        "See", list(names), format_func=named(names), label_visibility="collapsed", wrap=True,
        **page.session.bind("many", show=shown),
    )  # fmt: skip
    if shown == "accuracy":
        _draw_accuracy(page, view, many, look)
    elif shown == "confidence":
        _draw_confidence(page, many, look)
    else:
        _draw_table(page, view, many, choose_rows(many, shown))


def find_kind(page: PairPage[View], view: View, kinds: Mapping[str, str]) -> str:
    """Return the kind of question that is asked: the state's, or that of the page's question."""
    return view.state.kind if view.state.kind in kinds else page.domain.examples.find_kind(view.state)


def choose_networks(page: PairPage[View], view: View, first: Case, networks: Mapping[str, str]) -> tuple[str, ...]:
    """Return the networks that are asked: the explained one, and another one unless the state wants none."""
    explained, wanted = first.state.model, view.state.beside
    others = [name for name in page.domain.list_models(first)[1:] if name in networks]
    if wanted in networks and wanted != explained:
        return explained, wanted
    return (explained, *others[:1]) if wanted != ALONE else (explained,)


def _draw_choices(
    page: PairPage[View], kinds: Mapping[str, str], kind: str, beside: Mapping[str, str], second: str
) -> None:
    """Draw what decides the examples: the kind of question, the networks, how many, and where they begin.

    Args:
        page: whose state is bound.
        kinds: of questions -> in words.
        kind: the chosen one.
        beside: what can stand beside the explained network -> in words.
        second: what does.
    """
    bind = page.session.bind
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox("Questions", list(kinds), format_func=named(kinds), width=290, **bind("kind", show=kind))
        st.selectbox("Beside it", list(beside), format_func=named(beside), width=200, **bind("beside", show=second))
        st.selectbox("Examples", sorted(NUMBERS), width=110, **bind("number"))
        st.number_input(page.domain.examples.start_title, 0, MAX_SEED, step=1, width=150, **bind("first"))


def find_many(page: PairPage[View], view: View, kind: str, networks: Mapping[str, str]) -> ManyExamples:
    """Return the examples, asked when their turn comes and then kept for all sessions.

    Args:
        page: where they are shown.
        view: whose state says which ones.
        kind: of question.
        networks: name -> in words, the explained one first; others whose weights are missing are left out.
    """
    domain, state = page.domain, view.state
    answerers = dict(filter(None, (_find_network(full_name(domain, name), name, k) for k, name in enumerate(networks))))
    titles = {name: networks[name] for name in answerers}
    begin = domain.examples.begin(state)
    key = ("many", domain.name, *titles, kind, state.first, state.number, *sorted(begin.to_query().items()))

    def make(report: Report) -> ManyExamples:
        report(0.0, "Drawing scenes…")
        cases = list(draw_cases(domain, state, kind, state.first, state.number))
        follow = partial(_report, report)
        return asking.ask_many(domain, cases, answerers, titles, follow)

    place = st.empty()
    found = wait_for(measuring_desk(), key, make, draw=lambda share, text: place.progress(share, plain(text)))
    place.empty()
    return found


def _find_network(full: str, name: str, place: int) -> tuple[str, Answerer] | None:
    """Return a network with its name; None for one beside the first whose weights cannot be used."""
    try:
        return name, find_answerer(full)
    except WeightsError:
        if place == 0:
            raise
        return None


def _report(report: Report, done: int, whole: int) -> None:
    """Tell how many questions are answered."""
    report(done / whole, f"{done} of {whole} answers")


def _draw_accuracy(page: PairPage[View], view: View, many: ManyExamples, look: Look) -> None:
    """Draw how often the networks are right and the strongest pair decides, then accuracy by slices of one fact."""
    st.html(summary_html(many))
    facts, titles = list_facts(many.examples), page.domain.examples.titles
    _draw_sample(page, many)
    if not facts:
        return
    by = view.state.by if view.state.by in facts else facts[0]
    words = {name: titles.get(name, name) for name in facts}
    st.selectbox("Divide by", facts, format_func=named(words), width=320, **page.session.bind("by", show=by))
    _draw_bars(page, list_slices(many, by), words[by], "accuracy", look)


def _draw_confidence(page: PairPage[View], many: ManyExamples, look: Look) -> None:
    """Draw, network by network, how sure it is beside how often it is right."""
    _draw_sample(page, many)
    columns = st.columns(len(many.networks), gap="large")
    for network, (title, column) in enumerate(zip(many.networks.values(), columns, strict=True)):
        with column:
            st.markdown(f"**{plain(title)}**")
            _draw_bars(page, list_confidence(many, network), "probability of its answer", f"confidence-{network}", look)


def _draw_bars(page: PairPage[View], series: Series, below: str, name: str, look: Look) -> None:
    """Draw bars with a button that saves them."""
    draw_figure(plot_series(series, below, look), key=page.session.key(f"many.{name}"))
    png = partial(export_png, series, "Many examples", below)
    st.download_button(
        "Picture (PNG)", png, f"many-{name}.png", "image/png", on_click="ignore", icon=":material/download:",
        key=page.session.key(f"many.{name}.png"),
    )  # fmt: skip


def _draw_table(page: PairPage[View], view: View, many: ManyExamples, rows: tuple[int, ...]) -> None:
    """Draw some of the examples, line by line; choosing a line opens that example above."""
    if not rows:
        st.info("There is no such example among these.")
        return
    is_wide = st.toggle("All columns", key=page.session.key("many.wide"))
    key = page.session.key(f"many.{view.state.many}")
    titles: Mapping[str, str] = page.domain.examples.titles
    st.dataframe(
        list_columns(many, rows, titles, is_wide), hide_index=True, key=key, selection_mode="single-row",
        on_select=partial(_open, page, view, many, rows, key),
    )  # fmt: skip
    st.caption(f"{len(rows)} of {len(many.examples)} examples. Choose a line to open it; a column's head sorts.")
    _draw_csv(page, many)


def _open(page: PairPage[View], view: View, many: ManyExamples, rows: tuple[int, ...], key: str) -> None:
    """Open the chosen example on the page."""
    chosen: list[Any] = widget_event(key)["selection"]["rows"]
    if chosen:
        page.session.take(asking.take_settings(view.state, many.states[rows[chosen[0]]]))


def _draw_sample(page: PairPage[View], many: ManyExamples) -> None:
    """Say how many examples there are, and offer them as a file."""
    with st.container(horizontal=True, vertical_alignment="center"):
        hard = " Where the margin is small, a question is hard." if "margin" in list_facts(many.examples) else ""
        draw_explained(
            f"{len(many.examples)} examples, each with its own scene or question; in brackets 95 % intervals.{hard}"
        )
        _draw_csv(page, many)


def _draw_csv(page: PairPage[View], many: ManyExamples) -> None:
    """Offer all examples as a file, each with a link that opens it."""
    base = page.session.link().partition("?")[0]
    st.download_button(
        "All examples (CSV)", partial(export_csv, many, base), "examples.csv", "text/csv", on_click="ignore",
        icon=":material/download:", key=page.session.key("many.csv"),
    )  # fmt: skip
