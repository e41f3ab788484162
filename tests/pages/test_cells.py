"""Numbers on cells: ink that meets WCAG AA on every color of both scales, and outlines that stay in their cells."""

from __future__ import annotations

import re

import numpy as np
import pytest

from pages._lab import figures
from pages._lab.cells import CellFit, color_at, fit_style, format_short, number_layer
from pages._lab.figures import Look
from tests.pages.test_scene_component import contrast

LOOKS = (Look(), Look(dark=True), Look(large=True))


def rgb_of(color: str) -> tuple[int, ...]:
    """Return a color "#rrggbb" as three numbers."""
    return tuple(bytes.fromhex(color[1:]))


@pytest.mark.parametrize("look", LOOKS)
def test_the_ink_of_every_number_can_be_read_on_its_cell(look):
    values = np.linspace(-3, 3, 601).reshape(1, -1)
    layer = number_layer(values, [["0"] * values.size], 3.0, look.colorscale)
    for value, ink in zip(values.ravel(), layer.textfont.color, strict=True):
        ground = tuple(round(part) for part in color_at((value / 3 + 1) / 2, look.colorscale))
        assert contrast(rgb_of(ink), ground) >= 4.5  # WCAG 2.2, level AA


def test_a_scale_has_its_own_colors_at_its_stops():
    for look in LOOKS:
        for stop, color in look.colorscale:
            assert color_at(stop, look.colorscale) == rgb_of(color)


def test_a_matrix_has_one_number_on_each_cell_in_the_ink_of_its_own_scale():
    matrix = np.array([[4.0, -4.0], [0.0, 1.0]])
    layer = figures.plot_pair_matrix(matrix, ("red", "blue"), limit=8.0).data[-1]
    assert [(y, x, text) for y, x, text in zip(layer.y, layer.x, layer.text, strict=True)] == [
        (0, 0, "+4.00"), (0, 1, "−4.00"), (1, 0, "0"), (1, 1, "+1.00"),
    ]  # fmt: skip
    assert layer.hoverinfo == "skip"  # a click reaches the marker below


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (0.02, "0.0"), (-0.06, "−0.1"), (9.94, "+9.9"), (9.96, "+10"), (-13.56, "−14"), (0.5, "+0.5")],
)
def test_short_numbers_have_two_digits(value, text):
    assert format_short(value) == text


def test_the_style_is_that_of_one_figure_and_none_is_made_for_others():
    style = fit_style(figures.plot_pair_matrix(np.eye(3), ("red", "blue", "gray")), "a.b")
    assert {*re.findall(r"\.st-key-[\w-]+", style)} == {".st-key-a-b"}
    assert fit_style(figures.plot_relation_strip(np.ones(3)), "a.b") == ""
    assert "textpoint" not in CellFit(3, 3, 0, 50, 50, 0, 500, False).style("k")
