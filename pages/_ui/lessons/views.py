"""What each lesson shows beside its quiz, before the answer and after it; a row per view."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import streamlit as st

from pages._lab.domains.base import full_name
from pages._lab.domains.sort_of_clevr import DOMAIN
from pages._lab.figures import Look, plot_pair_matrix
from pages._lab.lessons import figures as lesson_figures
from pages._lab.lessons import layout as lesson_layout
from pages._lab.lessons.file import Lesson
from pages._lab.lessons.work import Removal, add_in_orders, describe_ends, make_removals, make_turns
from pages._lab.models import baseline_of
from pages._lab.pairs.state import BASELINES
from pages._lab.pairs.view import PairView, describe_sum
from pages._lab.plain import plain
from pages._lab.sort_of_clevr.chain import find_chain_truth, make_shown_chain
from pages._lab.sort_of_clevr.jumps import find_jump_lines
from pages._lab.sort_of_clevr.state import ExploreState
from pages._lab.sort_of_clevr.triples import make_triple_stage
from pages._lab.sort_of_clevr.view import ExploreView, Reading, make_reading
from pages._ui.cache import find_answerer
from pages._ui.chain_reading import draw_jumps, read_chain_view
from pages._ui.components.scene import draw_scene
from pages._ui.explained import draw_explained
from pages._ui.lessons import measured as lesson_measured
from pages._ui.lessons.session import LESSONS
from pages._ui.pairs import reading
from pages._ui.pairs.sections import draw_figure
from pages._ui.ready_figures import plot_ready
from pages._ui.triple_reading import read_triple_view
from rn_core.tasks.sort_of_clevr.chain_language import chain_text
from rn_core.tasks.sort_of_clevr.triple_language import triple_text
from rn_core.weights.store import list_weights

#: Orders in which pairs are added up, and the seed of the random ones.
N_ORDERS, SEED = 4, 0


def read_reading(state: ExploreState) -> Reading:
    """Ask the models; raises RNCoreError if they cannot answer."""
    case = DOMAIN.ask(state)
    return make_reading(case, reading.read_models(DOMAIN, case))


def read_view(state: ExploreState) -> ExploreView:
    """Ask the models and share the answer out to the pairs; raises RNCoreError if they cannot answer."""
    return reading.read_view(DOMAIN, DOMAIN.ask(state))


def see(lesson: Lesson, **changes: Any) -> PairView:
    """Return what a lesson's page shows of it, with some changes; raises RNCoreError if the models cannot answer."""
    view: PairView = reading.read_view(lesson.domain, lesson.domain.ask(lesson.state.change(**changes)))
    return view


def draw_plain_scene(lesson: Lesson, _: Look) -> None:
    """Draw the scene without pairs and without the truth; nothing can be moved here."""
    case = lesson.domain.ask(lesson.state.change(truth=False))
    draw_scene(lesson.domain.make_stage(case, None).make_fixed(), key=LESSONS.key("plain"))


def draw_pairs_over_scene(lesson: Lesson, _: Look) -> None:
    """Draw the scene with its pairs; nothing can be moved here, and where one object decides no pair is marked."""
    view = see(lesson, truth=lesson.page != "explore" or lesson.explore.question.is_relational)
    draw_scene(lesson.domain.make_saved_stage(view).make_fixed(), key=LESSONS.key("scene"))


def draw_bare_matrix(lesson: Lesson, look: Look) -> None:
    """Draw the pair matrix without the marks that give the answer away."""
    view = see(lesson)
    draw_figure(plot_ready(plot_pair_matrix, view.matrix, view.nodes.labels, look=look), key=LESSONS.key("bare"))


def draw_matrix(lesson: Lesson, look: Look) -> None:
    """Draw the pair matrix with the deciding pairs framed."""
    draw_told_matrix(see(lesson), look, "matrix")


