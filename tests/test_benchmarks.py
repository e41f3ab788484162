"""The plain implementation is the same function, and the table says what was measured."""

from __future__ import annotations

import itertools
import json
import platform
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch.nn import functional

from rn_core.attribution.base import Target
from rn_core.attribution.pairs import attribute_pairs
from rn_core.cli import main
from rn_core.experiments import bench, cost, memory, suite
from rn_core.experiments.cost import Case, Measurement, Setup, format_table, make_row, time_side_by_side
from rn_core.experiments.memory import _measure_here, measure_peak
from rn_core.experiments.plain import (
    PlainRelationNetwork,
    answer_plainly,
    attribute_plainly,
    draw_plain_image,
    sample_plain_scene,
)
from rn_core.experiments.steps import (
    PAIR_CHUNK,
    STEP_SIZES,
    _make_parts,
    choose_pair_chunk,
    make_core,
    make_inputs,
    make_plain_step,
    make_step,
)
from rn_core.models.relation_network import RelationNetwork, RelationNetworkConfig
from rn_core.tasks.sort_of_clevr import COLORS, Scene, SceneObject, solve, stack_scenes
from rn_core.tasks.sort_of_clevr.rendering import render_scene
from rn_core.tasks.sort_of_clevr.scene import DEFAULT_MARGIN
from tests import forked

CPU, CUDA, META = (torch.device(kind) for kind in ("cpu", "cuda", "meta"))
#: Each side once and no more: what is measured here is not how long it takes.
ONCE = Setup(seed=0, device=CPU)


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
    names = [case.name for case in suite.make_cases(ONCE, quick=False)]
    assert list(STEP_SIZES) == [6, 25, 64, 100, 200]
    for what in ("training", "one answer", "one attribution", "peak memory of a training step"):
        assert [name for name in names if name.startswith(what) and name.endswith("objects")] == [
            f"{what}, {n} objects" for n in STEP_SIZES
        ]
    assert len(set(names)) == len(names) == 2 + 4 * len(STEP_SIZES)
    assert {case.name for case in suite.make_cases(ONCE, quick=True)} < set(names)


@pytest.mark.parametrize(
    "measure",
    [
        lambda: suite.measure_scenes(ONCE),
        lambda: suite.measure_training(6, ONCE),
        lambda: suite.measure_answer(6, ONCE),
        lambda: suite.measure_attribution(6, ONCE),
    ],
)
def test_a_measurement_has_both_figures_and_says_its_size(measure):
    measured = measure()
    assert measured.value > 0
    assert measured.plain > 0
    assert any(letter.isdigit() for letter in measured.note)


@pytest.mark.skipif(platform.system() != "Linux", reason="the peak is read from /proc, which only Linux has")
@pytest.mark.process
def test_the_peak_covers_what_the_step_must_hold(monkeypatch):
    monkeypatch.setattr(memory, "subprocess", forked)
    n_scenes, n_questions = STEP_SIZES[6]
    relations = n_scenes * n_questions * 6**2 * 256 * 4 / 2**20  # MiB of one layer of g
    plain, ours = (measure_peak(6, kind, 0, CPU)["step"] for kind in ("plain", "ours"))
    assert plain > 4 * relations  # every layer's output waits for the backward pass
    assert ours < plain / 2


def test_memory_is_null_with_a_reason_where_it_cannot_be_measured(monkeypatch):
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    row = make_row(Case("peak", "MiB", lambda: suite.measure_memory(6, ONCE)))
    assert (row["value"], row["plain"], row["ratio"]) == (None, None, None)
    assert "only Linux" in row["note"]


def test_the_table_is_json_with_the_agreed_columns(monkeypatch):
    cases = [
        Case("rate", "questions/s", lambda: Measurement(6.0, 2.0, "three times")),
        Case("latency", "ms", lambda: Measurement(1.0, None, "plain failed", 0.5)),
    ]
    seen = []

    def progress(rows):
        for case in rows:
            seen.append(case.name)
            yield case

    monkeypatch.setattr(bench, "make_cases", lambda setup, quick: cases)
    report = json.loads(json.dumps(bench.run(seed=3, quick=True, progress=progress, device="cpu")))
    rate = {"name": "rate", "value": 6.0, "unit": "questions/s", "plain": 2.0, "ratio": 3.0, "note": "three times"}
    late = {"name": "latency", "value": 1.0, "unit": "ms", "plain": None, "ratio": None, "note": "plain failed"}
    assert report["rows"] == [{**rate, "compiled": None}, {**late, "compiled": 0.5}]
    assert seen == ["rate", "latency"]
    assert report["machine"]["threads"] == torch.get_num_threads()
    assert report["machine"]["torch"] == torch.__version__
    assert report["machine"]["device"].startswith("cpu")


