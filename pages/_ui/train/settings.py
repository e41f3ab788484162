"""The settings of a race: what learns from what."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages._lab.plain import plain
from pages._lab.train.state import TrainState, choose_models, choose_types, usual_settings
from pages._lab.train.words import head_start_words, type_name
from pages._ui.train.session import TRAIN
from rn_core.common.seeding import MAX_SEED
from rn_core.models.relation_network import AGGREGATES, RelationNetworkConfig
from rn_core.race.records import LIMITS, RACE_TASKS, RUNNERS, has_head_start
from rn_core.tasks.registry import CONFIGS

#: Stops of the slider of the learning rate.
_RATES = (1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2)

#: What a race on images is trained on.
_STARTS = ("answers, after a head start", "answers only, as in the paper")
_STARTS_HELP = "The paper trains on answers only, which takes longer; a head start first teaches the encoder to see."


def draw_settings(state: TrainState) -> None:
    """Draw all settings."""
    left, right = st.columns(2)
    left.segmented_control("Scenes", sorted(RACE_TASKS), format_func=_task_name, **TRAIN.bind("task"))
    right.pills(
        "Who learns", list(RACE_TASKS[state.task].race.models), selection_mode="multi",
        format_func=lambda model: RUNNERS[model].title,
        **TRAIN.bind("models", list(state.models), lambda chosen: {"models": choose_models(chosen)}),
    )  # fmt: skip
    left.segmented_control("Size of the networks", list(CONFIGS[state.task]), **TRAIN.bind("size"))
    combines = isinstance(CONFIGS[state.task][state.size]["rn"].core, RelationNetworkConfig)
    if "rn" in state.models and combines:
        right.segmented_control("Pairs are combined by", AGGREGATES, **TRAIN.bind("aggregate"))
    if RACE_TASKS[state.task].race.answers_only:
        st.segmented_control(
            "Trained on", _STARTS, help=_STARTS_HELP,
            **TRAIN.bind("start", _STARTS[state.head_start == 0], lambda start: _start_settings(state.task, start)),
        )  # fmt: skip
    _draw_questions(state)
    _draw_numbers(state)


def _start_settings(task: str, start: str | None) -> dict[str, Any]:
    """Return the settings of a race with a head start, or on answers only; none where the choice was taken back."""
    return {} if start is None else usual_settings(task, answers_only=start == _STARTS[1])


def _draw_questions(state: TrainState) -> None:
    """Draw the choice of question types; all of them are the state's empty choice."""
    known = RACE_TASKS[state.task].question_types
    shown = list(state.question_types or known)
    st.pills(
        "Trained on questions about", known, selection_mode="multi", format_func=type_name,
        **TRAIN.bind("question_types", shown, lambda chosen: {"question_types": choose_types(chosen, state.task)}),
    )  # fmt: skip


def _draw_numbers(state: TrainState) -> None:
    """Draw what is set by number."""
    # A link may ask for a rate that is no stop; the slider then has it as one more.
    rates = sorted({*_RATES, state.learning_rate})
    st.select_slider("Learning rate", rates, format_func=lambda rate: f"{rate:g}", **TRAIN.bind("learning_rate"))
    left, right = st.columns(2)
    race = RACE_TASKS[state.task].race
    scenes = plain(f"{race.scenes.capitalize()} per step")
    left.number_input(scenes, *LIMITS["n_scenes"], step=1, **TRAIN.bind("n_scenes"))
    if not race.one_question:
        right.number_input("Questions per scene", *LIMITS["n_questions"], step=1, **TRAIN.bind("n_questions"))
    left.number_input("Steps", *LIMITS["steps"], step=1000, **TRAIN.bind("steps"))
    right.number_input("Seed", 0, MAX_SEED, step=1, **TRAIN.bind("seed"))
    if race.first_types:
        st.number_input(
            "First steps with questions about single objects only", *LIMITS["first_steps"], step=500,
            **TRAIN.bind("first_steps"),
            help="Then all questions are asked. The networks still learn from answers only; without this order, "
            "relations take hours.",
        )  # fmt: skip
    if has_head_start(state.task):
        words = head_start_words(state.task)
        st.number_input(
            f"Head start of {words.who}, in steps", *LIMITS["head_start"], step=500, **TRAIN.bind("head_start"),
            help=f"First {words.learns}; without that, {words.without}.",
        )  # fmt: skip


def _task_name(task: str) -> str:
    """Return what the page calls a task."""
    return RACE_TASKS[task].race.title