def draw_told_matrix(view: PairView, look: Look, key: str) -> None:
    """Draw a view's pair matrix, the deciding pairs framed, what its numbers mean, and what they add up to."""
    figure = plot_ready(plot_pair_matrix, view.matrix, view.nodes.labels, view.true_pairs, look=look)
    draw_figure(figure, key=LESSONS.key(key))
    framed = "Framed: the pairs that decide." if view.true_pairs else ""
    draw_explained(f"Each number: the share of a pair, which it adds to the logit of {view.target_text}. {framed}")
    draw_explained(describe_sum(view))


def draw_orders(state: ExploreState, look: Look) -> None:
    """Draw the pairs added up in several orders."""
    view = read_view(state)
    f_phi = find_answerer(full_name(DOMAIN, state.model)).model.pair_core.f_phi
    paths = add_in_orders(f_phi, view.reading.relations, view.target, N_ORDERS, SEED)
    draw_figure(lesson_figures.plot_orders(paths, view.target_text, look), key=LESSONS.key("orders"))
    st.caption(plain(describe_ends(paths)))


def draw_baselines(state: ExploreState, look: Look) -> None:
    """Draw the pair matrix against each baseline, side by side."""
    for column, (name, title) in zip(st.columns(len(BASELINES), gap="large"), BASELINES.items(), strict=True):
        with column:
            st.markdown(f"**Compared with {plain(title)}**")
            draw_told_matrix(read_view(state.change(baseline=name)), look, f"matrix.{name}")


def remove_each(lesson: Lesson) -> tuple[Removal, ...]:
    """Return the answers after each object is removed; raises RNCoreError if the models cannot answer."""
    domain = lesson.domain
    return make_removals(
        domain,
        lesson.state,
        lambda state: reading.read_view(domain, domain.ask(state)),
        lambda case: reading.read_models(domain, case),
    )


def draw_removals(lesson: Lesson, _: Look) -> None:
    """Draw the answers after each object is removed."""
    st.html(lesson_layout.removals_html(remove_each(lesson)))


def draw_sights(state: ExploreState, look: Look) -> None:
    """Draw the pair matrix of the cells' network and of the one over objects found, side by side."""
    sights = {"rn-pixels": "Cells of a grid", "rn-slots": "Objects found in the image"}
    for column, (model, title) in zip(st.columns(len(sights), gap="large"), sights.items(), strict=True):
        with column:
            seen = read_view(state.change(model=model, view="objects"))
            st.markdown(plain(f"{title}: {seen.reading.answer.text}, truth: {seen.reading.truth}"))
            figure = plot_ready(plot_pair_matrix, seen.matrix, seen.nodes.labels, seen.true_pairs_shown, look=look)
            draw_figure(figure, key=LESSONS.key(f"sight.{model}"))
    draw_explained("Shares of cells are divided among the objects that lie in them; the rest is the ground's.")


def draw_learning(state: ExploreState, look: Look) -> None:
    """Draw how the lesson's network and its baseline learned."""
    names = {"RN": state.model, "MLP": baseline_of(state.model)}
    cards = {title: find_answerer(full_name(DOMAIN, name)).card for title, name in names.items()}
    draw_figure(lesson_figures.plot_learning(cards, look), key=LESSONS.key("learning"))
    measured = {title: card.measured.groups["relational"] for title, card in cards.items()}
    told = " · ".join(f"{title} {100 * share.accuracy:.1f} %" for title, share in measured.items())
    n_scenes = next(iter(cards.values())).measured.n
    st.caption(plain(f"On {n_scenes:,} new scenes, relational questions: {told}. The paper: RN 94 %, MLP 63 %."))


def draw_turns(state: ExploreState, _: Look) -> None:
    """Draw the answers after each object's shape is turned."""
    st.html(lesson_layout.turns_html(make_turns(state, read_reading)))


def draw_triple_scene(state: ExploreState, _: Look) -> None:
    """Draw the scene of a question about three objects, without triples and without the truth."""
    draw_scene(make_triple_stage(state, None).make_fixed(), key=LESSONS.key("plain"))


def draw_told_triples(state: ExploreState, _: Look) -> None:
    """Draw the scene of a question about three objects with its strongest triples."""
    draw_scene(make_triple_stage(state, read_triple_view(state)).make_fixed(), key=LESSONS.key("scene"))


