"""The encoder that finds objects: peaks, what is read there, order, and gradients."""

from __future__ import annotations

import pytest
import torch

from rn_core.common.errors import RNCoreError
from rn_core.models.slots import STRIDE, SlotEncoder, SlotEncoderConfig, SlotMaps, find_peaks

CONFIG = SlotEncoderConfig(channels=(4, 4, 4), n_slots=5, attributes=(3, 2))
GRID = CONFIG.grid_size
#: Of each object: column and row of its cell, the values of its attributes, and the offset from the cell in cells.
THINGS = ((2, 3, (2, 0), (0.25, -0.5)), (10, 12, (0, 1), (0.0, 0.0)), (17, 1, (1, 1), (-0.25, 0.5)))


def encoder_that_sees(maps: SlotMaps, monkeypatch) -> SlotEncoder:
    """Return an encoder whose convolution finds given maps."""
    encoder = SlotEncoder(CONFIG)
    monkeypatch.setattr(encoder, "find_maps", lambda images: maps)
    return encoder


def maps_of(things) -> SlotMaps:
    """Return maps of one picture that name some objects with certainty."""
    centers = torch.full((1, GRID, GRID), -9.0)
    attributes, offsets = torch.zeros(1, 5, GRID, GRID), torch.zeros(1, 2, GRID, GRID)
    for column, row, (color, shape), offset in things:
        centers[0, row, column] = 9.0
        attributes[0, color, row, column] = attributes[0, 3 + shape, row, column] = 50.0
        offsets[0, :, row, column] = torch.tensor(offset)
    return SlotMaps(centers, attributes, offsets)


def test_peaks_are_the_cells_that_no_neighbor_exceeds_highest_first():
    grid = torch.randn(3, GRID, GRID, generator=torch.Generator().manual_seed(0))
    padded = torch.nn.functional.pad(grid, (1, 1, 1, 1), value=-torch.inf)
    around = torch.stack([padded[:, y : y + GRID, x : x + GRID] for y in range(3) for x in range(3)])
    for picture, expected in zip(grid, (grid == around.amax(dim=0)).flatten(1), strict=True):
        places = expected.nonzero()[:, 0]
        ranked = places[picture.flatten()[places].argsort(descending=True)]
        assert torch.equal(find_peaks(picture.flatten()[None], GRID, len(ranked))[0], ranked)


def test_what_the_maps_name_is_read_as_rows_in_the_order_of_the_first_attribute(monkeypatch):
    encoder = encoder_that_sees(maps_of(THINGS), monkeypatch)
    objects, mask = encoder(torch.zeros(1, 75, 75, 3, dtype=torch.uint8))
    assert mask.tolist() == [[True, True, True, False, False]]
    for row, (column, line, values, offset) in zip(
        objects[0], sorted(THINGS, key=lambda thing: thing[2]), strict=False
    ):
        assert row[:3].argmax() == values[0]
        assert row[3:5].argmax() == values[1]
        torch.testing.assert_close(row[:5].sum(), torch.tensor(2.0))
        place = torch.tensor([(column + offset[0]) * STRIDE, (line + offset[1]) * STRIDE])
        torch.testing.assert_close(row[5:], (place - 37) / 37)
        torch.testing.assert_close(encoder.locate(row), place)
    assert not objects[0, 3:].any()


def test_a_picture_without_objects_has_only_padding(monkeypatch):
    objects, mask = encoder_that_sees(maps_of(()), monkeypatch)(torch.zeros(1, 75, 75, 3, dtype=torch.uint8))
    assert not mask.any()
    assert not objects.any()


def test_answers_reach_every_parameter_of_the_convolution():
    torch.manual_seed(0)
    encoder = SlotEncoder(CONFIG)
    with torch.no_grad():
        encoder.head.bias[0] = 5.0  # every cell is likely an object
    objects, mask = encoder(torch.randint(0, 256, (4, 75, 75, 3), dtype=torch.uint8))
    assert mask.any()
    (objects * torch.randn_like(objects)).sum().backward()
    grown = {name for name, value in encoder.named_parameters() if value.grad is not None and value.grad.any()}
    assert grown == {name for name, _ in encoder.named_parameters()}


def test_frozen_statistics_make_training_the_function_of_evaluation():
    torch.manual_seed(0)
    encoder, images = SlotEncoder(CONFIG), torch.randint(0, 256, (4, 75, 75, 3), dtype=torch.uint8)
    encoder.train()(images)
    encoder.freeze_statistics()
    torch.testing.assert_close(encoder.find_maps(images).centers, encoder.eval().find_maps(images).centers)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"channels": ()}, "channels must list one or more layer sizes"),
        ({"attributes": (0,)}, "Each of attributes must be a whole number of 1 or more, got 0"),
        ({"n_slots": 0}, "n_slots must be a whole number of 1 or more, got 0"),
        ({"image_size": 1}, "image_size must be a whole number of 2 or more, got 1"),
    ],
)
def test_sizes_that_cannot_be_built_are_named(changes, message):
    with pytest.raises(RNCoreError, match=message):
        SlotEncoderConfig(**changes)
