"""Picture and plan: objects where the picture has them, directions as CLEVR means them, only sound events."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pages._lab.clevr.models import GRID, IMAGE_SIDE, STRIDE
from pages._lab.clevr.nodes import PALETTE, describe_deciding, find_true_pairs, make_nodes, mark_pairs, object_masks
from pages._lab.clevr.stages import (
    SCALE,
    SIDE,
    from_plan,
    make_picture_stage,
    make_plan_stage,
    make_saved_stage,
    to_plan,
)
from pages._lab.clevr.state import ClevrState
from pages._lab.clevr.things import LETTERS, sampled_scene
from pages._lab.clevr.truth import find_truth
from pages._lab.components.stage import SceneEvent
from pages._lab.contrast import luminance
from pages._ui import components
from pages._ui.components.question_line import read_asked
from rn_core.tasks.clevr.placement import MIN_GAP, MIN_OFFSET
from rn_core.tasks.clevr.world import DIRECTIONS, RADIUS, RELATION_OFFSET

FOLDER = Path(components.__file__).parent
PLAN = make_plan_stage(ClevrState(), None)


@pytest.mark.parametrize("seed", range(6))
def test_left_right_front_and_behind_are_those_of_the_scene(seed):
    scene, plan = sampled_scene(seed), make_plan_stage(ClevrState(seed=seed), None).to_data()
    ways = {"right": ("x", 1), "left": ("x", -1), "front": ("y", 1), "behind": ("y", -1)}
    for name, (axis, sign) in ways.items():
        along = sign * np.array([thing[axis] for thing in plan["objects"]]) / SCALE
        np.testing.assert_array_equal(scene.related[name], along[None, :] - along[:, None] > RELATION_OFFSET)


def test_the_arrows_point_where_clevr_says_that_their_words_are():
    data = PLAN.to_data()
    middle = (SIDE - 1) / 2
    for (_, _, *end), (word, *place, _) in zip(data["arrows"], data["words"], strict=True):
        way = np.array(to_plan(*DIRECTIONS[word.split(",")[0]][:2])) - middle
        for point in (end, place):
            np.testing.assert_allclose(
                (np.array(point) - middle) / np.linalg.norm(np.array(point) - middle),
                way / np.linalg.norm(way),
                atol=1e-6,
            )


@given(st.floats(-3, 3), st.floats(-3, 3))
def test_a_place_on_the_plan_means_the_place_that_it_stands_for(x, y):
    np.testing.assert_allclose(from_plan(*to_plan(x, y)), (x, y), atol=1e-5)


def test_objects_of_the_plan_keep_clevrs_distances():
    data = PLAN.to_data()
    assert data["spacing"]["gap"] >= SCALE * MIN_GAP
    assert data["spacing"]["band"] >= SCALE * MIN_OFFSET
    for thing, whole in zip(data["objects"], ClevrState().things, strict=True):
        assert thing["radius"] == pytest.approx(SCALE * RADIUS[0 if whole.size == "large" else 1])
        assert (thing["shape"] == "square") == (whole.shape == "cube")


def test_objects_lie_on_the_picture_where_the_scene_has_them(make_view):
    view = make_view()
    data = make_saved_stage(view).to_data()
    assert data["image"].startswith("data:image/jpeg;base64,")
    assert (data["width"], data["height"]) == (112.5, 75)
    for thing, (column, row, _) in zip(data["objects"], view.state.scene.pixel_coords, strict=True):
        assert ((thing["x"] + 0.5) / 112.5, (thing["y"] + 0.5) / 75) == pytest.approx((column / 480, row / 320))
    assert data["deciding"] == [0, 2, 4]
    assert data["weights"] == [[pytest.approx(value, abs=1e-6) for value in row] for row in view.matrix]


def test_cells_tile_the_picture_each_around_the_middle_of_what_it_sees(make_view, own_picture):
    view = make_view(own_picture, model="rn-pixels-public", view="cells", source="image")
    data = make_picture_stage(view.state, own_picture, view).to_data()
    width, height = data["width"], data["height"]
    assert width / height == pytest.approx(100 / 60)
    boxes = [node["box"] for node in data["nodes"]]
    assert sum(box["width"] * box["height"] for box in boxes) == pytest.approx(width * height)
    for k, node in enumerate(data["nodes"]):
        row, column = divmod(k, GRID)
        assert (node["x"] / width, node["y"] / height) == pytest.approx(
            (STRIDE * column / IMAGE_SIDE, STRIDE * row / IMAGE_SIDE)
        )
        if 0 < column < GRID - 1:
            assert node["box"]["x"] + node["box"]["width"] / 2 == pytest.approx(node["x"])
        if 0 < row < GRID - 1:
            assert node["box"]["y"] + node["box"]["height"] / 2 == pytest.approx(node["y"])
    assert (data["heat"], data["objects"]) == (True, [])


@pytest.mark.parametrize("source", [PLAN, make_plan_stage(ClevrState(model="rn-pixels-public", view="cells"), None)])
def test_data_are_json(source):
    json.dumps(source.to_data(), allow_nan=False)


@pytest.mark.parametrize("kind", ["move", "drag"])
def test_moves_are_read_and_nothing_else(kind):
    event = SceneEvent.from_state({"kind": kind, "id": "C", "x": 30.1, "y": 20}, PLAN)
    assert event == SceneEvent(kind, thing="C", x=30.1, y=20)
    for wrong in ({"id": "H"}, {"id": ["A"]}, {"x": "3"}, {"x": True}, {"y": None}, {"y": float("nan")}, {"x": 1e9}):
        state = {"kind": kind, "id": "C", "x": 30.1, "y": 20} | wrong
        assert SceneEvent.from_state(state, PLAN) is None
    assert SceneEvent.from_state({"kind": "toggle", "id": "C"}, PLAN) is None
    fixed = make_plan_stage(ClevrState(), None, editable=False)
    assert SceneEvent.from_state({"kind": kind, "id": "C", "x": 30.1, "y": 20}, fixed) is None


def test_the_plan_follows_a_drag_where_no_picture_has_to_be_drawn_for_the_answer():
    assert PLAN.to_data()["live"]
    assert not make_plan_stage(ClevrState(model="rn-pixels"), None).to_data()["live"]
    assert not make_plan_stage(ClevrState(), None, editable=False).to_data()["live"]


def test_what_the_question_line_sends_is_a_text_or_nothing():
    assert read_asked({"text": "How many?"}) == "How many?"
    assert [read_asked(state) for state in (None, {}, {"text": 3}, "x", [])] == [None] * 5
    assert len(read_asked({"text": "x" * 10_000})) == 2_000


def test_the_question_lines_script_reads_only_what_python_sends():
    text = (FOLDER / "question_line.js").read_text(encoding="utf-8")
    assert {*re.findall(r"\bdata\.(\w+)", text)} == {"text", "words"}


# Nodes


def test_masks_cover_each_object_and_nearer_ones_hide_others():
    scene = sampled_scene(2)
    masks = object_masks(scene)
    assert masks.sum(axis=0).max() == 1
    for k, (column, row, depth) in enumerate(scene.pixel_coords):
        nearer = [i for i in range(scene.n_objects) if scene.pixel_coords[i, 2] < depth]
        if not masks[nearer].any(axis=0)[round(row * IMAGE_SIDE / 320), round(column * IMAGE_SIDE / 480)]:
            assert masks[k, round(row * IMAGE_SIDE / 320), round(column * IMAGE_SIDE / 480)]


@pytest.mark.parametrize("view", ["objects", "cells"])
def test_merging_cells_keeps_the_total(view):
    nodes = make_nodes(ClevrState(model="rn-pixels-public", view=view))
    contributions = torch.randn(4096, dtype=torch.float64)
    assert nodes.merge(contributions).sum() == pytest.approx(contributions.sum().item())
    assert len(nodes.labels) == len(nodes.names) == (8 if view == "objects" else 64)


@pytest.mark.parametrize(
    ("deciding", "is_comparison"), [((1,), False), ((1,), True), ((0, 3), True), ((0, 3), False), ((0, 1, 2), False)]
)
def test_true_pairs_equal_a_plain_loop(deciding, is_comparison):
    marked = mark_pairs(4, deciding, (), is_comparison)
    for i in range(4):
        for j in range(4):
            if len(deciding) == 1:
                expected = deciding[0] in (i, j)
            else:
                expected = i in deciding and j in deciding and not (is_comparison and i == j)
            assert marked[i, j] == expected


def test_what_was_found_by_another_object_is_told_by_the_pairs_with_it():
    assert mark_pairs(5, (0, 2), ((0, 3), (2, 3)), False).nonzero().tolist() == [[0, 3], [2, 3], [3, 0], [3, 2]]
    compared = mark_pairs(5, (0, 2), ((2, 4),), True).nonzero().tolist()
    assert compared == [[0, 2], [2, 0], [2, 4], [4, 2]]


@pytest.mark.parametrize(
    ("question", "named", "framed"),
    [
        ("How many spheres are left of the red cube?", "ACED", "the pairs joining them"),
        ("What color is the metal cube?", "D", "every pair that contains it"),
        ("How many spheres are there?", "ACEF", "every pair among them"),
        ("Is the metal cube the same size as the brown thing?", "AD", "their two pairs"),
    ],
)
def test_the_page_says_which_pairs_it_frames(question, named, framed):
    truth = find_truth(question, sampled_scene(2))
    said = describe_deciding(truth)
    letters, _, frame = said.partition(" Framed: ")
    assert {letter for letter in LETTERS if re.search(rf"\b{letter}\b", letters)} == {*named}
    assert frame == f"{framed}."


def test_true_pairs_of_cells_lie_on_their_objects():
    state = ClevrState(model="rn-pixels-public", view="cells")
    truth = find_truth(state.question, state.scene)
    most = make_nodes(state.change(view="objects")).membership.argmax(dim=1).tolist()
    pairs = find_true_pairs(state, truth)
    expected = {pair for i, j in truth.links for pair in ((i, j), (j, i)) if {i, j} <= {*most}}
    assert expected
    assert {(most[i], most[j]) for i, j in pairs} == expected
    assert find_true_pairs(state, replace(truth, deciding=(), links=())) == ()


def test_shapes_differ_on_the_plan_by_marks_that_stand_out():
    marks: dict[str, set[str]] = {}
    for seed in range(6):
        state = ClevrState().change(seed=seed, stage="plan")
        drawn = make_plan_stage(state, None).to_data()["objects"]
        for thing, mark in zip(state.things, drawn, strict=True):
            marks.setdefault(thing.shape, set()).add(mark["shape"])
            assert (mark["turn"] > 0) == (thing.shape == "cube")
            fill, ink = luminance(PALETTE[thing.color]), luminance(to_rgb(mark["ink"]))
            assert (max(fill, ink) + 0.05) / (min(fill, ink) + 0.05) >= 3  # WCAG 2.2, graphics
    assert marks == {"cube": {"square"}, "sphere": {"ball"}, "cylinder": {"ringed"}}


def to_rgb(color: str) -> tuple[int, int, int]:
    """Return the parts of "#rrggbb"."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
