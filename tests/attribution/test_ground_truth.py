"""Scores against the pairs that decide the answer, on arrays made by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rn_core.attribution import make_true_pairs, pointing_game, relevance_mass, relevance_rank
from rn_core.common.errors import RNCoreError

TRUE = torch.tensor([False, True, False, True])


def test_true_pairs_of_a_question_about_others():
    """Asked 0, target 2: both orders, and no pair with itself."""
    assert make_true_pairs(0, np.array([False, False, True])).nonzero().flatten().tolist() == [0 * 3 + 2, 2 * 3 + 0]


def test_true_pairs_of_a_count():
    """Asked 1, all others: every pair with 1 but (1, 1)."""
    assert make_true_pairs(1, torch.tensor([True, False, True])).nonzero().flatten().tolist() == [1, 3, 5, 7]


def test_true_pairs_of_a_question_about_the_asked_one_alone():
    assert make_true_pairs(1, np.array([False, True, False])).nonzero().flatten().tolist() == [1, 3, 4, 5, 7]


@pytest.mark.parametrize(
    ("contributions", "hit"),
    [
        ([0, 2, 1, 0], True),
        ([3, 2, 1, 2.5], False),
        ([-9, 0.1, 0, 0], True),
        ([0, 0, 0, 0], False),
        ([-3, -1, -2, -5], False),
        ([1, 1, 0, 0], False),
        ([0, 1, 1, 0], True),
    ],
)
def test_pointing_game(contributions, hit):
    assert pointing_game(torch.tensor(contributions, dtype=torch.float64), TRUE) is hit


@pytest.mark.parametrize(
    ("contributions", "mass"),
    [([0, 2, 0, 1], 1), ([1, 2, -5, 1], 0.75), ([4, -1, 0, 0], 0), ([-1, -1, -1, -1], 0), ([3, 1, 0, -7], 0.25)],
)
def test_relevance_mass(contributions, mass):
    assert relevance_mass(torch.tensor(contributions, dtype=torch.float64), TRUE) == pytest.approx(mass)


@pytest.mark.parametrize(
    ("contributions", "rank"),
    [([0, 2, 0, 1], 1), ([3, 2, 0, 1], 0.5), ([3, 1, 2, 0], 0), ([0, 0, 0, 0], 0), ([-9, 1, -8, -1], 0.5)],
)
def test_relevance_rank(contributions, rank):
    assert relevance_rank(torch.tensor(contributions, dtype=torch.float64), TRUE) == rank


@pytest.mark.parametrize("function", [pointing_game, relevance_mass, relevance_rank])
def test_truth_that_does_not_fit(function):
    for true_pairs in (TRUE[:3], TRUE.long()):
        with pytest.raises(RNCoreError, match=r"true_pairs \(P,\) bool, got \(4,\) and"):
            function(torch.zeros(4), true_pairs)
    with pytest.raises(RNCoreError, match="at least one true pair, got none among 4"):
        function(torch.zeros(4), torch.zeros(4, dtype=torch.bool))


@pytest.mark.parametrize("targets", [np.zeros(6, dtype=bool), np.ones(6), np.ones((2, 3), dtype=bool)])
def test_targets_of_a_wrong_kind(targets):
    with pytest.raises(RNCoreError, match=r"targets must be \(N,\) bool with one or more objects"):
        make_true_pairs(0, targets)


@pytest.mark.parametrize("asked", [-1, 6])
def test_asked_out_of_range(asked):
    with pytest.raises(RNCoreError, match=f"asked must be 0 to 5 in a scene of 6 objects, got {asked}"):
        make_true_pairs(asked, np.ones(6, dtype=bool))
