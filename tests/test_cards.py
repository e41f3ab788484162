"""Cards say the same as values and as JSON, those that ship and those that were written before."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from rn_core.common.errors import RNCoreError
from rn_core.weights.card import Card, OriginalFile, TrainingRecord, count_only
from rn_core.weights.store import PRETRAINED, list_weights, rewrite_cards, write_card
from tests.cards import SHARE, make_card, make_figures

SHIPPED = list_weights()
FIGURES = make_figures().to_dict()


@pytest.mark.parametrize("name", SHIPPED)
def test_cards_that_ship_are_as_they_are_written_now(name):
    content = (PRETRAINED / f"{name}.json").read_bytes()
    assert write_card(Card.from_dict(json.loads(content))) == content


@pytest.mark.parametrize("name", SHIPPED)
def test_a_card_from_before_kinds_reads_the_same(name):
    values = json.loads((PRETRAINED / f"{name}.json").read_text())
    del values["kind"]
    assert Card.from_dict(values) == SHIPPED[name].card


def test_rewriting_keeps_every_value(tmp_path):
    card = make_card(metrics=make_figures(types={"left": SHARE}), start="trained")
    path = tmp_path / "sort-of-clevr/mine.json"
    path.parent.mkdir()
    old = {**card.to_dict(), "note": "of an older time"}
    del old["kind"]
    path.write_text(json.dumps(old))
    rewrite_cards(tmp_path)
    assert list_weights(tmp_path)["sort-of-clevr/mine"].card == card
    assert json.loads(path.read_text()) == {**json.loads(json.dumps(card.to_dict())), "kind": "rn"}


def test_what_nobody_says_is_not_written():
    told = {"name", "kind", "task", "model", "parameters", "bytes", "sha256"}
    assert make_card().to_dict().keys() == told
    settings = {"seed": 3, "widths": [1, 2], "data": None}
    whole = make_card(
        license="MIT",
        training=TrainingRecord(settings, 5, 0.5, "a machine", "2"),
        original=OriginalFile(False, n_bytes=7),
        golden_sha256="1" * 64,
    )
    written = json.loads(json.dumps(whole.to_dict()))
    assert written["training"] == {**settings, "questions": 5, "minutes": 0.5, "machine": "a machine", "torch": "2"}
    assert written["original"] == {"is_published_file": False, "bytes": 7}
    assert Card.from_dict(written) == whole
    assert whole.is_other_file and not make_card().is_other_file


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"bytes": "x"}, "field 'bytes' must be a whole number, got 'x'"),
        ({"parameters": True}, "field 'parameters' must be a whole number, got True"),
        ({"sha256": None}, "field 'sha256' must be text, got None"),
        ({"metrics": {"n": 10}}, "field 'metrics.seed' is missing"),
        ({"model": {}}, "field 'model' is no model that can be built"),
        ({"training": 4}, "field 'training' must be a table, got 4"),
        ({"curve": [{"minutes": 1}]}, r"field 'curve\[0\].questions' is missing"),
        ({"original": {"is_published_file": 1}}, "field 'original.is_published_file' must be true or false, got 1"),
        (
            {"metrics": {**make_figures().to_dict(), "overall": {**vars(SHARE), "low": 10**400}}},
            "field 'metrics.overall.low' must be a number",
        ),
    ],
)
def test_a_bad_field_is_one_sentence(change, sentence):
    with pytest.raises(RNCoreError, match=rf"^A card's {sentence}.*; write the card again\.$"):
        Card.from_dict({**make_card().to_dict(), **change})


@pytest.mark.parametrize("values", [None, 3, "card", []])
def test_what_is_no_table_is_no_card(values):
    with pytest.raises(RNCoreError, match="A card must be a table of named fields, got"):
        Card.from_dict(values)


def test_a_card_of_counts_says_nothing_else():
    card = make_card(license="MIT", start="trained", metrics=make_figures())
    counted = count_only(card, "mine", claims={"relational": SHARE})
    assert counted == replace(make_card("mine"), claims={"relational": SHARE})


def test_figures_that_are_missing_are_named():
    for read in ("measured", "trained"):
        with pytest.raises(RNCoreError, match=r"^The card of 'sort-of-clevr/mine' "):
            getattr(make_card(), read)
