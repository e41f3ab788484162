"""The picture cache: the pictures themselves, never half of them, and going on after an interruption."""

from __future__ import annotations

import io
import shutil
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from rn_core.common.errors import RNCoreError
from rn_core.tasks.clevr import image_cache
from rn_core.tasks.clevr.folder import FolderSplit
from rn_core.tasks.clevr.image_cache import cache_images, load_image
from tests.forked import start

ROOT = Path(__file__).resolve().parents[3]
NOTHING = np.zeros(0, dtype=np.int64)


def make_split(root: Path, n_images: int) -> FolderSplit:
    """Return a split of small pictures; number k shows color (k, 2 k, 255 - k) all over."""
    (root / "images/val").mkdir(parents=True, exist_ok=True)
    names = tuple(f"CLEVR_val_{k:06d}.png" for k in range(n_images))
    for k, name in enumerate(names):
        Image.new("RGB", (48, 32), (k, 2 * k, 255 - k)).save(root / "images/val" / name)
    return FolderSplit(root, "val", names, (), NOTHING, NOTHING, NOTHING)


def is_right(images: np.ndarray, n_images: int) -> bool:
    """Return whether the array shows the pictures of `make_split`."""
    colors = np.array([(k, 2 * k, 255 - k) for k in range(n_images)])
    return len(images) == n_images and bool((images == colors[:, None, None]).all())


def cut_after(n_blocks: int):
    """Return a progress that is interrupted after some blocks."""

    def progress(blocks):
        for done, block in enumerate(blocks):
            if done == n_blocks:
                raise KeyboardInterrupt
            yield block

    return progress


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Report and save every four pictures."""
    monkeypatch.setattr(image_cache, "_BLOCK", 4)


def test_real_pictures_are_what_the_public_weights_take(shared_data):
    """Resized as PIL does on the 8-bit picture, which is how the weights were trained."""
    for path in sorted((shared_data / "clevr/images").glob("*.png")):
        image = load_image(path)
        assert image.shape == (128, 128, 3)
        assert image.dtype == np.uint8
        whole = torch.from_numpy(np.asarray(Image.open(path).convert("RGB")).copy()).permute(2, 0, 1)[None].float()
        smooth = torch.nn.functional.interpolate(whole, (128, 128), mode="bilinear", antialias=True)[0].permute(1, 2, 0)
        assert np.abs(smooth.numpy() - image).max() < 1.01


def test_the_cache_holds_every_picture_in_order_and_is_used_again(tmp_path, monkeypatch):
    split = make_split(tmp_path, 10)
    images = cache_images(split)
    assert images.shape == (10, 128, 128, 3)
    assert isinstance(images, np.memmap)
    assert is_right(images, 10)
    with pytest.raises(ValueError, match="read-only"):
        images[0] = 0
    monkeypatch.setattr(image_cache, "load_image", lambda *_: pytest.fail("a picture was read again"))
    assert is_right(cache_images(split), 10)
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_place_and_side_can_be_chosen(tmp_path):
    split = make_split(tmp_path / "data", 3)
    assert cache_images(split, tmp_path / "a" / "b", side=16).shape == (3, 16, 16, 3)
    assert not (tmp_path / "data/cache").exists()


@pytest.mark.parametrize("n_blocks", [0, 1, 2])
def test_an_interrupted_cache_goes_on_from_the_last_picture(tmp_path, n_blocks):
    split = make_split(tmp_path, 10)
    with pytest.raises(KeyboardInterrupt):
        cache_images(split, progress=cut_after(n_blocks))
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".part"]
    seen: list[int] = []
    images = cache_images(split, progress=lambda blocks: (seen.append(block) or block for block in blocks))
    assert seen == list(range(4 * n_blocks, 10, 4))
    assert is_right(images, 10)
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".npy"]


def test_half_a_picture_at_the_end_is_dropped(tmp_path):
    """Whatever length an interruption leaves, the cache comes out the same."""
    split = make_split(tmp_path, 6)
    cache_images(split, side=8)
    whole = next((tmp_path / "cache").iterdir())
    content = whole.read_bytes()
    for length in (0, 1, 50, 128, 128 + 191, 128 + 192, 128 + 193, len(content) - 1, len(content), len(content) + 500):
        whole.unlink()
        whole.with_name(f"{whole.name}.part").write_bytes((content + bytes(1000))[:length])
        assert is_right(cache_images(split, side=8), 6)
        assert whole.read_bytes() == content
        assert not whole.with_name(f"{whole.name}.part").exists()


def test_what_is_left_of_another_file_is_not_taken(tmp_path):
    split = make_split(tmp_path, 6)
    cache_images(split, side=8)
    whole = next((tmp_path / "cache").iterdir())
    whole.unlink()
    whole.with_name(f"{whole.name}.part").write_bytes(b"x" * 5000)
    assert is_right(cache_images(split, side=8), 6)


@pytest.mark.process
def test_a_killed_process_leaves_nothing_that_is_taken_for_whole(tmp_path):
    split = make_split(tmp_path, 12)
    program = f"""
