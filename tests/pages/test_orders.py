"""How many objects at once: bars that add up to the explained logit, sets in words, and what cannot be counted."""

from __future__ import annotations

import pytest
import torch

from pages._lab import figures
from pages._lab.figures import Look
from pages._lab.pairs.orders import find_orders, plot_orders
from pages._lab.words import format_signed
from rn_core.attribution.orders import find_order_spectrum
from rn_core.common.errors import RNCoreError
from rn_core.models.relation_network import make_pair_index


@pytest.fixture
def f_phi(random_answerer):
    return lambda view: random_answerer(view.state.model).model.core.f_phi


@pytest.mark.parametrize("model", ["rn-objects", "rn-pixels"])
def test_the_bars_add_up_to_the_logit_that_is_explained(make_view, f_phi, model):
    view = make_view(model=model)
    orders = find_orders(view, f_phi(view))
    assert len(orders.bars) == len(view.nodes.labels)
    total = view.target.value(torch.from_numpy(view.reading.answer.logits)).item()
    start = orders.spectrum.orders[0].item()
    assert start + sum(orders.bars) == pytest.approx(total, abs=1e-4)
    for order in range(1, len(orders.bars) + 1):
        assert sum(row.logit for row in orders.list_rows(order)) == pytest.approx(orders.bars[order - 1], abs=1e-6)


def test_of_object_rows_the_spectrum_is_that_of_the_models_own_pairs(make_view, f_phi):
    view = make_view(model="rn-objects")
    found = find_orders(view, f_phi(view)).spectrum
    own = find_order_spectrum(f_phi(view), view.reading.relations, make_pair_index(6), 6, view.target)
    torch.testing.assert_close(found.dividends, own.dividends)


def test_sets_are_named_strongest_first_and_the_figure_has_a_bar_per_order(make_view, f_phi):
    view = make_view(model="rn-objects")
    orders = find_orders(view, f_phi(view))
    rows = orders.list_rows(3)
    sizes = [abs(row.logit) for row in rows]
    assert sizes == sorted(sizes, reverse=True) and len({row.objects for row in rows}) == len(rows) <= 20
    assert rows[0].objects.count(" and ") == 1 and rows[0].objects.count(",") == 1
    figure = plot_orders(orders, Look())
    assert list(figure.data[0].x)[:2] == ["1 object", "2 objects"] and list(figure.data[0].y) == orders.bars
    assert f"2 objects: {format_signed(orders.bars[1])}" in figures.alt_text(figure)
    strongest = max(map(abs, orders.bars))
    assert format_signed(next(bar for bar in orders.bars if abs(bar) == strongest)) in orders.describe()


def test_cells_are_too_many_to_try_all_sets(make_view, f_phi):
    view = make_view(model="rn-pixels", view="cells")
    with pytest.raises(RNCoreError, match="All sets of up to 12 objects can be tried, got 25; show pairs of objects"):
        find_orders(view, f_phi(view))
