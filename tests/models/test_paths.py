"""Rows of paths as objects: by hand, and as a weighted sum of the row."""

from __future__ import annotations

import math

import pytest
import torch

from rn_core.common.errors import RNCoreError
from rn_core.models.paths import PathComparison, PathEncoder, PathEncoderConfig


def test_an_object_by_hand():
    config = PathEncoderConfig(d_row=7, n_frames=3)
    rows = torch.tensor([[[0.5, 1.0, 2.0, 6.0, 0.0, 0.0, -3.0], [0.0] * 7]])
    objects, mask = PathEncoder(config)(rows, torch.tensor([[True, False]]))
    x = [3, -4, -2, 6, 8, 32, 48]
    y = [-1, 2, 2, -4, 0, -24, -48]
    assert objects[0, 0].tolist() == [0.5, *x, *y, *rows[0, 0, 1:].tolist()]
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


#: Numbers that a pair of 5 frames has, in order: their names and how many.
PARTS = {"mean": 1, "deviations": 5, "changes": 4, "changes of changes": 3, "speeds": 4, "push i": 3, "push j": 3}


def compare(first: torch.Tensor, second: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return what two paths (..., 2, 5) show together, part by part."""
    comparison = PathComparison(5)
    shown = comparison(
        *(torch.cat([torch.rand(*one.shape[:-2], 2), one.flatten(-2)], dim=-1) for one in (first, second))
    )
    assert shown.shape[-1] == comparison.d_pair == sum(PARTS.values())
    return dict(zip(PARTS, shown.split([*PARTS.values()], dim=-1), strict=True))


def test_two_paths_by_hand():
    """Ball i rests in the origin; j is on a line at 45 degrees, goes away, and is pulled back in the fourth frame."""
    distance = torch.tensor([1.0, 2.0, 3.0, 4.0, 3.0])
    other = torch.stack([distance, distance]) / math.sqrt(2)
    shown = compare(torch.zeros(2, 5), other)
    wanted = {
        "mean": [2.6],
        "deviations": [4 * value for value in (-1.6, -0.6, 0.4, 1.4, 0.4)],
        "changes": [8.0, 8.0, 8.0, -8.0],
        "changes of changes": [0.0, 0.0, -32.0],
        "speeds": [4.0, 4.0, 4.0, 4.0],
        "push i": [0.0, 0.0, 0.0],
        "push j": [0.0, 0.0, 16.0],
    }
    for part, values in wanted.items():
        torch.testing.assert_close(shown[part], torch.tensor(values), rtol=0, atol=1e-4, msg=part)


def test_what_two_paths_show_does_not_depend_on_where_they_are_and_how_the_table_is_turned():
    paths = torch.randn(2, 30, 2, 5)
    angle = torch.rand(30) * 2 * math.pi
    turn = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], dim=-1).unflatten(-1, (2, 2))
    moved = turn @ paths + torch.randn(30, 2, 1)
    mirrored = moved * torch.tensor([[1.0], [-1.0]])
    for part, values in compare(*paths).items():
        torch.testing.assert_close(compare(*mirrored)[part], values, rtol=1e-3, atol=1e-3, msg=part)


def test_the_other_way_round_only_the_pushes_change_places():
    first, second = torch.randn(2, 8, 2, 5)
    one, other = compare(first, second), compare(second, first)
    swapped = {**other, "push i": other["push j"], "push j": other["push i"]}
    for part, values in one.items():
        torch.testing.assert_close(swapped[part], values, msg=part)


def test_a_ball_beside_itself_shows_nothing():
    path = torch.randn(3, 2, 5)
    assert not any(values.any() for values in compare(path, path).values())
