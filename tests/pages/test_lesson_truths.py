"""What lessons claim about the shipped networks is so: every quiz's answer is checked by asking them."""

from __future__ import annotations

from functools import cache
from itertools import combinations, product

import numpy as np
import pytest
import torch
from torch import nn

from pages._lab.lessons.file import FOLDER, list_slugs, read_folder, read_lesson
from pages._lab.lessons.work import make_turns
from pages._lab.sort_of_clevr.view import ExploreView
from pages._ui.cache import find_answerer
from pages._ui.chain_reading import read_chain_view
from pages._ui.lessons.measured import N_SCENES, SEED, find_crowd
from pages._ui.lessons.views import read_reading, read_view, remove_each, see
from pages._ui.triple_reading import read_triple_view
from rn_core.common.seeding import make_rng
from rn_core.evaluation.accuracy import evaluate
from rn_core.experiments.limits import measure_crowds, measure_margins
from rn_core.experiments.probes import ask, find_common_shapes, measure_diagonal, measure_guess, measure_redeal
from rn_core.models.tuples import TupleInputs, TupleLayers
from rn_core.tasks import TASKS
from rn_core.tasks.physics import PhysicsScenes
from rn_core.tasks.physics import sample_scenes as sample_balls
from rn_core.tasks.physics.encoding import connection_targets
from rn_core.tasks.physics.encoding import encode_rows as encode_balls
from rn_core.tasks.sort_of_clevr import COLORS, stack_scenes
from rn_core.tasks.sort_of_clevr.cells import object_cells
from rn_core.tasks.sort_of_clevr.chain_floors import find_chain_floors
from rn_core.tasks.sort_of_clevr.crowds import make_crowd_batch
from rn_core.tasks.sort_of_clevr.encoding import encode_rows
from rn_core.tasks.sort_of_clevr.questions import GROUPS, QUESTION_TYPES, question_codes
from rn_core.tasks.sort_of_clevr.scene import SHAPES
from rn_core.weights.store import load_weights

pytestmark = pytest.mark.weights

LESSONS = {lesson.slug: lesson for lesson in read_folder(FOLDER).lessons}


@pytest.fixture(scope="module")
def network():
    return find_answerer("sort-of-clevr/rn-objects").model


@pytest.fixture(scope="module")
def mlp():
    return find_answerer("sort-of-clevr/mlp-objects")


