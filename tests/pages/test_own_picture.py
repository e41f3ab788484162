"""A person's own picture on Explore: brought to size, its objects found and corrected, broken files refused."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from benchmarks.other_pictures import PUBLIC, draw_picture
from pages._lab.domains.sort_of_clevr import DOMAIN
from pages._lab.sort_of_clevr.own_picture import find_objects, make_found_scene, read_own
from pages._lab.sort_of_clevr.picture import make_plain_view
from pages._lab.sort_of_clevr.state import ExploreState
from pages._lab.sort_of_clevr.view import make_case
from pages._ui import components
from pages._ui.components.paste import LONGEST_SIDE, _Paste, read_pasted
from pages._ui.explore.session import apply_changes
from rn_core.common.errors import SceneError
from rn_core.tasks.sort_of_clevr import COLORS, Scene
from rn_core.tasks.sort_of_clevr.fitting import fit_picture
from rn_core.tasks.sort_of_clevr.scene import SceneObject
from rn_core.weights.store import load_weights
from tests.pages.test_explore_page import html, open_page, sentences, state_of

FOLDER = Path(components.__file__).parent
PLAIN = [("square", 10, 20), ("circle", 40, 12), ("square", 60, 60), ("circle", 20, 60), ("square", 40, 40),
         ("circle", 64, 20)]  # fmt: skip
SCENE = Scene(tuple(SceneObject(color, *rest) for color, rest in zip(COLORS, PLAIN, strict=True)))
PIXELS = draw_picture(PLAIN, PUBLIC)


def png(pixels: np.ndarray) -> bytes:
    """A picture as a PNG file."""
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()


LARGE = PIXELS.repeat(4, axis=0).repeat(4, axis=1)  # 300 x 300
WIDE = np.concatenate([np.zeros((300, 50, 3), dtype=np.uint8), LARGE, np.zeros((300, 50, 3), dtype=np.uint8)], axis=1)


@pytest.mark.parametrize(
    "picture", [PIXELS, LARGE, WIDE, WIDE.transpose(1, 0, 2)], ids=["same", "large", "wide", "tall"]
)
def test_the_middle_square_of_an_enlarged_picture_is_the_picture(picture):
    wanted = PIXELS if picture.shape[0] <= picture.shape[1] else PIXELS.transpose(1, 0, 2)
    np.testing.assert_array_equal(fit_picture(picture), wanted)


@pytest.mark.parametrize("bad", [PIXELS[..., 0], PIXELS.astype(float), PIXELS[:0]])
def test_what_is_no_picture_is_refused(bad):
    with pytest.raises(SceneError, match="convert it to RGB"):
        fit_picture(bad)


def test_found_objects_that_break_a_rule_are_left_out_and_counted():
    double, close = SceneObject("red", "circle", 30, 30), SceneObject("green", "circle", 15, 25)
    scene, n_left = make_found_scene([SCENE.objects[0], double, close, SCENE.objects[2]], "mine.png")
    assert scene == Scene((SCENE.objects[0], SCENE.objects[2]))
    assert n_left == 2
    with pytest.raises(SceneError, match=r"No object was found in 'mine.png'"):
        make_found_scene([], "mine.png")


def test_the_table_corrects_what_was_found():
    changes = {"edited_rows": {0: {"shape": "circle", "x": 12}}, "added_rows": [], "deleted_rows": [5]}
    changed = apply_changes(SCENE, changes)
    assert changed == SCENE.remove("yellow").replace("red", shape="circle", x=12)
    again = {
        "edited_rows": {},
        "added_rows": [{"color": "yellow", "shape": "circle", "x": 64, "y": 20}],
        "deleted_rows": [],
    }
    assert apply_changes(SCENE.remove("yellow"), again) == SCENE
    with pytest.raises(SceneError):
        apply_changes(SCENE.remove("yellow"), {**again, "added_rows": [{"color": "yellow"}]})


def test_image_networks_are_shown_the_picture_and_others_the_objects():
    own = read_own(png(WIDE), "mine.png")
    case = make_case(ExploreState().edit(SCENE), own)
    for model in ("rn-slots", "rn-pixels", "mlp-pixels"):
        np.testing.assert_array_equal(DOMAIN.show(case, model).content, PIXELS)
        assert DOMAIN.show(case, model).key == own.digest
    assert DOMAIN.show(case, "rn-objects").content == SCENE
    assert own.caption.startswith("mine.png, 400 × 300 pixels: its middle 300 × 300 pixels are brought to the 75 × 75")
    data = make_plain_view(case.state, own).to_data()
    assert data["image"] == own.data_url and not data["toggles"]
    assert {thing["shape"] for thing in data["objects"]} == {"spot"}


@pytest.mark.weights
def test_the_shipped_network_finds_the_objects_of_a_picture_that_others_drew():
    found = find_objects(load_weights("sort-of-clevr/rn-slots").model.encoder, PIXELS)
    assert [(thing.color, thing.shape) for thing in found] == [(thing.color, thing.shape) for thing in SCENE.objects]
    for thing, true in zip(found, SCENE.objects, strict=True):
        assert max(abs(thing.x - true.x), abs(thing.y - true.y)) <= 1


def upload(app: AppTest, content: bytes, name: str) -> AppTest:
    """Choose a picture on the page."""
    chooser = next(one for one in app.get("file_uploader") if str(one.key).startswith("explore.picture"))
    chooser.set_value((name, content, "application/octet-stream"))
    return app.run()


@pytest.mark.weights
def test_an_uploaded_picture_is_answered_with_a_warning_where_it_is_strange_and_left_again():
    app = upload(open_page(), b"no picture", "mine.png")
    assert sentences(app) == ["'mine.png' is not a complete PNG or JPEG picture; save it as one of these."]
    app = upload(app, png(LARGE), "mine.png")
    assert sentences(app) == []
    own = read_own(png(LARGE), "mine.png")
    assert state_of(app).picture == own.digest
    assert "Truth: <b>circle</b>" in html(app), "the green circle is the closest to the red square"
    assert "unlike those that sort-of-clevr/mlp-pixels learned from" in html(app), "it knows its own colors alone"
    assert "sort-of-clevr/rn-slots learned from" not in html(app)
    app.button[[each.label for each in app.button].index("Back to the scene")].click().run()
    assert state_of(app) == ExploreState(model=state_of(app).model)
    link = open_page(picture=own.digest)
    assert sentences(link) == ["The link's picture was uploaded in another session; choose its file again."]


def test_what_is_pasted_is_a_file_in_base64_or_nothing():
    assert read_pasted({"content": base64.b64encode(b"any file").decode()}) == b"any file"
    long = base64.b64encode(bytes(6_100_000)).decode()
    for state in (None, {}, {"content": 3}, {"content": "no base64!"}, "x", [], {"content": long}):
        assert read_pasted(state) is None


def test_the_script_of_the_paste_area_reads_what_python_sends_and_sends_what_it_reads():
    text = (FOLDER / "paste.js").read_text(encoding="utf-8")
    assert {*re.findall(r"\bdata\.(\w+)", text)} == {"longest"} == {*_Paste.__annotations__}
    assert re.findall(r"send\(\{ (\w+):", text) == ["content"]
    assert LONGEST_SIDE**2 * 3 * 4 / 3 < 8_000_000, "noise of the largest sides is taken"


@pytest.mark.weights
def test_a_pasted_picture_takes_the_way_of_an_uploaded_one(monkeypatch):
    app = open_page()
    monkeypatch.setattr("pages._ui.explore.sections.draw_paste", lambda key, on_paste: paste_once(on_paste))
    pasted = [b"no picture", png(LARGE)]

    def paste_once(on_paste):
        if pasted:
            st.button("Paste it", on_click=on_paste, args=(pasted[0],))

    for wanted in (["'Pasted picture' is not a complete PNG or JPEG picture; save it as one of these."], []):
        app.run()
        app.button[[each.label for each in app.button].index("Paste it")].click().run()
        assert sentences(app) == wanted
        pasted.pop(0)
    assert state_of(app).picture == read_own(png(LARGE), "mine.png").digest
    assert "Truth: <b>circle</b>" in html(app)
