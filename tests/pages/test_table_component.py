"""What the animated table is drawn from, and what it may report back."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from pages._lab.components.table_view import BallPull, ConnectionsShown, PairAsked, make_table_data, read_event, shorten
from pages._ui import components
from rn_core.common.errors import RNCoreError, UnknownNameError
from rn_core.tasks.physics.world import COLORS, FRAME_RATE, HALF_SIDE, RADIUS

FOLDER = Path(components.__file__).parent / "table"
NAMES = tuple(COLORS)
PLACES = np.array([[-0.5, 0.25], [0.5, 0.25], [0.0, -0.75]])
PAYLOAD = {
    "balls": [{"name": name, "rgb": list(COLORS[name])} for name in NAMES[:3]],
    "half_side": HALF_SIDE,
    "radius": RADIUS,
    "frame_rate": FRAME_RATE,
    "seen": np.stack([PLACES + 0.01 * k for k in range(16)]).astype(np.float32),
    "ahead": np.stack([PLACES] * 4).tolist(),
    "predicted": [PLACES] * 4,
    "errors": [0.0, 0.01, 0.02, 0.04],
    "baseline_errors": np.linspace(0, 0.2, 4),
    "links": [{"i": 0, "j": np.int64(2), "rigid": np.bool_(True)}],
    "guess": [[None, 0.9, 0.1], [0.9, None, None], [0.1, None, None]],
    "shares": np.eye(3),
}
DATA = make_table_data(PAYLOAD)


def test_data_are_json_and_carry_every_number():
    data = json.loads(json.dumps(DATA, allow_nan=False))
    np.testing.assert_array_equal(data["seen"], PAYLOAD["seen"])
    np.testing.assert_array_equal(data["ahead"], PAYLOAD["ahead"])
    np.testing.assert_array_equal(data["predicted"], PAYLOAD["predicted"])
    assert (data["errors"], data["baselineErrors"]) == (PAYLOAD["errors"], PAYLOAD["baseline_errors"].tolist())
    assert (data["guess"], data["shares"]) == (PAYLOAD["guess"], np.eye(3).tolist())
    assert data["links"] == [{"i": 0, "j": 2, "rigid": True}]
    assert (data["halfSide"], data["radius"], data["frameRate"]) == (1.0, 0.06, 10.0)


def test_what_may_be_left_out_is_left_out():
    least = {name: PAYLOAD[name] for name in ("balls", "half_side", "radius", "frame_rate", "seen")}
    data = make_table_data(least)
    assert [name for name, value in data.items() if value is None] == [
        "ahead", "predicted", "errors", "baselineErrors", "guess", "shares", "asked",
    ]  # fmt: skip
    assert (data["links"], data["showLinks"], data["canPull"], data["matrix"]) == ([], False, True, "guess")
    assert [make_table_data({**least, "links": links})["knowsLinks"] for links in ((), None)] == [True, False]
    alone = make_table_data({**least, "predicted": PAYLOAD["predicted"]})
    assert (alone["ahead"], len(alone["predicted"]), alone["errors"]) == (None, 4, None)


@pytest.mark.parametrize("n_balls", range(2, 17))
def test_labels_are_short_and_no_two_balls_share_one(n_balls):
    names = NAMES[:n_balls]
    labels = [shorten(name, names) for name in names]
    assert len(set(labels)) == n_balls
    assert max(map(len, labels)) <= 2
    assert [label[0].lower() for label in labels] == [name[0] for name in names]


def test_a_label_fits_its_own_ball_only():
    for name in NAMES:
        first, *second = shorten(name, NAMES).lower()
        fitting = [other for other in NAMES if other[0] == first and all(letter in other[1:] for letter in second)]
        assert fitting == [name]


def test_names_without_a_letter_of_their_own_are_written_out():
    assert [shorten(name, ("ab", "abc")) for name in ("ab", "abc")] == ["Ab", "Ac"]


def test_the_browser_reads_only_what_python_sends():
    scripts = (script.read_text(encoding="utf-8") for script in FOLDER.glob("*.js"))
    names = set(re.findall(r"\bdata\.(\w+)", "\n".join(scripts)))
    assert names and names <= set(DATA)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"matrx": "guess"}, UnknownNameError, "Unknown key of the table's payload 'matrx'. Did you mean 'matrix'?"),
        ({"matrix": "gess"}, UnknownNameError, "Did you mean 'guess'?"),
        ({"balls": []}, RNCoreError, "shows 2 to 16 balls, got 0"),
        ({"balls": PAYLOAD["balls"][:1]}, RNCoreError, "shows 2 to 16 balls, got 1"),
        ({"balls": PAYLOAD["balls"] * 6}, RNCoreError, "shows 2 to 16 balls, got 18"),
        ({"balls": [{"name": "red"}] * 3}, RNCoreError, "a row of name and rgb"),
        ({"balls": [PAYLOAD["balls"][0]] * 3}, RNCoreError, "different names, got red, red, red"),
        ({"balls": [*PAYLOAD["balls"][:2], {"name": "x", "rgb": [1, 2]}]}, RNCoreError, "from 0 to 255, got (1, 2)"),
        ({"balls": [*PAYLOAD["balls"][:2], {"name": "x", "rgb": [0, 0, 256]}]}, RNCoreError, "got (0, 0, 256)"),
        ({"half_side": 0}, RNCoreError, "half_side must be a number above 0, got 0"),
        ({"radius": float("nan")}, RNCoreError, "radius must be a number above 0, got nan"),
        ({"frame_rate": "fast"}, RNCoreError, "frame_rate must be a number above 0, got 'fast'"),
        ({"seen": None}, RNCoreError, "seen must be frames of 3 balls with x and y, got shape ()"),
        ({"seen": np.zeros((0, 3, 2))}, RNCoreError, "got shape (0, 3, 2)"),
        ({"seen": np.zeros((16, 4, 2))}, RNCoreError, "got shape (16, 4, 2)"),
        ({"seen": [[[0, 0], [1]]]}, RNCoreError, "seen must be rows of numbers, all equally long"),
        ({"seen": np.full((2, 3, 2), np.nan)}, RNCoreError, "seen must be finite numbers"),
        ({"ahead": None}, RNCoreError, "one number per frame ahead, 0 of them, got shape (4,)"),
        ({"predicted": [PLACES] * 3}, RNCoreError, "got 3 and 4"),
        ({"errors": [0.1] * 3}, RNCoreError, "one number per frame ahead, 4 of them, got shape (3,)"),
        ({"errors": [0.1, 0.1, 0.1, -1]}, RNCoreError, "errors must be 0 or more, got -1"),
        ({"baseline_errors": [np.inf] * 4}, RNCoreError, "baseline_errors must be finite"),
        ({"links": [{"i": 0, "j": 3, "rigid": False}]}, RNCoreError, "two nodes from 0 to 2, got (0, 3)"),
        ({"links": [{"i": 1, "j": 1, "rigid": False}]}, RNCoreError, "two different balls, got 1 twice"),
        ({"asked": (0, 3)}, RNCoreError, "two nodes from 0 to 2, got (0, 3)"),
        ({"asked": (0, 1), "guess": None}, RNCoreError, "matrix 'guess', which is missing; pass it"),
        ({"links": [(0, 1)]}, RNCoreError, "a row of i, j and rigid, got (0, 1)"),
        ({"guess": np.zeros((2, 2))}, RNCoreError, "guess must be 3 x 3 numbers, got shape (2, 2)"),
        ({"guess": np.full((3, 3), 1.5)}, RNCoreError, "probabilities from 0 to 1, got 1.5"),
        ({"shares": np.full((3, 3), np.inf)}, RNCoreError, "shares must be finite numbers or None"),
    ],
)
def test_payloads_that_do_not_fit_together_are_refused_in_one_sentence(changes, error, words):
    with pytest.raises(error, match=re.escape(words)):
        make_table_data({**PAYLOAD, **changes})


@pytest.mark.parametrize("name", ["balls", "half_side", "radius", "frame_rate", "seen"])
def test_a_payload_that_lacks_something_is_told_what(name):
    with pytest.raises(RNCoreError, match=f"but {name} is missing; add it"):
        make_table_data({key: value for key, value in PAYLOAD.items() if key != name})


PULL = {"kind": "pull", "ball": 2, "frame": 19, "to": [0.5, -0.94]}


def test_pulls_are_read():
    assert read_event({**PULL, "number": 7}, DATA) == BallPull(2, 19, (0.5, -0.94))
    assert read_event({**PULL, "to": [0, 1e-9 - 0.941]}, DATA) == BallPull(2, 19, (0.0, -0.94))
    assert read_event({**PULL, "kind": "hold"}, DATA) == BallPull(2, 19, (0.5, -0.94), is_held=True)


@pytest.mark.parametrize(
    "state",
    [
        None,
        "pull",
        [],
        {},
        {**PULL, "kind": "push"},
        {**PULL, "ball": 3},
        {**PULL, "ball": -1},
        {**PULL, "ball": True},
        {**PULL, "ball": 1.0},
        {**PULL, "frame": 20},
        {**PULL, "frame": None},
        {**PULL, "to": [0.5]},
        {**PULL, "to": [0.5, 0.95]},
        {**PULL, "to": [0.5, float("nan")]},
        {**PULL, "to": ["0.5", 0]},
        {**PULL, "to": [True, 0]},
        {**PULL, "to": "00"},
    ],
)
def test_garbage_is_no_pull(state):
    assert read_event(state, DATA) is None
    if isinstance(state, dict) and state.get("kind") == "pull":
        assert read_event({**state, "kind": "hold"}, DATA) is None


def test_a_page_that_wants_to_know_is_told_whether_true_connections_are_shown():
    telling = make_table_data({**PAYLOAD, "tells_connections": True})
    assert read_event({"kind": "connections", "shown": True}, telling) == ConnectionsShown(True)
    assert read_event({"kind": "connections", "shown": False}, telling) == ConnectionsShown(False)
    assert read_event({"kind": "connections", "shown": 1}, telling) is None
    assert read_event({"kind": "connections"}, telling) is None
    assert read_event({"kind": "connections", "shown": True}, DATA) is None


def test_pairs_with_an_answer_can_be_asked_about_where_one_is():
    asking = make_table_data({**PAYLOAD, "asked": (0, 2)})
    assert asking["asked"] == [0, 2]
    assert read_event({"kind": "ask", "i": 0, "j": 1, "number": 3}, asking) == PairAsked(0, 1)
    for i, j in ((1, 0), (1, 1), (1, 2), (0, 3), (-1, 1), (0, True), (None, 1), ("0", 1)):
        assert read_event({"kind": "ask", "i": i, "j": j}, asking) is None
    assert read_event({"kind": "ask", "i": 0, "j": 1}, DATA) is None


def test_a_table_that_is_only_looked_at_takes_no_pull():
    assert read_event(PULL, make_table_data({**PAYLOAD, "can_pull": False})) is None


ANYTHING = st.one_of(st.none(), st.booleans(), st.integers(-5, 40), st.floats(), st.text(max_size=2))


@given(
    st.fixed_dictionaries(
        {"kind": st.one_of(st.just("pull"), ANYTHING)},
        optional={
            "ball": st.one_of(st.integers(0, 4), ANYTHING),
            "frame": st.one_of(st.integers(0, 25), ANYTHING),
            "to": st.one_of(st.lists(st.one_of(st.floats(-1, 1), ANYTHING), max_size=3), ANYTHING),
        },
    )
)
def test_whatever_the_browser_sends_is_an_allowed_pull_or_none(state):
    pull = read_event(state, DATA)
    if pull is None:
        return
    assert state["kind"] == "pull"
    assert type(pull.ball) is int and 0 <= pull.ball < 3
    assert type(pull.frame) is int and 0 <= pull.frame < 20
    assert all(abs(part) <= HALF_SIDE - RADIUS for part in pull.to)


def table_app():
    import streamlit as st

    from pages._ui.components.table import draw_table

    balls = [{"name": "red", "rgb": [214, 39, 40]}, {"name": "green", "rgb": [44, 160, 44]}]
    seen = [[[0, 0], [0.5, 0.5]]]
    event = draw_table(
        {"balls": balls, "half_side": 1, "radius": 0.06, "frame_rate": 10, "seen": seen},
        key="table",
        on_change=st.write,
    )
    st.text(repr(event))


def test_the_component_mounts_with_its_data():
    app = AppTest.from_function(table_app, default_timeout=60).run()
    assert not app.exception
    assert app.text[0].value == "None"
    sent = app.get("bidi_component")[0].proto
    assert json.loads(sent.json)["balls"][1]["label"] == "G"
    assert "export default" in sent.js_content
