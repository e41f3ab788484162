"""What the page shows: targets, thresholds, rankings and sentences."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from pages._lab.pairs.state import METHODS
from pages._lab.pairs.view import describe_disagreement, describe_sum, keep_strongest, second_method
from pages._lab.sort_of_clevr.picture import describe_scene
from pages._lab.sort_of_clevr.state import ExploreState, sampled_scene
from pages._lab.sort_of_clevr.view import choose_target, find_truth
from pages._lab.words import format_pair, format_signed, join_words, node_name
from rn_core.common.errors import SceneError
from rn_core.common.records import Answer
from rn_core.tasks.sort_of_clevr import Question
from rn_core.tasks.sort_of_clevr.questions import ANSWERS


def make_answer(**logits: float) -> Answer:
    """Return an answer with some logits, all others at -9."""
    values = np.array([logits.get(name, -9.0) for name in ANSWERS])
    return Answer(ANSWERS[int(values.argmax())], dict.fromkeys(ANSWERS, 0.1), values)


def named(state: ExploreState, answer: Answer) -> tuple[str, str | None]:
    """Return the chosen target's answers by name."""
    target = choose_target(state, answer)
    return ANSWERS[target.answer], None if target.contrast is None else ANSWERS[target.contrast]


def test_the_answer_is_set_against_the_next_best_that_the_question_allows():
    answer = make_answer(square=5.0, yes=4.0, circle=1.0)
    assert named(ExploreState(), answer) == ("square", "circle")
    assert named(ExploreState(question=Question("left", "red")), answer) == ("square", "yes")


def test_named_answers_win():
    answer = make_answer(square=5.0, circle=1.0)
    assert named(ExploreState(why="circle"), answer) == ("circle", "square")
    assert named(ExploreState(why="yes", why_not="no"), answer) == ("yes", "no")
    assert named(ExploreState(why_not="none"), answer) == ("square", None)
    assert named(ExploreState(why_not="square"), answer) == ("square", "circle")


@pytest.mark.parametrize("top", [0, 1, 3, 4, 9])
def test_the_strongest_are_kept(top):
    contributions = torch.tensor([0.5, -3.0, 0.1, 2.0])
    kept = {k for k in range(4) if keep_strongest(contributions, top)[k]}
    assert kept == {0: {0, 1, 2, 3}, 1: {1}, 3: {0, 1, 3}, 4: {0, 1, 2, 3}, 9: {0, 1, 2, 3}}[top]


def test_the_threshold_reaches_the_matrix(make_view):
    everything, few = make_view(model="rn-objects"), make_view(model="rn-objects", top=2)
    strongest = np.sort(np.abs(everything.matrix).ravel())[-2:]
    assert np.count_nonzero(few.matrix) == 2
    np.testing.assert_array_equal(np.sort(np.abs(few.matrix[few.matrix != 0])), strongest)


@pytest.mark.parametrize("model", ["rn-objects", "rn-pixels"])
def test_renormalising_keeps_the_total(make_view, model):
    everything, scaled = make_view(model=model), make_view(model=model, top=3, renormalise=True)
    assert scaled.matrix.sum() == pytest.approx(everything.matrix.sum())
    assert make_view(model=model, top=3).matrix.sum() != pytest.approx(everything.matrix.sum())


def test_exact_shares_add_up_to_the_logit(make_view):
    view = make_view()
    assert view.matrix.sum() == pytest.approx(view.attribution.value - view.attribution.baseline_value)


@pytest.mark.parametrize("why", ["square", "circle"])
def test_rows_are_the_matrix_from_the_strongest_on(make_view, why):
    view = make_view(model="rn-objects", why=why, question=Question("count_same_shape", "blue"))
    labels = view.nodes.labels
    values = [view.matrix[labels.index(row.first), labels.index(row.second)] for row in view.rows]
    assert values == [row.contribution for row in view.rows]
    assert np.abs(values).tolist() == sorted(np.abs(view.matrix).ravel(), reverse=True)[: len(values)]
    assert view.rows[0].share == pytest.approx(100 * values[0] / view.matrix.sum())
    assert {row.decides for row in view.rows} == {True, False}
    for row in view.rows:
        assert row.decides == ((labels.index(row.first), labels.index(row.second)) in view.true_pairs)


def test_norms_have_no_share(make_view):
    assert {row.share for row in make_view(method="norm").rows} == {None}


def test_the_pinned_pair_is_found_by_name(make_view):
    view = make_view(model="rn-pixels", pair=("gray", "ground"))
    assert view.pinned == (4, 6)
    expected = view.nodes.merge_relations(view.reading.relations, (4, 6))
    torch.testing.assert_close(view.pinned_relation, expected)
    assert make_view().pinned_relation is None


def test_methods_that_agree_say_nothing_and_others_name_both_pairs(make_view):
    view = make_view(model="rn-objects")
    contributions = view.attribution.contributions.clone()
    same = dataclasses.replace(view.attribution, method="leave_one_out")
    top = int(contributions.abs().argmax())
    other = (top + 7) % 36
    contributions[other] = -2 * contributions[top].abs()
    different = dataclasses.replace(same, contributions=contributions)
    assert describe_disagreement(view.attribution, same, view.nodes) is None
    sentence = describe_disagreement(view.attribution, different, view.nodes)
    for p in (top, other):
        assert format_pair(*(view.nodes.labels[k] for k in divmod(p, 6))) in sentence
    assert METHODS["leave_one_out"] in sentence


@pytest.mark.parametrize("method", [*METHODS])
def test_a_second_method_is_another_one(method):
    assert second_method(method) in METHODS
    assert second_method(method) != method


@pytest.mark.parametrize("method", [*METHODS])
def test_every_method_says_what_it_adds_up_to(make_view, method):
    sentence = describe_sum(make_view(method=method))
    assert ("Residual" in sentence) == (method != "norm")


def test_truth_of_a_scene():
    scene = sampled_scene(0)
    truth, margin, targets = find_truth(scene, Question("shape", "red"))
    assert (truth, margin, targets) == (scene.get("red").shape, float("inf"), ("red",))
    truth, margin, _ = find_truth(scene, Question("left", "red"))
    assert (truth, margin) == ("yes" if scene.get("red").x < 37 else "no", abs(scene.get("red").x - 37))


def test_a_question_about_a_gone_object_is_one_sentence():
    with pytest.raises(SceneError, match="has no red object"):
        find_truth(sampled_scene(0).remove("red"), Question("left", "red"))


def test_marks_can_be_hidden(make_view):
    view = make_view(truth=False)
    assert view.true_pairs_shown == ()
    assert view.true_pairs != ()


def test_a_boundary_is_near_below_four_pixels(make_view):
    view = make_view()
    for margin, near in ((3.9, True), (4.0, False), (float("inf"), False)):
        reading = dataclasses.replace(view.reading, margin=margin)
        assert dataclasses.replace(view, reading=reading).is_near is near


def test_words():
    numbers = (1.234, -0.5, 0.0567, -0.0001, 0.0)
    assert [format_signed(number) for number in numbers] == ["+1.23", "−0.50", "+0.057", "0", "0"]
    assert node_name("7") == "row 2 column 3"
    assert format_pair("red", "ground") == "(red, ground)"
    assert [join_words(words) for words in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]


def test_a_scene_in_words_names_every_object():
    scene = sampled_scene(0)
    words = describe_scene(scene)
    assert all(f"{thing.color} {thing.shape} at x {thing.x}, y {thing.y}" in words for thing in scene.objects)
