"""Which cell an object belongs to, and what a cell can say of it."""

from __future__ import annotations

import numpy as np
import torch

from rn_core.common.seeding import make_rng
from rn_core.tasks.sort_of_clevr import Scene, SceneObject, sample_scenes, stack_scenes
from rn_core.tasks.sort_of_clevr.cells import cell_facts, cell_reading, keep_cells, object_cells
from rn_core.tasks.sort_of_clevr.encoding import encode_rows
from rn_core.tasks.sort_of_clevr.rendering import render_scenes
from rn_core.tasks.sort_of_clevr.scene import COLORS


def test_an_object_belongs_to_the_cell_with_the_nearest_centre():
    scenes = sample_scenes(make_rng(0, "train"), 200)
    corners = [(16 * (k % 5), 16 * (k // 5)) for k in range(25)]
    for cells, centers in zip(object_cells(scenes), scenes.centers, strict=True):
        for cell, (x, y) in zip(cells, centers, strict=True):
            distances = [(x - a) ** 2 + (y - b) ** 2 for a, b in corners]
            assert distances[cell] == min(distances)


def test_kept_cells_are_those_whose_pixels_vary_most():
    images = torch.from_numpy(render_scenes(sample_scenes(make_rng(1, "train"), 40)))
    kept = keep_cells(make_rng(2, "train"), images, 12)
    for image, row in zip(images.float().mean(dim=3).numpy(), kept.tolist(), strict=True):
        squares = [
            image[max(0, y - 8) : y + 8, max(0, x - 8) : x + 8] for y in range(0, 75, 16) for x in range(0, 75, 16)
        ]
        variance = np.array([square.var() for square in squares])
        assert len(set(row)) == 12
        assert variance[row].min() >= np.delete(variance, row).max() - 1e-3


def test_kept_cells_hold_the_objects_and_other_cells_come_at_random():
    scenes = sample_scenes(make_rng(1, "train"), 300)
    images = torch.from_numpy(render_scenes(scenes))
    kept = keep_cells(make_rng(2, "train"), images, 15)
    for cells, row in zip(object_cells(scenes), kept.tolist(), strict=True):
        assert {*cells.tolist()} <= {*row}
    blank = torch.full((200, 75, 75, 3), 255, dtype=torch.uint8)
    assert len(keep_cells(make_rng(2, "train"), blank, 2).unique()) == 25


def test_cell_facts_by_value():
    scene = Scene((SceneObject("red", "circle", 20, 30), SceneObject("gray", "square", 69, 5)))
    facts = cell_facts(stack_scenes([scene]))
    expected = torch.zeros(1, 25, 6, 4)
    expected[0, 2 * 5 + 1, COLORS.index("red")] = torch.tensor([1, 1, 4 / 8, -2 / 8])
    expected[0, 0 * 5 + 4, COLORS.index("gray")] = torch.tensor([1, -1, 5 / 8, 5 / 8])
    torch.testing.assert_close(facts, expected, rtol=0, atol=0)


def test_a_cell_with_one_object_reads_as_its_row():
    matrix, offset, present = cell_reading()
    line = torch.linspace(-1, 1, 5)
    for scene in map(sample_scenes(make_rng(3, "train"), 20).scene, range(20)):
        for thing in scene.objects:
            alone = stack_scenes([Scene((thing,))])
            slot, cell = COLORS.index(thing.color), int(object_cells(alone)[0, COLORS.index(thing.color)])
            coordinates = torch.stack([line[cell % 5], line[cell // 5]])
            said = torch.cat([cell_facts(alone)[0, cell].flatten(), coordinates])
            torch.testing.assert_close(matrix @ said + offset, encode_rows(alone)[0][0, slot], rtol=0, atol=1e-6)
            assert present @ said == 1
