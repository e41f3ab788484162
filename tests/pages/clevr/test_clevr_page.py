"""The CLEVR page as people use it: it opens on an answer, every control works, bad input is one sentence."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages._lab.clevr.pictures import Picture, bundled_picture
from pages._lab.clevr.state import DEFAULT_QUESTION, SECTIONS, ClevrState
from pages._lab.clevr.things import Thing, edited_scene, make_parts, sampled_things
from pages._lab.desk import Desk
from pages._lab.lines import Line
from pages._ui import cache
from pages._ui.clevr import drawing, session
from pages._ui.clevr.session import apply_changes, correct_things
from rn_core.common.errors import RNCoreError, SceneError, WeightsError
from tests.page_caches import clear_readings
from tests.pages import opened
from tests.pages.opened import ROOT, html, press, sentences
from tests.shown_markdown import seen
from tests.test_clevr_perception import perfect_maps

pytestmark = pytest.mark.weights

open_page = partial(opened.open_page, "clevr")
state_of = partial(opened.state_of, ClevrState)
MOVED = ClevrState().edit(sampled_things(2)[:-1])
LINE = "clevr.line"
#: What the tests' renderer draws.
GRAY = Picture(np.full((320, 480, 3), 90, dtype=np.uint8))


@pytest.fixture(autouse=True)
def models(monkeypatch, random_answerer):
    """Answer by small random models, and draw pictures without a renderer."""
    clear_readings()
    desk = Desk(Line(1), 32_000_000, lambda picture: picture.n_bytes, launch=lambda run: run())
    monkeypatch.setattr(drawing, "picture_desk", lambda: desk)
    monkeypatch.setattr(drawing, "draw_picture", lambda scene, seed: GRAY)
    monkeypatch.setattr(cache, "load", lambda name: random_answerer(name.removeprefix("clevr/")))
    yield
    clear_readings()


def png(pixels: np.ndarray) -> bytes:
    """Return pixels as a file."""
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, format="PNG")
    return content.getvalue()


def upload(app: AppTest, content: bytes, name: str = "mine.png", place: int = -1) -> AppTest:
    """Upload a file."""
    app.get("file_uploader")[place].set_value((name, content, "application/octet-stream"))
    return app.run()


def test_it_opens_on_an_answer_with_its_truth_steps_and_pairs():
    app = open_page()
    assert sentences(app) == []
    assert f">{DEFAULT_QUESTION}</h2>" in html(app)
    assert "Truth: <b>3</b>" in html(app)
    assert html(app).count('class="rn-said"') == 3
    assert "how many?" in html(app)
    assert ["7 by 7" in chart.proto.alt for chart in app.get("plotly_chart")] == [True]
    assert state_of(app) == ClevrState()


@pytest.mark.parametrize("query", [{"show": "plan"}, {"model": "rn-pixels-public", "view": "cells"}])
@pytest.mark.parametrize("section", [*SECTIONS])
def test_every_section_opens(query, section):
    pair = "3-17" if "view" in query else "A-D"
    app = open_page(section=section, pair=pair, top="5", number="50", **query)
    assert sentences(app) == []
    many = 0 if "view" in query else 1  # many pictures take too long
    shown = {"pairs": 1, "pair": 3, "what-if": 1, "method": 0, "edit": 0, "saw": 0, "many": many}
    assert len(app.get("plotly_chart")) == shown[section]


def test_objects_can_be_taken_away_and_the_truth_follows():
    app = open_page(section="what-if")
    app.pills(key="clevr.without").set_value(["C"]).run()
    assert state_of(app).without == ("C",)
    assert "<td>without C</td>" in html(app)
    assert html(app).count("<td>3</td>") == 1
    assert html(app).count("<td>2</td>") == 1


def test_taking_the_asked_cube_away_leaves_no_truth():
    app = open_page(section="what-if", without="D")
    assert sentences(app) == []
    assert "<td>unknown</td>" in html(app)


def test_a_question_is_drawn_by_family():
    app = open_page()
    app.selectbox(key="clevr.family").set_value(84).run()
    press(app, "Draw")
    first = state_of(app).question
    press(app, "Draw")
    assert first.startswith(("How many", "What number"))
    assert state_of(app).question != first
    assert "Truth: <b>" in html(app)


def test_a_question_without_truth_here_is_answered_all_the_same():
    app = open_page(q="what-color-is-the-sphere")
    assert sentences(app) == []
    assert html(app).count("so this question has no single answer") == 1
    assert "4 objects fit (A, C, E and F)" in html(app)
    assert html(app).count('class="rn-said"') == 3
    assert "✓" not in html(app)


def test_scenes_by_seed_and_button_and_edits_undone():
    app = open_page(**MOVED.to_query())
    assert state_of(app) == MOVED
    press(app, "Undo edits")
    assert state_of(app) == ClevrState()
    press(app, "New scene")
    assert state_of(app) == ClevrState(seed=3, question=state_of(app).question)
    assert "Truth: <b>" in html(app)
    app.number_input(key="clevr.seed").set_value(7).run()
    assert state_of(app).seed == 7
    assert sentences(app) == []


def test_the_plan_says_when_its_picture_shows_an_older_scene():
    app = open_page()
    app.segmented_control(key="clevr.stage").set_value("plan").run()
    assert any("The same scene as a picture" in block.value for block in app.markdown)
    press(app, "New scene")
    assert any("older scene" in block.value for block in app.markdown)
    press(app, "Draw it again")
    assert any("The same scene as a picture" in block.value for block in app.markdown)
    assert sentences(app) == []


def test_without_a_renderer_the_page_says_so_once_and_shows_the_plan(monkeypatch):
    def fail(scene: object, seed: int) -> None:
        raise RNCoreError("Pictures need Mitsuba, which cannot be used here; install it.")

    monkeypatch.setattr(drawing, "draw_picture", fail)
    app = open_page(seed="7")
    assert sentences(app) == ["Pictures need Mitsuba, which cannot be used here; install it."]
    assert html(app).count('class="rn-said"') == 3
    app.segmented_control(key="clevr.model").set_value("rn-pixels-public").run()
    assert sentences(app) == ["Pictures need Mitsuba, which cannot be used here; install it."]
    assert sentences(open_page()) == []


def test_missing_public_weights_can_be_got_and_the_rest_works(monkeypatch, random_answerer):
    def load(name: str) -> object:
        if "public" in name:
            raise WeightsError(f"The public weights '{name}' are not installed.")
        return random_answerer(name.removeprefix("clevr/"))

    def download(name: str) -> bytes:
        raise WeightsError("Could not download it; connect to the network.")

    monkeypatch.setattr(cache, "load", load)
    monkeypatch.setattr(session, "download_public", download)
    monkeypatch.setattr("pages._lab.clevr.models.PRETRAINED", ROOT / "nowhere")
    app = open_page(model="rn-pixels-public")
    assert sentences(app) == []  # nothing is wrong, and nobody has to type a command:
    (told,) = [block.value for block in app.info if "comes without it" in block.value]
    assert "download it below" in told and "python -m" not in told
    assert "Truth: <b>3</b>" in html(app)
    press(app, "Download them")
    assert "Could not download it; connect to the network." in sentences(app)
    upload(app, b"no weights", "x.pth", 0)
    assert any("'x.pth' is not a complete weights file" in sentence for sentence in sentences(app))
    app.segmented_control(key="clevr.model").set_value("rn-states").run()
    assert sentences(app) == []


def test_fetched_weights_answer_at_once(monkeypatch, random_answerer):
    held = {}

    def load(name: str) -> object:
        if "public" in name:
            raise WeightsError(f"The public weights '{name}' are not installed.")
        return random_answerer(name.removeprefix("clevr/"))

    monkeypatch.setattr(cache, "load", load)

    def hold(name: str, content: bytes) -> None:
        assert content == b"the file"
        held[name] = random_answerer(name.removeprefix("clevr/"))

    monkeypatch.setattr(session, "download_public", lambda name: b"the file")
    monkeypatch.setattr(session, "hold_public", hold)
    monkeypatch.setattr(cache, "held_public", held.get)
    monkeypatch.setattr("pages._lab.clevr.models.PRETRAINED", ROOT / "nowhere")
    app = press(open_page(model="rn-pixels-public"), "Download them")
    assert sentences(app) == []
    assert html(app).count('class="rn-said"') == 2


def test_without_the_network_that_finds_objects_a_picture_is_answered_from_its_pixels_without_truth(monkeypatch):
    monkeypatch.setattr("pages._lab.clevr.models.PRETRAINED", ROOT / "nowhere")
    app = upload(open_page(), png(bundled_picture().pixels[:, ::-1]))
    assert sentences(app) == []
    state = app.session_state["clevr.state"]
    assert (state.source, state.model, state.view) == ("image", "rn-pixels-public", "cells")
    assert "no scene graph" in html(app)
    assert html(app).count('class="rn-said"') >= 1
    assert "✓" not in html(app)
    assert "objects" not in app.segmented_control(key="clevr.model").options
    press(app, "Back to the scene")
    assert state_of(app) == ClevrState()


def test_a_bad_picture_is_one_sentence_and_the_scene_stays():
    app = upload(open_page(), b"no picture")
    assert sentences(app) == ["'mine.png' is not a complete PNG or JPEG picture; save it as one of these."]
    assert state_of(app) == ClevrState()


def test_a_scene_file_is_opened_asked_about_and_closed(shared_data):
    path = shared_data / "clevr/scenes/CLEVR_val_scenes_first10.json"
    content = path.read_bytes()
    app = upload(open_page(show="plan"), content, "val.json", -2)
    app.number_input(key="clevr.file.number").set_value(4).run()
    assert sentences(app) == []
    state = state_of(app)
    said = "Shown: scene 4 of 'val.json', in a picture of 480x320; its scenes are 0 to 9."
    assert said in [seen(caption.value) for caption in app.caption]
    record = json.loads(content)["scenes"][4]
    assert [thing.words.split() for thing in state.things] == [
        [thing[name] for name in ("size", "color", "material", "shape")] for thing in record["objects"]
    ]
    assert "Truth: <b>" in html(app)
    assert html(app).count('class="rn-said"') == 3
    app.number_input(key="clevr.file.number").set_value(10).run()
    assert sentences(app) == ["'val.json' has the scenes 0 to 9, got 10; choose one of these."]
    app.selectbox(key="clevr.file.size").set_value("240x160").run()
    upload(app, b'{"scenes": [', "cut.json", -2)
    assert sentences(app) == ["'cut.json' is not a complete JSON file: it ends too early; download or write it again."]
    assert state_of(app) == state
    press(app, "Close the file")
    assert state_of(app).scene is ClevrState().scene


def test_a_picture_is_not_read_on_for_a_session_that_is_gone(monkeypatch):
    monkeypatch.setattr(session, "is_connected", lambda one: False)
    app = upload(open_page(), png(bundled_picture().pixels))
    assert ["its page was closed" in sentence for sentence in sentences(app)] == [True]
    assert state_of(app) == ClevrState()


def test_a_link_to_another_sessions_picture_is_one_sentence():
    app = open_page(source="image", model="rn-pixels-public", view="cells")
    assert ["uploaded in another session" in sentence for sentence in sentences(app)] == [True]
    assert state_of(app) == ClevrState()


def test_bad_links_give_one_sentence_each_and_keep_the_rest():
    app = open_page(seed="x", scene="A_A", q="how-many-cubes-are-there")
    assert len(sentences(app)) == 2
    assert state_of(app) == ClevrState(question="How many cubes are there?")


def test_a_network_that_finds_objects_answers_about_the_picture_at_once(monkeypatch, random_answerer, tmp_path):
    monkeypatch.setattr("pages._lab.clevr.models.PRETRAINED", tmp_path)
    assert "pictures" not in open_page().segmented_control(key="clevr.model").options
    (tmp_path / "clevr").mkdir()
    (tmp_path / "clevr/rn-slots.json").touch()
    scene = ClevrState().scene
    encoder = random_answerer("rn-slots").model.encoder
    monkeypatch.setattr(encoder, "find_maps", lambda images: perfect_maps([scene] * len(images)))
    monkeypatch.setattr(drawing, "draw_picture", None)  # nothing is rendered to leave found objects out
    app = open_page(section="what-if")
    app.segmented_control(key="clevr.model").set_value("rn-slots").run()
    assert (sentences(app), len(app.info)) == ([], 0)
    assert html(app).count('class="rn-said"') == 2  # beside it, the network of object rows
    app.pills(key="clevr.without").set_value(["C", "D"]).run()
    assert "<td>without C and D</td>" in html(app)
    assert "<td>unknown</td>" in html(app), "without the red cube the question has no answer"
    assert state_of(app) == ClevrState(model="rn-slots", section="what-if", without=("C", "D"))
    app.segmented_control(key="clevr.section").set_value("saw").run()
    assert any(block.value == "7 of 7 objects found, no attributes wrong, none made up." for block in app.markdown)
    assert html(app).count('class="ring right"') == 7
    assert (sentences(app), len(app.info)) == ([], 0)


def test_a_network_of_cells_shows_pairs_of_objects_beside_its_baselines(monkeypatch, random_answerer, tmp_path):
    monkeypatch.setattr("pages._lab.clevr.models.PRETRAINED", tmp_path)
    (tmp_path / "clevr").mkdir()
    for name in ("rn-pixels", "mlp-pixels", "sa-pixels"):
        (tmp_path / f"clevr/{name}.json").touch()
    scene = ClevrState().scene
    for name in ("rn-pixels", "mlp-pixels", "sa-pixels"):
        encoder = random_answerer(name).model.encoder
        monkeypatch.setattr(encoder, "find_maps", lambda images: perfect_maps([scene] * len(images)))
    monkeypatch.setattr(drawing, "draw_picture", None)
    app = open_page(section="what-if")
    app.segmented_control(key="clevr.model").set_value("rn-pixels").run()
    assert (sentences(app), len(app.info)) == ([], 0)
    for title in ("Relation Network, pixels", "CNN+LSTM, pixels", "Stacked attention, pixels"):
        assert title in html(app)
    assert html(app).count('class="rn-said"') == 4  # and the network of object rows
    app.pills(key="clevr.without").set_value(["C", "D"]).run()
    assert "<td>without C and D</td>" in html(app)
    app.segmented_control(key="clevr.section").set_value("saw").run()
    assert any(block.value == "7 of 7 objects found, no attributes wrong, none made up." for block in app.markdown)
    assert (sentences(app), len(app.info)) == ([], 0)


def test_the_objects_found_in_a_picture_are_its_truth_and_can_be_corrected(monkeypatch, random_answerer, tmp_path):
    monkeypatch.setattr("pages._lab.clevr.models.PRETRAINED", tmp_path)
    (tmp_path / "clevr").mkdir()
    (tmp_path / "clevr/rn-slots.json").touch()
    encoder, scene = random_answerer("rn-slots").model.encoder, ClevrState().scene
    monkeypatch.setattr(encoder, "find_maps", lambda images: perfect_maps([scene] * len(images)))
    tall = np.pad(bundled_picture().pixels, ((20, 20), (0, 0), (0, 0)))  # 480 x 360
    app = upload(open_page(), png(tall))
    assert sentences(app) == []
    state = app.session_state["clevr.state"]
    assert (state.source, state.model, state.view, state.section) == ("image", "rn-slots", "objects", "edit")
    assert {thing.words for thing in state.things} == {thing.words for thing in ClevrState().things}
    assert "Truth: <b>3</b>" in html(app)
    cube = next(k for k, thing in enumerate(state.things) if thing.words.endswith("red metal cube"))
    changes = {"edited_rows": {cube: {"color": "blue"}}, "added_rows": [], "deleted_rows": []}
    app.session_state["clevr.state"] = state.edit(correct_things(state.things, changes))
    app.segmented_control(key="clevr.section").set_value("saw").run()
    assert "No object fits" in html(app)
    assert any(block.value.startswith("7 of 7 objects found, 1 attribute wrong") for block in app.markdown)
    monkeypatch.setattr(
        encoder, "find_maps", lambda images: perfect_maps([scene])._replace(centers=torch.full((1, 40, 60), -60.0))
    )
    app = upload(app, png(tall[:, ::-1]))
    assert sentences(app) == ["No object was found in 'mine.png'; choose a picture in CLEVR's look."]
    press(app, "Back to the scene")
    assert state_of(app) == ClevrState(section="saw")


def test_the_table_of_a_picture_changes_adds_and_deletes_things_and_their_places():
    whole = sampled_things(1)
    changes = {
        "edited_rows": {0: {"color": "red", "x": 9}, "2": {"y": -1.234}},
        "added_rows": [{"shape": "sphere", "x": 1.5}],
        "deleted_rows": [1],
    }
    changed = correct_things(whole, changes)
    assert changed[0] == replace(whole[0], color="red", x=3.0, y=round(whole[0].y, 2))
    assert changed[1] == replace(whole[2], x=round(whole[2].x, 2), y=-1.23)
    assert changed[3:] == (Thing("small", "gray", "rubber", "sphere", 1.5, 0.0),)


def test_methods_targets_and_projector():
    app = open_page(section="method")
    app.selectbox(key="clevr.method").set_value("gradient").run()
    app.selectbox(key="clevr.why").set_value("3").run()
    app.toggle(key="clevr.projector").set_value(True).run()
    assert state_of(app) == ClevrState(section="method", method="gradient", why="3", projector=True)
    assert "Residual" in html(app)
    assert len(app.radio) == 0
    assert sentences(app) == []


def test_the_table_changes_adds_and_deletes_things():
    whole = sampled_things(1)
    changes = {"edited_rows": {0: {"color": "red"}}, "added_rows": [{"shape": "sphere"}], "deleted_rows": [1]}
    changed = apply_changes(whole, changes, 1)
    assert [thing.color for thing in changed] == ["red", "cyan", "blue", "gray"]
    assert (changed[-1].shape, changed[-1].size) == ("sphere", "small")
    assert edited_scene(1, make_parts(1, changed)).n_objects == 4
    with pytest.raises(SceneError, match="1 to 10 objects, got 0"):
        ClevrState().edit(apply_changes(whole, {"edited_rows": {}, "added_rows": [], "deleted_rows": [0, 1, 2, 3]}, 1))


def test_the_older_picture_is_never_taken_for_the_scenes_own():
    app = open_page()
    assert app.session_state["clevr.kept"][1] is bundled_picture()
    app = open_page(**MOVED.to_query())
    assert app.session_state["clevr.kept"] == (MOVED.scene.to_json(), GRAY)
