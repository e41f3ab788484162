"""Pictures of any size become 128 x 128."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from rn_core.common.errors import SceneError
from rn_core.common.seeding import make_rng
from rn_core.tasks.clevr.images import resize_image


def sample_image(height: int, width: int) -> np.ndarray:
    return make_rng(0, "test").integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_a_real_picture_is_what_pillow_makes_of_it(shared_data):
    with Image.open(shared_data / "clevr" / "images" / "CLEVR_val_000003.png") as picture:
        expected = np.asarray(picture.convert("RGB").resize((128, 128), Image.Resampling.BILINEAR))
        np.testing.assert_array_equal(resize_image(np.asarray(picture.convert("RGB"))), expected)


def test_128_pixels_stay_as_they_are():
    image = sample_image(128, 128)
    np.testing.assert_array_equal(resize_image(image), image)


@pytest.mark.parametrize("size", [(1, 1), (320, 480), (7, 10_000)])
def test_any_size_is_taken(size):
    assert resize_image(sample_image(*size)).shape == (128, 128, 3)


def test_a_view_in_another_order_of_memory_is_taken():
    image = sample_image(300, 200)
    np.testing.assert_array_equal(resize_image(image[::-1, ::2]), resize_image(image[::-1, ::2].copy()))


@pytest.mark.parametrize(
    ("image", "got"),
    [
        (np.zeros((9, 9, 3)), r"float64 \(9, 9, 3\)"),
        (np.zeros((9, 9, 4), np.uint8), r"uint8 \(9, 9, 4\)"),
        (np.zeros((9, 9), np.uint8), r"uint8 \(9, 9\)"),
        (np.zeros((0, 9, 3), np.uint8), r"uint8 \(0, 9, 3\)"),
        (np.broadcast_to(np.uint8(0), (10**9, 9, 3)), r"uint8 \(1000000000, 9, 3\)"),
        ([[1]], "list"),
        (None, "NoneType"),
    ],
)
def test_what_is_no_picture_is_one_sentence(image, got):
    with pytest.raises(SceneError, match=f"^A picture must be a uint8 array .* got {got}; convert it"):
        resize_image(image)
