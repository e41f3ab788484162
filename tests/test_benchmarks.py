"""The plain implementation is the same function, and the table says what was measured."""

from __future__ import annotations

import itertools
import json
import platform

import numpy as np
import pytest
import torch
from torch.nn import functional

from rn_core.attribution.base import Target
from rn_core.attribution.pairs import attribute_pairs
from rn_core.experiments import bench, cost, suite
from rn_core.experiments.cost import Case, Measurement, format_table, make_row, time_side_by_side
from rn_core.experiments.memory import measure_peak
from rn_core.experiments.plain import (
    PlainRelationNetwork,
    answer_plainly,
    attribute_plainly,
    draw_plain_image,
    sample_plain_scene,
)
from rn_core.experiments.steps import STEP_SIZES, make_core, make_inputs
from rn_core.models.relation_network import RelationNetwork, RelationNetworkConfig
from rn_core.tasks.sort_of_clevr import COLORS, Scene, SceneObject, solve, stack_scenes
from rn_core.tasks.sort_of_clevr.rendering import render_scene
from rn_core.tasks.sort_of_clevr.scene import DEFAULT_MARGIN


def make_both(pair_chunk: int | None) -> tuple[RelationNetwork, PlainRelationNetwork]:
    """Return a small Relation Network in float64 and the plain one with its weights."""
    torch.manual_seed(0)
    core = RelationNetwork(
        RelationNetworkConfig(5, 3, 4, (8, 8, 8), (8, 8), aggregate_scale=0.5, pair_chunk=pair_chunk)
    )
    plain = PlainRelationNetwork(core)
    return core.double(), plain.double()


