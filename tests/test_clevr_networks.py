"""The table of CLEVR's networks of pictures: every figure stands where its network and its question group are."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.clevr_networks import format_all
from rn_core.weights.card import TrainingRecord
from rn_core.weights.store import list_weights
from tests.cards import make_card


def test_the_tables_hold_what_cards_and_the_paper_say():
    slots = list_weights()["clevr/rn-slots"].card
    measured = slots.measured
    other = replace(measured, overall=replace(measured.overall, accuracy=0.1234, low=0.1, high=0.2))
    record = TrainingRecord({}, 5_000, 1.5, "a machine", "2")
    mine = make_card("clevr/mlp-pixels", metrics=other, training=record, encoders_from="clevr/rn-slots", parameters=7)
    text = format_all({"rn-slots": slots, "mlp-pixels": mine}, {"rn-slots": other, "mlp-pixels": measured})
    right = f"{100 * measured.overall.accuracy:.2f}"
    rendered, real = (line for line in text.splitlines() if line.startswith("| **all**"))
    assert [cell.split()[0] for cell in rendered.split("|")[2:4]] == [right, "12.34"]
    assert [cell.split()[0] for cell in real.split("|")[2:4]] == ["12.34", right]
    assert "| overall | 95.5 | 76.6 | 52.3 |" in text
    assert "| compare integer | 93.6 | 77.4 | 67.1 |" in text
    assert "`mlp-pixels`: 7 parameters, its encoders those of `clevr/rn-slots`; 5,000 questions, 1.5 minutes." in text
