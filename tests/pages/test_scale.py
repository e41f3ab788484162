"""One scale of colors everywhere: what pairs add compares between scenes, seeds, models and moments."""

from __future__ import annotations

import numpy as np
import pytest

from pages._lab.cells import color_at
from pages._lab.figures import Look, plot_pair_matrix
from pages._lab.scale import FULL_LOGITS, full_logits
from pages._lab.sort_of_clevr.picture import make_saved_stage

LABELS = ("red", "green", "blue")


@pytest.mark.parametrize("largest", [0.003, 1.0, 40.0])
@pytest.mark.parametrize("dark", [False, True])
def test_matrices_of_any_size_have_one_scale(largest, dark):
    heat = plot_pair_matrix(np.full((3, 3), largest), LABELS, look=Look(dark=dark)).data[0]
    assert (heat.zmin, heat.zmax) == (-FULL_LOGITS["objects"], FULL_LOGITS["objects"])


@pytest.mark.parametrize("dark", [False, True])
def test_an_untrained_network_looks_pale(dark):
    """Its shares of about 0.003 logits have nearly the color of nothing."""
    look = Look(dark=dark)
    limit = full_logits(list(LABELS))
    pale, nothing, full = (color_at((value / limit + 1) / 2, look.colorscale) for value in (0.003, 0, limit))
    assert np.abs(np.subtract(pale, nothing)).max() < 1
    assert np.abs(np.subtract(full, nothing)).max() > 50


@pytest.mark.parametrize("fields", [{}, {"seed": 9}, {"model": "rn-pixels"}, {"model": "rn-pixels", "view": "cells"}])
def test_scene_and_matrix_of_a_page_share_the_scale(make_view, fields):
    view = make_view(**fields)
    heat = plot_pair_matrix(view.matrix, view.nodes.labels).data[0]
    assert make_saved_stage(view).to_data()["full"] == heat.zmax == FULL_LOGITS[view.state.view]


def test_the_tooltip_has_the_color_of_the_sign():
    figure = plot_pair_matrix(np.array([[2.0, -2.0], [0.5, -0.1]]), ("red", "blue"))
    look = Look()
    assert list(figure.data[1].hoverlabel.bgcolor) == [look.color(value) for value in (2, -2, 0.5, -0.1)]
