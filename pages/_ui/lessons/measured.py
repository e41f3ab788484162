"""What lessons measure on many scenes, or on this machine, and how they draw it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, overload

import numpy as np
import streamlit as st

from pages._lab.desk import Report, follow_steps
from pages._lab.domains.base import full_name
from pages._lab.domains.sort_of_clevr import DOMAIN
from pages._lab.figures import Look
from pages._lab.lessons import figures as lesson_figures
from pages._lab.lessons import layout as lesson_layout
from pages._lab.measurements import (
    BESIDE,
    MEASURES,
    N_SCENES,
    SEED,
    Diagonal,
    Floors,
    Limits,
    Redeal,
    find_bundled,
    names_needed,
)
from pages._lab.models import baseline_of
from pages._lab.plain import plain
from pages._lab.shares import plot_accuracies
from pages._lab.sort_of_clevr.state import ExploreState
from pages._lab.words import QUESTION_NAMES
from pages._ui.cache import find_answerer, measuring_desk
from pages._ui.kept import Kept, nothing
from pages._ui.lessons.session import LESSONS
from pages._ui.pairs.sections import draw_figure
from pages._ui.waiting import wait_for
from rn_core.common.seeding import make_rng
from rn_core.experiments.cost import PairTime, time_pairs
from rn_core.experiments.probes import DIAGONAL_PARTS, ask
from rn_core.tasks.sort_of_clevr import COLORS
from rn_core.tasks.sort_of_clevr.crowds import (
    LARGEST_CROWD,
    SMALLEST_CROWD,
    UNSAYABLE,
    CrowdBatch,
    make_crowd_batch,
    sample_crowds,
    solve_crowds,
)
from rn_core.tasks.sort_of_clevr.language import text
from rn_core.tasks.sort_of_clevr.questions import ANSWERS, QUESTION_TYPES

#: What was timed last on this machine.
_ASKING_CROWDS = "Asking about more and fewer objects…"
_TIMES: Kept[tuple[PairTime, ...] | None] = Kept(LESSONS.key("times"), nothing)
#: Numbers of objects that are timed, and how long each.
TIMED_SIZES, SECONDS = (10, 20, 50, 100, 200), 0.5


@overload
def find_measurement(kind: Literal["floors"], model: str, doing: str) -> Floors: ...
@overload
def find_measurement(kind: Literal["redeal"], model: str, doing: str, scene: str, color: str, /) -> Redeal: ...
@overload
def find_measurement(kind: Literal["diagonal"], model: str, doing: str) -> Diagonal: ...
@overload
def find_measurement(kind: Literal["limits"], model: str, doing: str) -> Limits: ...
def find_measurement(kind: str, model: str, doing: str, *about: str) -> Any:
    """Return what a lesson measures: what comes with the app, or what is measured when its turn comes.

    Args:
        kind: key of `pages._lab.measurements.MEASURES`, which says what is returned.
        model: the short name of a model.
        doing: what goes on meanwhile, in words.
        about: what else it is about.
    """
    found = find_bundled(kind, model, about)
    if found is not None:
        return found
    models = {name: find_answerer(full_name(DOMAIN, name)) for name in names_needed(kind, model)}

    def make(report: Report) -> Any:
        return MEASURES[kind](models, model, follow_steps(report), *about)

    return wait_for(measuring_desk(), (kind, model, *about), make, doing)


def draw_redeal(state: ExploreState, look: Look) -> None:
    """Draw how often answers change when all other objects are resampled."""
    found = find_measurement(
        "redeal", state.model, "Replacing the other objects…", state.scene.to_json(), state.question.color
    )
    series = {
        "Relation Network": {kind: change.said for kind, change in found.items()},
        "truth": {kind: change.true for kind, change in found.items()},
    }
    figure = plot_accuracies(series, look, title="answer changes, %")
    draw_figure(figure, key=LESSONS.key("redeal"))
    _say_sample(f"the {state.question.color} object stays in all of them")


def draw_floors(state: ExploreState, look: Look) -> None:
    """Draw the accuracy of both networks with the blind floor, and say how far the MLP guesses."""
    found, guess = find_measurement("floors", state.model, "Asking both networks…")
    network, other = found[state.model], found[baseline_of(state.model)]
    series = {
        "Relation Network": network.types,
        "MLP": other.types,
        "guess: the commoner shape": {kind: shares["guess"] for kind, shares in guess.items()},
    }
    draw_figure(plot_accuracies(series, look, network.blind_floor), key=LESSONS.key("floors"))
    same = " and ".join(
        f"{100 * shares['same'].accuracy:.1f} % of its answers to “{QUESTION_NAMES[kind]}”"
        for kind, shares in guess.items()
    )
    st.markdown(f"The MLP gives the commoner shape for {plain(same)}.")
    _say_sample("all questions about each")


def draw_diagonal(state: ExploreState, look: Look) -> None:
    """Draw accuracy without the diagonal and with nothing else."""
    found = find_measurement("diagonal", state.model, "Leaving pairs out…")
    draw_figure(
        plot_accuracies({name: found[name] for name in DIAGONAL_PARTS}, look),
        key=LESSONS.key("diagonal"),
    )
    _say_sample("all questions about each")


def find_crowd(color: str) -> CrowdBatch:
    """Return the one crowd that is shown: the first that is measured, asked about a color, with a count to say."""
    crowds = sample_crowds(make_rng(SEED, "test", LARGEST_CROWD), LARGEST_CROWD, N_SCENES)
    fitting = (crowds.colors[:, 0] == COLORS.index(color)) & (solve_crowds(crowds) != UNSAYABLE).all(axis=1)
    return crowds[np.flatnonzero(fitting)[:1]]


def draw_crowd(state: ExploreState, look: Look) -> None:
    """Draw one scene with more objects than the network was trained on."""
    draw_figure(lesson_figures.plot_crowd(find_crowd(state.question.color), look), key=LESSONS.key("crowd"))


def draw_answered_crowd(state: ExploreState, look: Look) -> None:
    """Draw the same scene with what the network says to it, and the truth."""
    draw_crowd(state, look)
    batch, column = make_crowd_batch(find_crowd(state.question.color)), QUESTION_TYPES.index(state.question.type)
    said, true = ask(find_answerer(full_name(DOMAIN, state.model)).model, batch)[column], int(batch.answer[column])
    st.html(lesson_layout.crowd_html(text(state.question), ANSWERS[said], ANSWERS[true]))


def draw_limits(state: ExploreState, look: Look) -> None:
    """Draw accuracy against the number of objects and against the margin, and the errors of wrong counts."""
    crowds, margins = find_measurement("limits", state.model, _ASKING_CROWDS)
    others, _ = find_measurement("limits", BESIDE["limits"], _ASKING_CROWDS)
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Trained on six objects**")
        draw_figure(lesson_figures.plot_crowds(crowds, look), key=LESSONS.key("crowds"))
        st.html(lesson_layout.counts_html(crowds))
    with right:
        st.markdown("**The same formula, trained on two to ten**")
        trained = (SMALLEST_CROWD, LARGEST_CROWD)
        draw_figure(lesson_figures.plot_crowds(others, look, trained), key=LESSONS.key("crowds_any"))
    st.markdown("**Closest and furthest, near a tie**")
    draw_figure(lesson_figures.plot_margins(margins, look), key=LESSONS.key("margins"))
    unsayable = sum(crowd.unsayable for crowd in crowds)
    _say_sample(
        f"for each number of objects; {unsayable} true counts above 5, which the first cannot say, are left out"
    )


def draw_cost(_: ExploreState, look: Look) -> None:
    """Measure, on a click, how the time of one answer grows, and draw it."""
    if st.button("Measure on this machine", icon=":material/timer:", type="primary", key=LESSONS.key("measure")):
        bar = st.progress(0.0, "Measuring…")
        asked = ("times", TIMED_SIZES, SECONDS, SEED)
        _TIMES.set(wait_for(measuring_desk(), asked, _time_pairs, draw=bar.progress, keeps=False))
        bar.empty()
    times = _TIMES.get()
    if times is not None:
        draw_figure(lesson_figures.plot_times(times, look), key=LESSONS.key("cost"))
        calls = ", ".join(str(part.calls) for part in times)
        st.caption(f"The small Relation Network, one question at a time; each point the median of {calls} answers.")


def _time_pairs(report: Report) -> tuple[PairTime, ...]:
    """Time one answer for each number of objects, and report how far that has come."""

    def follow(sizes: Sequence[int]) -> Iterator[int]:
        for k, size in enumerate(sizes):
            report(k / len(sizes), f"{size} objects, {size * size:,} pairs…")
            yield size

    return time_pairs(TIMED_SIZES, SECONDS, SEED, progress=follow)


def _say_sample(what: str) -> None:
    """Say how many scenes were asked about."""
    st.caption(f"{N_SCENES} scenes kept out of training, seed {SEED}, {plain(what)}; thin lines: 95 % intervals.")