def test_the_table_for_people_shows_every_figure_and_a_dash_for_a_missing_one():
    rate = {"name": "rate", "value": 12345.6, "unit": "questions/s", "plain": 2.5, "ratio": 4938.24, "note": "many"}
    late = {"name": "latency", "value": 0.12345, "unit": "ms", "plain": None, "ratio": None, "note": "plain failed"}
    rows = [{**rate, "compiled": None}, {**late, "compiled": None}]
    lines = format_table({"machine": {"cores": 2}, "rows": rows}).splitlines()
    assert lines[0] == "cores 2"
    assert lines[-3].split() == ["here", "plain", "ratio"]
    assert lines[-2].split() == ["rate", "12,346", "2.5", "4,938", "questions/s", "(many)"]
    assert lines[-1].split() == ["latency", "0.123", "-", "-", "ms", "(plain", "failed)"]
    rows[0]["compiled"] = 20000.0
    head, *lines = format_table({"machine": {"cores": 2}, "rows": rows}).splitlines()[-3:]
    assert head.split() == ["here", "compiled", "plain", "ratio"]
    assert lines[0].split() == ["rate", "12,346", "20,000", "2.5", "4,938", "questions/s", "(many)"]
    assert lines[1].split() == ["latency", "0.123", "-", "-", "-", "ms", "(plain", "failed)"]
    assert len(head) == lines[0].index("4,938") + len("4,938")


