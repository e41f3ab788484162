"""The sections under a scene, one idea each: pairs, one pair, what if, method. Pages about pairs share them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, Protocol

import streamlit as st

from pages._lab import figures, layout
from pages._lab.figures import Look
from pages._lab.pairs.state import AUTO, BASELINES, METHODS
from pages._lab.pairs.view import PairReading, PairView, describe_sum, second_method
from pages._lab.pairs.what_if import PairPath, describe_enough, follow_pair, make_what_ifs
from pages._lab.plain import plain
from pages._lab.words import format_signed
from pages._ui.cache import find_answerer
from pages._ui.classroom.seats import is_following
from pages._ui.explained import draw_explained
from pages._ui.kept import widget_event
from pages._ui.options import named
from pages._ui.pairs.exports import SavedFile, View, list_files
from pages._ui.pairs.many import draw_many
from pages._ui.pairs.parts import PairPage, draw_figure
from pages._ui.ready_figures import plot_ready
from pages._ui.session import Changes
from pages._ui.sharing import draw_link
from rn_core.common.device import choose_device, describe_device
from rn_core.common.errors import RNCoreError

#: Stops of the slider of the strongest pairs.
_STOPS = (1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 36, 50, 100, 200, 400)
#: Answers whose logits are drawn side by side at most.
_MOST_ANSWERS = 12
_TARGET_NAMES = MappingProxyType({AUTO: "the next best answer", "none": "nothing: the plain logit"})
#: Widths in pixels of the table of pairs, which together fit a phone.
_COLUMNS = {
    "logit": st.column_config.Column(width=68),
    "share": st.column_config.Column(width=64),
    "decides": st.column_config.Column("✓", width=36, help="The pair decides the question."),
}
#: A pair with a longer name is named by its labels in the table.
_LONG_PAIR = 20


def draw_save(page: PairPage[View], view: View | None, own: Sequence[SavedFile] = ()) -> None:
    """Draw the link and the files that keep this picture; a file is made when it is asked for.

    Args:
        page: whose picture it is.
        view: what its pairs show; None where there is no answer.
        own: the page's own files, which come first.
    """
    if is_following():
        return
    pairs = [] if view is None else list_files(view, page.domain.make_saved_stage)
    with st.popover("Save & share", icon=":material/ios_share:"):
        draw_link(page.session.link(), "A link to this picture")
        for title, name, mime, make in (*own, *pairs):
            st.download_button(title, make, name, mime, on_click="ignore", width="stretch")


def draw_pairs(page: PairPage[View], view: View, look: Look) -> None:
    """Draw the pair matrix, its controls and the table of the strongest pairs."""
    left, right = st.columns([6, 5], gap="large")
    with left:
        nodes, marked = view.nodes, view.true_pairs_shown
        figure = plot_ready(
            figures.plot_pair_matrix, view.matrix, nodes.labels, marked, view.pinned, look, nodes.names, nodes.ticks,
            nodes.noun,
        )  # fmt: skip
        key = page.session.key("matrix")
        draw_figure(figure, key=key, on_select=lambda: _pin_from_matrix(page, view), selection_mode="points")
    with right:
        draw_explained(
            f"Each number: the share of a pair, which it adds to the logit of {view.target_text}. Click a square to "
            "pin its pair. Framed: it decides the question."
        )
        draw_threshold(page, view)
        draw_rows(page, view)


def draw_threshold(page: PairPage[View], view: View) -> None:
    """Draw the slider of the strongest pairs and its renormalise box."""
    n_pairs = len(view.kept)
    # A link may ask for a number that is no stop; the slider then has it as one more.
    stops = sorted({0, view.state.top, *(stop for stop in _STOPS if stop < n_pairs)})
    st.select_slider(
        "Strongest pairs kept",
        stops,
        format_func=lambda top: f"all {n_pairs}" if top == 0 else str(top),
        **page.session.bind("top"),
    )
    if view.state.top:
        st.checkbox("Scale them to the full sum", **page.session.bind("renormalise"))


def draw_rows(page: PairPage[View], view: View) -> None:
    """Draw the table of the strongest pairs; choosing a line pins its pair."""
    names = [view.name_pair(row.first, row.second) for row in view.rows]
    if max(map(len, names)) > _LONG_PAIR:
        names = [view.label_pair(row.first, row.second) for row in view.rows]
    rows = {
        "pair": names,
        "logit": [format_signed(row.contribution) for row in view.rows],
        "share": ["" if row.share is None else f"{row.share:.0f} %".replace("-", "−") for row in view.rows],
        "decides": ["✓" if row.decides else "" for row in view.rows],
    }
    st.dataframe(
        rows, hide_index=True, key=_table_key(page, view), on_select=lambda: _pin_from_table(page, view),
        selection_mode="single-row", column_config=_COLUMNS,
    )  # fmt: skip


def _table_key(page: PairPage[View], view: View) -> str:
    """Return the key of the table; a newly pinned pair lets the chosen line go."""
    return page.session.key(f"table.{view.pinned}")


def _pin_from_matrix(page: PairPage[View], view: View) -> None:
    """Pin the pair of the square that was clicked, or let it go."""
    page.pin(view, read_matrix_click(widget_event(page.session.key("matrix"))))


def read_matrix_click(event: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return the pair (i, j) of the clicked square, or None; i runs down and j to the right."""
    points = event.get("selection", {}).get("points", [])
    return (int(points[0]["y"]), int(points[0]["x"])) if points else None


