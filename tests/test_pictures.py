"""Pictures that people upload: read as they are, or refused in one sentence before they can do harm."""

from __future__ import annotations

import io
import struct
import subprocess
import threading
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import Base

from rn_core.common import picture_decoder, pictures
from rn_core.common.errors import RNCoreError, SceneError
from rn_core.common.picture_decoder import MAX_FRAMES, MAX_SCANS, PictureError, check_scans, decode_picture
from rn_core.common.pictures import MAX_BYTES, read_picture

pytestmark = pytest.mark.process

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
PLAIN = Image.fromarray(PIXELS)


def save(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """Return a picture as a file."""
    content = io.BytesIO()
    image.save(content, format=kind, **options)
    return content.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return one part of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of_size(width: int, height: int) -> bytes:
    """Return a small file that unpacks to many pixels: a PNG of zeros, one bit each."""
    rows = zlib.compress(bytes((width + 7) // 8 + 1) * height, 9)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def animated(kind: str, n_frames: int) -> bytes:
    """Return a picture of many frames: an animated PNG, or a JPEG of many."""
    frames = [Image.fromarray(PIXELS ^ np.uint8(number)) for number in range(n_frames)]
    return save(frames[0], kind, save_all=True, append_images=frames[1:])


def scans(n_scans: int) -> bytes:
    """Return a progressive JPEG of 10 scans and more, the last one again and again."""
    content = save(PLAIN, "JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    n_own = content.count(b"\xff\xda")
    return content[:last] + content[last:-2] * (n_scans - n_own + 1) + content[-2:]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P"])
def test_common_pngs_are_read_as_rgb(mode):
    image = PLAIN.convert(mode)
    np.testing.assert_array_equal(np.asarray(decode_picture(save(image))), np.asarray(image.convert("RGB")))


def test_jpegs_are_read_upright_in_a_process_of_their_own():
    image = Image.fromarray(np.full((40, 60, 3), (200, 30, 30), dtype=np.uint8))
    exif = Image.Exif()
    exif[Base.Orientation] = 6  # lies on its side
    content = save(image, "JPEG", exif=exif)
    found = read_picture(content, "a.jpg")
    assert found.shape == (60, 40, 3)
    np.testing.assert_array_equal(found, np.asarray(decode_picture(content)))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: b"", "is not a complete PNG or JPEG"),
        (lambda: b"GIF89a" + bytes(100), "is not a complete PNG or JPEG"),
        (lambda: save(PLAIN, "GIF"), "is not a complete PNG or JPEG"),
        (lambda: save(PLAIN)[:-900], "is not a complete PNG or JPEG"),
        (lambda: save(PLAIN)[:20], "is not a complete PNG or JPEG"),
        (lambda: save(PLAIN.convert("CMYK"), "JPEG"), "stores its pixels as CMYK"),
        (lambda: save(Image.fromarray(PIXELS[..., 0].astype(np.uint16))), "stores its pixels as I;16"),
        (lambda: save(Image.fromarray(PIXELS[:20])), "has 60 x 20 pixels"),
        (lambda: save(Image.new("RGB", (400, 100))), "more than 3 to 1"),
        (lambda: save(Image.new("L", (9_000, 40))), "has 9000 x 40 pixels"),
        (lambda: png_of_size(7_000, 7_000), "has 7000 x 7000 pixels"),
        (lambda: png_of_size(30_000, 30_000), "far more pixels than the limit"),
        (lambda: scans(MAX_SCANS + 1), "more than the 50 scans allowed"),
        (lambda: animated("PNG", MAX_FRAMES + 1), "has 9 frames and 8 are allowed"),
        (lambda: animated("MPO", MAX_FRAMES + 1), "has 9 frames and 8 are allowed"),
    ],
)
def test_others_are_refused_in_one_sentence_and_never_unpacked_before(make, words, monkeypatch):
    content = make()
    whole = content.startswith(b"\xff\xd8") or words.startswith(("has", "more"))
    if whole:  # then what refuses it is a number in its head
        for kind in ("PngImagePlugin.PngImageFile", "JpegImagePlugin.JpegImageFile"):
            monkeypatch.setattr(f"PIL.{kind}.load", lambda self: pytest.fail("unpacked"), raising=False)
    with pytest.raises(PictureError, match=words) as caught:
        decode_picture(content)
    assert len(str(caught.value)) < 250
    assert "\n" not in str(caught.value)


def test_a_refusal_crosses_the_process_and_names_the_file():
    with pytest.raises(SceneError, match=f"^'{'x' * 60}' has 60 x 20 pixels; sides may have 32 to"):
        read_picture(save(Image.fromarray(PIXELS[:20])), "x" * 300 + ".png")
    with pytest.raises(SceneError, match=r"^'a.png' has 10.0 MB, and the limit is 10 MB"):
        read_picture(bytes(MAX_BYTES + 1), "a.png")


@pytest.mark.parametrize(
    ("make", "arguments"), [(scans, (MAX_SCANS,)), (animated, ("PNG", MAX_FRAMES)), (animated, ("MPO", MAX_FRAMES))]
)
def test_as_many_scans_and_frames_as_allowed_are_read(make, arguments):
    assert decode_picture(make(*arguments)).size == (60, 40)


def test_scans_are_those_of_the_picture_itself():
    """A thumbnail, a comment and what lies behind the picture's end may hold bytes like those of a scan."""
    plain, mark = save(PLAIN, "JPEG"), b"\xff\xda" * (MAX_SCANS + 1)
    comment = b"\xff\xfe" + struct.pack(">H", len(mark) + 2) + mark
    for content in (plain[:2] + comment + plain[2:], plain + mark, b"\x89PNG" + mark):
        check_scans(content)
    with pytest.raises(PictureError, match="scans"):
        check_scans(plain[:2] + mark.replace(b"\xff\xda", b"\xff\xda\x00\x02") + plain[2:])
    with pytest.raises(PictureError, match="scans"):
        check_scans(b"\xff\xd8" + b"\xff\xff\x00\xff\xff\xda\x00\x02\x07" * (MAX_SCANS + 1))


@pytest.fixture
def slow(monkeypatch) -> list[subprocess.Popen[bytes]]:
    """Have the decoder sleep for a minute; return the processes that were started."""
    started, start = [], subprocess.Popen

    def run(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        started.append(start([command[0], "-S", "-c", "import time; time.sleep(60)"], **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", run)
    return started


def test_the_process_ends_when_nobody_wants_the_picture_any_more(slow):
    asked = iter((True, True, False))
    with pytest.raises(RNCoreError, match="its page was closed"):
        read_picture(save(PLAIN), "a.png", lambda: next(asked))
    assert slow[0].poll() is not None


def test_the_process_ends_when_its_time_is_over(slow, monkeypatch):
    monkeypatch.setattr(pictures, "MAX_SECONDS", 0.1)
    with pytest.raises(SceneError, match=r"'a\.png' takes too much time or memory to decode"):
        read_picture(save(PLAIN), "a.png")
    assert slow[0].poll() is not None


def test_no_more_are_decoded_at_once_than_stated(slow, monkeypatch):
    free = threading.BoundedSemaphore(1)
    monkeypatch.setattr(pictures, "_TURNS", free)
    monkeypatch.setattr(pictures, "MAX_WAIT", 0.1)
    with free, pytest.raises(RNCoreError, match="other pictures are being read; choose it again"):
        read_picture(save(PLAIN), "a.png")
    with free, pytest.raises(RNCoreError, match="was closed"):
        read_picture(save(PLAIN), "a.png", lambda: False)
    assert slow == []


def test_the_system_ends_what_takes_too_much_processor_time():
    resource = pytest.importorskip("resource")
    code = (
        "from rn_core.common import picture_decoder as it; it.MAX_CPU_SECONDS = 1; it.limit_process()\n"
        "import resource; print(*resource.getrlimit(resource.RLIMIT_CPU), *resource.getrlimit(resource.RLIMIT_AS))"
    )
    found = subprocess.run([pictures.sys.executable, "-c", code], cwd=pictures._ROOT, capture_output=True, text=True)
    assert found.stdout.split() == ["1", "2", *2 * [str(picture_decoder.MAX_MEMORY)]], (found.stderr, resource)


def test_the_decoder_loads_nothing_heavy():
    code = "import sys, rn_core.common.picture_decoder; print(*({'torch', 'numpy', 'streamlit'} & sys.modules.keys()))"
    found = subprocess.run([pictures.sys.executable, "-c", code], cwd=pictures._ROOT, capture_output=True, text=True)
    assert (found.stdout.strip(), found.returncode) == ("", 0)
