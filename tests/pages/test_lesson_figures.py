"""Figures of lessons: what is drawn is what was measured, in light and dark, and said in words."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from pages._lab.figures import Look, alt_text
from pages._lab.lessons.figures import plot_crowd, plot_crowds, plot_margins, plot_orders, plot_times
from pages._lab.lessons.work import add_in_orders, describe_ends
from pages._lab.shares import plot_accuracies
from rn_core.attribution.base import Target
from rn_core.common.records import Accuracy
from rn_core.common.seeding import make_rng
from rn_core.experiments.cost import PairTime
from rn_core.experiments.limits import CrowdAccuracy, MarginAccuracy
from rn_core.models.layers import make_mlp
from rn_core.tasks.sort_of_clevr.crowds import sample_crowds
from rn_core.tasks.sort_of_clevr.questions import QUESTION_TYPES

LOOKS = [Look(), Look(dark=True, large=True)]


def share(value: float) -> Accuracy:
    """Return a share with an interval of 0.1 to either side."""
    return Accuracy(value, value - 0.1, value + 0.1, 100)


@pytest.mark.parametrize("look", LOOKS)
def test_bars_have_heights_intervals_and_floors(look):
    series = {"one": {"shape": share(0.9), "left": share(0.5)}, "other": {"left": share(0.4)}}
    figure = plot_accuracies(series, look, {"shape": 0.3, "left": 0.6})
    one, other, *floors = figure.data
    assert [*one.y] == [90, 50]
    assert [*other.x] == ["on the left?"]
    assert [*one.error_y.array] == pytest.approx([10, 10])
    assert [tuple(floor.y) for floor in floors] == [(30, 30), (60, 60)]
    assert one.marker.pattern.shape != other.marker.pattern.shape
    assert "its shape 90 %" in alt_text(figure)
    assert "other: on the left? 40 %" in alt_text(figure)


def crowd(n_objects: int, value: float, counts: bool = True) -> CrowdAccuracy:
    """Return a measurement in which every type has one accuracy."""
    kinds = QUESTION_TYPES if counts else QUESTION_TYPES[:5]
    return CrowdAccuracy(n_objects, 100, 0, dict.fromkeys(kinds, share(value)), 0, None, None)


@pytest.mark.parametrize("look", LOOKS)
def test_crowds_are_a_line_a_question_type(look):
    figure = plot_crowds([crowd(2, 0.5), crowd(6, 0.9), crowd(10, 0.2, counts=False)], look)
    assert len(figure.data) == 6
    assert [*figure.data[0].x] == [2, 6, 10]
    assert [*figure.data[5].x] == [2, 6]
    assert figure.layout.shapes[0].x0 == 6
    assert "no word for the answer with 10" in alt_text(figure)
    assert [name.endswith("trained") for name in figure.layout.xaxis.ticktext] == [False, True, False]
    everywhere = plot_crowds([crowd(2, 0.5), crowd(10, 0.9)], look, (2, 10))
    assert [mark.x0 for mark in everywhere.layout.shapes] == [2, 10]
    assert all(name.endswith("trained") for name in everywhere.layout.xaxis.ticktext)
    assert len({(line.line.dash, line.marker.symbol) for line in figure.data}) == 6


@pytest.mark.parametrize("look", LOOKS)
def test_margins_below_those_of_training_look_different(look):
    found = [
        MarginAccuracy(0, 1, share(0.5)),
        MarginAccuracy(1, 2, share(0.6)),
        MarginAccuracy(2, math.inf, share(0.8)),
    ]
    unseen, seen = plot_margins(found, look).data
    assert ([*unseen.x], [*seen.x]) == (["0–1", "1–2"], ["2 or more"])
    assert [*unseen.y] == [50, 60]
    assert unseen.marker.pattern.shape != seen.marker.pattern.shape


@pytest.mark.parametrize("look", LOOKS)
def test_times_lie_beside_the_line_of_n_squared(look):
    figure = plot_times([PairTime(10, 0.001, 5), PairTime(20, 0.003, 5)], look)
    line, measured = figure.data
    assert [*line.y] == pytest.approx([1, 4])
    assert [*measured.y] == pytest.approx([1, 3])
    assert "20 objects 3 ms" in alt_text(figure)


@pytest.mark.parametrize("look", LOOKS)
def test_a_crowd_is_drawn_with_the_asked_object_framed(look):
    crowds = sample_crowds(make_rng(0, "test"), 9, 3)
    figure = plot_crowd(crowds, look)
    things = [shape for shape in figure.layout.shapes if shape.layer != "below"]
    assert [(thing.x0 + 5, thing.y0 + 5) for thing in things] == [
        tuple(center) for center in crowds.centers[0].tolist()
    ]
    assert [thing.line.width for thing in things] == [4] + [1] * 8
    assert len(figure.layout.annotations) == 9


def test_every_order_starts_at_nothing_and_ends_at_all_pairs():
    torch.manual_seed(0)
    f_phi, relations = make_mlp((8, 16, 4)), torch.rand(36, 8)
    paths = add_in_orders(f_phi, relations, Target(1, 2), n_orders=3, seed=0)
    assert paths.shape == (3, 37)
    with torch.no_grad():
        ends = [f_phi(torch.zeros(8)), f_phi(relations.sum(dim=0))]
    for place, logits in ((0, ends[0]), (-1, ends[1])):
        assert paths[:, place] == pytest.approx([float(logits[1] - logits[2])] * 3, abs=1e-4)
    assert np.abs(paths[0] - paths[1]).max() > 1e-3
    assert "end at the same number" in describe_ends(paths)
    figure = plot_orders(paths, "“yes”", Look())
    assert [*figure.data[2].y] == paths[2].tolist()
    assert "“yes”" in alt_text(figure)


def test_ends_that_are_equal_are_said_to_be():
    assert describe_ends(np.ones((2, 3))) == "All 2 orders end at the same number: exactly."
