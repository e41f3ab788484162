"""The views of the Train page, one idea each: race, question types, loss, examples, pairs, runs side by side."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

import streamlit as st

from pages._lab.figures import Look, plot_pair_matrix
from pages._lab.plain import plain
from pages._lab.train import figures as train_figures
from pages._lab.train import html as train_html
from pages._lab.train.jobs import JobView
from pages._lab.train.moments import LATEST, describe_moment, find_snapshot, moment_of, time_stops
from pages._lab.train.pairs import PairPicture, make_pair_picture
from pages._lab.train.runs import RunRecord, export_csv, export_png
from pages._lab.train.state import TrainState, groups_of, shown_group
from pages._lab.train.view import (
    group_floor,
    loss_curves,
    make_cards,
    race_curves,
    stage_minute,
    target_of,
    type_panels,
)
from pages._lab.train.words import scene_word
from pages._ui.cache import draw_once, make_once
from pages._ui.components.scene import draw_scene
from pages._ui.explained import draw_explained
from pages._ui.pairs.sections import draw_figure
from pages._ui.train.session import TRAIN, runs
from rn_core.race.records import RACE_TASKS, RaceConfig
from rn_core.tasks.babi.story import StoryQuestion

_WAIT = "It appears with the first evaluation, in a moment."


def draw_race(state: TrainState, config: RaceConfig, view: JobView, look: Look) -> None:
    """Draw the race: accuracy over time, and each runner's last in large numbers."""
    group = shown_group(state, config)
    curves = race_curves(view.snapshots, group, config.task)
    left, score = st.columns([4, 1], gap="medium", vertical_alignment="center")
    with left:
        floor = group_floor(view.snapshots, config.task, group)
        stage = stage_minute(view.snapshots, config)
        figure = train_figures.plot_race(
            curves, floor, group, look, target_of(config.task), stage, config.expect_minutes()
        )
        draw_figure(figure, key="train.race")
    if curves:
        score.html(train_html.score_html(curves, look))


def draw_types(_: TrainState, config: RaceConfig, view: JobView, look: Look) -> None:
    """Draw one small race per question type."""
    panels = type_panels(view.snapshots, config)
    if not panels:
        st.info(_WAIT)
        return
    draw_figure(train_figures.plot_types(panels, look), key="train.types")
    draw_explained(
        f"Dotted level: the blind floor, the best one can do without seeing the {scene_word(config.task)}.", alone=True
    )


def draw_loss(_: TrainState, config: RaceConfig, view: JobView, look: Look) -> None:
    """Draw the loss of each runner."""
    draw_figure(train_figures.plot_losses(loss_curves(view.progress, config.task), look), key="train.loss")


def draw_examples(state: TrainState, config: RaceConfig, view: JobView, look: Look) -> None:
    """Draw the example questions with the runners' present answers."""
    if not view.snapshots:
        st.info(_WAIT)
        return
    shown = find_snapshot(view.snapshots, state.at)
    race = RACE_TASKS[config.task].race
    marked = f"; marked {race.objects} decide" if race.one_question else ""
    seen = f"{race.scenes.capitalize()} kept out of training{marked}"
    st.caption(plain(f"{seen}; answers {describe_moment(shown)}."))
    st.html(train_html.examples_html(make_cards(view.examples, shown, config.task), look))


