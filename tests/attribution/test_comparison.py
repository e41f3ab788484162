"""How far two methods disagree."""

from __future__ import annotations

import pytest
import torch

from rn_core.attribution import Attribution, disagreement
from rn_core.common.errors import RNCoreError


def make(contributions, method="exact_path"):
    return Attribution(method, torch.tensor(contributions, dtype=torch.float64), 0.0, 0.0, 0.0)


@pytest.mark.parametrize("seed", range(5))
def test_rank_distance_equals_scipy_with_ties(seed):
    from scipy.stats import spearmanr  # here: scipy.stats takes a second, and every process imports this file

    generator = torch.Generator().manual_seed(seed)
    first, second = torch.randint(-5, 5, (2, 40), generator=generator).tolist()
    expected = 1 - spearmanr(first, second).statistic
    assert disagreement(make(first), make(second)).rank_distance == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [([1, 2, 3], [10, 20, 30], 0), ([1, 2, 3], [3, 2, 1], 2), ([1, 1, 1], [1, 2, 3], 1), ([1, 1, 1], [0, 0, 0], 0)],
)
def test_rank_distance_by_hand(first, second, distance):
    assert disagreement(make(first), make(second)).rank_distance == pytest.approx(distance, abs=1e-12)


def test_the_top_pair_is_the_strongest_whatever_its_sign():
    assert disagreement(make([1, -5, 2]), make([0, 3, 1])).same_top is True
    assert disagreement(make([1, -5, 2]), make([0, 3, 4])).same_top is False


def test_a_method_without_signs_is_compared_by_strength():
    signed = make([-3.0, 2.0, 1.0])
    assert disagreement(signed, make([3, 2, 1], "norm")).rank_distance == pytest.approx(0, abs=1e-12)
    assert disagreement(signed, make([3, 2, 1])).rank_distance > 1


def test_other_pairs_cannot_be_compared():
    with pytest.raises(RNCoreError, match="same pairs can be compared, got 3 and 2 pairs"):
        disagreement(make([1, 2, 3]), make([1, 2]))
