"""A scene is answered at once while its picture waits for its turn, and the picture follows."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages._lab.clevr.pictures import Picture
from pages._lab.clevr.state import ClevrState
from pages._lab.components.stage import Stage
from pages._lab.desk import Desk
from pages._lab.lines import Line
from pages._ui import cache
from pages._ui.clevr import drawing
from pages._ui.components import scene
from rn_core.common.errors import RNCoreError
from tests.page_caches import clear_readings
from tests.pages.clevr.test_clevr_page import html, open_page, press, sentences, state_of

LONG = 60
GRAY = Picture(np.full((320, 480, 3), 90, dtype=np.uint8))


class Studio:
    """A renderer that waits until it may draw."""

    def __init__(self) -> None:
        self.desk = Desk(Line(1), 32_000_000, lambda picture: picture.n_bytes)
        self.may_draw = threading.Event()
        self.drawn: list[int] = []
        self.trouble: str | None = None
        self.stages: list[Stage] = []

    def draw(self, scene: object, seed: int) -> Picture:
        """Draw as soon as it may."""
        assert self.may_draw.wait(LONG)
        self.drawn.append(seed)
        if self.trouble:
            raise RNCoreError(self.trouble)
        return GRAY

    def hold_line(self) -> threading.Event:
        """Occupy the line as somebody else's picture does, until the event is set."""
        go = threading.Event()
        self.desk.ask("another scene", "somebody else", lambda report: go.wait(LONG) and GRAY)
        return go

    def finish(self, app: AppTest) -> None:
        """Let all pictures be drawn that a page waits for."""
        self.may_draw.set()
        for work in app.session_state["clevr.work"].values():
            assert work.is_over.wait(LONG)


@pytest.fixture
def studio(monkeypatch, random_answerer):
    made = Studio()
    clear_readings()
    monkeypatch.setattr(cache, "load", lambda name: random_answerer(name.removeprefix("clevr/")))
    monkeypatch.setattr(drawing, "picture_desk", lambda: made.desk)
    monkeypatch.setattr(drawing, "draw_picture", made.draw)
    monkeypatch.setattr(scene, "draw_scene", lambda stage, **_: made.stages.append(stage))
    yield made
    made.may_draw.set()
    clear_readings()


def status(app: AppTest) -> list[str]:
    """Return what the page says of pictures that it waits for."""
    return [caption.value for caption in app.caption if caption.value.startswith("Picture:")]


def test_a_state_model_answers_before_the_picture_is_there_and_the_picture_follows(studio):
    go = studio.hold_line()
    app = open_page(seed="7")
    assert sentences(app) == []
    assert html(app).count('class="rn-said"') == 3
    assert status(app) == ["Picture: next in line"]
    blank = studio.stages[-1].to_data()
    assert blank["words"] == [["The picture is being rendered", 56.25, 4, 0]]
    assert any(value != 0 for row in blank["weights"] for value in row)
    go.set()
    studio.finish(app)
    app.run()
    assert status(app) == []
    rendered = studio.stages[-1].to_data()
    assert (rendered["words"], rendered["image"]) == ([], GRAY.data_url)
    kept = ("width", "height", "weights", "nodes")  # what the browser lays the stage out by
    assert [blank[name] for name in kept] == [rendered[name] for name in kept]
    for before, after in zip(blank["objects"], rendered["objects"], strict=True):
        assert {**before, "shape": "spot"} == after
    assert app.session_state["clevr.kept"] == (ClevrState(seed=7).scene.to_json(), GRAY)
    assert studio.drawn == [7]
    assert status(open_page(seed="7")) == []
    assert studio.drawn == [7]


def test_a_pixel_models_answer_comes_with_the_picture(studio, monkeypatch):
    monkeypatch.setattr("pages._lab.clevr.models.PRETRAINED", Path("nowhere"))
    app = open_page(model="rn-pixels-public")
    assert html(app).count('class="rn-said"') == 2
    press(app, "New scene")
    assert sentences(app) == []
    assert "Truth: <b>" in html(app)
    assert 'class="rn-said"' not in html(app)
    assert any("its answer comes with it" in block.value for block in app.info)
    assert len(app.get("plotly_chart")) == 0
    studio.finish(app)
    app.run()
    assert html(app).count('class="rn-said"') == 2
    assert status(app) == []


def test_moving_on_takes_the_former_scenes_request_back(studio):
    go = studio.hold_line()
    app = open_page(seed="7")
    former = next(iter(app.session_state["clevr.work"].values()))
    press(app, "New scene")
    assert former.is_over.wait(LONG)
    assert former.is_given_up
    go.set()
    studio.finish(app)
    assert studio.drawn == [8]
    assert state_of(app).seed == 8


def test_a_picture_that_cannot_be_drawn_is_one_sentence_and_can_be_asked_for_again(studio):
    studio.trouble = "The process that draws pictures ended unexpectedly (status -9); ask for it again."
    app = open_page(seed="7")
    studio.finish(app)
    app.run().run()
    assert sentences(app) == [studio.trouble]
    assert studio.drawn == [7]
    assert html(app).count('class="rn-said"') == 3
    studio.trouble = None
    press(app, "Draw it again")
    studio.finish(app)
    app.run()
    assert sentences(app) == []
    assert app.session_state["clevr.kept"][1] is GRAY


def test_a_smaller_scenes_answer_waits_for_its_picture(studio):
    app = open_page(model="rn-pixels-public", section="what-if", without="C")
    assert sentences(app) == []
    assert any("The picture without C (being drawn…) is drawn before its answer" in block.value for block in app.info)
    studio.finish(app)
    app.run()
    assert "<td>without C</td>" in html(app)
