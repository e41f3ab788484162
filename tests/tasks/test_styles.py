"""Pictures in other styles: the same scenes and answers, colors within their names, a ground that they differ from."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest
import torch

from rn_core.common.errors import RNCoreError
from rn_core.common.seeding import make_rng
from rn_core.tasks import TASKS
from rn_core.tasks.base import ObjectsLabeled, Restyled
from rn_core.tasks.sort_of_clevr import COLORS, solve
from rn_core.tasks.sort_of_clevr.rendering import BACKGROUND, PALETTE, render_scenes
from rn_core.tasks.sort_of_clevr.styles import (
    COLOR_RANGES,
    MOST_SCATTERED,
    RADII,
    Things,
    compress,
    draw_styled,
    sample_scattered,
    sample_styled,
)

PIXELS = TASKS["sort-of-clevr/pixels"]


def is_called(rgb: np.ndarray, color: str, slack: float) -> bool:
    """Return whether a color (3,) from 0 to 1 lies within what a name allows, in hue, saturation and value."""
    hue, saturation, value = colorsys.rgb_to_hsv(*rgb)
    lowest, highest = (np.array(bounds) for bounds in COLOR_RANGES[color])
    turned = (hue * 360 - lowest[0]) % 360
    in_hue = turned <= highest[0] - lowest[0] + 12 or turned >= 348 or saturation < 0.2
    return in_hue and bool((np.array([saturation, value]) >= lowest[1:] - slack).all())


def test_each_object_has_a_color_of_its_name_at_its_center():
    scenes, images = sample_styled(make_rng(0, "train"), 200, 2.0)
    found = [
        is_called(images[row, y, x] / 255, COLORS[slot], slack=0.25)
        for row in range(len(scenes))
        for slot, (x, y) in enumerate(scenes.centers[row])
    ]
    assert np.mean(found) > 0.97  # noise and compression move a few out of the range


def test_the_ground_can_be_told_from_every_object():
    scenes, images = sample_styled(make_rng(1, "train"), 200, 2.0)
    ground = np.median(images.reshape(len(images), -1, 3), axis=1)
    rows = np.arange(len(images))[:, None]
    objects = images[rows, scenes.centers[..., 1], scenes.centers[..., 0]].astype(float)
    assert np.quantile(np.abs(objects - ground[:, None]).max(axis=2), 0.01) > 25


def test_grounds_run_from_black_to_white_and_radii_from_four_to_seven():
    images = np.concatenate([sample_styled(make_rng(seed, "train"), 40, 2.0)[1] for seed in range(12)])
    ground = np.median(images.reshape(len(images), -1, 3), axis=1).mean(axis=1)
    assert ground.min() < 60
    assert ground.max() == 255
    assert RADII == (4, 5, 6, 7)


def test_some_pictures_are_this_projects_own():
    """Every fourth batch has this project's radius, and most of its pictures its style: a fifth of all pictures."""
    known = np.array([*PALETTE.values(), BACKGROUND]) @ [65536, 256, 1]
    batches = [sample_styled(make_rng(seed, "train"), 20, 2.0)[1] for seed in range(24)]
    own = [np.isin(images.astype(int) @ [65536, 256, 1], known).all(axis=(1, 2)) for images in batches]
    assert 0.08 < np.mean(own) < 0.35


def test_scattered_objects_lie_inside_and_apart():
    for seed in range(6):
        things, images = sample_scattered(make_rng(seed, "train"), 30)
        assert images.shape == (30, 75, 75, 3)
        assert 1 <= things.present.sum(axis=1).min() <= things.present.sum(axis=1).max() <= MOST_SCATTERED
        for centers, present in zip(things.centers, things.present, strict=True):
            there = centers[present]
            assert (there >= RADII[0]).all()
            assert (there <= 74 - RADII[0]).all()
            apart = np.abs(there[:, None] - there).max(axis=2)[np.triu_indices(len(there), 1)]
            assert (apart >= 2 * RADII[0] + 2).all()


def test_what_is_not_there_is_not_drawn():
    nothing = Things(np.full((3, 2, 2), 20), np.zeros((3, 2), int), np.zeros((3, 2), int), np.zeros((3, 2), bool))
    images = draw_styled(make_rng(0, "train"), nothing, 5)
    near, far = images[:, 15:26, 15:26].astype(float), images[:, 45:56, 45:56].astype(float)
    assert np.abs(near.mean(axis=(1, 2)) - far.mean(axis=(1, 2))).max() < 4


def test_the_same_seed_draws_the_same_pictures():
    one, same, other = (sample_styled(make_rng(seed, "train"), 5, 2.0)[1] for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_compression_changes_little_and_more_at_lower_quality():
    image = render_scenes(sample_styled(make_rng(0, "train"), 1, 2.0)[0])[0]
    errors = [np.abs(compress(image, quality).astype(int) - image).mean() for quality in (95, 60)]
    assert 0 < errors[0] < errors[1] < 12


def test_a_task_in_styles_asks_the_same_kind_of_questions_and_keeps_its_own_otherwise():
    assert isinstance(PIXELS, Restyled)
    assert isinstance(PIXELS, ObjectsLabeled)
    styled = PIXELS.in_styles().sample_batch(make_rng(0, "train"), 16)
    scenes, images = sample_styled(make_rng(0, "train"), 16, PIXELS.margin)
    assert torch.equal(styled.inputs[0], torch.from_numpy(images))
    np.testing.assert_array_equal(styled.answer.view(16, 36), solve(scenes).answers)
    own = PIXELS.sample_batch(make_rng(0, "train"), 16)
    assert not torch.equal(own.inputs[0], styled.inputs[0])


def test_labels_say_where_objects_are_and_what():
    for seed in range(8):
        pictures = PIXELS.sample_labeled(make_rng(seed, "train"), 4)
        images, places = pictures.images.numpy(), pictures.places.long()
        for row, slot in pictures.mask.nonzero().tolist():
            x, y = places[row, slot].tolist()
            assert is_called(images[row, y, x] / 255, COLORS[pictures.values[row, slot, 0]], slack=0.35)


def test_a_task_of_one_style_is_refused_in_many():
    from rn_core.training.recipes import make_recipe

    with pytest.raises(RNCoreError, match="'sort-of-clevr/objects' has pictures of one style, got styled True"):
        make_recipe("sort-of-clevr/rn-objects", styled=True)