def _pin_from_table(page: PairPage[View], view: View) -> None:
    """Pin the pair of the chosen line."""
    chosen = widget_event(_table_key(page, view))["selection"]["rows"]
    if chosen:
        page.session.update(pair=(view.rows[chosen[0]].first, view.rows[chosen[0]].second))


def draw_pair(page: PairPage[View], view: View, look: Look) -> None:
    """Draw the pinned pair's relation and its way through f_phi."""
    draw_pair_choice(page, view)
    relation = view.pinned_relation
    if relation is None:
        st.info(f"Choose two {view.nodes.noun}s here, or click a pair in the picture or in the matrix.")
        return
    name, key = view.pinned_name, page.session.key
    path = follow_pair(view, page.f_phi(view))
    left, right = st.columns(2, gap="large")
    with left:
        draw_explained(
            "One vector, the relation of the pair, is added to those of all other pairs.", head=f"1 · g_theta{name}."
        )
        draw_figure(plot_ready(figures.plot_relation_strip, relation.numpy(), look), key=key("strip"))
        draw_explained("What changes when the pair joins the aggregate.", head="2 · Inside f_phi.")
        draw_figure(plot_ready(figures.plot_hidden_change, path.changes, look), key=key("hidden"))
    with right:
        draw_explained(
            f"Each logit without and with {name}; softmax turns them into probabilities.", head="3 · Logits."
        )
        chosen = choose_answers(view, path)
        answers = [view.answers[k] for k in chosen]
        figure = plot_ready(
            figures.plot_logit_shift, answers, path.without[chosen], path.full[chosen], look, removed=name
        )
        draw_figure(figure, key=key("shift"))


def choose_answers(view: PairView, path: PairPath) -> list[int]:
    """Return the answers whose logits are drawn, in the task's order: all, or of many those with the largest logits."""
    ranked = sorted(range(len(view.answers)), key=lambda k: -max(path.full[k], path.without[k]))
    return sorted({*ranked[:_MOST_ANSWERS], view.target.answer})


def draw_pair_choice(page: PairPage[View], view: View) -> None:
    """Draw the two menus that pin a pair without a mouse."""
    options = (None, *view.nodes.labels)
    columns = st.columns([2, 2, 3])
    for place, title in enumerate((f"First {view.nodes.noun}, i", f"Second {view.nodes.noun}, j")):
        columns[place].selectbox(
            title, options, format_func=lambda label: view.names.get(label, "none"),
            **page.session.bind(f"pair.{place}", show=None if view.state.pair is None else view.state.pair[place],
                                read=partial(_replace_node, view, place)),
        )  # fmt: skip


def _replace_node(view: PairView, place: int, label: str | None) -> Changes:
    """Return the change that puts `label` at one place of the pinned pair; with no pair yet, at both."""
    if label is None:
        return {"pair": None}
    pair = list(view.state.pair or (label, label))
    pair[place] = label
    return {"pair": tuple(pair)}


def draw_what_if(page: PairPage[View], view: View, look: Look) -> None:
    """Draw whether the answer survives without the pinned pair, without objects, with the strongest pairs alone."""
    left, right = st.columns([6, 5], gap="large")
    with left:
        present = page.list_removable(view)
        if present:
            chosen = page.session.bind(
                "without", show=list(view.state.without),
                read=lambda labels: {"without": tuple(label for label in present if label in labels)},
            )  # fmt: skip
            title = f"Remove {view.nodes.noun}s"
            st.pills(title, list(present), format_func=named(present), selection_mode="multi", wrap=True, **chosen)
        draw_threshold(page, view)
        st.html(layout.what_ifs_html(make_what_ifs(view, page.f_phi(view), _read_smaller(page, view))))
        if view.pinned is None:
            draw_explained("A what-if for one pair: pin it to see the answer without it.")
    with right:
        draw_ranking(page, view, look)


