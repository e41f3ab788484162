"""Lines of code on the page: each is found once in today's source, and shown as it stands there."""

from __future__ import annotations

from pathlib import Path

import pytest

from pages._lab.walk.code import Anchor, read_code
from pages._lab.walk.steps import STEPS, THOUGHT
from rn_core.common.errors import RNCoreError

ROOT = Path(__file__).resolve().parents[2]
SIDES = [*{step: None for steps in STEPS.values() for step in steps}, THOUGHT]
NETWORK = "rn_core/models/blocks.py"
CORE = "rn_core/models/relation_network.py"
STACKED = "rn_core/models/relation_layers.py"


@pytest.mark.parametrize("side", SIDES, ids=lambda side: side.name)
def test_every_step_shows_lines_of_todays_source(side):
    excerpt = read_code(side.anchors)
    source = (ROOT / excerpt.file).read_text().splitlines()
    assert all(anchor.text in excerpt.text for anchor in side.anchors)
    for number, line in excerpt.lines.items():
        assert line
        assert source[number - 1].strip() == line.strip()
        assert source[number - 1].endswith(line)
    assert excerpt.place.startswith(f"{excerpt.file}:{min(excerpt.lines)}")


@pytest.mark.parametrize("side", SIDES, ids=lambda side: side.name)
def test_the_lines_of_a_step_are_of_one_file(side):
    assert len({anchor.file for anchor in side.anchors}) == 1


def test_a_statement_over_several_lines_is_shown_whole():
    excerpt = read_code([Anchor(CORE, "RelationNetwork.__init__", "self.g_theta = ")])
    assert len(excerpt.lines) == 3
    assert excerpt.text.startswith("self.g_theta = PairLayers(\n    config.d_object")
    first, last = min(excerpt.lines), max(excerpt.lines)
    assert excerpt.place == f"{CORE}:{first}–{last}"


def test_lines_apart_are_named_apart():
    excerpt = read_code(
        [
            Anchor(NETWORK, "PairLayers.split", "receiver = functional.linear"),
            Anchor(NETWORK, "PairLayers.split", "asked = functional.linear"),
        ]
    )
    first, last = sorted(excerpt.lines)
    assert excerpt.place == f"{NETWORK}:{first}, {last}"
    assert not any(line.startswith(" ") for line in excerpt.lines.values())


@pytest.mark.parametrize(
    ("function", "words", "sentence"),
    [
        ("PairLayers.gone", "x", "no function 'PairLayers.gone'"),
        ("gone", "x", "no function 'gone'"),
        ("PairLayers.relations", "no such words", "it is in 0"),
        ("PairLayers.relations", "hidden", "must be in one statement"),
    ],
)
def test_a_line_that_moved_away_is_one_sentence(function, words, sentence):
    with pytest.raises(RNCoreError, match=sentence):
        read_code([Anchor(NETWORK, function, words)])
