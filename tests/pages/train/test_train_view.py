"""What the page says about a run: the run's own numbers, in percent, minutes and words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages._lab.figures import Look
from pages._lab.models import asks_about_shapes
from pages._lab.scale import FULL_LOGITS
from pages._lab.train.html import examples_html, scene_uri, story_html
from pages._lab.train.jobs import JobView
from pages._lab.train.moments import LATEST, Moment, describe_moment, find_snapshot, is_moving, moment_of, time_stops
from pages._lab.train.pairs import make_pair_picture, watched_state
from pages._lab.train.view import (
    Card,
    Curve,
    Reply,
    describe_rest,
    describe_speed,
    describe_status,
    group_floor,
    loss_curves,
    make_cards,
    minutes_to_target,
    race_curves,
    share_done,
    stage_minute,
    type_panels,
)
from pages._lab.train.words import format_clock
from rn_core.common.records import Example
from rn_core.race.race import Race
from rn_core.race.records import RACE_TASKS, Progress, RaceConfig, Snapshot, usual_config
from rn_core.tasks.babi.spec import TASK as STORIES
from rn_core.tasks.babi.story import StoryQuestion
from rn_core.tasks.domain import MEAN
from rn_core.tasks.sort_of_clevr import COLORS, Scene, solve, stack_scenes
from rn_core.tasks.sort_of_clevr.questions import ANSWERS
from rn_core.training.processes import make_fabric

pytestmark = pytest.mark.weights

CONFIG = RaceConfig()
SCENES = [name for name, task in RACE_TASKS.items() if asks_about_shapes(task)]


def report(step: int, seconds: float, **losses: float) -> Progress:
    return Progress(step=step, n_questions=step * 128, seconds=seconds, losses=losses)


def test_curves_are_the_looks_in_percent_and_minutes(play):
    shown = play().shown
    for group in ("relational", "non_relational"):
        curves = race_curves(shown.snapshots, group)
        assert [curve.model for curve in curves] == ["rn", "mlp"]
        for curve in curves:
            for minute, value, look in zip(curve.minutes, curve.values, shown.snapshots, strict=True):
                assert minute == look.seconds / 60
                assert value == 100 * look.groups[curve.model][group]
    assert race_curves((), "relational") == ()


def test_a_groups_curve_is_the_mean_of_its_types(play):
    job = play()
    panels = dict(
        zip(RACE_TASKS[CONFIG.task].question_types, type_panels(job.shown.snapshots, job.config), strict=True)
    )
    for group, kinds in RACE_TASKS[CONFIG.task].groups.items():
        for at, curve in enumerate(race_curves(job.shown.snapshots, group)):
            of_types = np.mean([panels[kind].curves[at].values for kind in kinds], axis=0)
            np.testing.assert_allclose(curve.values, of_types)


def test_the_floor_is_what_the_best_constant_answers_get():
    race = Race(RaceConfig(size="tiny", models=("mlp",)), make_fabric("cpu", "32-true"))
    types, answers = race.validation.type_index.numpy(), race.validation.answer.numpy()
    rows = [RACE_TASKS[CONFIG.task].question_types.index(kind) for kind in RACE_TASKS[CONFIG.task].groups["relational"]]
    right = sum(max((answers[types == row] == answer).sum() for answer in range(len(ANSWERS))) for row in rows)
    floor = group_floor([race.look()], CONFIG.task, "relational")
    assert floor == pytest.approx(100 * right / np.isin(types, rows).sum())
    assert group_floor([], CONFIG.task, "relational") is None


def test_types_that_are_not_trained_are_told(play):
    job = play(config={"question_types": ("shape", "left")})
    assert [panel.is_asked for panel in type_panels(job.shown.snapshots, job.config)] == [True, True, *4 * [False]]


def test_losses_are_means_of_the_last_reports():
    reports = [report(step, step / 10, rn=float(step), mlp=2.0) for step in range(1, 9)]
    rn, mlp = loss_curves([replace(report(0, 0), head_start=0.5), *reports])
    assert rn.values == (1, 1.5, 2, 2.5, 3, 4, 5, 6)
    assert mlp.values == 8 * (2.0,)
    assert rn.minutes == tuple(one.seconds / 60 for one in reports)
    assert loss_curves([]) == ()


def test_the_target_is_reached_when_it_is_first_reached():
    assert minutes_to_target(Curve("rn", (0, 1, 2, 3), (10, 91, 80, 95))) == 1
    assert minutes_to_target(Curve("rn", (0, 1), (10, 89.9))) is None


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00 min"), (83.9, "1:23 min"), (3725, "1:02:05 h")])
def test_clocks(seconds, text):
    assert format_clock(seconds) == text


@pytest.mark.parametrize(
    ("view", "text"),
    [
        (JobView("waiting", place=1, line=1), "Waiting for its turn: 1st of 1 in line."),
        (
            JobView("waiting", place=2, line=3, made_way=True, progress=(report(90, 83),)),
            "Made way for others after ten minutes; continues when its turn comes, 2nd of 3 in line.",
        ),
        (
            JobView("paused", made_way=True, progress=(report(90, 83),)),
            "Paused and made way for others; Resume puts it back in line · 1:23 min · step 90 of 6,000",
        ),
        (JobView("starting"), "Starting…"),
        (JobView("stopped"), "Stopped."),
        (
            JobView("running", progress=(report(90, 83),), steps_per_second=9.81),
            "Learning · 1:23 min · step 90 of 6,000 · about 10 min left · 9.8 steps/s · 1,256 questions/s",
        ),
        (
            JobView("finished", progress=(report(90, 83),), snapshots=(Snapshot(6000, 120, {}, {}, {}, {}),)),
            "Finished · 2:00 min · step 6,000 of 6,000",
        ),
        (JobView("paused", progress=(report(90, 83),)), "Paused · 1:23 min · step 90 of 6,000"),
        (JobView("failed", progress=(report(90, 83),)), "Failed · 1:23 min · step 90 of 6,000"),
        (
            JobView("running", progress=(replace(report(0, 0), head_start=0.25),)),
            "Head start: the image encoder learns to name what it sees, 25 %",
        ),
    ],
)
def test_a_status_is_one_line(view, text):
    assert describe_status(view, CONFIG) == text


def test_the_head_start_of_stories_is_what_pairs_of_sentences_learn():
    view = JobView("running", progress=(replace(report(0, 0), head_start=0.5),))
    status = describe_status(view, usual_config("babi"))
    assert status == "Head start: relations learn facts about pairs of sentences, 50 %"


def test_speed_is_in_steps_and_questions():
    assert describe_speed(30.4, CONFIG) == ["30 steps/s", "3,891 questions/s"]
    assert describe_speed(0, CONFIG) == []


@pytest.mark.parametrize(
    ("steps", "speed", "told"),
    [
        (5400, 30, ["about 3 min left"]),
        (60, 1, ["about 1 min left"]),
        (59, 1, ["less than a minute left"]),
        (5399, 1, ["about 90 min left"]),
        (9000, 1, ["about 2.5 h left"]),
        (5400, 0, []),
        (0, 30, []),
    ],
)
def test_the_time_left_is_told_while_a_run_moves(steps, speed, told):
    assert describe_rest(steps, speed) == told


def test_the_bar_shows_steps_or_the_head_start():
    assert share_done(JobView("starting"), CONFIG) is None
    assert share_done(JobView("running", progress=(report(1500, 1),)), CONFIG) == 0.25
    assert share_done(JobView("running", progress=(replace(report(0, 0), head_start=0.7),)), CONFIG) == 0.7


@pytest.mark.parametrize("status", ["waiting", "starting", "running", "stopping"])
def test_what_goes_on_by_itself_moves(status):
    assert is_moving(JobView(status), None)


def test_a_paused_run_moves_until_it_has_saved(play):
    paused = play("paused").shown
    assert is_moving(replace(paused, has_weights=False), None)
    assert not is_moving(paused, None)


@pytest.mark.parametrize("status", ["paused", "stopped", "finished", "failed"])
def test_what_stands_does_not_move(status, play):
    assert not is_moving(play(status).shown, None)


def test_a_button_moves_the_page_until_the_run_has_followed(play):
    paused = play("paused").shown
    pressed = moment_of(paused)
    assert pressed == Moment("paused", 4, 4)
    assert is_moving(paused, pressed)
    stepped = replace(paused, progress=(*paused.progress, report(5, 9, rn=1, mlp=1)))
    assert is_moving(stepped, pressed), "the look at the step is still to come"
    looked = replace(stepped, snapshots=(*paused.snapshots, replace(paused.snapshots[-1], step=5)))
    assert not is_moving(looked, pressed)
    assert not is_moving(replace(paused, status="stopped"), pressed)
    assert not is_moving(replace(stepped, status="failed"), pressed)


def test_going_back_finds_the_last_look_until_then(play):
    looks = play().shown.snapshots
    steps = [find_snapshot(looks, at).step for at in (None, 0, 1, 2, 3, 4, 5000)]
    assert steps == [4, 0, 0, 2, 2, 4, 4]
    assert describe_moment(looks[0]) == "before the first step"
    assert describe_moment(replace(looks[1], seconds=61)) == "after 1:01 min, step 2"


@given(st.integers(1, 1_000_000), st.none() | st.integers(0, 1_000_000))
def test_the_slider_of_time_is_in_order_and_has_the_chosen_step(steps, at):
    *stops, last = time_stops(JobView("running"), RaceConfig(steps=steps), at)
    assert last == LATEST
    assert stops == sorted({*stops})
    assert stops[0] == 0
    assert at is None or at in stops
    assert len(stops) <= 61


def test_the_slider_of_a_run_that_ended_stops_at_its_looks(play):
    job = play("finished")
    assert time_stops(job.shown, job.config, None) == (0, 2, LATEST)


@pytest.mark.parametrize("task", SCENES)
def test_examples_show_the_likeliest_answer_and_the_truth(play, task):
    job = play(config={"task": task})
    look = job.shown.snapshots[-1]
    cards = make_cards(job.shown.examples, look, task)
    assert [card.example for card in cards] == list(job.shown.examples)
    assert len(cards) == 8
    for row, card in enumerate(cards):
        state = watched_state(card.example, task)
        truth = ANSWERS[solve(stack_scenes([state.scene])).answers[0, state.question.index]]
        assert card.example.answer == truth
        for reply in card.replies:
            shares = look.probabilities[reply.model][row]
            assert reply.probability == max(shares)
            assert shares[ANSWERS.index(reply.answer)] == max(shares)
            assert reply.is_right == (reply.answer == truth)


@pytest.mark.parametrize("task", SCENES)
def test_the_pair_picture_loses_no_contribution(play, task):
    job = play(config={"task": task})
    looks, example = job.shown.snapshots, job.shown.examples[0]
    for look in looks:
        picture = make_pair_picture(example, look, task)
        assert picture.matrix.sum() == pytest.approx(sum(look.contributions), abs=1e-9)
        assert picture.limit == FULL_LOGITS["objects"]
        if task.endswith("objects"):
            np.testing.assert_allclose(picture.matrix, np.reshape(look.contributions, (6, 6)))
    assert picture.labels[:6] == COLORS
    asked, target = (picture.labels[k] for k in picture.true_pairs[0])
    scene = Scene.from_json(example.scene)
    assert example.type == "closest_shape"
    nearest = min(
        (thing for thing in scene.objects if thing.color != asked),
        key=lambda thing: np.hypot(thing.x - scene.get(asked).x, thing.y - scene.get(asked).y),
    )
    assert {asked, target} == {nearest.color, asked}
    assert asked in example.question


def test_a_story_has_a_panel_for_each_type_that_is_asked_and_their_mean(play):
    job = play(config={"task": STORIES})
    looks = job.shown.snapshots
    panels = type_panels(looks, job.config)
    assert [panel.name for panel in panels] == [
        "single supporting fact", "two argument relations", "conjunction", "basic deduction",
    ]  # fmt: skip
    for at, curve in enumerate(race_curves(looks, MEAN, STORIES)):
        np.testing.assert_allclose(curve.values, np.mean([panel.curves[at].values for panel in panels], axis=0))
    assert group_floor(looks, STORIES, MEAN) == pytest.approx(np.mean([panel.floor for panel in panels]))
    assert [curve.name for curve in panels[0].curves] == ["RN", "LSTM"]


def test_stories_are_learned_at_95_percent():
    assert minutes_to_target(Curve("rn", (0, 1), (91, 95), STORIES)) == 1
    assert minutes_to_target(Curve("rn", (0, 1), (91, 95))) == 0


def test_the_pair_picture_of_a_story_is_of_its_sentences(play):
    job = play(config={"task": STORIES})
    looks, example = job.shown.snapshots, job.shown.examples[0]
    question = StoryQuestion.from_json(example.scene)
    for look in looks:
        picture = make_pair_picture(example, look, STORIES)
        assert picture.matrix.sum() == pytest.approx(sum(look.contributions), abs=1e-9)
        assert picture.limit == FULL_LOGITS["objects"]
    assert picture.names == question.statements
    assert {row for pair in picture.true_pairs for row in pair} == {*question.support}
    assert picture.scene is None


def test_a_story_is_told_with_its_deciding_sentences_marked():
    told = tuple(f"Sentence <{number}>." for number in range(22))
    text = story_html(StoryQuestion(1, told, "?", "x", (1, 2)))
    assert text.count("<li>") == 20, "networks read the last 20"
    assert "<li><mark>Sentence &lt;2&gt;.</mark></li><li>Sentence &lt;3&gt;.</li>" in text
    assert text.count("<mark>") == 1


def test_pages_escape_what_runs_report():
    example = Example(Scene.to_json(watched_scene()), "<b>?", "shape", "<i>")
    text = examples_html([Card(example, (Reply("rn", "<u>", 0.5, False),))], Look())
    assert "<b>?" not in text
    assert "<i>" not in text
    assert "<u>" not in text
    assert "&lt;i&gt;" in text


def watched_scene() -> Scene:
    return Scene.from_json('{"objects": [{"color": "red", "shape": "circle", "x": 20, "y": 30}]}')


def test_a_scenes_picture_is_a_data_uri():
    assert scene_uri(watched_scene().to_json()).startswith("data:image/svg+xml;base64,")


def test_all_questions_begin_at_the_first_evaluation_after_the_first_steps():
    config = usual_config("sort-of-clevr/pixels", answers_only=True)
    shots = [Snapshot(step, 60.0 * k, {}, {}, {}, {}) for k, step in enumerate((0, config.first_steps, 5_000))]
    assert stage_minute(shots, config) == 1
    assert stage_minute(shots[:1], config) is None
    assert stage_minute(shots, CONFIG) is None
    view = JobView("running", progress=(report(90, 83),))
    assert describe_status(view, config).startswith("Learning, single objects first · 1:23 min · step 90 of")
