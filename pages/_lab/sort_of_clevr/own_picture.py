"""A person's own picture on the Explore page, and the scene that is found in it; no Streamlit."""

from __future__ import annotations

import base64
import functools
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

from rn_core.common import pictures
from rn_core.common.errors import SceneError, cut
from rn_core.common.files import sha256
from rn_core.models.base import Encoder
from rn_core.tasks.sort_of_clevr import COLORS, Scene
from rn_core.tasks.sort_of_clevr.fitting import fit_picture
from rn_core.tasks.sort_of_clevr.scene import HIGHEST, LOWEST, SHAPES, SceneObject, check_objects

#: Letters of a picture's name in links, 64 bits of its hash.
N_DIGITS = 16
#: The browser shows each pixel as a square of so many, so that it is seen as it is.
_ENLARGED = 8


@dataclass(frozen=True, eq=False)
class OwnPicture:
    """One picture as the networks see it.

    Attributes:
        pixels: (75, 75, 3) uint8, RGB.
        name: of its file.
        size: width and height of the file's picture in pixels.
    """

    pixels: np.ndarray
    name: str
    size: tuple[int, int]

    @functools.cached_property
    def digest(self) -> str:
        """Return what links call the picture."""
        return sha256(self.pixels.tobytes())[:N_DIGITS]

    @functools.cached_property
    def data_url(self) -> str:
        """Return the picture as the browser shows it."""
        height, width, _ = self.pixels.shape
        size = (_ENLARGED * width, _ENLARGED * height)
        image = Image.fromarray(self.pixels).resize(size, Image.Resampling.NEAREST)
        content = io.BytesIO()
        image.save(content, format="PNG")
        return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"

    @property
    def caption(self) -> str:
        """Return how the picture came to its size."""
        width, height = self.size
        side, seen = min(width, height), len(self.pixels)
        part = "" if width == height else f"its middle {side} × {side} pixels are "
        return f"{self.name}, {width} × {height} pixels: {part}brought to the {seen} × {seen} that networks see."


def read_own(content: bytes, name: str, keep_going: Callable[[], bool] = lambda: True) -> OwnPicture:
    """Return an uploaded picture; arguments and errors as `rn_core.common.pictures.read_picture`."""
    pixels = pictures.read_picture(content, name, keep_going)
    return OwnPicture(fit_picture(pixels), cut(name), (pixels.shape[1], pixels.shape[0]))


@torch.inference_mode()
def find_objects(encoder: Encoder, pixels: np.ndarray) -> tuple[SceneObject, ...]:
    """Return the objects that an encoder finds in a picture, at whole pixels where an object can stand.

    Args:
        encoder: one of Sort-of-CLEVR's pictures that finds objects, such as `SlotEncoder`.
        pixels: (75, 75, 3) uint8.
    """
    device = next(encoder.parameters()).device
    rows, mask = encoder(torch.tensor(pixels)[None].to(device))  # (1, K, 10), (1, K)
    places = encoder.locate(rows)
    if places is None or mask is None:
        return ()
    found = zip(rows[0][mask[0]].cpu(), places[0][mask[0]].cpu(), strict=True)
    return tuple(
        SceneObject(
            COLORS[int(row[: len(COLORS)].argmax())],
            SHAPES[int(row[len(COLORS) : -2].argmax())],
            *(min(max(round(float(value)), LOWEST), HIGHEST) for value in place),
        )
        for row, place in found
    )


def make_found_scene(objects: Sequence[SceneObject], name: str) -> tuple[Scene, int]:
    """Return the scene of the objects found, and how many of them have no room in it.

    A scene has one object per color, and none touch: of two that break a rule, the first stays.

    Raises:
        SceneError: if none was found.
    """
    kept: list[SceneObject] = []
    for thing in objects:
        try:
            check_objects((*kept, thing))
        except SceneError:
            continue
        kept.append(thing)
    if not kept:
        raise SceneError(f"No object was found in '{cut(name)}'; choose a picture of colored squares and circles.")
    return Scene(tuple(kept)), len(objects) - len(kept)
