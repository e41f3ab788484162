"""Images moved and turned: whole pixels exactly, small angles by where a dot goes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from rn_core.common.seeding import make_rng
from rn_core.models.augmentation import MAX_ANGLE, PADDING, augment_images, move_images

ZERO = torch.zeros(1, dtype=torch.float64)


def sample_images(n_images: int = 1, size: int = 128) -> Tensor:
    return torch.randint(0, 256, (n_images, size, size, 3), dtype=torch.uint8)


@pytest.mark.parametrize("shift", [(0, 0), (4, 0), (0, -4), (-3, 2)])
def test_a_move_is_a_crop_of_the_padded_image(shift):
    image = sample_images()
    found = move_images(image, torch.tensor([shift]), ZERO)[0].numpy()
    padded = np.pad(image[0].numpy(), ((PADDING, PADDING), (PADDING, PADDING), (0, 0)), mode="edge")
    x, y = (PADDING + step for step in shift)
    np.testing.assert_array_equal(found, padded[y : y + 128, x : x + 128])


@pytest.mark.parametrize("angle", [0.05, -0.05])
def test_a_turn_moves_what_is_off_the_centre(angle):
    """A window that turns clockwise sees the picture turn the other way."""
    image = torch.zeros(1, 128, 128, 3, dtype=torch.uint8)
    image[0, 62:66, 120:124] = 255  # a dot 58 pixels to the right of the center
    seen = move_images(image, torch.zeros(1, 2), torch.tensor([angle]))[0, ..., 0].double()
    rows, columns = torch.meshgrid(torch.arange(128.0), torch.arange(128.0), indexing="ij")
    x, y = ((seen * places).sum() / seen.sum() - 63.5 for places in (columns.double(), rows.double()))
    assert x.item() == pytest.approx(58 * math.cos(angle), abs=0.1)
    assert y.item() == pytest.approx(-58 * math.sin(angle), abs=0.1)


def test_draws_stay_in_the_paper_s_range_and_reach_its_ends(monkeypatch):
    drawn = []
    monkeypatch.setattr("rn_core.models.augmentation.move_images", lambda *arguments: drawn.append(arguments))
    augment_images(sample_images(3000, 2), make_rng(0, "train"))
    _, shifts, angles = drawn[0]
    assert set(shifts.flatten().tolist()) == set(range(-PADDING, PADDING + 1))
    assert angles.abs().max() <= MAX_ANGLE
    assert angles.min() < -0.049
    assert angles.max() > 0.049


def test_a_part_is_moved_as_it_is_within_the_whole():
    images = sample_images(5, 32)
    whole = augment_images(images, make_rng(3, "train"))
    assert torch.equal(augment_images(images[2:4], make_rng(3, "train"), 2, 5), whole[2:4])


def test_a_seed_gives_the_same_images_and_the_given_ones_stay():
    images = sample_images(4, 32)
    before = images.clone()
    first, again = (augment_images(images, make_rng(3, "train")) for _ in range(2))
    assert torch.equal(first, again)
    assert torch.equal(images, before)
    assert (first.shape, first.dtype) == (images.shape, torch.uint8)
    assert not torch.equal(first, augment_images(images, make_rng(4, "train")))
