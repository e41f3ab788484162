"""The pictures of a split as one array on disk, made once: small, uncompressed, read without loading all of it.

The array grows in a file beside its place and gets its name when it is whole, so nobody ever reads half of it; when
the work is interrupted, the next call continues from the last picture.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import struct
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

import numpy as np
from PIL import Image

from rn_core.common.errors import RNCoreError, SceneError
from rn_core.tasks.clevr.folder import FolderSplit

#: Side in pixels that the models of cells take (Santoro et al. 2017, section 4).
SIDE = 128
#: View -> height and width that its models take.
PICTURE_SHAPES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"pixels": (SIDE, SIDE), "slots": (160, 240), "cells": (160, 240)}
)
_MODES = ("RGB", "RGBA", "L")
_MAX_PIXELS = 4_000_000
_MAX_FILE = 10_000_000
_MAX_SIDE = 1024
#: Pictures between two reports and two times that the file is made safe on disk.
_BLOCK = 256
#: What Pillow raises for files that are missing, damaged, or far larger inside than outside.
_UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    struct.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


def load_image(path: Path, side: int | tuple[int, int] = SIDE) -> np.ndarray:
    """Return a PNG file as (side, side, 3) uint8, RGB, resized bilinearly (Santoro et al. 2017, section 4).

    Args:
        path: the file.
        side: in pixels; or height and width.

    Raises:
        SceneError: in one sentence, if the file is missing, damaged, no PNG, too large, or of an odd mode.
    """
    try:
        if path.stat().st_size > _MAX_FILE:
            raise SceneError(f"'{path.name}' must have at most {_MAX_FILE:,} bytes, got {path.stat().st_size:,}.")
        with Image.open(path, formats=["PNG"]) as image:
            if image.width * image.height > _MAX_PIXELS or image.mode not in _MODES:
                raise SceneError(
                    f"'{path.name}' must be a picture of at most {_MAX_PIXELS:,} pixels in {', '.join(_MODES)}, got "
                    f"{image.width} x {image.height} in {image.mode}; convert it."
                )
            return np.asarray(image.convert("RGB").resize(_both(side)[::-1], Image.Resampling.BILINEAR))
    except SceneError:
        raise
    except _UNREADABLE as err:
        raise SceneError(f"Could not read the picture '{path.name}' as PNG; get the file again.") from err


def _both(side: int | tuple[int, int]) -> tuple[int, int]:
    """Return height and width."""
    return (side, side) if isinstance(side, int) else side


def cache_images(
    folder: FolderSplit,
    place: Path | None = None,
    side: int | tuple[int, int] = SIDE,
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> np.ndarray:
    """Return all pictures of a split, from the cache, which is made first where it is not there or not whole.

    The cache belongs to the names and sizes of the files: where they change, another one is made.

    Args:
        folder: S pictures.
        place: where the cache lies; None for `cache` within the folder.
        side: pixels, 1 to 1024; or height and width.
        progress: wraps the iteration over blocks of pictures that are still missing (a progress bar).

    Returns:
        (S, H, W, 3) uint8, memory-mapped, read-only.

    Raises:
        RNCoreError: in one sentence, if a picture cannot be read, the cache not be written, or is damaged.
    """
    height, width = _both(side)
    if not all(1 <= one <= _MAX_SIDE for one in (height, width)):
        raise RNCoreError(f"The side of cached pictures must be 1 to {_MAX_SIDE} pixels, got {side!r}; use {SIDE}.")
    name = f"{side}" if isinstance(side, int) else f"{width}x{height}"
    place = folder.root / "cache" if place is None else place
    whole = place / f"CLEVR_{folder.split}_{name}_{picture_fingerprint(folder)}.npy"
    shape = (len(folder.images), height, width, 3)
    if not whole.exists():
        try:
            place.mkdir(parents=True, exist_ok=True)
            _make(whole, folder, shape, progress)
        except OSError as err:
            raise RNCoreError(
                f"Could not write the picture cache '{whole}': {err.strerror}; free some space, or give "
                "another folder with --cache."
            ) from err
    return _open(whole, shape)


def picture_fingerprint(folder: FolderSplit) -> str:
    """Return 16 hex digits that stand for the names and sizes of a split's pictures."""
    digest = hashlib.sha256()
    try:
        for index, name in enumerate(folder.images):
            digest.update(f"{name} {folder.image_path(index).stat().st_size}\n".encode())
    except OSError as err:
        raise RNCoreError(f"Could not read the picture '{name}': {err.strerror}; get the file again.") from err
    return digest.hexdigest()[:16]


def _make(
    whole: Path,
    folder: FolderSplit,
    shape: tuple[int, ...],
    progress: Callable[[Iterable[int]], Iterable[int]],
) -> None:
    """Write the pictures that are missing beside the cache's place, then give it its name.

    Another process that makes the same cache is waited for.
    """
    part = whole.with_name(f"{whole.name}.part")
    with part.open("a+b") as file:
        with contextlib.suppress(ImportError):  # Windows has no such locks: only one process at a time may make a cache
            from fcntl import LOCK_EX, flock

            flock(file, LOCK_EX)
        if not whole.exists():
            first = _keep_whole_pictures(file, shape)
            _append(file, folder, first, (shape[1], shape[2]), progress)
            part.replace(whole)
    part.unlink(missing_ok=True)


def _append(
    file: BinaryIO,
    folder: FolderSplit,
    first: int,
    side: tuple[int, int],
    progress: Callable[[Iterable[int]], Iterable[int]],
) -> None:
    """Append the pictures from `first` on, read by several threads, to a file."""
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as threads:
        for start in progress(range(first, len(folder.images), _BLOCK)):
            block = range(start, min(start + _BLOCK, len(folder.images)))
            for picture in threads.map(lambda index: load_image(folder.image_path(index), side), block):
                file.write(picture.tobytes())
            file.flush()
            os.fsync(file.fileno())


def _keep_whole_pictures(file: BinaryIO, shape: tuple[int, ...]) -> int:
    """Cut what an interrupted run left down to whole pictures, or start over; return how many there are."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": shape})
    start = header.getvalue()
    file.seek(0)
    if file.read(len(start)) != start:
        file.truncate(0)
        file.write(start)
        return 0
    size = int(np.prod(shape[1:]))
    n_pictures = min((os.fstat(file.fileno()).st_size - len(start)) // size, shape[0])
    file.truncate(len(start) + n_pictures * size)
    return n_pictures


def _open(whole: Path, shape: tuple[int, ...]) -> np.ndarray:
    """Return the cache as an array; raises RNCoreError if it is damaged or another file."""
    try:
        images = np.load(whole, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as err:
        raise RNCoreError(f"The picture cache '{whole}' is damaged; delete it to have it made again.") from err
    if not isinstance(images, np.ndarray) or images.shape != shape or images.dtype != np.uint8:
        raise RNCoreError(f"The picture cache '{whole}' is another file; delete it to have it made again.")
    return images
