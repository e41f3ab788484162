"""Pictures of the CLEVR page: uploaded ones, the bundled one, and any as a data URL; no Streamlit."""

from __future__ import annotations

import base64
import functools
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from rn_core.common import pictures
from rn_core.common.files import sha256
from rn_core.tasks.clevr.camera import HEIGHT, WIDTH

#: Longest side of the picture on the page.
_SHOWN_SIDE = 960
#: Gray of a blank picture, light enough for dark words.
_BLANK = 214
_FOLDER = Path(__file__).parent
BUNDLED_PICTURE, BUNDLED_SCENE = _FOLDER / "bundled.png", _FOLDER / "bundled.json"


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture.

    Attributes:
        pixels: (H, W, 3) uint8, RGB.
    """

    pixels: np.ndarray

    @functools.cached_property
    def digest(self) -> str:
        """Return a hash of the pixels."""
        return sha256(repr(self.pixels.shape).encode() + self.pixels.tobytes())

    @functools.cached_property
    def data_url(self) -> str:
        """Return the picture as the browser shows it, not larger than a page needs."""
        image = Image.fromarray(self.pixels)
        image.thumbnail((_SHOWN_SIDE, _SHOWN_SIDE))
        content = io.BytesIO()
        image.save(content, format="JPEG", quality=90)
        return f"data:image/jpeg;base64,{base64.b64encode(content.getvalue()).decode()}"

    @property
    def n_bytes(self) -> int:
        """Return the memory that it takes, as pixels and for the browser."""
        return self.pixels.nbytes + len(self.data_url)


def read_picture(content: bytes, name: str, keep_going: Callable[[], bool] = lambda: True) -> Picture:
    """Return an uploaded picture in CLEVR's proportions; arguments and errors as `common.pictures.read_picture`."""
    return Picture(fit_proportions(pictures.read_picture(content, name, keep_going)))


def fit_proportions(pixels: np.ndarray) -> np.ndarray:
    """Return a picture (H, W, 3) uint8 as CLEVR's camera sees the scene: 2 pixels high for 3 wide.

    The generator's pictures of other sizes show the same width of the scene, so a higher picture loses rows above and
    below, and a flatter one gets its outermost rows again.
    """
    height, width, _ = pixels.shape
    missing = max(1, round(width * HEIGHT / WIDTH)) - height
    above = abs(missing) // 2
    if missing <= 0:
        return pixels[above : height - (-missing - above)]
    return np.pad(pixels, ((above, missing - above), (0, 0), (0, 0)), mode="edge")


@functools.cache
def blank_picture() -> Picture:
    """Return what stands where a picture is being rendered: gray, of the size that rendered pictures have."""
    return Picture(np.full((HEIGHT, WIDTH, 3), _BLANK, dtype=np.uint8))


@functools.cache
def bundled_picture() -> Picture:
    """Return the picture that comes with the project, of the scene that the page opens on."""
    return Picture(np.asarray(Image.open(BUNDLED_PICTURE).convert("RGB")))


@functools.cache
def bundled_scene() -> str:
    """Return the scene of that picture as JSON."""
    return BUNDLED_SCENE.read_text(encoding="utf-8").strip()
