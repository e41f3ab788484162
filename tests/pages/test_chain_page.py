"""Explore's questions about a chain of jumps: the path, answers after each step, links, figures, and the page."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from pages._lab.figures import Look
from pages._lab.sort_of_clevr import chain as chain_lab
from pages._lab.sort_of_clevr.chain import (
    ChainReading,
    ChainView,
    find_chain_truth,
    installed_chains,
    make_shown_chain,
    read_chain,
)
from pages._lab.sort_of_clevr.jumps import find_floors, find_jump_lines, plot_jumps
from pages._lab.sort_of_clevr.state import ExploreState
from pages._ui import chain_reading
from pages._ui.explore.session import keep_installed
from rn_core.answering import Answerer
from rn_core.common.errors import RNCoreError, SceneError
from rn_core.common.records import Accuracy
from rn_core.models import build_model
from rn_core.tasks import TASKS
from rn_core.tasks.registry import model_config
from rn_core.tasks.sort_of_clevr.chain import CHAIN_TYPES, ChainQuestion
from rn_core.tasks.sort_of_clevr.chain_language import chain_text
from rn_core.tasks.sort_of_clevr.chain_scene import CHAIN_COLORS, ChainScene
from rn_core.tasks.sort_of_clevr.scene import SceneObject
from rn_core.weights.store import WeightsEntry
from tests.cards import make_card, make_figures
from tests.typed_questions import type_question

ROOT = Path(__file__).resolve().parents[2]
TASK = TASKS["sort-of-clevr/chain"]
STATE = ExploreState(family="chain", seed=4)


def untrained(model: str = "rn-4-steps") -> Answerer:
    """Return an untrained network: what is tested here holds for any weights."""
    built = build_model(model_config(TASK.name, model, "tiny"), 0).eval()
    return Answerer(f"sort-of-clevr/{model}", make_card(task=TASK.name), built, TASK, None)


def jump_by_hand(scene: ChainScene, start: str, jumps: int) -> list[SceneObject]:
    """Return the objects of a chain, found one by one with plain loops."""
    path = [each for each in scene.objects if start in (each.color, each.shape)]
    for _ in range(jumps):
        left = [each for each in scene.objects if each not in path]
        path.append(min(left, key=lambda each: math.dist((each.x, each.y), (path[-1].x, path[-1].y))))
    return path


@pytest.mark.parametrize(("seed", "jumps", "start"), [(0, 0, "cyan"), (1, 3, "red"), (2, 7, "star"), (3, 5, "hexagon")])
def test_the_path_is_that_of_jumping_one_by_one(seed, jumps, start):
    state = ExploreState(seed=seed, chain=ChainQuestion(jumps, start))
    truth, path = find_chain_truth(state), jump_by_hand(state.chain_scene, start, 7)
    asked = "shape" if start in CHAIN_COLORS else "color"
    assert [state.chain_scene.objects[place] for place in truth.path] == path[: jumps + 1]
    assert truth.answer == getattr(path[jumps], asked)
    assert truth.by_jumps == {getattr(each, asked): jumps for jumps, each in enumerate(path)}
    data = make_shown_chain(state, truth).to_data()
    assert [data["objects"][node]["id"] for node in data["path"]] == [each.color for each in path[: jumps + 1]]
    assert f"The chain goes {', then '.join(each.color for each in path[: jumps + 1])}." in data["alt"]
    assert make_shown_chain(replace(state, truth=False), truth).to_data()["path"] == []


@pytest.mark.parametrize(
    ("model", "part", "asked"),
    [
        ("rn-4-layers", "layer", (3, 3, 3, 3)),
        ("rn", "step", (3,)),
        ("rn-2-steps", "step", (1, 3)),
        ("rn-8-steps", "step", (1, 2, *(3,) * 6)),
    ],
)
def test_after_each_step_a_network_is_asked_where_so_many_jumps_lead(model, part, asked):
    state = replace(STATE, chain=replace(STATE.chain, jumps=3))
    answerer, scene, text = untrained(model), state.chain_scene, chain_text(state.chain)
    reading, truth = read_chain(answerer, state), find_chain_truth(state)
    assert (reading.part, reading.asked) == (part, asked)
    (plain,) = answerer.answer_many([scene], [text])
    torch.testing.assert_close(reading.answer.logits, plain.logits, rtol=1e-3, atol=1e-5)
    given, core = TASK.encode_scenes([scene]), answerer.model.core
    for step, (answer, jumps) in enumerate(zip(reading.answers, asked, strict=True)):
        question = TASK.encode_questions([chain_text(replace(state.chain, jumps=jumps))])
        compared = None if part == "layer" else answerer.model.compare_pairs(given[0])
        logits = core.answer_steps(*given, question, pair_features=compared)[step, 0]
        np.testing.assert_allclose(answer.logits, logits.detach(), rtol=1e-3, atol=1e-5)
    view = ChainView(state, "rn-chain-8-steps", reading, {}, truth)
    table = view.steps_html()
    assert [f"{part} {k + 1}<" in table for k in range(len(asked) + 1)] == [True] * len(asked) + [False]
    assert ("pairs of single steps have no exact share" in view.exactness) == (part == "step")
    assert ("had to answer" in view.explanation) == (part == "layer")


def test_an_answer_after_a_step_is_right_if_so_many_jumps_lead_there():
    state = replace(STATE, chain=replace(STATE.chain, jumps=3))
    truth, (answer,) = (
        find_chain_truth(state),
        untrained("rn").answer_many([STATE.chain_scene], [chain_text(STATE.chain)]),
    )
    by_jumps = {jumps: name for name, jumps in truth.by_jumps.items()}
    said = [replace(answer, text=name) for name in (by_jumps[1], by_jumps[3], by_jumps[3], "nothing")]
    view = ChainView(state, "rn-chain-4-steps", ChainReading(tuple(said), (1, 2, 3, 3), "step"), {}, truth)
    assert [(row.asked, row.is_right, row.jumps) for row in view.rows] == [
        (1, True, 1),
        (2, False, 3),
        (3, True, 3),
        (3, False, None),
    ]


def test_objects_can_be_moved_to_where_they_touch_no_other():
    stage, red = make_shown_chain(STATE, None), STATE.chain_scene.objects[0]
    other = STATE.chain_scene.objects[1]
    assert stage.read_edit("move", {"id": "red", "x": other.x + 2, "y": other.y}) is None
    assert stage.read_edit("move", {"id": "red", "x": 2, "y": 40}) is None
    assert stage.read_edit("move", {"id": "pink", "x": 20, "y": 40}) is None
    assert stage.read_edit("toggle", {"id": "red"}) is None
    assert stage.read_edit("move", {"id": "red", "x": red.x, "y": red.y}).thing == "red"
    with pytest.raises(SceneError, match="pixels apart"):
        STATE.move("red", other.x, other.y)
    with pytest.raises(RNCoreError, match="A node must be a whole number from 0 to 7, got 8"):
        replace(stage, layer=replace(stage.layer, path=(0, 8))).to_data()
    assert STATE.move("red", red.x, red.y) == STATE


def test_a_link_opens_the_chain_and_bad_parts_are_left_out():
    state = ExploreState(family="chain", chain=ChainQuestion(5, "star"), chain_model="rn-chain-2-steps")
    assert state.to_query() == {"family": "chain", "chain": "5-star", "chain-model": "rn-chain-2-steps"}
    assert ExploreState.from_query(state.to_query()) == (state, [])
    touching = "r20.30s_b22.31c"
    for key, text in (("chain", "8-red"), ("chain", "x-red"), ("chain", "3-pink"), ("chain-scene", touching)):
        read, (sentence,) = ExploreState.from_query({key: text})
        assert read == ExploreState() and sentence.startswith(f"The link's '{key}' was left out: ")
    assert ExploreState(seed=3).change(seed=4, moved=state.chain_scene).moved == state.chain_scene
    assert replace(state, moved=ChainScene(state.chain_scene.objects[:2])).change(seed=9).moved is None


def install(monkeypatch, folder: Path, *names: str) -> None:
    """Let these networks seem installed, and no others."""
    (folder / "sort-of-clevr").mkdir(exist_ok=True)
    for name in names:
        (folder / f"sort-of-clevr/{name}.json").touch()
    monkeypatch.setattr(chain_lab, "PRETRAINED", folder)


def test_the_family_needs_a_network_that_is_installed(monkeypatch, tmp_path):
    install(monkeypatch, tmp_path)
    read, (sentence,) = keep_installed(STATE, [])
    assert read.family == "pairs" and "no network that answers such questions" in sentence
    install(monkeypatch, tmp_path, "rn-chain", "rn-chain-8-steps", "rn-objects")
    assert installed_chains() == {"rn-chain-8-steps": "Recurrent RN, 8 steps", "rn-chain": "RN, 1 relation step"}
    read, (sentence,) = keep_installed(STATE, [])
    assert (read.family, read.chain_model) == ("chain", "rn-chain-8-steps") and "'rn-chain-4-steps'" in sentence
    assert keep_installed(read, []) == (read, [])


def make_entry(name: str, first: float) -> WeightsEntry:
    """Return weights whose card has an accuracy per number of jumps, one percent less for each jump."""
    types = {kind: Accuracy(first - k / 100, first - k / 50, first, 500 + k) for k, kind in enumerate(CHAIN_TYPES)}
    return WeightsEntry(name, make_card(name, TASK.name, metrics=make_figures(types=types)), Path(name))


def test_the_figure_has_the_cards_accuracies_and_all_floors():
    entries = {name: make_entry(name, share) for name, share in (("rn-chain-8-steps", 0.9), ("rn-chain", 0.6))}
    entries["rn-objects"] = WeightsEntry("rn-objects", make_card(metrics=make_figures()), Path("rn-objects"))
    lines, floors = find_jump_lines(entries), find_floors()
    assert [(line.title, line.relates, line.is_recurrent) for line in lines] == [
        ("RN, 1 relation step", 1, False), ("Recurrent RN, 8 steps", 8, True),
    ]  # fmt: skip
    figure = plot_jumps(lines, floors, Look())
    drawn = {trace.name: list(trace.y) for trace in figure.data}
    assert drawn["RN, 1 relation step"] == pytest.approx([60 - k for k in range(8)])
    assert drawn["Recurrent RN, 8 steps"] == pytest.approx([90 - k for k in range(8)])
    for name, title in (("constant", "best constant"), ("ranked", "k-th nearest"), ("nearest", "visited or not")):
        (found,) = (values for trace, values in drawn.items() if title in trace)
        assert found == pytest.approx([100 * share for share in floors[name].values()])
    assert find_jump_lines({"rn-objects": entries["rn-objects"]}) == ()


def test_the_page_answers_and_menus_and_typed_questions_change_what_is_asked(monkeypatch, tmp_path):
    install(monkeypatch, tmp_path, "rn-chain-4-steps")
    monkeypatch.setattr(chain_reading, "find_answerer", lambda name: untrained())
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params.update({"family": "chain", "chain": "2-blue", "seed": "4"})
    app = app.switch_page("pages/explore.py").run()
    shown = "".join(element.proto.body for element in app.get("html"))
    assert not app.exception and "Recurrent RN, 4 steps" in shown and "step 4" in shown and "step 5" not in shown
    assert "the object that is 2 jumps from the blue one" in shown and "Truth: <b>" in shown
    app = app.selectbox(key="explore.chain.jumps").set_value(6).run()
    app = app.selectbox(key="explore.chain.start").set_value("star").run()
    assert app.query_params["chain"] == "6-star"
    typed = chain_text(ChainQuestion(1, "cyan")).lower()
    app = type_question(app, "explore.typed_chain", typed)
    assert app.query_params["chain"] == "1-cyan" and not app.exception
    app = type_question(app, "explore.typed_chain", "Is it nice?")
    assert len(app.error) >= 1 and app.query_params["chain"] == "1-cyan"
