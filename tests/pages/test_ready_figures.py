"""Figures that sessions share: of one content there is one, of another another, and it is sent as it was plotted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import plotly.graph_objects as go
import plotly.io
import pytest
import torch

from pages._lab.cells import fit_style
from pages._lab.figures import Look, alt_text, plot_pair_matrix, plot_relation_strip
from pages._lab.ready_figure import digest_inputs, make_ready
from pages._lab.walk.strips import Strip
from pages._ui.ready_figures import plot_ready

LABELS = ("red", "blue", "gray")
MATRIX = np.arange(9.0).reshape(3, 3) - 4


def changed(value: float) -> np.ndarray:
    """Return the matrix with another last number."""
    matrix = MATRIX.copy()
    matrix[2, 2] = value
    return matrix


def test_a_ready_figure_is_sent_as_it_was_plotted():
    plotted = plot_pair_matrix(MATRIX, LABELS, [(0, 1)], (1, 2))
    ready = make_ready(plotted)
    assert plotly.io.to_json(ready, validate=False) == plotly.io.to_json(plotted, validate=False)
    assert alt_text(ready) == alt_text(plotted)
    assert fit_style(ready, "key") == fit_style(plotted, "key") != ""
    ready.to_dict().clear()  # a caller's own
    assert ready.to_dict() == plotted.to_dict()


def test_equal_content_is_plotted_once_and_any_other_again(monkeypatch):
    plotted: list[object] = []

    def plot(matrix: np.ndarray, labels: tuple[str, ...], look: Look) -> go.Figure:
        plotted.append(matrix)
        return plot_pair_matrix(matrix, labels, look=look)

    first = plot_ready(plot, MATRIX, LABELS, look=Look())
    assert plot_ready(plot, MATRIX.copy(), tuple(LABELS), look=Look()) is first
    others = [
        plot_ready(plot, changed(4.000001), LABELS, look=Look()),
        plot_ready(plot, MATRIX, LABELS[::-1], look=Look()),
        plot_ready(plot, MATRIX, LABELS, look=Look(dark=True)),
    ]
    assert len(plotted) == 4 and len({*map(id, (first, *others))}) == 4
    assert plot_ready(plot_relation_strip, MATRIX[0]).to_dict() == plot_relation_strip(MATRIX[0]).to_dict()


@dataclass(frozen=True)
class Large:
    """An input that says itself what tells it apart."""

    figure_key: tuple[object, ...]
    rest: object = None


STRIP = Strip("one", MATRIX[0], (("x", 3),))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a", "b"), ("ab",)),
        ((("a",), "b"), ("a", ("b",))),
        ((1, 23), (12, 3)),
        (("1",), (1,)),
        ((MATRIX,), (MATRIX.T,)),
        ((MATRIX,), (MATRIX.ravel(),)),
        ((MATRIX,), (MATRIX.astype(np.float32),)),
        (({"a": 1, "b": 2},), ({"a": 2, "b": 1},)),
        ((STRIP,), (replace(STRIP, values=MATRIX[1]),)),
        ((Large((MATRIX,)),), (Large((changed(0),)),)),
        ((None,), ("None",)),
        ((torch.ones(2),), (torch.zeros(2),)),
        (({1, 2},), ({1, 3},)),
    ],
)
def test_digests_tell_inputs_apart(one, other):
    assert digest_inputs(*one) != digest_inputs(*other)
    assert digest_inputs(*one) == digest_inputs(*one)


def test_what_is_left_out_of_a_key_is_not_looked_at_and_what_cannot_be_told_apart_is_refused():
    assert digest_inputs(Large((1,), object())) == digest_inputs(Large((1,), object()))
    with pytest.raises(TypeError, match="got object"):
        digest_inputs(object())
