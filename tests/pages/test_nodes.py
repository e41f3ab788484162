"""From the pairs of a model to those of the page: totals stay, and the marked pairs are the deciding ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pages._lab.sort_of_clevr.nodes import find_true_pairs, make_nodes, object_masks
from pages._lab.sort_of_clevr.state import ExploreState, sampled_scene
from rn_core.tasks.sort_of_clevr import Question
from rn_core.tasks.sort_of_clevr.rendering import PALETTE, render_scene

VIEWS = [("rn-objects", "objects"), ("rn-pixels", "objects"), ("rn-pixels", "cells")]


@pytest.mark.parametrize(("model", "view"), VIEWS)
def test_merging_keeps_the_total_and_equals_a_plain_loop(model, view):
    state = ExploreState(model=model, view=view)
    nodes = make_nodes(state)
    n_objects, n_nodes = nodes.membership.shape
    contributions = torch.randn(n_objects**2, dtype=torch.float64)
    expected = np.zeros((n_nodes, n_nodes))
    for p, value in enumerate(contributions.tolist()):
        i, j = divmod(p, n_objects)
        expected += value * np.outer(nodes.membership[i], nodes.membership[j])
    np.testing.assert_allclose(nodes.merge(contributions), expected, atol=1e-12)
    assert expected.sum() == pytest.approx(contributions.sum().item())


@pytest.mark.parametrize(("model", "view"), VIEWS)
def test_merged_relations_add_up_to_the_aggregate(model, view):
    nodes = make_nodes(ExploreState(model=model, view=view))
    relations = torch.randn(len(nodes.membership) ** 2, 7, dtype=torch.float64)
    pairs = [(i, j) for i in range(len(nodes.labels)) for j in range(len(nodes.labels))]
    merged = sum(nodes.merge_relations(relations, pair) for pair in pairs)
    torch.testing.assert_close(merged, relations.sum(dim=0))


def test_a_merged_relation_is_what_its_contribution_is_made_of():
    nodes = make_nodes(ExploreState(model="rn-pixels"))
    relations, slope = torch.randn(625, 4, dtype=torch.float64), torch.randn(4, dtype=torch.float64)
    matrix = nodes.merge(relations @ slope)
    assert matrix[2, 5] == pytest.approx((nodes.merge_relations(relations, (2, 5)) @ slope).item())


def test_an_object_model_shows_only_the_objects_there_are():
    state = ExploreState(model="rn-objects").edit(sampled_scene(0).remove("blue"))
    nodes = make_nodes(state)
    assert nodes.labels == ("red", "green", "orange", "gray", "yellow")
    contributions = torch.arange(36, dtype=torch.float64)
    kept = [0, 1, 3, 4, 5]
    np.testing.assert_array_equal(nodes.merge(contributions), contributions.view(6, 6)[kept][:, kept])


def test_masks_are_the_pixels_of_the_image():
    scene = sampled_scene(4)
    image = render_scene(scene)
    for thing, mask in zip(scene.objects, object_masks(scene), strict=True):
        np.testing.assert_array_equal(mask, (image == PALETTE[thing.color]).all(axis=-1))


def test_true_pairs_of_objects():
    state = ExploreState(model="rn-objects", question=Question("closest_shape", "red"))
    assert find_true_pairs(state, ("blue",)) == ((0, 2), (2, 0))
    about_one = state.change(question=Question("left", "green"))
    row_and_column = {(1, k) for k in range(6)} | {(k, 1) for k in range(6)}
    assert {*find_true_pairs(about_one, ("green",))} == row_and_column


def test_true_pairs_of_cells_lie_on_their_objects():
    state = ExploreState(model="rn-pixels", view="cells")
    by_object = make_nodes(state.change(view="objects"))
    most = [by_object.labels[k] for k in by_object.membership.argmax(dim=1)]
    pairs = find_true_pairs(state, ("blue",))
    assert pairs
    assert {frozenset((most[i], most[j])) for i, j in pairs} == {frozenset(("red", "blue"))}


def test_found_objects_are_those_of_the_scene_whose_pixels_they_lie_on():
    """Found in another order, one twice, one on the ground, and slots that hold nothing."""
    state = ExploreState(model="rn-slots", seed=4)
    things = state.scene.objects
    order = [3, 0, 5, 1, 2, 4, 4]
    places = torch.tensor([[things[k].x + 0.3, things[k].y - 0.4] for k in order] + [[37.0, 37.0], [np.nan, np.nan]])
    nodes = make_nodes(state, places)
    assert nodes.labels == (*(thing.color for thing in things), "ground")
    assert nodes.membership.argmax(dim=1)[:8].tolist() == [*order, 6]
    assert nodes.membership.sum(dim=1).tolist() == [1.0] * 8 + [0.0]
    shares = torch.rand(81, dtype=torch.float64)
    there = torch.arange(81).view(9, 9)[:8, :8].flatten()
    assert nodes.merge(shares).sum() == pytest.approx(shares[there].sum().item())
    assert find_true_pairs(state, (things[1].color,))


def test_before_it_is_asked_each_object_counts_as_found():
    state = ExploreState(model="rn-slots")
    torch.testing.assert_close(make_nodes(state).membership, torch.eye(7, dtype=torch.float64)[:6])
