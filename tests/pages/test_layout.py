"""The page's own HTML: escaped, and marks with words."""

from __future__ import annotations

import dataclasses

import pytest

from pages._lab import layout
from pages._lab.pairs.what_if import WhatIf
from rn_core.common.records import Accuracy, Answer
from rn_core.weights.card import TrainingRecord
from tests.cards import make_card, make_figures


@pytest.fixture
def reading(make_view):
    return make_view(model="rn-objects").reading


def say(reading, **changes):
    """Return the reading with another answer of the Relation Network."""
    return dataclasses.replace(reading, answer=dataclasses.replace(reading.answer, **changes))


def beside(reading):
    """Return the Relation Network's answer without the MLP's."""
    return layout.answers_html(reading.answer, None, reading.truth)


def test_right_and_wrong_are_said_in_words(reading):
    right, wrong = say(reading, text=reading.truth), say(reading, text="5")
    assert "✓ right" in beside(right)
    assert "✗ wrong" not in beside(right)
    assert "✗ wrong" in beside(wrong)


def test_a_missing_baseline_is_said(reading):
    assert "No usable weights" in beside(reading)


def test_text_is_escaped(reading):
    page = beside(say(reading, text="<script>", probabilities={"<img>": 1.0}))
    assert "<script>" not in page
    assert "<img>" not in page
    assert "<b>" not in layout.what_ifs_html([WhatIf("<b>", "yes", 0.5, "no", True)]).replace("<b>yes</b>", "")


def test_the_meter_appears_near_a_boundary_alone():
    assert "2.1 px from a different answer" in layout.truth_html("yes", 2.06)
    assert "meter" not in layout.truth_html("yes", 9.0)
    assert "meter" not in layout.truth_html("yes", float("inf"))


def test_bars_are_the_likeliest_answers():
    shares = {"yes": 0.6, "no": 0.3, "0": 0.05, "1": 0.04, "2": 0.01}
    assert layout.likeliest(Answer("yes", shares, None)) == [("yes", 0.6), ("no", 0.3), ("0", 0.05)]
    assert layout.likeliest(Answer("no", {"yes": 0.001, "no": 0.999}, None)) == [("no", 0.999)]


@pytest.mark.parametrize(
    ("share", "text"), [(1.0, "100.0 %"), (0.9995, "> 99.9 %"), (0.9989, "99.9 %"), (0.5, "50.0 %"), (0.0, "0.0 %")]
)
def test_shares_are_never_rounded_up_to_certainty(share, text):
    assert layout.format_share(share) == text


def test_kept_and_changed_are_said_in_words():
    cases = [WhatIf("a", "yes", 0.9, "yes", True), WhatIf("b", "no", 0.9, "yes", False)]
    page = layout.what_ifs_html(cases)
    assert page.index("✓ kept") < page.index("✗ changed")


def test_a_card_shows_what_it_has():
    card = make_card("a/b")
    assert layout.card_text(card) == "**a/b**  \n12,345 parameters, 1.4 MB"
    metrics = make_figures(n=10_000, groups={"non_relational": Accuracy(0.9912, 0.99, 0.9925, 1000)})
    training = TrainingRecord({"seed": 7}, 5, 27.3, "a machine", "2")
    text = layout.card_text(make_card("a/b", metrics=metrics, training=training))
    for part in ("non-relational 99.12 % (99.00–99.25)", "on 10,000 scenes", "27 minutes, seed 7"):
        assert part in text
