"""Pictures of the CLEVR page: uploaded ones checked, the bundled one, and any as a data URL; no Streamlit."""

from __future__ import annotations

import base64
import functools
import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from rn_core.errors import SceneError
from rn_core.files import sha256

MAX_BYTES = 10_000_000
#: Pixels a side and in all, and how many times longer one side may be.
_LEAST, _MOST, _MOST_PIXELS, _RATIO = 32, 8_000, 24_000_000, 3
#: Ways to store a pixel that are read: colours, greys and palettes, with or without transparency.
_MODES = ("RGB", "RGBA", "L", "LA", "P")
#: Longest side of the picture on the page.
_SHOWN_SIDE = 960
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


def read_picture(content: bytes, name: str) -> Picture:
    """Return an uploaded picture.

    Args:
        content: the file.
        name: what sentences call it.

    Raises:
        SceneError: in one sentence, for a file that is too large, no whole PNG or JPEG, or has other sides or pixels
            than are read; a file is not unpacked before its size is known.
    """
    shown = f"'{name[:60]}'"
    if len(content) > MAX_BYTES:
        raise SceneError(f"{shown} has {len(content) / 1e6:.1f} MB; a picture may have 10 MB, make it smaller.")
    try:
        with warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning):
            image = Image.open(io.BytesIO(content), formats=("PNG", "JPEG"))
        _check_size(image, shown)
        image.load()
    except Image.DecompressionBombError as err:
        raise SceneError(f"{shown} unpacks to far more pixels than are read; choose a smaller picture.") from err
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as err:
        if isinstance(err, SceneError):
            raise
        raise SceneError(f"{shown} is no whole PNG or JPEG picture; save it as one of these.") from err
    return Picture(np.asarray(ImageOps.exif_transpose(image).convert("RGB")))


def _check_size(image: Image.Image, shown: str) -> None:
    """Raise SceneError for sides or pixels that are not read."""
    width, height = image.size
    if not all(_LEAST <= side <= _MOST for side in image.size) or width * height > _MOST_PIXELS:
        raise SceneError(
            f"{shown} has {width} x {height} pixels; sides may have {_LEAST} to {_MOST:,} pixels and the picture "
            f"{_MOST_PIXELS // 1_000_000} million, resize it."
        )
    if max(image.size) > _RATIO * min(image.size):
        raise SceneError(f"{shown} has {width} x {height} pixels, more than {_RATIO} to 1; CLEVR's are 3 to 2, cut it.")
    if image.mode not in _MODES:
        raise SceneError(
            f"{shown} stores its pixels as {image.mode}; read are {', '.join(_MODES)}, save it as plain 8-bit RGB."
        )


@functools.cache
def bundled_picture() -> Picture:
    """Return the picture that comes with the project, of the scene that the page opens on."""
    return Picture(np.asarray(Image.open(BUNDLED_PICTURE).convert("RGB")))


@functools.cache
def bundled_scene() -> str:
    """Return the scene of that picture as JSON."""
    return BUNDLED_SCENE.read_text(encoding="utf-8").strip()
