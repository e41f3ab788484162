"""The Train page as people use it, over a board that plays back a short race in every status."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages._lab import own_model
from pages._lab.train.moments import LATEST
from pages._lab.train.state import VIEWS, TrainState
from pages._ui.train import sections as train_sections
from pages._ui.train import session as train_session
from rn_core.common.errors import RNCoreError
from rn_core.race.records import RaceConfig, usual_config
from tests.pages import opened
from tests.pages.opened import charts, html, press, sentences
from tests.shown_markdown import seen

pytestmark = pytest.mark.weights

open_page = partial(opened.open_page, "train")
state_of = partial(opened.state_of, TrainState)
STATUSES = ("waiting", "starting", "running", "paused", "stopping", "stopped", "finished", "failed")
ACTIVE = STATUSES[:5]
#: A view with each of the choices that stand above what is drawn: the questions of a race, and the time that is shown.
CHOICES = ("race", "pairs")


class FakeBoard:
    """A board of jobs that a test put there; what is submitted starts to run at once."""

    def __init__(self, make: Callable[..., object]) -> None:
        self.make, self.jobs, self.owners = make, {}, []

    def find(self, token: str) -> object | None:
        return self.jobs.get(token)

    def submit(self, config: RaceConfig, owner: str, session: str | None = None) -> object:
        self.owners.append(owner)
        job = self.make("starting", progress=(), snapshots=(), examples=(), has_weights=False)
        job.config, job.token = config, f"run-{len(self.owners)}"
        self.jobs[job.token] = job
        return job


@pytest.fixture
def board(play, monkeypatch) -> FakeBoard:
    fake = FakeBoard(play)
    monkeypatch.setattr(train_session, "find_board", lambda: fake)
    return fake


@pytest.fixture
def job(board, play):
    """Return the job that the token "here" finds."""
    board.jobs["here"] = replace(play(), token="here")
    return board.jobs["here"]


def buttons(app: AppTest) -> dict[str, bool]:
    """Return label -> whether it can be pressed."""
    return {button.label: not button.disabled for button in app.button}


def show(job: object, status: str, **view: object) -> None:
    """Put a job into a status."""
    job.shown = replace(job.shown, status=status, **view)


def test_it_opens_ready_to_go(board):
    app = open_page()
    assert sentences(app) == []
    assert buttons(app)["Start the race"]
    assert "RN against MLP · object scenes · small · 16 scenes × 8 questions per step · seed 0" in html(app)
    assert charts(app) == ["Accuracy on relational questions; the race has not begun."]
    assert state_of(app) == TrainState()


def test_images_that_are_asked_everything_at_once_are_told_to_be_slow(board):
    assert "hours" in html(open_page(task="sort-of-clevr.pixels", first="0"))
    assert "hours" not in html(open_page(task="sort-of-clevr.pixels", first="500"))
    assert "hours" not in html(open_page(task="sort-of-clevr.pixels"))
    assert "hours" not in html(open_page())


def test_one_choice_gives_a_race_on_images_a_head_start_and_takes_it_back(board):
    app = open_page(task="sort-of-clevr.pixels")
    assert state_of(app).config == usual_config("sort-of-clevr/pixels", answers_only=True)
    assert "trained on answers only · single objects for the first" in html(app)
    app.segmented_control(key="train.start").set_value("answers, after a head start").run()
    assert state_of(app).config == usual_config("sort-of-clevr/pixels", answers_only=False)
    assert "head start of 2,000 steps" in html(app)
    app.segmented_control(key="train.start").set_value("answers only, as in the paper").run()
    assert state_of(app).config == usual_config("sort-of-clevr/pixels", answers_only=True)


def test_stories_have_a_head_start_of_their_own(board):
    app = open_page(task="babi", head="0")
    assert "stories take hours" in html(app)
    app.number_input(key="train.head_start").set_value(70).run()
    assert "hours" not in html(app)
    assert app.number_input(key="train.head_start").label == "Head start of the pairs of sentences, in steps"
    assert state_of(app).config.head_start == 70


def test_start_puts_the_run_into_the_url(board):
    app = press(open_page(seed="3"), "Start the race")
    assert sentences(app) == []
    assert state_of(app) == TrainState(seed=3, run="run-1")
    assert board.jobs["run-1"].config == RaceConfig(seed=3)
    assert "Starting…" in html(app)
    assert "Start the race" not in buttons(app)


def test_every_setting_reaches_the_race(board):
    app = open_page()
    app.segmented_control(key="train.task").set_value("sort-of-clevr/pixels").run()
    app.pills(key="train.models").set_value(["rn"]).run()
    app.segmented_control(key="train.size").set_value("tiny").run()
    app.segmented_control(key="train.aggregate").set_value("mean").run()
    app.pills(key="train.question_types").set_value(["left", "shape"]).run()
    app.select_slider(key="train.learning_rate").set_value(5e-4).run()
    numbers = {"n_scenes": 4, "n_questions": 5, "steps": 700, "seed": 9, "head_start": 50, "first_steps": 60}
    for name, value in numbers.items():
        app.number_input(key=f"train.{name}").set_value(value).run()
    expected = RaceConfig(
        task="sort-of-clevr/pixels", models=("rn",), size="tiny", learning_rate=5e-4, n_scenes=4, n_questions=5,
        question_types=("shape", "left"), aggregate="mean", seed=9, steps=700, head_start=50, first_steps=60,
    )  # fmt: skip
    assert sentences(app) == []
    assert state_of(app).config == expected
    press(app, "Start the training")
    assert board.jobs["run-1"].config == expected


def test_settings_that_do_not_fit_are_one_sentence_and_nothing_starts(board):
    app = open_page(types="shape", questions="8")
    assert len(sentences(app)) == 1
    assert "n_questions" in sentences(app)[0]
    assert not buttons(app)["Start the race"]
    app.number_input(key="train.n_questions").set_value(6).run()
    assert sentences(app) == []
    assert buttons(app)["Start the race"]
    app.pills(key="train.models").set_value([]).run()
    assert len(sentences(app)) == 1


def test_bad_links_give_one_sentence_each_and_keep_the_rest(board):
    app = open_page(rate="7", task="sounds", seed="5")
    assert len(sentences(app)) == 2
    assert state_of(app) == TrainState(seed=5)


def test_a_board_that_takes_nothing_is_one_sentence(board, monkeypatch):
    def refuse(*_: object) -> None:
        raise RNCoreError("The line is full; try again later.")

    monkeypatch.setattr(board, "submit", refuse)
    app = press(open_page(), "Start the race")
    assert sentences(app) == ["The line is full; try again later."]
    assert state_of(app).run == ""


@pytest.fixture
def all_views(monkeypatch) -> None:
    """Let the page draw a run in every view, one below the other, whichever is chosen."""
    draw_one = train_sections.draw_view

    def draw_all(state: TrainState, *run: object) -> None:
        for view in VIEWS:
            with st.container(key=view):
                draw_one(replace(state, view=view), *run)

    monkeypatch.setattr(train_sections, "draw_view", draw_all)


def charts_of(app: AppTest) -> dict[str, list[str]]:
    """Return view -> what its charts say, of a page with all views; each must say something."""
    found = {view: [chart.proto.alt for chart in app._tree.get_by_key(view).get("plotly_chart")] for view in VIEWS}
    assert all(alt for alts in found.values() for alt in alts)
    return found


@pytest.mark.parametrize("view", [*VIEWS])
def test_every_view_is_chosen_by_a_link(job, view):
    app = open_page(run="here", view=view)
    assert sentences(app) == []
    assert charts(app) or view == "examples"
    assert all(charts(app))
    assert state_of(app) == TrainState(run="here", view=view)


@pytest.mark.usefixtures("all_views")
@pytest.mark.parametrize("view", CHOICES)
@pytest.mark.parametrize("status", STATUSES)
def test_every_view_is_drawn_in_every_status(job, status, view):
    show(job, status, problem="The training was killed." if status == "failed" else None)
    app = open_page(run="here", view=view)
    assert sentences(app) == (["The training was killed."] if status == "failed" else [])
    assert {view for view, alts in charts_of(app).items() if not alts} == {"examples"}
    assert ("Pause" in buttons(app) or "Resume" in buttons(app)) == (status in ACTIVE)
    assert ("Start again" in buttons(app)) == (status not in ACTIVE)
    assert state_of(app) == TrainState(run="here", view=view)


@pytest.mark.usefixtures("all_views")
@pytest.mark.parametrize("view", CHOICES)
@pytest.mark.parametrize("status", ["waiting", "starting", "stopped"])
def test_every_view_is_drawn_before_the_first_look(job, status, view):
    show(job, status, progress=(), snapshots=(), examples=(), has_weights=False, place=1, line=2)
    app = open_page(run="here", view=view)
    assert sentences(app) == []
    assert [*charts_of(app)] == [*VIEWS]
    assert ("1st of 2 in line" in html(app)) == (status == "waiting")


@pytest.mark.usefixtures("all_views")
@pytest.mark.parametrize("view", CHOICES)
@pytest.mark.parametrize("config", [{"models": ("mlp",)}, {"task": "sort-of-clevr/pixels"}, {"task": "babi"}])
def test_every_view_is_drawn_for_every_kind_of_race(board, play, config, view):
    board.jobs["here"] = play(config=config)
    app = open_page(run="here", view=view)
    assert sentences(app) == []
    without = {"examples", "pairs"} if config.get("models") == ("mlp",) else {"examples"}
    assert {view for view, alts in charts_of(app).items() if not alts} == without


def test_stories_are_chosen_and_raced(board):
    app = open_page()
    app.segmented_control(key="train.task").set_value("babi").run()
    assert sentences(app) == []
    assert state_of(app).config == usual_config("babi")
    assert "RN against LSTM · stories" in html(app)
    assert "pairs of sentences" in html(app)
    *numbers, head_start = (number.label for number in app.number_input)
    assert numbers == ["Stories per step", "Steps", "Seed"]
    assert head_start == "Head start of the pairs of sentences, in steps"
    assert charts(app) == ["Accuracy on all questions; the race has not begun."]
    press(app, "Start the race")
    assert board.jobs["run-1"].config == usual_config("babi")


def test_a_run_on_stories_is_watched_by_task_and_downloaded(board, play):
    board.jobs["here"] = play("finished", config={"task": "babi"})
    app = open_page(run="here")  # the page's own settings are those of object scenes
    app.segmented_control(key="train.group").set_value("qa15").run()
    assert charts(app)[0].startswith("Accuracy on basic deduction questions")
    assert [button.label for button in app.get("download_button")] == [
        "Download RN (.safetensors)", "Download LSTM (.safetensors)", "Card (JSON)",
    ]  # fmt: skip
    assert "Use in Explore" not in buttons(app)
    for view in ("examples", "pairs"):
        assert "rn-story" in html(open_page(run="here", view=view))


def test_an_upload_that_heard_stories_is_one_sentence(board, play):
    app = open_page()
    content = play(config={"task": "babi"}).bundle("rn")
    app.file_uploader[0].set_value([("mine.safetensors", content, "application/octet-stream")]).run()
    assert len(sentences(app)) == 1
    assert "'babi/rn-live' was trained on babi" in sentences(app)[0]


def test_pausing_stepping_and_going_on(job):
    app = open_page(run="here")
    assert (buttons(app)["Pause"], buttons(app)["One step"]) == (True, False)
    press(app, "Pause")
    assert (buttons(app)["Resume"], buttons(app)["One step"]) == (True, True)
    press(app, "One step")
    press(app, "Resume")
    assert buttons(app)["Pause"]
    press(app, "Stop")
    assert [told for told in job.told if told != "watch"] == ["pause", "step", "resume", "stop"]
    assert buttons(app)["Start again"]
    assert sentences(app) == []


def test_a_look_tells_the_run_that_somebody_watches(job):
    app = open_page(run="here")
    before = job.told.count("watch")
    app.run()
    assert job.told.count("watch") > before > 0


def test_reset_clears_the_page_and_keeps_the_run_for_comparison(job):
    app = press(open_page(run="here"), "Reset")
    assert "stop" in job.told
    assert state_of(app) == TrainState()
    assert buttons(app)["Start the race"]
    assert any("Run 1" in alt for alt in charts(app))
    assert [button.label for button in app.get("download_button")] == ["Curves (CSV)", "Chart (PNG)"]


def test_a_session_has_one_owner(board):
    app = press(open_page(), "Start the race")
    show(board.jobs["run-1"], "stopped")
    press(press(app, "Start the race") if "Start the race" in buttons(app) else app.run(), "Start again")
    assert len(board.owners) == 2
    assert len({*board.owners}) == 1
    press(open_page(), "Start the race")
    assert len({*board.owners}) == 2


def test_a_run_that_is_gone_is_a_sentence_and_its_settings_stay(board):
    app = open_page(run="gone", seed="8")
    assert sentences(app) == []
    assert "no longer on this server" in seen(app.info[0].value)
    assert "seed 8" in html(app)
    assert buttons(app)["Start the race"]


def test_a_run_that_ends_while_one_watches_keeps_its_curves(job, board):
    app = open_page(run="here")
    del board.jobs["here"]
    app.run()
    assert "no longer on this server" in seen(app.info[0].value)
    assert any("Run 1" in alt for alt in charts(app))


def test_the_link_to_the_settings_has_no_run(job):
    app = open_page(run="here", seed="5", view="loss")
    assert [block.value.partition("?")[2] for block in app.code] == ["seed=5&view=loss"]


@pytest.mark.parametrize("view", ["examples", "pairs"])
def test_one_can_go_back_in_time(job, view):
    show(job, "finished")
    app = open_page(run="here", view=view)
    assert "step 4" in html(app) + "".join(block.value for block in app.caption)
    app.select_slider(key="train.at").set_value(0).run()
    assert "before the first step" in html(app) + "".join(block.value for block in app.caption)
    assert state_of(app).at == 0
    app.select_slider(key="train.at").set_value(LATEST).run()
    assert state_of(app).at is None


def test_the_pair_picture_changes_with_time(job):
    show(job, "finished")
    alts = {at: charts(open_page(run="here", view="pairs", at=at))[0] for at in ("0", "4")}
    assert alts["0"] != alts["4"]


def test_the_group_of_questions_can_be_chosen(job):
    app = open_page(run="here")
    app.segmented_control(key="train.group").set_value("non_relational").run()
    assert state_of(app).group == "non_relational"
    assert charts(app)[0].startswith("Accuracy on non-relational questions")


@pytest.mark.parametrize("status", STATUSES)
def test_what_was_learned_is_offered_once_the_run_rests(job, status):
    show(job, status)
    labels = [button.label for button in open_page(run="here").get("download_button")]
    offered = ["Download RN (.safetensors)", "Download MLP (.safetensors)", "Card (JSON)"]
    assert labels == (offered if status in ("paused", *STATUSES[5:]) else [])


def test_a_learned_network_is_used_in_explore(job, monkeypatch):
    monkeypatch.setattr(own_model, "_MEAN_SCENES", {"objects": 2, "pixels": 1})
    show(job, "finished")
    app = press(open_page(run="here"), "Use in Explore")
    assert sentences(app) == []
    assert job.shown.examples[0].question in html(app)
    model = app.query_params["model"]
    assert (model if isinstance(model, str) else model[0]).startswith("own-objects-")


def test_a_network_that_cannot_be_used_is_one_sentence(job, monkeypatch):
    show(job, "finished")
    app = open_page(run="here")
    job.folder = Path("/nowhere")

    def fail(_: str) -> bytes:
        raise RNCoreError("This run has no weights of 'rn' yet.")

    monkeypatch.setattr(job, "bundle", fail)
    press(app, "Use in Explore")
    assert sentences(app) == ["This run has no weights of 'rn' yet."]


def test_a_download_can_be_loaded_back(job, monkeypatch):
    monkeypatch.setattr(own_model, "_MEAN_SCENES", {"objects": 2, "pixels": 1})
    show(job, "finished")
    app = open_page(run="here")
    app.file_uploader[0].set_value([("mine.safetensors", job.bundle("rn"), "application/octet-stream")]).run()
    assert sentences(app) == []
    link = app.get("page_link")[0].proto
    assert "in Explore" in link.label
    assert "model=own-objects-" in link.query_string


def test_a_damaged_file_is_one_sentence(job):
    app = open_page()
    app.file_uploader[0].set_value([("bad.safetensors", b"garbage", "application/octet-stream")]).run()
    assert len(sentences(app)) == 1
    assert "bad.safetensors" in sentences(app)[0]


def test_projector_type(job):
    app = open_page(run="here")
    app.toggle(key="train.projector").set_value(True).run()
    assert "font-size: 22px" in html(app)
    assert state_of(app).projector


def test_a_button_pressed_before_the_url_has_followed_keeps_the_view(job):
    app = open_page(run="here")
    app.segmented_control(key="train.view").set_value("loss").run()
    app.query_params.clear()
    app.query_params["run"] = "here"
    press(app, "Pause")
    assert state_of(app) == TrainState(run="here", view="loss")


def test_a_run_that_enters_another_status_redraws_the_whole_page(job, monkeypatch):
    app = open_page(run="here")
    seen = [job.shown, replace(job.shown, status="finished")]
    monkeypatch.setattr(job, "view", lambda: seen.pop(0) if len(seen) > 1 else seen[0])
    app.run()
    assert "Start again" in buttons(app)
    assert "Pause" not in buttons(app)
