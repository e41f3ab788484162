"""What the interactive scene is drawn from, and what it may report back."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from pages._lab.components.scene_view import SceneView, make_scene_data
from pages._lab.components.stage import SceneEvent
from pages._ui import components
from pages._ui.components.sources import read_sources
from rn_core.common.errors import RNCoreError, SceneError, UnknownNameError
from rn_core.common.seeding import make_rng
from rn_core.tasks.sort_of_clevr.rendering import PALETTE
from rn_core.tasks.sort_of_clevr.scene import COLORS, SceneObject, check_objects, sample_scene

FOLDER = Path(components.__file__).parent
SCENE = sample_scene(make_rng(5, "explore"))
ROWS = [asdict(thing) for thing in SCENE.objects]
VIEW = SceneView(ROWS, np.arange(36.0).reshape(6, 6) - 17)
CELLS = SceneView(ROWS, np.ones((25, 25)), mode="cells")


def test_data_are_json_and_carry_every_contribution_with_its_sign():
    data = json.loads(json.dumps(make_scene_data(VIEW), allow_nan=False))
    assert data["weights"] == VIEW.weights.tolist()
    assert [(thing["id"], thing["x"], thing["y"]) for thing in data["objects"]] == [
        (thing.color, thing.x, thing.y) for thing in SCENE.objects
    ]
    assert [node["label"] for node in data["nodes"]] == list(COLORS)
    assert (data["pinned"], data["truePairs"]) == (None, [])


def test_objects_have_the_colors_that_the_model_sees_and_legible_names():
    for thing in make_scene_data(VIEW)["objects"]:
        red, green, blue = PALETTE[thing["id"]]
        assert thing["fill"] == f"rgb({red}, {green}, {blue})"
        ink = (255, 255, 255) if thing["ink"] == "#ffffff" else (17, 17, 17)
        assert contrast(ink, (red, green, blue)) >= 4.5  # WCAG 2.2, level AA


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """WCAG 2.2 contrast ratio."""

    def luminance(rgb: tuple[int, ...]) -> float:
        parts = np.array(rgb) / 255
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(linear @ (0.2126, 0.7152, 0.0722))

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_cells_sit_where_the_pixel_model_sees_them():
    nodes = make_scene_data(CELLS)["nodes"]
    assert len(nodes) == 25
    for k, node in enumerate(nodes):
        assert (node["x"], node["y"]) == (16 * (k % 5), 16 * (k // 5))
    assert nodes[7]["label"] == "row 2, column 3"


def test_one_row_more_than_objects_is_the_ground():
    data = make_scene_data(replace(VIEW, weights=np.zeros((7, 7)), pinned=(6, 0), true_pairs=[(0, 3)]))
    assert data["nodes"][6] == {"label": "ground", "kind": "ground"}
    assert (data["pinned"], data["truePairs"]) == ([6, 0], [[0, 3]])


def test_scenes_with_fewer_objects_have_fewer_nodes():
    view = SceneView(ROWS[2:4], [[1, 2], [3, 4]], labels=["one", "two"])
    assert [node["label"] for node in make_scene_data(view)["nodes"]] == ["one", "two"]


def test_the_browser_reads_only_what_python_sends():
    names = set(re.findall(r"\bdata\.(\w+)", read_sources("scene")["js"]))
    assert names - set(make_scene_data(VIEW)) == {"answered"}  # which `draw_scene` adds


def test_scripts_never_make_markup_of_text_nor_load_anything():
    scripts = [*FOLDER.rglob("*.js")]
    assert {"poll.js", "question_line.js", "scene.js", "story.js", "table.js"} <= {script.name for script in scripts}
    for script in scripts:
        text = script.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|fetch\(|import\s*\(", text)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"mode": "object"}, UnknownNameError, "Did you mean 'objects'"),
        ({"weights": np.zeros((5, 5))}, RNCoreError, "6 x 6 or 7 x 7 numbers, got shape (5, 5)"),
        ({"weights": np.zeros((6, 7))}, RNCoreError, "got shape (6, 7)"),
        ({"weights": np.zeros(36)}, RNCoreError, "got shape (36,)"),
        ({"weights": [["a"] * 6] * 6}, RNCoreError, "6 x 6 or 7 x 7 numbers"),
        ({"weights": np.zeros((6, 6)), "mode": "cells"}, RNCoreError, "25 x 25"),
        ({"weights": np.full((6, 6), np.nan)}, RNCoreError, "finite"),
        ({"pinned": (0, 6)}, RNCoreError, "0 to 5, got (0, 6)"),
        ({"pinned": (0,)}, RNCoreError, "0 to 5, got (0,)"),
        ({"true_pairs": [(0, -1)]}, RNCoreError, "0 to 5, got (0, -1)"),
        ({"labels": ["a"]}, RNCoreError, "must have 6 labels, got 1"),
        ({"objects": [{"hue": "red"}]}, SceneError, "color, shape, x and y"),
        ({"objects": [{**ROWS[0], "x": 3}], "weights": [[0]]}, SceneError, "from 5 to 69, got 3"),
    ],
)
def test_views_that_do_not_fit_together_are_refused_in_one_sentence(changes, error, words):
    with pytest.raises(error, match=re.escape(words)):
        make_scene_data(replace(VIEW, **changes))


def free_place() -> dict[str, int]:
    """Return a place where the first object may go."""
    others = SCENE.objects[1:]
    for x in range(5, 70):
        try:
            check_objects((replace(SCENE.objects[0], x=x, y=5), *others))
        except SceneError:
            continue
        return {"x": x, "y": 5}
    raise AssertionError("the scene has no free place in its first row")


def test_events_are_read():
    place = free_place()
    assert SceneEvent.from_state({"kind": "move", "id": "red", **place, "number": 7}, VIEW) == SceneEvent(
        "move", thing="red", **place
    )
    assert SceneEvent.from_state({"kind": "toggle", "id": "blue"}, VIEW) == SceneEvent("toggle", thing="blue")
    assert SceneEvent.from_state({"kind": "pin", "i": 0, "j": 5}, VIEW) == SceneEvent("pin", pair=(0, 5))
    assert SceneEvent.from_state({"kind": "pin", "i": 24, "j": 5}, CELLS) == SceneEvent("pin", pair=(24, 5))
    assert SceneEvent.from_state({"kind": "unpin"}, VIEW) == SceneEvent("unpin")


MOVE = {"kind": "move", "id": "red", **free_place()}


@pytest.mark.parametrize(
    "state",
    [
        None,
        "pin",
        [],
        {},
        {"kind": "explode"},
        {"kind": ["pin"]},
        {"kind": "pin"},
        {"kind": "pin", "i": 0, "j": 6},
        {"kind": "pin", "i": -1, "j": 0},
        {"kind": "pin", "i": 0.0, "j": 1},
        {"kind": "pin", "i": True, "j": 1},
        {"kind": "pin", "i": "0", "j": 1},
        {"kind": "toggle"},
        {"kind": "toggle", "id": "pink"},
        {"kind": "toggle", "id": ["red"]},
        {**MOVE, "id": "pink"},
        {**MOVE, "x": 4},
        {**MOVE, "y": 70},
        {**MOVE, "x": 20.5},
        {**MOVE, "x": "20"},
        {**MOVE, "y": None},
        {**MOVE, "x": True},
        {**MOVE, "x": 10**30},
        {**MOVE, "x": SCENE.objects[1].x, "y": SCENE.objects[1].y},
    ],
)
def test_garbage_is_no_event(state):
    assert SceneEvent.from_state(state, VIEW) is None
    if isinstance(state, dict) and state.get("kind") == "move":
        assert SceneEvent.from_state({**state, "kind": "drag"}, VIEW) is None


def test_a_drag_is_read_as_a_move_is_and_its_end_without_one_is_no_event():
    assert SceneEvent.from_state({**MOVE, "kind": "drag"}, VIEW) == replace(
        SceneEvent.from_state(MOVE, VIEW), kind="drag"
    )
    assert SceneEvent.from_state({**MOVE, "kind": "stay"}, VIEW) is None
    live = replace(VIEW, live=True)
    assert [view.to_data()["live"] for view in (VIEW, live, live.make_fixed())] == [False, True, False]


def test_a_view_that_is_not_editable_takes_pins_only():
    view = replace(VIEW, editable=False)
    assert SceneEvent.from_state(MOVE, VIEW) is not None
    assert SceneEvent.from_state(MOVE, view) is None
    assert SceneEvent.from_state({"kind": "toggle", "id": "red"}, view) is None
    assert SceneEvent.from_state({"kind": "pin", "i": 1, "j": 1}, view) is not None


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 80),
    st.floats(),
    st.sampled_from(COLORS),
    st.text(max_size=3),
    st.just([]),
)


@given(
    st.fixed_dictionaries(
        {"kind": st.one_of(st.sampled_from(["move", "drag", "stay", "toggle", "pin", "unpin"]), ANYTHING)},
        optional={name: ANYTHING for name in ("id", "x", "y", "i", "j", "number")},
    )
)
def test_whatever_the_browser_sends_is_an_allowed_event_or_none(state):
    event = SceneEvent.from_state(state, VIEW)
    if event is None:
        return
    assert event.kind == state["kind"]
    if event.kind == "pin":
        assert all(type(node) is int and 0 <= node < 6 for node in event.pair)
    if event.kind in ("move", "drag", "toggle"):
        assert event.thing in COLORS
    if event.kind in ("move", "drag"):
        moved = [
            replace(thing, x=event.x, y=event.y) if thing.color == event.thing else thing for thing in SCENE.objects
        ]
        check_objects(tuple(SceneObject(**asdict(thing)) for thing in moved))


def scene_app():
    from dataclasses import asdict

    import numpy as np
    import streamlit as st

    from pages._lab.components.scene_view import SceneView
    from pages._ui.components.scene import draw_scene
    from rn_core.common.seeding import make_rng
    from rn_core.tasks.sort_of_clevr.scene import sample_scene

    rows = [asdict(thing) for thing in sample_scene(make_rng(5, "explore")).objects]
    event = draw_scene(SceneView(rows, np.eye(6)), key="stage", on_change=st.write)
    st.text(repr(event))


def test_the_component_mounts_with_its_data():
    app = AppTest.from_function(scene_app, default_timeout=60).run()
    assert not app.exception
    assert app.text[0].value == "None"
    sent = app.get("bidi_component")[0].proto
    assert json.loads(sent.json)["objects"][0]["id"] == "red"
    assert "export default" in sent.js_content