import os, signal, numpy as np
from pathlib import Path
from rn_core.tasks.clevr import image_cache
from rn_core.tasks.clevr.folder import FolderSplit
image_cache._BLOCK = 4
def progress(blocks):
    for done, block in enumerate(blocks):
        if done == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        yield block
nothing = np.zeros(0, dtype=np.int64)
split = FolderSplit(Path({str(tmp_path)!r}), "val", {split.images!r}, (), nothing, nothing, nothing)
image_cache.cache_images(split, progress=progress)
"""
    assert start([sys.executable, "-c", program], cwd=ROOT).wait() == -9
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".part"]
    seen: list[int] = []
    assert is_right(cache_images(split, progress=lambda blocks: (seen.append(b) or b for b in blocks)), 12)
    assert seen == [8]


@pytest.mark.process
def test_processes_that_make_one_cache_do_not_disturb_each_other(tmp_path):
    split = make_split(tmp_path, 40)
    program = f"""
import numpy as np
from pathlib import Path
from rn_core.tasks.clevr.folder import FolderSplit
from rn_core.tasks.clevr.image_cache import cache_images
nothing = np.zeros(0, dtype=np.int64)
split = FolderSplit(Path({str(tmp_path)!r}), "val", {split.images!r}, (), nothing, nothing, nothing)
images = cache_images(split)
assert (images[:, 0, 0, 0] == np.arange(40)).all() and (images == images[:, :1, :1]).all()
"""
    running = [start([sys.executable, "-c", program], cwd=ROOT) for _ in range(3)]
    assert [process.wait(300) for process in running] == [0, 0, 0]
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".npy"]
    assert is_right(cache_images(split), 40)


def test_other_pictures_get_another_cache(tmp_path):
    split = make_split(tmp_path, 3)
    assert is_right(cache_images(split), 3)
    noise = np.random.default_rng(0).integers(0, 256, (32, 48, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "images/val/CLEVR_val_000001.png")
    again = cache_images(split)
    assert not is_right(again, 3)
    assert is_right(again[:1], 1)


@pytest.mark.parametrize("content", [b"", b"x" * 100, b"\x93NUMPY\x01\x00v\x00{'descr': '|u1', 'fortran_order'"])
def test_a_damaged_cache_is_one_sentence(tmp_path, content):
    split = make_split(tmp_path, 3)
    cache_images(split)
    next((tmp_path / "cache").iterdir()).write_bytes(content)
    with pytest.raises(RNCoreError, match=r"^The picture cache '.*' is damaged; delete it to have it made again\.$"):
        cache_images(split)


@pytest.mark.parametrize("other", [np.zeros((3, 128, 128, 3)), np.zeros((2, 128, 128, 3), dtype=np.uint8)])
def test_another_array_in_the_cache_s_place_is_one_sentence(tmp_path, other):
    split = make_split(tmp_path, 3)
    cache_images(split)
    np.save(next((tmp_path / "cache").iterdir()), other)
    with pytest.raises(
        RNCoreError, match=r"^The picture cache '.*' is another file; delete it to have it made again\.$"
    ):
        cache_images(split)


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path):
    split = make_split(tmp_path, 3)
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(
        RNCoreError, match=r"^Could not write the picture cache '.*': .*; free some space, or give another"
    ):
        cache_images(split, tmp_path / "file" / "cache")


@pytest.mark.parametrize("side", [0, -1, 5000])
def test_a_side_out_of_range_is_one_sentence(tmp_path, side):
    with pytest.raises(RNCoreError, match=r"^The side of cached pictures must be 1 to 1024 pixels, got .*; use 128\.$"):
        cache_images(make_split(tmp_path, 1), side=side)


def test_a_picture_that_goes_away_or_breaks_is_one_sentence(tmp_path):
    split = make_split(tmp_path, 6)
    picture = split.image_path(5)
    content = picture.read_bytes()
    picture.unlink()
    with pytest.raises(RNCoreError, match=r"^Could not read the picture 'CLEVR_val_000005\.png': No such file"):
        cache_images(split)
    picture.write_bytes(content[:60])
    with pytest.raises(RNCoreError, match=r"^Could not read the picture 'CLEVR_val_000005\.png' as PNG; get the file"):
        cache_images(split)
    picture.write_bytes(content)
    assert is_right(cache_images(split), 6)


def png_of(width: int, height: int) -> bytes:
    """Return a PNG whose header promises a size that its data does not have."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", r"^Could not read the picture 'p\.png' as PNG; get the file again\.$"),
        (b"GIF89a" + bytes(100), r"^Could not read the picture 'p\.png' as PNG; get the file again\.$"),
        (png_of(30_000, 30_000), r"^Could not read the picture 'p\.png' as PNG|of at most 4,000,000 pixels"),
        (png_of(10_000, 10_000), r"^Could not read the picture 'p\.png' as PNG|of at most 4,000,000 pixels"),
        (png_of(3000, 3000), r"must be a picture of at most 4,000,000 pixels in RGB, RGBA, L, got 3000 x 3000 in RGB;"),
        (png_of(0, 10), r"^Could not read the picture 'p\.png' as PNG; get the file again\.$"),
        (bytes(10_000_001), r"^'p\.png' must have at most 10,000,000 bytes, got 10,000,001\.$"),
    ],
)
def test_a_hostile_picture_is_one_sentence(tmp_path, content, sentence):
    path = tmp_path / "p.png"
    path.write_bytes(content)
    with pytest.raises(RNCoreError, match=sentence):
        load_image(path)


