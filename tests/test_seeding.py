"""One root seed, one stream a split, the same numbers on every platform."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rn_core.common.errors import RNCoreError, UnknownNameError
from rn_core.common.seeding import (
    MAX_SEED,
    SPLITS,
    check_seed,
    fork_torch_rng,
    make_rng,
    next_seed,
    pick_weighted,
    uniform_fractions,
    uniform_integers,
)


def test_each_split_has_its_own_branch_of_the_seed_tree():
    keys = [make_rng(7, split).bit_generator.seed_seq.spawn_key for split in SPLITS]
    assert len({key[0] for key in keys}) == len(SPLITS) == 4


def test_the_seed_after_the_highest_is_zero():
    assert [next_seed(seed) for seed in (0, 1, MAX_SEED - 1, MAX_SEED)] == [1, 2, MAX_SEED, 0]


def test_no_two_seeds_of_any_splits_start_alike():
    starts = [make_rng(seed, split).bit_generator.random_raw(2) for split in SPLITS for seed in range(1000)]
    assert len({tuple(start) for start in starts}) == 4 * 1000


def test_branches_of_one_seed_differ():
    starts = {make_rng(3, "train", *branch).bit_generator.random_raw() for branch in [(), (0,), (1,), (0, 0), (0, 1)]}
    assert len(starts) == 5


def test_same_seed_and_branch_give_the_same_stream():
    one, other = (make_rng(5, "test", 2).bit_generator.random_raw(100) for _ in range(2))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("shape", [(7,), (3, 5), (2, 2, 2), (1,)])
def test_uniform_integers_are_both_halves_of_each_raw_word(shape):
    numbers = uniform_integers(make_rng(1, "train"), 65, shape)
    words = [int(word) for word in make_rng(1, "train").bit_generator.random_raw(20)]
    halves = [half for word in words for half in (word % 2**32, word // 2**32)]
    expected = [half * 65 // 2**32 for half in halves[: numbers.size]]
    assert numbers.shape == shape
    assert numbers.ravel().tolist() == expected


def test_uniform_integers_are_uniform():
    counts = np.bincount(uniform_integers(make_rng(2, "train"), 10, (100_000,)), minlength=10)
    assert len(counts) == 10
    assert np.abs(counts - 10_000).max() < 5 * np.sqrt(100_000 * 0.1 * 0.9)


def test_uniform_integers_reach_the_whole_range_of_32_bits():
    numbers = uniform_integers(make_rng(2, "train"), 2**32, (10_000,))
    assert 0 <= numbers.min() < 2**22
    assert 2**32 - 2**22 < numbers.max() < 2**32


def test_uniform_fractions_are_the_integers_of_32_bits_as_parts_of_their_range():
    numbers = uniform_integers(make_rng(3, "train"), 2**32, (3, 5))
    fractions = uniform_fractions(make_rng(3, "train"), (3, 5))
    assert fractions.tolist() == [[number / 2**32 for number in row] for row in numbers.tolist()]
    assert (fractions >= 0).all() and (fractions < 1).all()


def test_a_weight_is_picked_by_its_share_of_the_fractions():
    weights = np.array([2.0, 0.0, 1.0, 5.0])
    picked = pick_weighted(weights, (np.arange(800) + 0.5) / 800)
    assert np.bincount(picked, minlength=4).tolist() == [200, 0, 100, 500]
    assert pick_weighted(weights, np.array([0.0, 0.25, 0.375])).tolist() == [0, 2, 3]


@pytest.mark.parametrize("seed", [-1, MAX_SEED + 1, 1.0, "1", True, None])
def test_a_bad_seed_is_one_sentence(seed):
    with pytest.raises(RNCoreError, match=rf"whole number from 0 to {MAX_SEED}, got {seed!r}; choose another\.$"):
        check_seed(seed)


@pytest.mark.parametrize("seed", [0, MAX_SEED, np.int64(5), np.uint32(6)])
def test_a_good_seed_becomes_an_int(seed):
    assert type(check_seed(seed)) is int
    assert check_seed(seed) == seed


def test_an_unknown_split_names_all_there_are():
    with pytest.raises(UnknownNameError, match=r"Unknown split 'tests'\. Did you mean 'test'\?.*validation.*explore"):
        make_rng(0, "tests")


def test_fork_torch_rng_seeds_inside_and_restores_outside():
    before = torch.get_rng_state()
    with fork_torch_rng(9):
        first = torch.rand(3)
    with fork_torch_rng(9):
        second = torch.rand(3)
    with fork_torch_rng(10):
        third = torch.rand(3)
    assert torch.equal(first, second)
    assert not torch.equal(first, third)
    assert torch.equal(torch.get_rng_state(), before)
