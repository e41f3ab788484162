"""Figures: the right numbers, symmetric scales, words beside colors, and no Streamlit."""

from __future__ import annotations

import numpy as np
import pytest

from pages._lab import figures
from pages._lab.figures import Look
from pages._lab.scale import FULL_LOGITS

LABELS = ("red", "green", "ground")
MATRIX = np.array([[0.5, -2.0, 0.0], [1.0, 0.1, 0.2], [0.0, 0.3, -0.4]])


@pytest.fixture
def matrix():
    return figures.plot_pair_matrix(MATRIX, LABELS, [(0, 1), (1, 0)], (2, 2))


def test_the_matrix_shows_its_numbers_on_a_symmetric_scale(matrix):
    heat = matrix.data[0]
    np.testing.assert_array_equal(heat.z, MATRIX)
    assert (heat.zmin, heat.zmax) == (-FULL_LOGITS["objects"], FULL_LOGITS["objects"])
    assert heat.text[0][1] == "−2.00"


def test_every_square_can_be_clicked(matrix):
    layer = matrix.data[1]
    places = [(int(y), int(x)) for x, y in zip(layer.x, layer.y, strict=True)]
    assert sorted(places) == [(i, j) for i in range(3) for j in range(3)]
    for (i, j), name in zip(places, layer.text, strict=True):
        assert name == f"({LABELS[i]}, {LABELS[j]}): {matrix.data[0].text[i][j]}"
    assert layer.marker.opacity == layer.selected.marker.opacity == layer.unselected.marker.opacity == 0


def test_true_and_pinned_pairs_are_framed(matrix):
    middles = [((shape.y0 + shape.y1) / 2, (shape.x0 + shape.x1) / 2) for shape in matrix.layout.shapes]
    assert middles == [(0, 1), (1, 0), (2, 2)]
    assert [shape.line.dash for shape in matrix.layout.shapes] == ["solid", "solid", "dot"]


def test_the_alternative_text_names_the_strongest_pair(matrix):
    assert "(red, green) with −2.00" in figures.alt_text(matrix)


def test_colors_have_their_names_beside_them(matrix):
    for text, label in zip(matrix.layout.xaxis.ticktext, LABELS, strict=True):
        assert text.endswith(label)


def test_a_matrix_of_zeros_has_a_scale():
    heat = figures.plot_pair_matrix(np.zeros((2, 2)), ("red", "blue")).data[0]
    assert heat.zmin < 0 < heat.zmax


def test_cells_are_named_by_the_rows_of_the_grid():
    figure = figures.plot_pair_matrix(np.eye(25), tuple(map(str, range(25))))
    assert figure.data[0].text is None
    assert [*figure.layout.yaxis.tickvals] == [2, 7, 12, 17, 22]
    assert [*figure.layout.yaxis.ticktext] == ["row 1", "row 2", "row 3", "row 4", "row 5"]
    assert figure.data[1].text[27] == "(row 1 column 2, row 1 column 3): 0"


def test_true_pairs_of_many_cells_are_marked_in_one_layer():
    pairs = [(i, j) for i in range(40) for j in range(i)]
    figure = figures.plot_pair_matrix(np.eye(64), tuple(map(str, range(64))), pairs, (3, 17))
    corners = np.stack([figure.data[2].y, figure.data[2].x], axis=1).reshape(len(pairs), -1, 2)[:, :4]  # (P, 4, 2)
    np.testing.assert_allclose(corners.mean(axis=1), pairs)
    assert (np.ptp(corners, axis=1) < 1).all()  # within its own cell, however large that is on the screen
    assert figure.data[2].hoverinfo == "skip"
    assert len(figure.layout.shapes) == 1
    assert len(figures.plot_pair_matrix(np.eye(64), tuple(map(str, range(64)))).data) == 2


def test_the_scale_is_the_pages_ground_in_the_middle():
    light, dark = Look(), Look(dark=True)
    assert light.colorscale[1][1] != dark.colorscale[1][1]
    for look in (light, dark):
        assert [stop for stop, _ in look.colorscale] == [0, 0.5, 1]
        assert look.color(1.0) == look.colorscale[2][1]
        assert look.color(-1.0) == look.colorscale[0][1]


def test_the_shift_joins_both_logits():
    figure = figures.plot_logit_shift(("yes", "no"), np.array([1.0, 2.0]), np.array([3.0, -1.0]), removed="(red, red)")
    joined = [tuple(trace.x) for trace in figure.data if trace.mode == "lines"]
    assert joined == [(1.0, 3.0), (2.0, -1.0)]
    assert [trace.name for trace in figure.data[2:]] == ["without (red, red)", "with all pairs"]
    assert "Without (red, red) the answer is no; with all pairs it is yes" in figures.alt_text(figure)


def test_hidden_layers_may_differ_in_width():
    figure = figures.plot_hidden_change([np.array([1.0, 0.0, -2.0]), np.array([0.5])])
    heat = figure.data[0]
    assert np.asarray(heat.z).shape == (2, 3)
    assert np.isnan(heat.z[1][1:]).all()
    assert (heat.zmin, heat.zmax) == (-2, 2)
    assert "2 of 3 units of layer 1 change, 1 of 1 units of layer 2 change" in figures.alt_text(figure)


def test_the_strip_shows_every_unit():
    figure = figures.plot_relation_strip(np.array([0.0, 0.5, 0.0, 1.5]))
    np.testing.assert_array_equal(figure.data[0].y, [0.0, 0.5, 0.0, 1.5])
    assert "2 of 4 units are active; the largest is 1.50" in figures.alt_text(figure)


def test_random_orders_are_dotted():
    values = np.array([3.0, 1.0, 0.0])
    figure = figures.plot_faithfulness([("strongest removed", values), ("random removed", values)])
    assert [trace.line.dash for trace in figure.data] == ["solid", "dot"]
    assert tuple(figure.data[0].x) == (0, 50, 100)


def test_projector_type_is_larger():
    sizes = [figures.plot_relation_strip(np.ones(3), Look(large=large)).layout.font.size for large in (False, True)]
    assert sizes[0] < sizes[1]
