"""Scenes to images: precomputed masks stamped with NumPy, no drawing library in the loop."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from rn_core.tasks.sort_of_clevr.scene import (
    COLORS,
    IMAGE_SIZE,
    N_OBJECTS,
    RADIUS,
    SHAPES,
    Scene,
    SceneBatch,
    stack_scenes,
)

WHITE = 255
BACKGROUND = (WHITE, WHITE, WHITE)
_SIDE = 2 * RADIUS + 1
#: RGB, 0 to 255.
PALETTE = MappingProxyType(
    {
        "red": (220, 30, 30),
        "green": (20, 150, 60),
        "blue": (30, 80, 220),
        "orange": (255, 140, 0),
        "gray": (128, 128, 128),
        "yellow": (250, 215, 40),
    }
)


def shape_mask(shape: str) -> np.ndarray:
    """Return the (11, 11) bool mask of a shape: a full square, or a disc of radius 5 pixels."""
    y, x = np.mgrid[-RADIUS : RADIUS + 1, -RADIUS : RADIUS + 1]
    return x**2 + y**2 <= RADIUS**2 if shape == "circle" else np.ones_like(x, dtype=bool)


def _make_stamps() -> np.ndarray:
    """Return (2 shapes, 6 colors, 11, 33) uint8: every object with the white corners around it."""
    stamps = np.full((len(SHAPES), N_OBJECTS, _SIDE, _SIDE, 3), WHITE, dtype=np.uint8)
    for row, shape in enumerate(SHAPES):
        stamps[row, :, shape_mask(shape)] = [PALETTE[color] for color in COLORS]
    return stamps.reshape(len(SHAPES), N_OBJECTS, _SIDE, 3 * _SIDE)


_STAMPS = _make_stamps()


def render_scenes(scenes: SceneBatch) -> np.ndarray:
    """Return (S, 75, 75, 3) uint8 RGB images on a white ground.

    Boxes of 11 pixels whose centers are 12 apart along x or y never overlap, so a whole box is stamped,
    the white around a disc included.
    """
    images = np.full((len(scenes), IMAGE_SIZE, 3 * IMAGE_SIZE), WHITE, dtype=np.uint8)
    boxes = sliding_window_view(images, (_SIDE, 3 * _SIDE), axis=(1, 2), writeable=True)
    row, slot = np.nonzero(scenes.present)
    left, top = scenes.centers[row, slot].T - RADIUS
    boxes[row, top, 3 * left] = _STAMPS[scenes.shapes[row, slot], slot]
    return images.reshape(len(scenes), IMAGE_SIZE, IMAGE_SIZE, 3)


def render_scene(scene: Scene) -> np.ndarray:
    """Return one scene's (75, 75, 3) uint8 RGB image."""
    image: np.ndarray = render_scenes(stack_scenes([scene]))[0]
    return image


def object_masks(scenes: SceneBatch) -> np.ndarray:
    """Return (S, 6, 75, 75) bool: the pixels of the object of each color; all False where it is absent."""
    masks = np.zeros((len(scenes), N_OBJECTS, IMAGE_SIZE, IMAGE_SIZE), dtype=bool)
    for row, slot in zip(*np.nonzero(scenes.present), strict=True):
        left, top = scenes.centers[row, slot] - RADIUS
        masks[row, slot, top : top + _SIDE, left : left + _SIDE] = shape_mask(SHAPES[scenes.shapes[row, slot]])
    return masks
