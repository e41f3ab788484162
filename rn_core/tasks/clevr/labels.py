"""What is known of the objects in pictures: where they are in the picture and on the ground, and what they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from rn_core.common.errors import SceneError
from rn_core.common.records import LabeledPictures
from rn_core.tasks.clevr.encoding import BIT_ORDER, D_COORDINATES, encode_scenes
from rn_core.tasks.clevr.folder import FolderSplit, name_picture
from rn_core.tasks.clevr.image_cache import load_image
from rn_core.tasks.clevr.json_stream import stream_records
from rn_core.tasks.clevr.scene import ClevrScene

_AT_ONCE = 25


@dataclass(frozen=True)
class SceneLabels:
    """The objects of S pictures, padded to the most objects N.

    Attributes:
        places: (S, N, 2) float32, column and row of each center in the pixels that the models take, the middle of the
            first pixel being 0.
        values: (S, N, 4) int64, in the order of `BIT_ORDER`.
        coordinates: (S, N, 3) float32, as in object rows.
        mask: (S, N) bool, False for padding.
    """

    places: Tensor
    values: Tensor
    coordinates: Tensor
    mask: Tensor

    def take(self, chosen: np.ndarray, images: Tensor) -> LabeledPictures:
        """Return some pictures (K, H, W, 3) uint8 with their labels; `chosen` (K,) int64 says which they are."""
        rows = torch.from_numpy(chosen)
        return LabeledPictures(images, self.places[rows], self.values[rows], self.mask[rows], self.coordinates[rows])


def label_scenes(scenes: Sequence[ClevrScene], sizes: Sequence[tuple[int, int]], shape: tuple[int, int]) -> SceneLabels:
    """Return the labels of scenes.

    Args:
        scenes: S scenes with pixel coordinates.
        sizes: width and height of each picture, to which its pixel coordinates belong.
        shape: height and width that the models take.

    Raises:
        SceneError: if a scene has no pixel coordinates.
    """
    rows, mask = encode_scenes(scenes)
    places, values = torch.zeros(*mask.shape, 2), torch.zeros(*mask.shape, len(BIT_ORDER), dtype=torch.int64)
    for index, (scene, size) in enumerate(zip(scenes, sizes, strict=True)):
        if scene.pixel_coords is None:
            raise SceneError(
                f'Scene {index} has no "pixel_coords", so where its objects are in the picture is unknown; add them.'
            )
        scale = np.array([shape[1], shape[0]]) / size
        places[index, : scene.n_objects] = torch.from_numpy(scene.pixel_coords[:, :2] * scale - 0.5)
        columns = np.stack([scene.attributes[name] for name in BIT_ORDER], axis=1)
        values[index, : scene.n_objects] = torch.from_numpy(columns)
    return SceneLabels(places, values, rows[..., :D_COORDINATES], mask)


def read_labels(folder: FolderSplit, shape: tuple[int, int]) -> SceneLabels:
    """Return the labels of all pictures of a split; arguments and errors as `label_scenes`."""
    sizes = read_sizes([folder.image_path(index) for index in range(len(folder.images))])
    return label_scenes(folder.load_scenes(), sizes, shape)


def read_labeled(
    root: Path, split: str, shape: tuple[int, int], n_pictures: int | None = None
) -> Iterator[LabeledPictures]:
    """Yield pictures of a folder with their labels, a few at a time; questions are not needed.

    Args:
        root: in CLEVR's layout, or with pictures in `images` and scene graphs in `scenes.json`.
        split: such as "val", for CLEVR's layout.
        shape: height and width that the models take.
        n_pictures: the first so many; None for all.

    Raises:
        RNCoreError: in one sentence, if the scene graphs or a picture cannot be read.
    """
    flat = root / "scenes.json"
    file = flat if flat.exists() else root / "scenes" / f"CLEVR_{split}_scenes.json"
    images = root / "images" if flat.exists() else root / "images" / split
    records = list(islice(stream_records(file, "scenes"), n_pictures))
    for first in range(0, len(records), _AT_ONCE):
        part = records[first : first + _AT_ONCE]
        paths = [images / name_picture(record, split, f"Scene {first + k}") for k, record in enumerate(part)]
        pictures = torch.from_numpy(np.stack([load_image(path, shape) for path in paths]))
        labels = label_scenes([ClevrScene.from_json(record) for record in part], read_sizes(paths), shape)
        yield labels.take(np.arange(len(part)), pictures)


def read_sizes(paths: Sequence[Path]) -> list[tuple[int, int]]:
    """Return width and height of each picture, which has been read before."""
    sizes = []
    for path in paths:
        with Image.open(path, formats=["PNG"]) as image:
            sizes.append(image.size)
    return sizes
