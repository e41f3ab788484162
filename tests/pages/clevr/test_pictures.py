"""Pictures on the page: sent to the browser as large as it needs, told from each other, and the bundled one."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from pages._lab.clevr import pictures
from pages._lab.clevr.pictures import Picture, bundled_picture, bundled_scene, fit_proportions
from pages._lab.clevr.state import ClevrState

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)


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


def test_uploaded_pictures_lose_or_repeat_rows_until_they_have_clevrs_proportions():
    np.testing.assert_array_equal(fit_proportions(PIXELS), PIXELS)
    np.testing.assert_array_equal(fit_proportions(np.pad(PIXELS, ((7, 8), (0, 0), (0, 0)))), PIXELS)
    flat = fit_proportions(PIXELS[5:33])
    np.testing.assert_array_equal(flat[6:34], PIXELS[5:33])
    assert (flat[:6] == PIXELS[5]).all() and (flat[34:] == PIXELS[32]).all() and len(flat) == 40