def strongest(view: ExploreView, count: int) -> list[tuple[str, str]]:
    """Return the strongest pairs of a view, strongest first."""
    labels, order = view.nodes.labels, np.argsort(-np.abs(view.matrix), axis=None)
    return [(labels[k // len(labels)], labels[k % len(labels)]) for k in order[:count]]


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)
def test_the_network_is_right_about_every_lesson_s_scene(lesson):
    if lesson.view == "triples":
        view = read_triple_view(lesson.explore)
        assert view.reading.answer.text == view.truth and view.margin > 4
        return
    if lesson.view == "chain":
        chain = read_chain_view(lesson.explore)
        assert chain.reading.answer.text == chain.truth.answer and chain.truth.margin > 4
        return
    reading = see(lesson).reading
    assert reading.answer.text == reading.truth
    assert lesson.page != "explore" or reading.margin > 8


def test_shares_add_up_to_the_score_above_the_next_best():
    lesson = LESSONS["how-to-read-a-share"]
    view = see(lesson)
    logits = dict(zip(view.answers, view.reading.answer.logits, strict=True))
    lead = logits[view.reading.truth] - min(logits[shape] for shape in SHAPES)
    assert lesson.quiz.right == "the score of the answer above the next best"
    assert view.matrix.sum() + view.attribution.baseline_value == pytest.approx(lead, abs=1e-3)
    assert strongest(view, 1) == [("red", "yellow")]
    assert view.matrix.max() > 5


def test_the_cube_is_in_every_pair_that_counts():
    lesson = LESSONS["a-count-from-pairs"]
    view = see(lesson)
    cube = next(label for label, name in zip(view.nodes.labels, view.nodes.names, strict=True) if "red cube" in name)
    spheres = {i for pair in strongest(view, 3) for i in pair} - {cube}
    assert all(cube in pair for pair in strongest(view, 3))
    assert len(spheres) == 3 == int(view.reading.truth)
    assert [answer.text == view.reading.truth for answer in view.reading.others.values()] == [False, False]


def test_one_other_object_has_the_sphere_s_color():
    lesson = LESSONS["what-if-it-were-gone"]
    found = remove_each(lesson)
    assert [removal.name.split(" ", 1)[1] for removal in found if removal.flips] == ["gray sphere", "gray cylinder"]
    assert all(removal.truth in (None, removal.answer) for removal in found)
    view = see(lesson)
    names = dict(zip(view.nodes.labels, view.nodes.names, strict=True))
    assert {names[label].split(" ", 1)[1] for label in strongest(view, 1)[0]} == {"gray sphere", "gray cylinder"}
    strong, second = np.sort(np.abs(view.matrix), axis=None)[[-1, -2]]
    assert strong > 3 * second


def test_two_sentences_hold_the_answer():
    lesson = LESSONS["two-facts-one-answer"]
    view = see(lesson)
    assert lesson.quiz.right == "3 and 7"
    assert {*strongest(view, 1)[0]} == {"s3", "s7"} == {*view.nodes.labels[2:7:4]}
    lines = [line.text for line in lesson.state.lines]
    assert (lines[2], lines[6]) == ("Daniel travelled to the garden.", "Daniel discarded the football.")
    assert view.reading.truth == "garden"


def test_the_earlier_sentence_opposes_the_answer():
    lesson = LESSONS["the-last-word-counts"]
    view = see(lesson)
    earlier, later = (k for k, line in enumerate(lesson.state.lines) if line.text.startswith("Daniel"))
    assert "garden" in lesson.state.lines[earlier].text
    assert view.matrix[earlier, earlier] < -1 < 1 < view.matrix[later, later]
    labels = view.nodes.labels
    assert {*strongest(view, 2)} == {(labels[earlier], labels[earlier]), (labels[later], labels[later])}


def test_two_paths_show_a_hidden_spring():
    lesson = LESSONS["springs-nobody-sees"]
    view = see(lesson)
    assert {*strongest(view, 2)} == {("blue", "yellow"), ("yellow", "blue")}
    strong, rest = np.sort(np.abs(view.matrix), axis=None)[[-2, -3]]
    assert strong > 5 * rest


def test_ten_balls_less_six_connections_are_four_groups():
    lesson = LESSONS["counting-groups"]
    view = see(lesson)
    connections = {frozenset(pair) for pair in view.true_pairs}
    assert (len(view.nodes.labels), len(connections)) == (10, 6)
    assert lesson.quiz.right == view.reading.truth == str(10 - 6)
    assert view.reading.others["mlp-count"].text == "5"
    shares = np.abs(view.matrix)
    linked = [shares[i, j] for i, j in view.true_pairs]
    others = [shares[i, j] for i in range(10) for j in range(10) if i != j and frozenset((i, j)) not in connections]
    assert np.mean(linked) > 3 * np.mean(others)


def test_two_objects_in_one_cell_mislead_the_network_over_cells():
    lesson = LESSONS["cells-or-objects"]
    cells = object_cells(stack_scenes([lesson.explore.scene]))[0]
    shared = {color for color, cell in zip(COLORS, cells, strict=True) if (cells == cell).sum() > 1}
    assert shared == {"red", "green"}
    found, grid = (read_view(lesson.explore.change(model=model)) for model in ("rn-slots", "rn-pixels"))
    assert found.reading.answer.text == found.reading.truth != grid.reading.answer.text
    assert found.reading.targets == ("green",)
    assert {*strongest(found, 2)} == {("red", "green"), ("green", "red")}


def test_the_pair_that_holds_the_answer_is_the_strongest():
    lesson = LESSONS["why-pairs"]
    view = read_view(lesson.explore)
    assert view.reading.targets == ("red",)
    assert lesson.quiz.right == "gray and red"
    assert {*strongest(view, 2)} == {("gray", "red"), ("red", "gray")}


@torch.inference_mode()
def test_another_order_of_the_objects_is_the_same_answer(network):
    state = LESSONS["why-a-sum"].explore
    rows, mask = encode_rows(stack_scenes([state.scene]))
    code = torch.from_numpy(question_codes())[[state.question.index]]
    logits = network((rows, mask), code)
    for seed in range(5):
        order = torch.randperm(6, generator=torch.Generator().manual_seed(seed))
        torch.testing.assert_close(network((rows[:, order], mask), code), logits, rtol=1e-5, atol=1e-3)


def test_answers_change_where_the_truth_does(network):
    state = LESSONS["relational-or-not"].explore
    found = measure_redeal(network, "objects", state.scene, "blue", N_SCENES, SEED)
    assert {kind for kind, change in found.items() if change.true.accuracy > 0} == {*GROUPS["relational"]}
    assert {kind for kind, change in found.items() if change.said.accuracy > 0} == {*GROUPS["relational"]}


def test_the_mlp_guesses_the_commoner_shape(mlp):
    state = LESSONS["blind-floors"].explore
    reading, scenes = read_reading(state), stack_scenes([state.scene])
    common = SHAPES[find_common_shapes(scenes)[0, COLORS.index(state.question.color)]]
    assert (reading.other.text, reading.truth) == (common, "circle")
    assert common == "square"
    found = measure_guess(mlp.model, "objects", N_SCENES, SEED)
    assert min(shares["same"].accuracy for shares in found.values()) > 0.98
    evaluation = evaluate(mlp.model, mlp.task, SEED, N_SCENES)
    assert evaluation.types["count_same_shape"].accuracy > 0.99
    for kind in found:
        assert evaluation.blind_floor[kind] + 0.1 < evaluation.types[kind].accuracy < 0.8
    assert mlp.card.parameters > find_answerer("sort-of-clevr/rn-objects").card.parameters


def test_one_square_of_the_matrix_outweighs_the_others():
    lesson = LESSONS["the-pair-matrix"]
    view = read_view(lesson.explore)
    assert view.reading.targets == ("orange",)
    assert lesson.quiz.right == "orange"
    assert strongest(view, 1) == [("gray", "orange")]
    assert 2 * np.abs(view.matrix).max() > np.abs(view.matrix).sum()


def test_the_diagonal_answers_about_one_object_only(network):
    found = measure_diagonal(network, "objects", N_SCENES, SEED)
    alone = {kind: share.accuracy for kind, share in found["the diagonal alone"].items()}
    assert min(alone[kind] for kind in GROUPS["non_relational"]) > 0.95
    assert max(alone[kind] for kind in GROUPS["relational"]) < 0.7
    assert min(share.accuracy for share in found["without the diagonal"].values()) > 0.95


def test_another_baseline_is_another_strongest_pair_and_the_same_answer():
    state = LESSONS["baselines"].explore
    zero, mean = (read_view(state.change(baseline=name)) for name in ("zero", "mean"))
    assert strongest(zero, 1) != strongest(mean, 1)
    assert zero.attribution.value == pytest.approx(mean.attribution.value)
    assert zero.reading.answer.text == mean.reading.answer.text


def test_one_turned_shape_turns_the_answer():
    lesson = LESSONS["counterfactuals"]
    turns = make_turns(lesson.explore, read_reading)
    assert lesson.quiz.right == "the red one"
    assert [turn.color for turn in turns if turn.flips] == ["red"]
    assert all(turn.answer == turn.truth for turn in turns)
    assert {*strongest(read_view(lesson.explore), 2)} == {("yellow", "red"), ("red", "yellow")}


def test_counts_fail_with_more_and_with_fewer_objects(network):
    found = {n: measure_crowds(network, n, N_SCENES, SEED) for n in (2, 4, 6, 8, 10)}
    worst = [min(crowd.types, key=lambda kind: crowd.types[kind].accuracy) for n, crowd in found.items() if n != 6]
    assert {*worst} == {"count_same_shape"}
    assert found[6].types["count_same_shape"].accuracy > 0.99
    assert min(found[10].types[kind].accuracy for kind in QUESTION_TYPES[:5]) > 0.9
    assert min(found[n].too_few.accuracy for n in (8, 10)) > 0.95
    assert max(found[n].too_few.accuracy for n in (2, 4)) < 0.05
    assert min(found[n].off_by_one.accuracy for n in (4, 8)) > 0.7


@cache
def many_balls(n_balls: int) -> PhysicsScenes:
    """Return 250 scenes of so many balls."""
    return sample_balls(make_rng(1, "test", n_balls), 250, n_balls)


@pytest.mark.parametrize(
    ("name", "n_balls", "lowest", "highest"),
    [
        ("rn-count", 10, 0.92, 0.98),
        ("rn-count", 8, 0.0, 0.5),
        ("rn-count-2to12", 2, 0.9, 1),
        ("rn-count-2to12", 8, 0.9, 1),
        ("rn-count-2to12", 12, 0.86, 1),
    ],
)
def test_groups_of_balls_are_counted_where_they_were_trained_on(name, n_balls, lowest, highest):
    pytest.importorskip("mujoco")
    scenes = many_balls(n_balls)
    rows, mask = (torch.from_numpy(part) for part in encode_balls(scenes))
    with torch.inference_mode():
        said = load_weights(f"physics/{name}").model((rows, mask), torch.zeros(250, 0)).argmax(dim=1).numpy()
    assert lowest <= (said == scenes.n_systems - 1).mean() <= highest


def test_all_pairs_of_twelve_balls_are_answered_by_the_network_that_has_learned_from_them():
    pytest.importorskip("mujoco")
    scenes = sample_balls(make_rng(1, "test", 12), 250, 12)
    rows, mask = (torch.from_numpy(part) for part in encode_balls(scenes))
    with torch.inference_mode():
        logits = load_weights("physics/rn-connections-2to12").model((rows, mask), torch.zeros(250, 0)).numpy()
    right = ((logits > 0) == connection_targets(scenes)).all(axis=1)
    assert 0.72 <= right.mean() <= 0.9
    ten = TASKS["physics/connections"].answers
    assert len(TASKS["physics/connections-2to12"].answers) - len(ten) == 66 - 45 == 21


def test_the_crowd_on_the_page_is_miscounted(network):
    batch = make_crowd_batch(find_crowd(LESSONS["when-it-fails"].explore.question.color))
    assert len(batch) == 6
    assert ask(network, batch)[5] != batch.answer[5]


def test_near_ties_are_harder(network):
    found = measure_margins(network, "objects", N_SCENES, SEED)
    assert found[0].accuracy.high < found[3].accuracy.low
    assert found[-1].accuracy.accuracy > 0.99


def test_ten_times_as_many_objects_are_a_hundred_times_as_many_pairs():
    assert LESSONS["the-price"].quiz.right == f"{60**2 // 6**2} times"


def test_from_answers_only_the_mlp_stays_behind_and_a_head_start_helps_it_more():
    lesson = LESSONS["what-the-paper-found"]
    answers_only, helped = (
        {kind: find_answerer(f"sort-of-clevr/{kind}-{view}").card for kind in ("rn", "mlp")}
        for view in ("pixels-end-to-end", "pixels")
    )
    shares = {kind: card.measured.groups["relational"] for kind, card in answers_only.items()}
    assert shares["rn"].low > 0.97
    assert shares["mlp"].high < shares["rn"].low - 0.2
    assert answers_only["mlp"].measured.groups["non_relational"].high < 0.7
    assert answers_only["mlp"].parameters > answers_only["rn"].parameters
    assert answers_only["mlp"].trained.questions == answers_only["rn"].trained.questions
    assert helped["mlp"].measured.groups["relational"].low > shares["mlp"].high + 0.1
    reading = see(lesson).reading
    assert reading.answer.text == reading.truth != reading.other.text


def test_no_lesson_is_left_unchecked():
    checked = {
        "why-pairs", "why-a-sum", "relational-or-not", "blind-floors", "the-pair-matrix", "the-diagonal", "baselines",
        "counterfactuals", "when-it-fails", "the-price", "how-to-read-a-share", "a-count-from-pairs",
        "what-if-it-were-gone", "two-facts-one-answer", "the-last-word-counts", "springs-nobody-sees",
        "counting-groups", "cells-or-objects", "what-the-paper-found", "three-at-once", "one-hop-after-another",
    }  # fmt: skip
    assert {*list_slugs(FOLDER)} == checked


def test_lessons_differ_in_scene():
    scenes = [(lesson.page, str(see(lesson).scene_content())) for lesson in LESSONS.values()]
    assert len({*scenes}) == len(scenes) - 1  # both lessons on physics are about the same table


def test_the_deciding_triples_are_the_strongest_of_the_lesson_s_scene():
    view = read_triple_view(LESSONS["three-at-once"].explore)
    n_deciding = len(view.deciding)
    assert view.truth == str(n_deciding) and 0 < n_deciding < 4
    assert [row.decides for row in view.rows] == [True] * n_deciding + [False] * (6 - n_deciding)


def test_four_jumps_tell_relating_once_from_relating_four_times_and_forgetting_fails_at_two():
    floors = find_chain_floors(make_rng(0, "test"), 200)
    assert floors["nearest"]["jumps_1"] == 1 and floors["nearest"]["jumps_2"] < 0.5
    lesson = read_lesson(FOLDER / "20-one-hop-after-another.md")
    assert lesson.quiz.choices == ("0 jumps, the start itself", "1 jump", "4 jumps")
    if lesson.slug not in LESSONS:
        pytest.skip(f"{' and '.join(lesson.needs)} are not installed")
    once, four = (find_answerer(name).card.measured.types for name in lesson.needs)
    gaps = [four[f"jumps_{jumps}"].accuracy - once[f"jumps_{jumps}"].accuracy for jumps in (0, 1, 4)]
    assert lesson.quiz.answer == int(np.argmax(gaps)) and gaps[2] > 0.2
    assert once["jumps_1"].low > 0.85
    assert four["jumps_4"].low > max(found["jumps_4"] for found in floors.values())


def test_pairs_read_linearly_get_seven_of_eight_cases_of_three_lamps_and_never_eight():
    assert LESSONS["three-at-once"].quiz.right == "7 of 8 cases"
    cases = torch.tensor([*product((0.0, 1.0), repeat=3)], dtype=torch.float64)  # (8, 3)
    sign = 2 * (cases.sum(dim=1) % 2) - 1
    lamps = torch.cat([torch.eye(3, dtype=torch.float64).expand(8, -1, -1), cases[..., None]], dim=2)
    for order, cancels in ((2, True), (3, False)):
        layers, read = TupleLayers(4, 0, (16, 8), order).double(), nn.Linear(8, 1).double()
        sums = read(layers.sum_tuples(TupleInputs(lamps, torch.zeros(8, 0, dtype=torch.float64))))[:, 0]
        assert ((sign * sums).sum().abs().item() < 1e-12) == cancels  # so not all eight can have the right sign
    wanted = torch.where(torch.arange(8) == 0, -7 * sign, sign)
    units = torch.stack(
        [
            ((cases[:, one] == here) & (cases[:, other] == there)).double()
            for one, other in combinations(range(3), 2)
            for here, there in product((0, 1), repeat=2)
        ],
        dim=1,
    )  # what g_theta can say of one pair of lamps
    found = units @ torch.linalg.lstsq(units, wanted[:, None], driver="gelsd").solution
    torch.testing.assert_close(found[:, 0], wanted)
    assert int((found[:, 0] * sign > 0).sum()) == 7
