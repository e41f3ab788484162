"""Errors that name the rule, the value got, what is allowed, and the nearest right name."""

from __future__ import annotations

import pytest

from rn_core.common.errors import (
    QuestionError,
    RNCoreError,
    SceneError,
    UnknownNameError,
    WeightsError,
    did_you_mean,
    lookup,
    quote,
)

TABLE = {"sum": 1, "mean": 2}


def test_lookup_returns_the_value():
    assert lookup("mean", TABLE, "aggregate") == 2


def test_lookup_names_the_nearest_and_all():
    with pytest.raises(UnknownNameError) as caught:
        lookup("meen", TABLE, "aggregate")
    assert str(caught.value) == "Unknown aggregate 'meen'. Did you mean 'mean'? Use one of: sum, mean."


def test_lookup_does_not_guess_from_afar():
    with pytest.raises(UnknownNameError) as caught:
        lookup("xyz", TABLE, "aggregate")
    assert str(caught.value) == "Unknown aggregate 'xyz'. Use one of: sum, mean."


@pytest.mark.parametrize(
    ("word", "allowed"),
    [("picture", ["purple", "left"]), ("photo", ["cube", "both"]), ("x", ["a", "y"]), ("", ["a"]), ("zebra", ["area"])],
)
def test_a_word_that_is_only_a_little_alike_is_no_hint(word, allowed):
    assert did_you_mean(word, allowed) == ""


@pytest.mark.parametrize(("word", "meant"), [("rad", "red"), ("rde", "red"), ("rm", "rn"), ("cuebs", "cubes")])
def test_one_letter_or_two_swapped_ones_are_a_hint(word, meant):
    assert did_you_mean(word, ["purple", meant]) == f" Did you mean '{meant}'?"


def test_did_you_mean_is_empty_without_a_near_word():
    assert did_you_mean("qqq", ["sum"]) == ""
    assert did_you_mean("summ", ["sum"]) == " Did you mean 'sum'?"


@pytest.mark.parametrize("kind", [UnknownNameError, QuestionError, SceneError, WeightsError])
def test_every_error_is_caught_as_the_base_and_prints_its_sentence(kind):
    error = kind("One sentence.")
    assert isinstance(error, RNCoreError)
    assert isinstance(error, ValueError)
    assert str(error) == "One sentence."


def test_a_long_value_is_quoted_in_part():
    with pytest.raises(UnknownNameError) as told:
        lookup("x" * 10**6, {"red": 1}, "color")
    assert str(told.value) == f"Unknown color '{'x' * 39}…'. Use one of: red."
    assert quote("x" * 40) == f"'{'x' * 40}'"