def _read_smaller(page: PairPage[View], view: View) -> PairReading | None:
    """Return the reading of the scene without the objects removed; a sentence and None if it has no answer."""
    if not view.state.without:
        return None
    try:
        return page.read_smaller(view)
    except RNCoreError as err:
        st.info(plain(err))
        return None


def draw_ranking(page: PairPage[View], view: View, look: Look) -> None:
    """Draw the deletion and insertion curves of the chosen method, and how few pairs are enough."""
    curves, enough = page.rank(view)
    draw_explained(describe_enough(enough, len(view.kept), view.target_text))
    named = (
        ("strongest removed", curves.deletion),
        ("random removed", curves.random_deletion),
        ("strongest added", curves.insertion),
        ("random added", curves.random_insertion),
    )
    figure = plot_ready(figures.plot_faithfulness, [(name, curve.values.numpy()) for name, curve in named], look)
    draw_figure(figure, key=page.session.key("curves"))


def draw_method(page: PairPage[View], view: View, _: Look) -> None:
    """Draw the choice of method, baseline and target, and what the contributions add up to."""
    session = page.session
    left, right = st.columns([6, 5], gap="large")
    with left:
        draw_explained(
            "An attribution divides the logit among the pairs, beginning at a baseline; a path integral brings all "
            "pairs in together."
        )
        st.selectbox("Method", list(METHODS), format_func=named(METHODS), **session.bind("method"))
        if len(page.domain.baselines) > 1:
            bound = session.bind("baseline")
            title = "Compared with (baseline)"
            st.radio(title, page.domain.baselines, format_func=named(BASELINES), horizontal=True, **bound)
        why, why_not = st.columns(2)
        why.selectbox(
            "Why this answer", [AUTO, *view.answers], **session.bind("why"),
            format_func=lambda name: f"the model's answer ({view.reading.answer.text})" if name == AUTO else name,
        )  # fmt: skip
        why_not.selectbox(
            "… and not", [AUTO, "none", *(name for name in view.answers if name != view.why)],
            format_func=lambda name: _TARGET_NAMES.get(name, name),
            **session.bind("why_not", show=AUTO if view.state.why_not == view.why else view.state.why_not),
        )  # fmt: skip
    with right:
        draw_explained(describe_sum(view))
        other = METHODS[second_method(view.state.method)]
        if view.disagreement:
            st.warning(plain(view.disagreement))
        else:
            st.success(f"{other} ranks the same pair first.")


def draw_closer(
    page: PairPage[View],
    names: Mapping[str, str],
    section: str,
    view: View | None,
    look: Look,
    own: Mapping[str, Callable[[], None]] = MappingProxyType({}),
) -> None:
    """Draw the choice of section and the chosen one; without a view, only one of the page's own.

    Args:
        page: what the sections need to know of it.
        names: section -> its name.
        section: the chosen one.
        view: what the page shows; None where there is no answer.
        look: colors and type size.
        own: sections that are the page's alone -> what draws each.
    """
    st.segmented_control(
        "Look closer",
        list(names),
        format_func=named(names),
        label_visibility="collapsed",
        **page.session.bind("section"),
    )
    if section in own:
        own[section]()
    elif view is not None:
        if view.disagreement and section not in ("method", "many"):
            st.warning(plain(view.disagreement))
        DRAW[section](page, view, look)


def draw_cards(names: Iterable[str]) -> None:
    """Draw the cards of weights and the device in the sidebar."""
    if is_following():
        return
    with st.sidebar:
        for name in names:
            draw_card(name)
        st.caption(f"Computes on {plain(describe_device(choose_device()))}.")


def draw_card(name: str, shows_recipe: bool = False) -> None:
    """Draw the card of weights, and the command that trains them where it is asked for and known."""
    try:
        card = find_answerer(name).card
    except RNCoreError as err:
        st.error(plain(err))
        return
    st.markdown(layout.card_text(card))
    if shows_recipe and card.recipe:
        st.code(card.recipe, language="shell", wrap_lines=True)


class DrawFn(Protocol):
    """Draws a section of any page about pairs."""

    def __call__(self, page: PairPage[View], view: View, look: Look, /) -> None:
        """Draw it."""
        ...


#: Section -> what draws it.
DRAW: Mapping[str, DrawFn] = MappingProxyType(
    {"pairs": draw_pairs, "pair": draw_pair, "what-if": draw_what_if, "method": draw_method, "many": draw_many}
)
