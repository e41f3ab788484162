"""The physics page's own sections, and what those that all pages about pairs have need to know of it."""

from __future__ import annotations

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages._lab import layout
from pages._lab.domains.physics import DOMAIN
from pages._lab.figures import Look
from pages._lab.pairs.state import SECTIONS
from pages._lab.physics import files, html
from pages._lab.physics.figures import plot_count, plot_errors
from pages._lab.physics.guess import Paths, describe_reach, describe_unknown
from pages._lab.physics.models import TITLES
from pages._lab.physics.state import ANSWERED_COLORS, PhysicsState
from pages._lab.physics.view import PhysicsView, find_truth
from pages._lab.plain import plain
from pages._ui.options import named
from pages._ui.pairs import sections as pair_sections
from pages._ui.pairs.exports import SavedFile
from pages._ui.pairs.sections import PairPage, draw_figure
from pages._ui.physics.asking import Answers
from pages._ui.physics.session import PHYSICS
from pages._ui.ready_figures import plot_ready
from pages._ui.session import Changes
from rn_core.tasks.physics import PhysicsScene
from rn_core.tasks.physics.world import N_FRAMES

PHYSICS_PAGE = PairPage[PhysicsView](DOMAIN, PHYSICS)


def draw_answers(
    state: PhysicsState, scene: PhysicsScene, answers: Answers, look: Look
) -> tuple[DeltaGenerator, DeltaGenerator]:
    """Draw the places of what the networks say, which `fill_answers` fills, and what stands around them.

    Returns:
        where the answers go, and where that about one connection.
    """
    said = st.container()
    view, connection = answers.view, None if answers.view is None else answers.view.connection
    if view is not None and connection is not None:
        draw_connection(view, connection)
    connected = st.container()
    if answers.paths is not None:
        draw_predictors(answers.paths)
    elif view is not None and connection is None:
        figure = plot_ready(plot_count, view.reading.answer.probabilities, view.reading.truth, look)
        draw_figure(figure, key="physics.count")
    if answers.problem is None:
        truth = int(find_truth(scene.links, state.labels, None)) if scene.knows_links else None
        for told in (describe_reach(state.question, scene, truth), describe_unknown(state.question, scene)):
            if told is not None:
                st.info(plain(told))
    return said, connected


def fill_answers(places: tuple[DeltaGenerator, DeltaGenerator], state: PhysicsState, answers: Answers) -> None:
    """Write what the networks say beside the truth into the places that `draw_answers` made; without an answer, why."""
    said, connected = places
    view = answers.view
    with said:
        if answers.problem is not None:
            st.info(plain(answers.problem))
        elif answers.paths is not None:
            draw_errors(answers.paths)
        elif view is not None and view.connection is None:
            st.html(html.counts_html(view.model_answers, view.reading.truth))
        elif answers.guess is not None:
            st.html(html.guesses_html(answers.guesses) + html.mistakes_html(answers.guess, state.labels))
    with connected:
        if view is not None and view.connection is not None:
            st.html(view.answers_html())


def draw_errors(paths: Paths) -> None:
    """Draw how far each network is off; where nobody knows, that."""
    if paths.true is None:
        st.info(
            f"The scene ends with the {N_FRAMES} frames that the networks see; nobody knows where the balls go next."
        )
    else:
        st.html(html.paths_html(paths))


def draw_predictors(paths: Paths) -> None:
    """Draw the choice of the network whose paths are drawn."""
    models = list(paths.predicted)
    if len(models) > 1:
        chosen = PHYSICS.bind("predictor", show=paths.choose(PHYSICS.state.predictor))
        st.pills("Paths drawn", models, format_func=named(TITLES), wrap=True, **chosen)


def draw_connection(view: PhysicsView, connection: tuple[str, str]) -> None:
    """Draw the choice of the connection that is explained."""
    st.html(layout.question_html(view.question_text))
    columns = st.columns(2)
    for place, title in enumerate(("One ball", "The other ball")):
        others = [label for label in view.state.labels if label in ANSWERED_COLORS and label != connection[1 - place]]
        read = partial(replace_end, connection, place)
        bound = PHYSICS.bind(f"connection.{place}", show=connection[place], read=read)
        columns[place].selectbox(title, others, **bound)


def replace_end(connection: tuple[str, str], place: int, label: str) -> Changes:
    """Return the change of state that puts another ball at one end of the connection that is explained."""
    return {"connection": (label, connection[1]) if place == 0 else (connection[0], label)}


def draw_closer(state: PhysicsState, answers: Answers, look: Look) -> None:
    """Draw what is under the table: the pairs of a connection or of the count, or the errors of predictions."""
    if answers.view is not None:
        pair_sections.draw_closer(PHYSICS_PAGE, SECTIONS, state.section, answers.view, look)
    elif answers.paths is not None and answers.paths.kept_errors is not None:
        st.markdown("**Error per frame**")
        figure = plot_ready(plot_errors, answers.paths.errors, answers.paths.kept_errors, look)
        draw_figure(figure, key="physics.errors")


def list_files(state: PhysicsState, scene: PhysicsScene, answers: Answers) -> list[SavedFile]:
    """Return the page's own files: the scene, and what is shown of connections or paths."""
    labels = state.labels
    found: list[SavedFile] = [
        ("Scene (JSON), to open again", "scene.json", "application/json", partial(files.export_scene, scene))
    ]
    if state.question == "connections" and answers.guess is not None:
        table = partial(files.export_guess_csv, answers.guess, labels)
        picture = partial(files.export_guess_png, answers.guess, scene, labels)
        found += [
            ("Connections (PNG)", "connections.png", "image/png", picture),
            ("Connections (CSV)", "connections.csv", "text/csv", table),
        ]
    if answers.paths is not None:
        table = partial(files.export_paths_csv, answers.paths, labels)
        picture = partial(files.export_paths_png, answers.paths, answers.paths.choose(state.predictor), labels)
        found += [("Paths (PNG)", "paths.png", "image/png", picture), ("Paths (CSV)", "paths.csv", "text/csv", table)]
    return found
