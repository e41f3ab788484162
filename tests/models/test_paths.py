"""Rows of paths as objects: by hand, and as a weighted sum of the row."""

from __future__ import annotations

import pytest
import torch

from rn_core.errors import RNCoreError
from rn_core.models.paths import PathEncoder, PathEncoderConfig


def test_an_object_by_hand():
    config = PathEncoderConfig(d_row=7, n_frames=3)
    rows = torch.tensor([[[0.5, 1.0, 2.0, 6.0, 0.0, 0.0, -3.0], [0.0] * 7]])
    objects, mask = PathEncoder(config)(rows, torch.tensor([[True, False]]))
    x = [3, -4, -2, 6, 8, 32, 48]
    y = [-1, 2, 2, -4, 0, -24, -48]
    assert objects[0, 0].tolist() == [0.5, *x, *y]
    assert not objects[0, 1].any()
    assert mask.tolist() == [[True, False]]
    assert objects.shape[2] == config.d_object


def test_all_that_a_row_says_can_be_read_off_the_object():
    """The row is a weighted sum of the object's numbers, as they are of the row's: nothing is lost or added."""
    encoder = PathEncoder(PathEncoderConfig(35, 16))
    matrix = encoder(torch.eye(35, dtype=torch.float64)[None], torch.ones(1, 35, dtype=torch.bool))[0][0]  # (35, D)
    assert torch.linalg.matrix_rank(matrix) == 35
    rows = torch.randn(2, 4, 35, dtype=torch.float64)
    torch.testing.assert_close(encoder(rows, torch.ones(2, 4, dtype=torch.bool))[0], rows @ matrix)


def test_rows_too_short_for_their_frames_are_refused():
    with pytest.raises(RNCoreError, match=r"^d_row must be at least 32 for x and y in 16 frames, got 31"):
        PathEncoderConfig(31, 16)