def draw_triple_shares(state: ExploreState, _: Look) -> None:
    """Draw what each triple adds, strongest first, and what they come to."""
    view = read_triple_view(state)
    st.html(view.rows_html())
    draw_explained(view.describe_sum())


def draw_chain_scene(state: ExploreState, _: Look) -> None:
    """Draw the scene of a question about a chain, without the path."""
    draw_scene(make_shown_chain(state, None).make_fixed(), key=LESSONS.key("plain"))


def draw_told_chain(state: ExploreState, _: Look) -> None:
    """Draw the scene of a question about a chain with the true path."""
    draw_scene(make_shown_chain(state, find_chain_truth(state)).make_fixed(), key=LESSONS.key("scene"))


def draw_chain_accuracy(_: ExploreState, look: Look) -> None:
    """Draw how far each network can follow a chain."""
    draw_jumps(find_jump_lines(list_weights()), look, LESSONS.key("jumps"))


def ask_text(lesson: Lesson) -> str:
    """Return what the networks are asked, in English."""
    if lesson.view == "triples":
        return triple_text(lesson.explore.triple)
    if lesson.view == "chain":
        return chain_text(lesson.explore.chain)
    question: str = lesson.domain.ask(lesson.state).question
    return question


def answers_html(lesson: Lesson) -> str:
    """Return the truth and what the networks say; raises RNCoreError if they cannot answer."""
    if lesson.view == "triples":
        return read_triple_view(lesson.explore).answers_html()
    if lesson.view == "chain":
        return read_chain_view(lesson.explore).answers_html()
    return see(lesson).answers_html()


DrawFn = Callable[[Lesson, Look], None]


def on_explore(draw: Callable[[ExploreState, Look], None]) -> DrawFn:
    """Return what draws the state of a lesson on Explore."""

    def draw_lesson(lesson: Lesson, look: Look) -> None:
        draw(lesson.explore, look)

    return draw_lesson


@dataclass(frozen=True)
class LessonView:
    """How one view is drawn.

    Attributes:
        below: under the quiz once it is answered.
        before: beside the quiz, before it is answered.
        after: in the same place once it is.
        answers: whether the networks' answers to the lesson's question are shown.
    """

    below: DrawFn
    before: DrawFn = draw_plain_scene
    after: DrawFn = draw_pairs_over_scene
    answers: bool = True


#: Key of `lesson_file.VIEWS` -> how it is drawn.
VIEWS: Mapping[str, LessonView] = MappingProxyType(
    {
        "scene": LessonView(draw_matrix),
        "sum": LessonView(on_explore(draw_orders)),
        "redeal": LessonView(on_explore(lesson_measured.draw_redeal)),
        "floors": LessonView(on_explore(lesson_measured.draw_floors)),
        "matrix": LessonView(draw_matrix, before=draw_bare_matrix),
        "diagonal": LessonView(on_explore(lesson_measured.draw_diagonal)),
        "baseline": LessonView(on_explore(draw_baselines)),
        "counterfactual": LessonView(on_explore(draw_turns)),
        "crowds": LessonView(
            on_explore(lesson_measured.draw_limits),
            before=on_explore(lesson_measured.draw_crowd),
            after=on_explore(lesson_measured.draw_answered_crowd),
            answers=False,
        ),
        "cost": LessonView(on_explore(lesson_measured.draw_cost), after=draw_plain_scene, answers=False),
        "without": LessonView(draw_removals),
        "sights": LessonView(on_explore(draw_sights)),
        "learning": LessonView(on_explore(draw_learning)),
        "triples": LessonView(
            on_explore(draw_triple_shares),
            before=on_explore(draw_triple_scene),
            after=on_explore(draw_told_triples),
        ),
        "chain": LessonView(
            on_explore(draw_chain_accuracy),
            before=on_explore(draw_chain_scene),
            after=on_explore(draw_told_chain),
        ),
    }
)