@pytest.mark.parametrize("mode", ["P", "I;16", "1", "LA"])
def test_a_picture_of_an_odd_mode_is_one_sentence(tmp_path, mode):
    Image.new(mode, (8, 8)).save(tmp_path / "p.png")
    with pytest.raises(RNCoreError, match=rf"pixels in RGB, RGBA, L, got 8 x 8 in {mode}; convert it\.$"):
        load_image(tmp_path / "p.png")


@given(
    places=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8),
    cut=st.integers(0, 10),
)
def test_a_damaged_picture_is_read_or_refused_in_a_sentence(tmp_path_factory, places, cut):
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), (1, 2, 3)).save(buffer, "PNG")
    content = bytearray(buffer.getvalue())
    for place, value in places:
        content[place % len(content)] = value
    path = tmp_path_factory.mktemp("png") / "p.png"
    path.write_bytes(content[: len(content) - cut])
    try:
        assert load_image(path).shape == (128, 128, 3)
    except RNCoreError as err:
        assert "p.png" in str(err)


def test_a_cache_whose_folder_is_copied_is_still_good(tmp_path):
    split = make_split(tmp_path / "one", 3)
    cache_images(split)
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    moved = FolderSplit(tmp_path / "two", "val", split.images, (), NOTHING, NOTHING, NOTHING)
    assert is_right(cache_images(moved, progress=lambda _: pytest.fail("made again")), 3)
