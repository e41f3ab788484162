"""The objects that a network finds in a CLEVR picture, and which of a scene's objects they are; no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pages._lab.clevr.things import Thing, keep_near, pixel_places
from rn_core.evaluation.perception import match_places
from rn_core.models.base import Encoder
from rn_core.tasks.clevr import ClevrScene
from rn_core.tasks.clevr.camera import HEIGHT, WIDTH
from rn_core.tasks.clevr.encoding import BIT_ORDER, D_COORDINATES, N_VALUES
from rn_core.tasks.clevr.image_cache import PICTURE_SHAPES
from rn_core.tasks.clevr.images import resize_image
from rn_core.tasks.clevr.labels import label_scenes
from rn_core.tasks.clevr.placement import EXTENT
from rn_core.tasks.clevr.scene import MAX_OBJECTS, VALUES

#: Height and width of the pictures in which objects are found.
SHAPE = PICTURE_SHAPES["slots"]
#: Pixels of such a picture from an object's center within which it counts as found, as in the measured error rates.
REACH = 8.0


@dataclass(frozen=True)
class Found:
    """One object as a network found it.

    Attributes:
        thing: what it is and where it stands on the ground, to a hundredth.
        place: column and row of its center in pixels of a picture of `SHAPE`, the middle of the first one being 0.
    """

    thing: Thing
    place: tuple[float, float]

    @property
    def pixel(self) -> tuple[float, float]:
        """Return column and row of its center in a picture of 480 x 320, the corner of the first pixel being 0."""
        return (self.place[0] + 0.5) * WIDTH / SHAPE[1], (self.place[1] + 0.5) * HEIGHT / SHAPE[0]


@torch.inference_mode()
def find_objects(encoder: Encoder, pixels: np.ndarray) -> tuple[Found, ...]:
    """Return the objects that an encoder finds in a picture, in the order of its slots; none where it finds none.

    Args:
        encoder: one of CLEVR's pictures that finds objects, such as `SlotEncoder` or `CellEncoder`.
        pixels: (H, W, 3) uint8, of any size.
    """
    image = torch.tensor(resize_image(pixels, SHAPE))[None]  # (1, 160, 240, 3)
    rows, mask = encoder(image.to(next(encoder.parameters()).device))  # (1, K, 20 or 21), (1, K)
    places = encoder.locate(rows)
    if places is None or mask is None:
        return ()
    seen = zip(rows[0][mask[0]].cpu(), places[0][mask[0]].cpu(), strict=True)
    return tuple(Found(_read_row(row), (float(place[0]), float(place[1]))) for row, place in seen)


def _read_row(row: Tensor) -> Thing:
    """Return the object that a row (20 or 21,) tells of: its likeliest attributes, its place within the ground."""
    x, y = (keep_near(float(value) * EXTENT) for value in row[:2])
    parts = torch.split(row[D_COORDINATES : D_COORDINATES + sum(N_VALUES)], list(N_VALUES))
    named = {name: VALUES[name][int(part.argmax())] for name, part in zip(BIT_ORDER, parts, strict=True)}
    return Thing(named["size"], named["color"], named["material"], named["shape"], x, y)


def true_places(scene: ClevrScene) -> Tensor:
    """Return (N, 2) float32, where the objects of a scene are, as `Found.place`; SceneError where it does not say."""
    pixel_places(scene)
    return label_scenes([scene], [(WIDTH, HEIGHT)], SHAPE).places[0]


def match_found(scene: ClevrScene, places: Tensor) -> dict[int, int]:
    """Return index of a found object -> index of the scene's object that it is; others are none of the scene's.

    Args:
        scene: with pixel coordinates.
        places: (K, 2), as `Found.place`.
    """
    return {found: true for true, found in match_places(true_places(scene), places, REACH).tolist()}


def found_membership(scene: ClevrScene | None, places: Tensor | None) -> Tensor:
    """Return (K, N + 1) float64, which of a scene's N objects each slot is; the ground, if it is none of them.

    Args:
        scene: with pixel coordinates; None has no objects.
        places: (K, 2), where a network found objects, NaN for an empty slot, which is nothing; None where it has not
            been asked, which takes each object as found.
    """
    n_objects = 0 if scene is None else scene.n_objects
    if places is None:
        return torch.eye(MAX_OBJECTS, n_objects + 1, dtype=torch.float64)
    membership = torch.zeros(len(places), n_objects + 1, dtype=torch.float64)
    filled = places.isfinite().all(dim=1).nonzero().flatten()
    whose = {} if scene is None else match_found(scene, places[filled])
    for k, slot in enumerate(filled.tolist()):
        membership[slot, whose.get(k, n_objects)] = 1
    return membership


def leave_out(relations: Tensor, membership: Tensor, removed: Sequence[int]) -> Tensor:
    """Return the aggregate (D_g,) of a network that adds its pairs, without those of some objects.

    Args:
        relations: (K * K, D_g), of all pairs of slots.
        membership: (K, n), as `found_membership`.
        removed: which of the n are left out, with every pair that holds a slot of theirs.
    """
    kept = membership[:, list(removed)].sum(dim=1) == 0  # (K,)
    return relations[torch.outer(kept, kept).flatten()].sum(dim=0)
