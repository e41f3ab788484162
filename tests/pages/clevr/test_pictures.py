"""Pictures that people upload: read as they are, or refused in one sentence before they can do harm."""

from __future__ import annotations

import base64
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from pages._ui.clevr import pictures
from pages._ui.clevr.pictures import MAX_BYTES, Picture, bundled_picture, bundled_scene, read_picture
from pages._ui.clevr.state import ClevrState
from rn_core.errors import SceneError

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)


def save(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """Return a picture as a file."""
    content = io.BytesIO()
    image.save(content, format=kind, **options)
    return content.getvalue()


def png_of_size(width: int, height: int) -> bytes:
    """Return a small file that unpacks to many pixels: a PNG of zeros, one bit each."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(bytes((width + 7) // 8 + 1) * height, 9)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P"])
def test_common_pngs_are_read_as_rgb(mode):
    image = Image.fromarray(PIXELS).convert(mode)
    np.testing.assert_array_equal(read_picture(save(image), "a.png").pixels, np.asarray(image.convert("RGB")))


def test_jpegs_are_read_upright():
    image = Image.fromarray(np.full((40, 60, 3), (200, 30, 30), dtype=np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    assert read_picture(save(image, "JPEG", exif=exif), "a.jpg").pixels.shape == (60, 40, 3)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no whole PNG or JPEG"),
        (b"GIF89a" + bytes(100), "no whole PNG or JPEG"),
        (save(Image.fromarray(PIXELS), "GIF"), "no whole PNG or JPEG"),
        (save(Image.fromarray(PIXELS))[:-900], "no whole PNG or JPEG"),
        (save(Image.fromarray(PIXELS))[:20], "no whole PNG or JPEG"),
        (save(Image.fromarray(PIXELS).convert("CMYK"), "JPEG"), "stores its pixels as CMYK"),
        (save(Image.fromarray(PIXELS[..., 0].astype(np.uint16))), "stores its pixels as I;16"),
        (save(Image.fromarray(PIXELS[:20])), "has 60 x 20 pixels"),
        (save(Image.new("RGB", (400, 100))), "more than 3 to 1"),
        (save(Image.new("L", (9_000, 40))), "has 9000 x 40 pixels"),
        (png_of_size(7_000, 7_000), "has 7000 x 7000 pixels"),
        (png_of_size(30_000, 30_000), "far more pixels than are read"),
        (bytes(MAX_BYTES + 1), "has 10.0 MB"),
    ],
)
def test_others_are_refused_in_one_sentence(content, words):
    with pytest.raises(SceneError, match=words) as caught:
        read_picture(content, "x" * 300 + ".png")
    assert len(str(caught.value)) < 300
    assert "\n" not in str(caught.value)


def test_nothing_is_unpacked_before_its_size_is_known(monkeypatch):
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("unpacked"))
    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", lambda self: pytest.fail("unpacked"), raising=False)
    with pytest.raises(SceneError, match="has 7000 x 7000 pixels"):
        read_picture(png_of_size(7_000, 7_000), "bomb.png")


def test_large_pictures_are_sent_to_the_browser_smaller_and_seen_whole():
    picture = Picture(np.zeros((1_000, 1_500, 3), dtype=np.uint8))
    shown = Image.open(io.BytesIO(base64.b64decode(picture.data_url.partition(",")[2])))
    assert shown.size == (960, 640)
    assert picture.pixels.shape == (1_000, 1_500, 3)


def test_pictures_tell_each_other_apart():
    other = PIXELS.copy()
    other[3, 4, 1] ^= 1
    assert Picture(PIXELS).digest == Picture(PIXELS.copy()).digest != Picture(other).digest
    assert Picture(PIXELS).digest != Picture(PIXELS.reshape(60, 40, 3)).digest


def test_the_bundled_picture_is_of_the_scene_that_the_page_opens_on():
    assert bundled_scene() == ClevrState().scene.to_json()
    assert bundled_picture().pixels.shape == (320, 480, 3)
    assert pictures.BUNDLED_PICTURE.stat().st_size < 250_000
