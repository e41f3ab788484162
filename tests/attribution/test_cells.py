"""From cells to objects."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rn_core.attribution import cell_weights, merge_cells
from rn_core.common.errors import RNCoreError


def test_weights_of_a_hand_made_scene():
    """8 rows of 6 pixels, 2 x 2 cells, stride 4: centers at 0 and 4, so the border lies between pixels 1 and 2."""
    masks = np.zeros((2, 8, 6), dtype=bool)
    masks[0, 0, 0:4] = True  # row 0: two pixels in cell 0, two in cell 1
    masks[1, 1, 1] = True  # one pixel in cell 0
    masks[1, 2:8, 5] = True  # six pixels in cell 3, the last two rows nearer to a center that is not there
    expected = [[2 / 3, 1 / 3, 0], [1, 0, 0], [0, 0, 1], [0, 1, 0]]
    np.testing.assert_allclose(cell_weights(masks, grid_size=2, stride=4).numpy(), expected, atol=1e-15)


@pytest.mark.parametrize(("pixel", "cell"), [(0, 0), (7, 0), (8, 1), (23, 1), (24, 2), (55, 3), (56, 4), (74, 4)])
def test_each_pixel_belongs_to_the_nearest_centre(pixel, cell):
    """75 x 75 pixels, centers at 0, 16, 32, 48, 64; half way the later one."""
    masks = np.zeros((1, 75, 75), dtype=bool)
    masks[0, 40, pixel] = True
    expected = np.zeros(25)
    expected[3 * 5 + cell] = 1
    np.testing.assert_array_equal(cell_weights(masks)[:, 0].numpy(), expected)
    np.testing.assert_array_equal(
        cell_weights(masks.transpose(0, 2, 1))[:, 0].numpy().reshape(5, 5).T.ravel(), expected
    )


def test_no_pixels_at_all_is_all_ground():
    weights = cell_weights(np.zeros((6, 75, 75), dtype=bool))
    assert weights.shape == (25, 7)
    assert torch.equal(weights[:, -1], torch.ones(25, dtype=torch.float64))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.floats(0, 0.02))
def test_rows_add_up_to_one_and_merging_keeps_the_total(seed, density):
    rng = np.random.default_rng(seed)
    weights = cell_weights(rng.random((6, 75, 75)) < density)
    assert ((weights >= 0) & (weights <= 1)).all()
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(25, dtype=torch.float64), rtol=0, atol=1e-12)
    matrix = torch.from_numpy(rng.normal(size=(25, 25)))
    merged = merge_cells(matrix, weights)
    assert merged.shape == (7, 7)
    assert merged.sum().item() == pytest.approx(matrix.sum().item(), abs=1e-10)


def test_merging_equals_a_loop():
    rng = np.random.default_rng(0)
    matrix, raw = rng.normal(size=(4, 4)), rng.random((4, 3))
    weights = raw / raw.sum(axis=1, keepdims=True)
    expected = np.zeros((3, 3))
    for c in range(4):
        for d in range(4):
            for k in range(3):
                for m in range(3):
                    expected[k, m] += weights[c, k] * matrix[c, d] * weights[d, m]
    np.testing.assert_allclose(merge_cells(torch.from_numpy(matrix), torch.from_numpy(weights)), expected, atol=1e-12)


@pytest.mark.parametrize("masks", [np.zeros((75, 75), dtype=bool), np.zeros((6, 75, 75), dtype=np.uint8)])
def test_masks_of_a_wrong_kind(masks):
    with pytest.raises(RNCoreError, match=r"object_masks must be \(K, H, W\) bool, got \("):
        cell_weights(masks)


@pytest.mark.parametrize(("grid_size", "stride"), [(0, 16), (5, 0)])
def test_sizes_below_one(grid_size, stride):
    with pytest.raises(RNCoreError, match=f"must be 1 or more, got {grid_size} and {stride}"):
        cell_weights(np.zeros((6, 75, 75), dtype=bool), grid_size, stride)


def test_weights_that_do_not_fit():
    matrix = torch.zeros(4, 4)
    with pytest.raises(RNCoreError, match=r"weights must have shape \(4, K \+ 1\), one row per cell, got \(3, 2\)"):
        merge_cells(matrix, torch.ones(3, 2) / 2)
    with pytest.raises(RNCoreError, match=r"must sum to 1, got 1 to 1\.5; compute them with cell_weights"):
        merge_cells(matrix, torch.tensor([[1.0, 0], [1, 0], [1, 0], [1, 0.5]]))
    with pytest.raises(RNCoreError, match=r"pair matrix must have shape \(N, N\), got \(3, 4\)"):
        merge_cells(matrix[:3], torch.ones(3, 1))
