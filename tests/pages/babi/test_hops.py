"""Hops on the bAbI page: which sentence each picked, in words and on the story."""

from __future__ import annotations

import re

import pytest
import torch

from pages._lab.babi.hops import hops_html, list_hops
from pages._lab.babi.stage import make_story_stage
from pages._lab.babi.state import BabiState
from pages._lab.babi.stories import Line

LONG = BabiState().change(task=3)


def test_a_hop_lists_the_sentence_with_the_largest_weight_and_others_that_count():
    state = BabiState()
    weights = torch.full((3, len(state.seen) + 2), 0.001)  # the last two are padding
    weights[0, 4] = 0.99
    weights[1, [2, 6, 1, 3]] = torch.tensor([0.3, 0.4, 0.2, 0.06])
    first, second, third = list_hops(state, weights)
    assert [(pick.place, pick.text) for pick in first] == [(4, state.lines[4].text)]
    assert [pick.place for pick in second] == [6, 2, 1], "three at most"
    assert [pick.weight for pick in second] == pytest.approx([0.4, 0.3, 0.2])
    assert [pick.place for pick in third] == [0], "the first of equal ones, however small"
    assert list_hops(state, None) == ()


def test_places_are_those_of_the_whole_story():
    assert LONG.seen[0] > 0
    weights = torch.eye(20)[None, 7]
    ((pick,),) = list_hops(LONG, weights)
    assert pick.place == LONG.seen[7] and pick.text == LONG.lines[LONG.seen[7]].text


def test_html_holds_the_hops_in_order_and_says_what_is_exact():
    state = BabiState()
    hops = list_hops(state, torch.eye(len(state.seen))[[3, 0, 5]])
    shown = hops_html(hops, support=(0,))
    assert [int(number) for number in re.findall(r"<b>(\d+)</b>", shown)] == [4, 1, 6]
    assert shown.count("✓ fact") == 1 and "Three hops" in shown
    assert "<b>Exact</b>" in shown and "<b>Not exact</b>" in shown
    assert hops_html((), (0,)) == ""


def test_what_a_person_wrote_stands_in_the_hops_as_text():
    hops = list_hops(BabiState(told=(Line("<i>Mary</i> moved."),)), torch.ones(1, 1))
    assert "<i>Mary</i>" not in hops_html(hops) and "&lt;i&gt;Mary" in hops_html(hops)


def test_the_story_marks_the_sentence_of_each_hop(make_view):
    view = make_view(task=3, model="rn-3hop")
    assert len(view.hops) == 3
    picked = [row.argmax().item() for row in view.reading.picks]
    lines = make_story_stage(view.state, view.truth, view).to_data()["lines"]
    for hop, node in enumerate(picked, start=1):
        assert hop in lines[view.state.seen[node]]["hops"]
    assert sum(len(line["hops"]) for line in lines) == 3


def test_a_network_without_hops_marks_none(make_view):
    view = make_view()
    assert view.hops == ()
    lines = make_story_stage(view.state, view.truth, view).to_data()["lines"]
    assert not any(line["hops"] for line in lines)
