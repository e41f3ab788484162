"""The network that finds objects, on pictures that it was not trained on: drawn by other code, in other styles."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.other_pictures import PUBLIC, STYLES, compress, draw_picture, measure
from rn_core.tasks.sort_of_clevr import COLORS
from rn_core.weights.store import load_weights

pytestmark = pytest.mark.weights

SCENE = [("square", 10, 20), ("circle", 40, 12), ("square", 60, 60), ("circle", 20, 60), ("square", 40, 40),
         ("circle", 64, 20)]  # fmt: skip


def test_a_picture_shows_each_object_at_its_place_in_its_color():
    picture = draw_picture(SCENE, PUBLIC, 240)
    for color, (shape, x, y) in zip(COLORS, SCENE, strict=True):
        assert tuple(picture[y, x]) == PUBLIC[color]
        corner = tuple(picture[y - 5, x - 5])
        assert corner == (PUBLIC[color] if shape == "square" else (240, 240, 240))
    assert (picture == 240).all(axis=2).mean() > 0.8


def test_compression_leaves_traces():
    picture = draw_picture(SCENE, PUBLIC)
    assert 0 < np.abs(compress(picture, 70).astype(int) - picture).mean() < 10


@pytest.mark.parametrize("style", [*STYLES])
def test_the_network_of_slots_answers_about_pictures_that_others_drew(style):
    found = measure(load_weights("sort-of-clevr/rn-slots").model, style, n_scenes=100, seed=1).groups
    assert found["relational"].accuracy > (0.93 if "JPEG" in style else 0.95)
    assert found["non_relational"].accuracy > 0.99
