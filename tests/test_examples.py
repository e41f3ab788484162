"""Many examples: slices hold each example once, shares are those of plain counts, and a network agrees with itself."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rn_core.common.errors import RNCoreError
from rn_core.evaluation.examples import (
    AskedExample,
    ExampleAnswer,
    find_disagreements,
    find_failures,
    list_facts,
    measure_accuracy,
    measure_confidence,
    measure_pointing,
    measure_slices,
    point_at,
    slice_by,
)

VALUES = st.one_of(
    st.none(), st.integers(0, 30), st.floats(0, 1e6), st.sampled_from(("square", "circle", "unknown", "3"))
)
SHARES = st.one_of(st.floats(0, 1), st.sampled_from((0.5, 0.999, 1.0)))


@st.composite
def answers(draw) -> ExampleAnswer:
    decides = draw(st.one_of(st.none(), st.booleans()))
    strongest = None if decides is None else "(red, blue)"
    return ExampleAnswer(draw(st.sampled_from("ab")), draw(SHARES), draw(st.booleans()), strongest, decides)


@st.composite
def examples(draw) -> AskedExample:
    said = draw(answers()), draw(answers())
    return AskedExample("What?", "a", {"fact": draw(VALUES), "same": 1}, said)


@given(st.lists(examples(), min_size=1, max_size=60))
def test_slices_hold_each_example_once(asked):
    if all(each.facts["fact"] is None for each in asked):
        with pytest.raises(RNCoreError, match="got 'fact', which none has"):
            slice_by(asked, "fact")
        return
    slices = slice_by(asked, "fact")
    assert sorted(k for each in slices for k in each.members) == list(range(len(asked)))
    assert len({each.name for each in slices}) == len(slices)
    for network in (0, 1):
        found, whole = measure_slices(asked, "fact", network), measure_accuracy(asked, network)
        assert sum(share.n for share in found.values()) == whole.n == len(asked)
        right = sum(share.accuracy * share.n for share in found.values())
        assert math.isclose(right, whole.accuracy * whole.n, abs_tol=1e-9)


@given(st.lists(examples(), min_size=1, max_size=60))
def test_ranges_of_confidence_hold_each_example_once(asked):
    bins = measure_confidence(asked, 0)
    assert sum(each.accuracy.n for each in bins) == len(asked)
    assert all(each.low - 1e-9 <= each.confidence <= each.high + 1e-9 for each in bins)


@given(st.lists(examples(), max_size=60))
def test_what_is_counted_is_what_a_loop_counts(asked):
    known = [each.answers[0].decides for each in asked if each.answers[0].decides is not None]
    found = measure_pointing(asked, 0)
    assert (found is None) == (not known)
    if found is not None:
        assert (found.n, found.accuracy) == (len(known), sum(known) / len(known))
    failures = [k for k, each in enumerate(asked) if not (each.answers[0].is_right and each.answers[1].is_right)]
    assert list(find_failures(asked)) == failures
    differ = [k for k, each in enumerate(asked) if each.answers[0].text != each.answers[1].text]
    assert list(find_disagreements(asked)) == differ


def test_numbers_with_many_values_make_ranges_of_about_equal_size():
    numbers = np.random.default_rng(0).normal(size=100)
    asked = [AskedExample("What?", None, {"fact": float(each), "same": 2.0}, ()) for each in numbers]
    sizes = [len(each.members) for each in slice_by(asked, "fact")]
    assert len(sizes) == 5 and max(sizes) - min(sizes) <= 2
    assert list_facts(asked) == ("fact",)


def test_few_numbers_and_texts_are_slices_of_their_own_in_their_order():
    values = ("10", "9", "square", "9", None)
    asked = [AskedExample("What?", None, {"fact": each}, ()) for each in values]
    assert [(each.name, each.members) for each in slice_by(asked, "fact")] == [
        ("9", (1, 3)), ("10", (0,)), ("square", (2,)), ("unknown", (4,)),
    ]  # fmt: skip


@given(st.integers(1, 5), st.randoms(use_true_random=False))
def test_the_strongest_pair_is_that_of_a_loop(n_nodes, random):
    table = np.array([[random.choice((-1.0, 0.0, 0.5, 2.0)) for _ in range(n_nodes)] for _ in range(n_nodes)])
    true_pairs = [(i, j) for i in range(n_nodes) for j in range(n_nodes) if random.random() < 0.4]
    best = max(((i, j) for i in range(n_nodes) for j in range(n_nodes)), key=lambda pair: table[pair])
    expected = None if not true_pairs else best in true_pairs and table[best] > 0
    assert point_at(table, true_pairs) == (best, expected)
