"""A closer look at peaks: windows are cut where they should be, and what is read there decides."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from rn_core.common.errors import RNCoreError
from rn_core.models import ModelConfig
from rn_core.models.layers import plain_fields
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.models.slots import SlotEncoder, SlotEncoderConfig, SlotMaps
from rn_core.models.windows import WindowConfig, WindowReader, cut_windows

WINDOWS = WindowConfig(8, 10, 30, (4, 6))
CONFIG = SlotEncoderConfig(channels=(4, 4, 4), n_slots=4, attributes=(3, 2), windows=WINDOWS)
MODEL = ModelConfig(CONFIG, RelationNetworkConfig(CONFIG.d_object, 11, 4, (8,), (8,)))


def sample_by_loop(picture: np.ndarray, column: float, row: float) -> np.ndarray:
    """Return the color (3,) at a point of a picture (3, H, W), bilinearly; beyond the edge, that of the edge."""
    height, width = picture.shape[1:]
    column, row = min(max(column, 0), width - 1), min(max(row, 0), height - 1)
    left, top = min(int(column), width - 2), min(int(row), height - 2)
    right, down = column - left, row - top
    upper = (1 - right) * picture[:, top, left] + right * picture[:, top, left + 1]
    lower = (1 - right) * picture[:, top + 1, left] + right * picture[:, top + 1, left + 1]
    return (1 - down) * upper + down * lower


def test_windows_are_cut_as_a_loop_over_their_points_does():
    generator = torch.Generator().manual_seed(0)
    pixels = torch.rand(2, 3, 20, 30, generator=generator, dtype=torch.float64)
    places = torch.rand(2, 3, 2, generator=generator, dtype=torch.float64) * torch.tensor([34.0, 24.0]) - 2
    spans = 4 * torch.randn(2, 3, 2, 2, generator=generator, dtype=torch.float64)
    found = cut_windows(pixels, places, spans, 5)
    for scene in range(2):
        for k in range(3):
            for i in range(5):
                for j in range(5):
                    inside = np.array([(2 * j + 1) / 5 - 1, (2 * i + 1) / 5 - 1])
                    column, row = places[scene, k].numpy() + spans[scene, k].numpy() @ inside
                    expected = sample_by_loop(pixels[scene].numpy(), column, row)
                    np.testing.assert_allclose(found[scene, k, :, i, j], expected, atol=1e-9)


def test_windows_grow_evenly_from_the_first_row_to_the_last():
    reader = WindowReader(WINDOWS, (3, 2))
    spans = reader.frame(torch.tensor([[3.0, 0.0], [8.0, 37.0], [1.0, 74.0], [1.0, 99.0]]), 75)
    assert [span.tolist() for span in spans] == [[[half, 0], [0, half]] for half in (5.0, 10.0, 15.0, 15.0)]


def maps_of(centers: dict[tuple[int, int], float]) -> SlotMaps:
    """Return maps of one picture with some centers' logits (by row and column), whose attributes are all alike."""
    grid = CONFIG.grid_size
    maps = torch.full((1, grid, grid), -30.0)
    for (row, column), logit in centers.items():
        maps[0, row, column] = logit
    return SlotMaps(maps, torch.zeros(1, 5, grid, grid), torch.zeros(1, 2, grid, grid))


class BlueReader(WindowReader):
    """Says that what is blue has the values (2, 1), and that what is black has the values (1, 0), sure of neither."""

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits of windows."""
        blue = 40 * windows[:, 2].mean(dim=(1, 2)) - 20
        nothing = torch.zeros_like(blue)
        return torch.stack([nothing, nothing - 40, -blue, blue, -blue, blue], dim=1)


def test_what_windows_say_counts_and_not_the_map(monkeypatch):
    encoder, maps = SlotEncoder(CONFIG), maps_of({(4, 4): 3.0, (4, 14): 0.0, (14, 4): 2.0, (14, 14): -9.0})
    monkeypatch.setattr(encoder, "reader", BlueReader(WINDOWS, (3, 2)))
    maps.attributes[0, :, 14, 4] = torch.tensor([0.0, 0.0, 0.0, 90.0, 0.0])  # surer of another value than the window
    monkeypatch.setattr(encoder, "find_maps", lambda images: maps)
    images = torch.zeros(1, 75, 75, 3, dtype=torch.uint8)
    images[0, :, :40, 2] = 255  # the left half is blue
    objects, mask = encoder(images)
    assert mask.tolist() == [[True, True, True, False]]
    places = encoder.locate(objects[0, :3]).round().tolist()
    values = {tuple(place): row[:5].round().tolist() for place, row in zip(places, objects[0], strict=False)}
    assert values == {(16, 16): [0, 0, 1, 0, 1], (56, 16): [0, 1, 0, 1, 0], (16, 56): [0, 0, 1, 0, 1]}


class SureReader(WindowReader):
    """Says that an object stands where it is blue, and that none stands where it is black."""

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits of windows."""
        blue = 8 * windows[:, 2].mean(dim=(1, 2)) - 4
        return functional.pad(blue[:, None], (0, 5))


def test_a_closer_look_finds_what_the_map_was_unsure_of_and_takes_back_what_it_was_not(monkeypatch):
    centers = {(4, 4): 3.0, (4, 14): 3.0, (14, 4): -2.0, (14, 14): 4.5}  # -2 is a probability of 0.12
    encoder, maps = SlotEncoder(CONFIG), maps_of(centers)
    monkeypatch.setattr(encoder, "reader", SureReader(WINDOWS, (3, 2)))
    images = torch.zeros(1, 75, 75, 3, dtype=torch.uint8)
    images[0, :, :40, 2] = 255  # the left half is blue
    objects, mask, found = encoder._read_objects(maps, images)
    places = {tuple(place) for place in encoder.locate(objects[mask]).round().tolist()}
    assert places == {(16, 16), (16, 56), (56, 56)}  # 3 - 4 is a probability of 0.27, 4.5 - 4 one of 0.62
    logits = dict(zip(found.cells[0].tolist(), found.probabilities[0].logit().tolist(), strict=True))
    side = CONFIG.grid_size
    expected = {4 * side + 4: 7.0, 4 * side + 14: -1.0, 14 * side + 4: 2.0, 14 * side + 14: 0.5}
    assert {cell: logits[cell] for cell in expected} == pytest.approx(expected, abs=1e-3)


def test_nothing_is_looked_at_where_nothing_is_found(monkeypatch):
    encoder = SlotEncoder(CONFIG)
    monkeypatch.setattr(encoder, "find_maps", lambda images: maps_of({}))
    objects, mask = encoder(torch.zeros(1, 75, 75, 3, dtype=torch.uint8))
    assert not mask.any()
    assert not objects.any()


def test_windows_are_kept_by_cards():
    model = ModelConfig.from_dict(json.loads(json.dumps(MODEL.to_dict())))
    assert model == MODEL
    assert model.encoder.windows == WINDOWS
    assert "windows" not in plain_fields(SlotEncoderConfig())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_samples": 1}, "n_samples of windows must be a whole number of 2 or more, got 1"),
        ({"bottom": 0}, "bottom of windows must be a whole number of 2 or more, got 0"),
        ({"channels": ()}, "channels of windows must list one or more layer sizes"),
    ],
)
def test_windows_that_cannot_be_read_are_named(changes, message):
    with pytest.raises(RNCoreError, match=message):
        WindowConfig(**{**plain_fields(WINDOWS), **changes})
