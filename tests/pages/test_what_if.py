"""Counterfactuals and one pair's way through f_phi, against the model itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pages._lab.pairs.what_if import describe_enough, follow_pair, make_what_ifs, measure_ranking
from pages._lab.sort_of_clevr.state import ExploreState, sampled_scene
from pages._lab.sort_of_clevr.view import remove_objects
from rn_core.attribution.faithfulness import KeepingSet
from rn_core.common.errors import SceneError
from rn_core.tasks.sort_of_clevr import Question
from rn_core.tasks.sort_of_clevr.questions import ANSWERS, N_QUESTIONS

MODEL = "rn-objects"


@pytest.fixture(scope="module")
def f_phi(random_answerer):
    return random_answerer(MODEL).model.core.f_phi


def answer_of(f_phi, aggregate: torch.Tensor) -> tuple[str, float]:
    """Return answer and probability by the module itself."""
    probabilities = f_phi(aggregate).softmax(dim=0)
    return ANSWERS[int(probabilities.argmax())], float(probabilities.max())


def test_nothing_taken_away_is_the_answer(make_view, f_phi):
    view = make_view(model=MODEL)
    (case,) = make_what_ifs(view, f_phi, None)
    assert (case.label, case.answer, case.survives) == ("everything", view.reading.answer.text, True)
    assert case.probability == pytest.approx(view.reading.answer.probabilities[case.answer], abs=1e-5)


def test_every_case_equals_the_module(make_view, make_reading, f_phi):
    view = make_view(model=MODEL, pair=("red", "gray"), top=3, without=("green", "blue"))
    state = ExploreState(model=MODEL).edit(remove_objects(sampled_scene(0), ("green", "blue")))
    smaller = make_reading(state)
    cases = make_what_ifs(view, f_phi, smaller)
    relations = view.reading.relations
    total = relations.sum(dim=0)
    strongest = view.attribution.contributions.abs().argsort(descending=True)[:3]
    expected = [
        answer_of(f_phi, total),
        answer_of(f_phi, total - relations[4]),
        answer_of(f_phi, relations[strongest].sum(dim=0)),
        (smaller.answer.text, smaller.answer.probabilities[smaller.answer.text]),
    ]
    assert [case.answer for case in cases] == [answer for answer, _ in expected]
    np.testing.assert_allclose([case.probability for case in cases], [share for _, share in expected], atol=1e-5)
    assert [case.survives for case in cases] == [case.answer == view.reading.answer.text for case in cases]
    assert cases[-1].label == "without the green and blue objects"
    assert cases[-1].truth == smaller.truth


def test_following_a_pair_equals_hooks_on_the_module(make_view, f_phi):
    view = make_view(model=MODEL, pair=("red", "gray"))
    path = follow_pair(view, f_phi)
    total = view.reading.relations.sum(dim=0)
    with_pair, without = total, total - view.reading.relations[4]
    np.testing.assert_allclose(path.full, f_phi(with_pair), atol=1e-5)
    np.testing.assert_allclose(path.without, f_phi(without), atol=1e-5)
    assert [len(change) for change in path.changes] == [24, 16]
    first = torch.relu(f_phi[0](with_pair)) - torch.relu(f_phi[0](without))
    np.testing.assert_allclose(path.changes[0], first.detach(), atol=1e-6)
    assert np.abs(path.changes[0]).max() > 0


def test_a_ranking_starts_and_ends_at_the_logits(make_view, f_phi):
    view = make_view(model=MODEL)
    curves, _ = measure_ranking(f_phi, view.reading.relations, view.attribution.contributions, view.target, None)
    value, empty = view.attribution.value, view.attribution.baseline_value
    assert curves.deletion.values[[0, -1]].tolist() == pytest.approx([value, empty])
    assert curves.insertion.values[[0, -1]].tolist() == pytest.approx([empty, value])


def test_the_fewest_pairs_are_those_that_a_plain_search_finds(make_view, f_phi):
    found = set()
    for index in range(0, N_QUESTIONS, 5):
        view = make_view(model=MODEL, question=Question.from_index(index))
        relations, contributions = view.reading.relations, view.attribution.contributions
        _, enough = measure_ranking(f_phi, relations, contributions, view.target, None)
        order = contributions.argsort(descending=True)
        answers = [answer_of(f_phi, relations[order[:few]].sum(dim=0))[0] for few in range(37)]
        assert len(enough.pairs) == answers.index(view.reading.answer.text)
        assert enough.pairs.tolist() == order[: len(enough.pairs)].tolist()
        found.add(len(enough.pairs))
    assert found != {0}


@pytest.mark.parametrize(
    ("few", "words"), [(0, "without any"), (1, "The one pair that speaks"), (3, "The 3 pairs that speak most for")]
)
def test_how_few_are_enough_in_words(few, words):
    assert words in describe_enough(KeepingSet(torch.arange(few), few), 36, "“yes”, against “no”")


def test_no_object_left_is_one_sentence():
    with pytest.raises(SceneError, match="1 to 6 objects"):
        remove_objects(sampled_scene(0), ("red", "green", "blue", "orange", "gray", "yellow"))