class Clock:
    """A clock that moves by what is done."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.calls = 0.0, []
        monkeypatch.setattr(cost.time, "perf_counter", lambda: self.now)

    def make_side(self, name: str, *seconds: float) -> Callable[[], None]:
        """Return what takes so long, call by call; the first one warms up."""
        left = iter(seconds)

        def side() -> None:
            self.calls.append(name)
            self.now += next(left)

        return side


def test_sides_are_timed_in_turns_that_begin_with_another_and_the_median_is_kept(monkeypatch):
    clock = Clock(monkeypatch)
    ours, plain = clock.make_side("ours", 500.0, 1.0, 2.0, 9.0), clock.make_side("plain", 500.0, 10.0, 20.0, 90.0)
    assert time_side_by_side([ours, plain], Setup(0, CPU, repeats=3)) == [2.0, 20.0]
    rounds = [clock.calls[k : k + 2] for k in range(0, 8, 2)]
    assert rounds == [["ours", "plain"]] * 2 + [["plain", "ours"], ["ours", "plain"]]  # the first to warm up


def test_each_of_three_sides_begins_a_round_as_often_as_the_others(monkeypatch):
    clock = Clock(monkeypatch)
    time_side_by_side([clock.make_side(name, *[1.0] * 7) for name in "abc"], Setup(0, CPU, repeats=6))
    assert "".join(clock.calls[3:]) == "abcbcacab" * 2


def test_timing_goes_on_until_the_faster_side_took_long_enough(monkeypatch):
    clock = Clock(monkeypatch)
    sides = [clock.make_side("ours", *[0.25] * 9), clock.make_side("plain", *[4.0] * 9)]
    assert time_side_by_side(sides, Setup(0, CPU, repeats=3, seconds=1.25)) == [0.25, 4.0]
    assert clock.calls.count("ours") == clock.calls.count("plain") == 1 + 5


def test_the_device_has_done_its_work_before_a_clock_is_read(monkeypatch):
    clock = Clock(monkeypatch)
    pending = []

    def synchronize(device: torch.device) -> None:
        assert device == CUDA
        clock.now += sum(pending)
        pending.clear()

    monkeypatch.setattr(torch.accelerator, "synchronize", synchronize)
    sides = [lambda: pending.append(3.0), lambda: pending.append(5.0)]
    assert time_side_by_side(sides, Setup(0, CUDA, repeats=4)) == [3.0, 5.0]
    monkeypatch.setattr(torch.accelerator, "synchronize", lambda _: pytest.fail("a CPU has nothing to wait for"))
    assert time_side_by_side(sides, ONCE) == [0.0, 0.0]


@pytest.mark.parametrize("n_objects", [None, 6])
def test_inputs_parameters_and_buffers_follow_the_device(n_objects):
    inputs = make_inputs(n_objects, 2, 3, 0, META)
    encoder, core = _make_parts(inputs, 0)
    plain = PlainRelationNetwork(core)
    parts = [inputs.scenes, inputs.question, inputs.scene_index, inputs.answer]
    for module in (encoder, core, plain):
        parts += [*module.parameters(), *module.buffers()]
    assert {part.device for part in parts} == {META}
    assert core.config.pair_chunk == choose_pair_chunk(META) > choose_pair_chunk(CPU) == PAIR_CHUNK


@pytest.mark.parametrize("device", [CPU, META])
def test_rows_are_measured_on_the_chosen_device(monkeypatch, device):
    seen = []

    class Inputs(Exception):
        pass

    def make(*given: object) -> None:
        seen.append(given[-1])
        raise Inputs

    monkeypatch.setattr(suite, "make_inputs", make)
    setup = Setup(0, device)
    for measure in (suite.measure_training, suite.measure_answer, suite.measure_attribution):
        with pytest.raises(Inputs):
            measure(6, setup)
    with pytest.raises(Inputs):
        suite.measure_pixel_training(setup)
    assert seen == [device] * 4


def test_the_compiled_step_learns_what_the_eager_one_does():
    inputs = make_inputs(4, 2, 3, 0)
    eager, compiled, plain = make_step(inputs, 0), make_step(inputs, 0, "eager"), make_plain_step(inputs, 0)
    losses = [[float(step()) for _ in range(3)] for step in (eager, compiled, plain)]
    assert losses[0] == losses[1]
    assert losses[0][0] > losses[0][2]
    assert losses[2] == pytest.approx(losses[0], abs=0.01)  # 32 bits, where ours may have 16


def test_the_compiled_answer_has_the_eager_logits_and_a_figure_of_its_own(monkeypatch):
    found = []

    def time_sides(sides, setup):
        found.extend(side() for side in sides)
        return [1.0, 2.0, 4.0]

    monkeypatch.setattr(suite, "time_side_by_side", time_sides)
    measured = suite.measure_answer(6, Setup(0, CPU, "eager"))
    assert (measured.value, measured.plain, measured.compiled, measured.note) == (1000, 2000, 4000, "36 pairs")
    ours, plain, compiled = found
    torch.testing.assert_close(compiled, ours, rtol=0, atol=0)
    torch.testing.assert_close(plain, ours)


def test_where_compiling_fails_the_note_says_so_and_the_figure_is_missing(monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("No working C++ compiler found.\nA long trace follows.")

    monkeypatch.setattr(torch, "compile", fail)
    row = make_row(Case("answer", "ms", lambda: suite.measure_answer(6, Setup(0, CPU, "inductor"))))
    assert row["compiled"] is None
    assert min(row["value"], row["plain"], row["ratio"]) > 0
    assert row["note"] == "36 pairs; torch.compile failed: No working C++ compiler found."


def test_a_backend_that_fails_is_no_end_of_the_table():
    measured = suite.measure_answer(6, Setup(0, CPU, "no-such-backend"))
    assert measured.compiled is None
    assert measured.value > 0
    assert "no-such-backend" in measured.note


@pytest.mark.parametrize(
    ("asked", "on_cpu", "on_cuda"), [(None, None, "inductor"), (True,) + ("inductor",) * 2, (False, None, None)]
)
def test_compiled_figures_are_those_of_cuda_unless_asked_for(monkeypatch, asked, on_cpu, on_cuda):
    assert bench.make_setup(0, False, "cpu", asked).backend == on_cpu
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    setup = bench.make_setup(0, True, "auto", asked)
    assert (setup.device, setup.backend) == (CUDA, on_cuda)


def test_the_command_line_says_where_and_how_to_measure(monkeypatch, capsys):
    asked = []

    def run(*given, **named):
        asked.append((given[:2], named))
        return {"machine": {}, "rows": []}

    monkeypatch.setattr(bench, "run", run)
    for arguments in ("", "--quick --device cpu --compile", "--seed 4 --no-compile"):
        assert main(["bench", "--json", *arguments.split()]) == 0
    assert asked == [
        ((0, False), {"device": "auto", "compiles": None}),
        ((0, True), {"device": "cpu", "compiles": True}),
        ((4, False), {"device": "auto", "compiles": False}),
    ]
    monkeypatch.undo()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    capsys.readouterr()
    assert main(["bench", "--device", "cuda"]) == 1
    assert "no 'cuda' device" in capsys.readouterr().err


def test_the_peak_on_cuda_is_that_of_its_allocator_on_any_system(monkeypatch):
    """A fake allocator that holds 100 MiB, of which every step needs 30 more for a while."""
    held = {"now": 100, "most": 1000}
    steps = []

    def make(inputs: object, seed: int) -> Callable[[], None]:
        def step() -> None:
            steps.append(inputs)
            held["most"] = max(held["most"], held["now"] + 30)

        return step

    monkeypatch.setitem(memory.KINDS, "ours", make)
    monkeypatch.setattr(memory, "make_inputs", lambda *given: given)
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda _: held.update(most=held["now"]))
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _: held["now"] * 2**20)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda _: held["most"] * 2**20)
    assert _measure_here(6, "ours", 5, CUDA) == {"step": 30, "process": 130}
    assert steps == [(2, 1, 1, 5, CUDA), (6, *STEP_SIZES[6], 5, CUDA)]
    monkeypatch.setattr(platform, "system", lambda: "Windows")
    monkeypatch.setattr(suite, "measure_peak", lambda n, kind, seed, device: {"step": 1.0, "process": 2.0})
    assert suite.measure_memory(6, Setup(0, CUDA)).value == 1.0


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
