"""What each lesson shows beside its quiz, before the answer and after it; a row of `VIEWS` a view."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import streamlit as st

from pages._lab.domains.base import full_name
from pages._lab.domains.sort_of_clevr import DOMAIN
from pages._lab.figures import Look, plot_pair_matrix
from pages._lab.lessons import figures as lesson_figures
from pages._lab.lessons import layout as lesson_layout
from pages._lab.lessons.work import add_in_orders, describe_ends, make_turns
from pages._lab.pairs.state import BASELINES
from pages._lab.pairs.view import describe_sum
from pages._lab.plain import plain
from pages._lab.sort_of_clevr.picture import make_plain_view, make_scene_view
from pages._lab.sort_of_clevr.state import ExploreState
from pages._lab.sort_of_clevr.view import ExploreView, Reading, make_reading
from pages._ui.cache import find_answerer
from pages._ui.components.scene import draw_scene
from pages._ui.lessons import measured as lesson_measured
from pages._ui.lessons.session import LESSONS
from pages._ui.pairs import reading
from pages._ui.pairs.sections import draw_figure

#: Orders in which pairs are added up, and the seed of the random ones.
N_ORDERS, SEED = 4, 0


def read_reading(state: ExploreState) -> Reading:
    """Ask the models; raises RNCoreError if they cannot answer."""
    case = DOMAIN.ask(state)
    return make_reading(case, reading.read_models(DOMAIN, case))


def read_view(state: ExploreState) -> ExploreView:
    """Ask the models and share the answer out to the pairs; raises RNCoreError if they cannot answer."""
    return reading.read_view(DOMAIN, DOMAIN.ask(state))


def draw_plain_scene(state: ExploreState, _: Look) -> None:
    """Draw the scene without any pair; nothing can be moved here."""
    draw_scene(replace(make_plain_view(state), editable=False), key=LESSONS.key("plain"))


def draw_pairs_over_scene(state: ExploreState, _: Look) -> None:
    """Draw the scene with its pairs; nothing can be moved here, and where one object decides no pair is marked."""
    marked = state.change(truth=state.question.is_relational)
    draw_scene(make_scene_view(read_view(marked), editable=False), key=LESSONS.key("scene"))


def draw_bare_matrix(state: ExploreState, look: Look) -> None:
    """Draw the pair matrix without the marks that give the answer away."""
    view = read_view(state)
    draw_figure(plot_pair_matrix(view.matrix, view.nodes.labels, look=look), key=LESSONS.key("bare"))


def draw_matrix(state: ExploreState, look: Look) -> None:
    """Draw the pair matrix with the deciding pairs framed."""
    view = read_view(state)
    figure = plot_pair_matrix(view.matrix, view.nodes.labels, view.true_pairs_shown, look=look)
    draw_figure(figure, key=LESSONS.key(f"matrix.{state.baseline}"))
    st.caption(
        f"Each number: what a pair adds to the logit of {plain(view.target_text)}. Framed: the pairs that decide."
    )


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
            compared = state.change(baseline=name)
            draw_matrix(compared, look)
            st.caption(plain(describe_sum(read_view(compared))))


def draw_turns(state: ExploreState, _: Look) -> None:
    """Draw the answers after each object's shape is turned."""
    st.html(lesson_layout.turns_html(make_turns(state, read_reading)))


DrawFn = Callable[[ExploreState, Look], None]


@dataclass(frozen=True)
class LessonView:
    """How one view is drawn.

    Attributes:
        before: beside the quiz, before it is answered.
        after: in the same place once it is.
        below: under both once it is.
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
        "sum": LessonView(draw_orders),
        "redeal": LessonView(lesson_measured.draw_redeal),
        "floors": LessonView(lesson_measured.draw_floors),
        "matrix": LessonView(draw_matrix, before=draw_bare_matrix),
        "diagonal": LessonView(lesson_measured.draw_diagonal),
        "baseline": LessonView(draw_baselines),
        "counterfactual": LessonView(draw_turns),
        "crowds": LessonView(
            lesson_measured.draw_limits,
            before=lesson_measured.draw_crowd,
            after=lesson_measured.draw_answered_crowd,
            answers=False,
        ),
        "cost": LessonView(lesson_measured.draw_cost, after=draw_plain_scene, answers=False),
    }
)