def draw_pairs(state: TrainState, config: RaceConfig, view: JobView, look: Look, key: tuple[Hashable, ...]) -> None:
    """Draw which pairs the Relation Network uses for one question, at the chosen moment; `key` tells the moment."""
    if "rn" not in config.models:
        st.info("Only a Relation Network has pairs to show; train one too.")
        return
    if not view.snapshots:
        st.info(_WAIT)
        return
    if view.snapshots[-1].contributions is None:
        st.info("This network sums over triples, so it has no pairs to show; Explore shows what each triple adds.")
        return
    shown, example = find_snapshot(view.snapshots, state.at), view.examples[0]
    picture = make_once(
        ("pairs", *key, state.projector),
        lambda: make_pair_picture(example, shown, config.task, state.projector),
    )
    reply = make_cards(view.examples[:1], shown, config.task)[0].replies[0]
    left, right = st.columns(2, gap="large")
    with left:
        st.html(train_html.watched_html(example, reply, describe_moment(shown)))
        if picture.scene is None:
            st.html(train_html.story_html(StoryQuestion.from_json(example.scene)))
        else:
            draw_scene(picture.scene, key="train.scene")
    with right:
        words = f"What each pair adds for “{example.answer}” and against “{shown.rival}”; framed pairs decide."
        draw_explained(words, alone=True)
        draw_once(("matrix", *key, look), lambda: _draw_matrix(picture, look))


def _draw_matrix(picture: PairPicture, look: Look) -> None:
    """Draw the matrix of a pair picture, on the scale of all runs."""
    figure = plot_pair_matrix(
        picture.matrix, picture.labels, picture.true_pairs, look=look, names=picture.names, limit=picture.limit
    )
    if picture.scene is None:
        figure.update_xaxes(title="second sentence, j").update_yaxes(title="first sentence, i")
    draw_figure(figure, key="train.matrix")


#: View -> what draws a run in it; nothing of it changes between two looks, and nothing of it is a widget.
_DRAW: Mapping[str, Callable[[TrainState, RaceConfig, JobView, Look], None]] = MappingProxyType(
    {"race": draw_race, "types": draw_types, "loss": draw_loss, "examples": draw_examples}
)


def draw_view(state: TrainState, token: str, config: RaceConfig, view: JobView, look: Look) -> None:
    """Draw a run in the chosen view: what is drawn of a look is made once, for all tabs that watch it."""
    key = (token, config, moment_of(view).looked, state.at, shown_group(state, config))
    if state.view == "compare":
        draw_runs(shown_group(state, config), look)
    elif state.view == "pairs":
        draw_pairs(state, config, view, look, key)
    else:
        draw_once((state.view, *key, look), lambda: _DRAW[state.view](state, config, view, look))


def draw_group_choice(state: TrainState, race: TrainState | RaceConfig) -> None:
    """Draw the choice of the questions that a race is watched by."""
    groups = groups_of(race)
    st.segmented_control(
        "Questions", list(groups), format_func=lambda group: groups[group].capitalize(),
        label_visibility="collapsed", **TRAIN.bind("group", shown_group(state, race)),
    )  # fmt: skip


def draw_time(state: TrainState, config: RaceConfig, view: JobView) -> None:
    """Draw the slider that goes back in time; at its right end the page follows the latest look."""
    st.select_slider(
        "Go back in time", time_stops(view, config, state.at),
        format_func=lambda at: "latest" if at == LATEST else f"step {at:,}",
        **TRAIN.bind("at", LATEST if state.at is None else state.at, lambda at: {"at": None if at == LATEST else at}),
    )  # fmt: skip


def draw_runs(group: str, look: Look) -> None:
    """Draw all runs of the session in one chart and one table, and offer them as files."""
    records = runs()
    if not records:
        st.info("Runs of this session appear here, side by side.")
        return
    key = tuple((record.number, record.token, record.config, record.snapshots[-1].step) for record in records)
    draw_once(("runs", key, group, look), lambda: _draw_runs(records, group, look))
    files = (
        ("Curves (CSV)", "runs.csv", "text/csv", partial(export_csv, records)),
        ("Chart (PNG)", "runs.png", "image/png", partial(export_png, records, group)),
    )
    with st.container(horizontal=True):
        for title, name, mime, make in files:
            st.download_button(title, make, name, mime, on_click="ignore", icon=":material/download:")


def _draw_runs(records: Sequence[RunRecord], group: str, look: Look) -> None:
    """Draw the chart and the table of runs."""
    draw_figure(train_figures.plot_runs(records, group, look), key="train.runs")
    st.html(train_html.runs_html(records))