@pytest.mark.parametrize("pair_chunk", [None, 7])
def test_the_plain_network_gives_the_same_relations_logits_and_gradients(pair_chunk):
    core, plain = make_both(pair_chunk)
    scenes = torch.randn(2, 6, 5, dtype=torch.float64)
    question = torch.randn(6, 3, dtype=torch.float64)
    scene_index = torch.arange(2).repeat_interleave(3)
    answer = torch.tensor([0, 1, 2, 3, 0, 1])
    relations = core.trace(scenes, None, question, scene_index).relations  # row by row, scaled
    plain_relations = plain.relations(scenes[scene_index], question) * plain.aggregate_scale
    torch.testing.assert_close(plain_relations, relations, rtol=0, atol=1e-12)
    logits, plain_logits = core(scenes, None, question, scene_index), plain(scenes[scene_index], question)
    torch.testing.assert_close(plain_logits, logits, rtol=0, atol=1e-12)
    for either in (logits, plain_logits):
        functional.cross_entropy(either, answer).backward()
    for ours, theirs in zip(core.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(theirs.grad, ours.grad, rtol=0, atol=1e-12)


def test_the_plain_attribution_is_integrated_gradients_and_nears_the_exact_path():
    core, plain = make_both(None)
    relations = plain.relations(torch.randn(1, 6, 5).double(), torch.randn(1, 3).double())[0].detach()
    integrated = attribute_pairs(core.f_phi, relations, Target(2), method="integrated_gradients", steps=50)
    torch.testing.assert_close(attribute_plainly(plain.f_phi, relations, 2), integrated.contributions)
    exact = attribute_pairs(core.f_phi, relations, Target(2)).contributions
    error = [(attribute_plainly(plain.f_phi, relations, 2, steps) - exact).abs().max() for steps in (5, 500)]
    assert error[1] < error[0] / 10


def test_the_plain_maker_keeps_the_rules_of_the_task():
    rng = np.random.default_rng(0)
    for _ in range(20):
        plain = sample_plain_scene(rng, DEFAULT_MARGIN)
        things = zip(COLORS, plain, strict=True)
        scene = Scene(tuple(SceneObject(color, shape, x, y) for color, (shape, x, y) in things))
        solution = solve(stack_scenes([scene]))
        assert answer_plainly(plain) == solution.answers[0].tolist()
        assert solution.margins.min() >= DEFAULT_MARGIN
        np.testing.assert_array_equal(draw_plain_image(plain), render_scene(scene))


def test_the_cases_cover_every_figure_at_every_size():
    names = [case.name for case in suite.make_cases(0, quick=False)]
    assert list(STEP_SIZES) == [6, 25, 64, 100, 200]
    for what in ("training", "one answer", "one attribution", "peak memory of a training step"):
        assert [name for name in names if name.startswith(what) and name.endswith("objects")] == [
            f"{what}, {n} objects" for n in STEP_SIZES
        ]
    assert len(set(names)) == len(names) == 2 + 4 * len(STEP_SIZES)
    assert {case.name for case in suite.make_cases(0, quick=True)} < set(names)


@pytest.mark.parametrize(
    "measure",
    [
        lambda: suite.measure_scenes(0, 1),
        lambda: suite.measure_training(6, 0, 1),
        lambda: suite.measure_answer(6, 0, 1),
        lambda: suite.measure_attribution(6, 0, 1),
    ],
)
def test_a_measurement_has_both_figures_and_says_its_size(measure):
    measured = measure()
    assert measured.value > 0
    assert measured.plain > 0
    assert any(letter.isdigit() for letter in measured.note)


@pytest.mark.skipif(platform.system() != "Linux", reason="the peak is read from /proc, which only Linux has")
@pytest.mark.process
def test_the_peak_covers_what_the_step_must_hold():
    n_scenes, n_questions = STEP_SIZES[6]
    relations = n_scenes * n_questions * 6**2 * 256 * 4 / 2**20  # MiB of one layer of g
    plain, ours = (measure_peak(6, kind, seed=0)["step"] for kind in ("plain", "ours"))
    assert plain > 4 * relations  # every layer's output waits for the backward pass
    assert ours < plain / 2


def test_memory_is_null_with_a_reason_where_it_cannot_be_measured(monkeypatch):
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    row = make_row(Case("peak", "MiB", lambda: suite.measure_memory(6, 0, 1)))
    assert (row["value"], row["plain"], row["ratio"]) == (None, None, None)
    assert "only Linux" in row["note"]


def test_the_table_is_json_with_the_agreed_columns(monkeypatch):
    cases = [
        Case("rate", "questions/s", lambda: Measurement(6.0, 2.0, "three times")),
        Case("latency", "ms", lambda: Measurement(1.0, None, "plain failed")),
    ]
    seen = []

    def progress(rows):
        for case in rows:
            seen.append(case.name)
            yield case

    monkeypatch.setattr(bench, "make_cases", lambda seed, quick: cases)
    report = json.loads(json.dumps(bench.run(seed=3, quick=True, progress=progress)))
    assert report["rows"] == [
        {"name": "rate", "value": 6.0, "unit": "questions/s", "plain": 2.0, "ratio": 3.0, "note": "three times"},
        {"name": "latency", "value": 1.0, "unit": "ms", "plain": None, "ratio": None, "note": "plain failed"},
    ]
    assert seen == ["rate", "latency"]
    assert report["machine"]["threads"] == torch.get_num_threads()
    assert report["machine"]["torch"] == torch.__version__


def test_the_table_for_people_shows_every_figure_and_a_dash_for_a_missing_one():
    rows = [
        {"name": "rate", "value": 12345.6, "unit": "questions/s", "plain": 2.5, "ratio": 4938.24, "note": "many"},
        {"name": "latency", "value": 0.12345, "unit": "ms", "plain": None, "ratio": None, "note": "plain failed"},
    ]
    lines = format_table({"machine": {"cores": 2}, "rows": rows}).splitlines()
    assert lines[0] == "cores 2"
    assert lines[-2].split() == ["rate", "12,346", "2.5", "4,938", "questions/s", "(many)"]
    assert lines[-1].split() == ["latency", "0.123", "-", "-", "ms", "(plain", "failed)"]


def test_both_sides_are_timed_in_turns_and_the_median_is_kept(monkeypatch):
    calls = []
    ticks = itertools.chain.from_iterable((0.0, seconds) for seconds in (1.0, 10.0, 2.0, 20.0, 9.0, 90.0))
    monkeypatch.setattr(cost.time, "perf_counter", lambda: next(ticks))
    assert time_side_by_side(lambda: calls.append("ours"), lambda: calls.append("plain"), 3) == (2.0, 20.0)
    assert calls == ["ours", "plain"] * 4  # once to warm up


def test_inputs_and_weights_follow_the_seed():
    one, same, other = (make_inputs(6, 2, 3, seed) for seed in (1, 1, 2))
    assert torch.equal(one.scenes, same.scenes)
    assert not torch.equal(one.scenes, other.scenes)
    assert torch.equal(make_core(10, 1).g_theta[0].weight, make_core(10, 1).g_theta[0].weight)
    assert not torch.equal(make_core(10, 1).g_theta[0].weight, make_core(10, 2).g_theta[0].weight)


def test_answers_are_timed_for_every_number_of_objects(monkeypatch):
    clock = itertools.count()
    monkeypatch.setattr(cost.time, "perf_counter", lambda: float(next(clock)))
    seen = []
    found = cost.time_pairs((2, 5), 10.0, 0, pair_chunk=3, progress=lambda sizes: seen.append(sizes) or sizes)
    assert [(part.n_objects, part.seconds, part.calls) for part in found] == [(2, 1.0, 10), (5, 1.0, 10)]
    assert seen == [(2, 5)]
    assert [part.calls for part in cost.time_pairs((2,), 0.0, 0)] == [3]
