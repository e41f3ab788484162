"""Draws: the numbers of the seed's stream, and each as likely as it should be."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from rn_core.common.draws import RandomDraws
from rn_core.common.seeding import make_rng, uniform_integers

N = 6000
#: Five standard deviations of a share of N draws.
TOLERANCE = 5 * (0.25 / N) ** 0.5


@pytest.fixture
def draw() -> RandomDraws:
    return RandomDraws(make_rng(0, "test"))


def shares(found: list) -> dict:
    """Return each value's share."""
    return {value: count / len(found) for value, count in Counter(found).items()}


@pytest.mark.parametrize("high", [2, 6, 1000])
def test_integers_are_the_streams_own(draw, high):
    words = uniform_integers(make_rng(0, "test"), high, (128,))
    assert [draw.integer(high) for _ in range(128)] == list(words[::-1])  # a block is used from its end


def test_global_seeds_change_nothing(draw):
    np.random.seed(1)  # noqa: NPY002
    first = [draw.integer(1000) for _ in range(300)]
    np.random.seed(2)  # noqa: NPY002
    other = RandomDraws(make_rng(0, "test"))
    assert first == [other.integer(1000) for _ in range(300)]


def test_choices_are_even(draw):
    assert shares([draw.choice("abc") for _ in range(N)]) == pytest.approx(dict.fromkeys("abc", 1 / 3), abs=TOLERANCE)


@pytest.mark.parametrize("p", [0.0, 0.2, 1.0])
def test_chances_come_as_often_as_they_say(draw, p):
    share = sum(draw.chance(p) for _ in range(N)) / N
    assert share == pytest.approx(p, abs=TOLERANCE if 0 < p < 1 else 0)


def test_weights_are_shares(draw):
    assert shares([draw.weighted((1, 0, 3, 4)) for _ in range(N)]) == pytest.approx(
        {0: 1 / 8, 2: 3 / 8, 3: 1 / 2}, abs=TOLERANCE
    )


def test_orders_are_even_and_samples_hold_nothing_twice(draw):
    orders = shares([tuple(draw.shuffled("abc")) for _ in range(N)])
    assert len(orders) == 6
    assert list(orders.values()) == pytest.approx([1 / 6] * 6, abs=TOLERANCE)
    pairs = shares([tuple(draw.sample("abcd", 2)) for _ in range(N)])
    assert set(pairs) == {(a, b) for a in "abcd" for b in "abcd" if a != b}
    assert list(pairs.values()) == pytest.approx([1 / 12] * 12, abs=TOLERANCE)
