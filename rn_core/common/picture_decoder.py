"""Decode one picture in a process of its own: `python -m rn_core.common.picture_decoder < file`.

Standard output carries one line of JSON followed by the pixels: `{"width": ..., "height": ...}` and rows of RGB,
or `{"problem": ...}`, a phrase that follows the file's name. Nothing is unpacked before its size,
its frames and its scans are known. Time and memory are limited where the system allows; this module imports Pillow
alone, so that the process starts quickly.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

#: Most pixels per side and in all, and the largest ratio of the sides.
LEAST_SIDE, MOST_SIDE, MAX_PIXELS, MAX_RATIO = 32, 8_000, 24_000_000, 3
#: Most scans of a JPEG: encoders write about 10 for a progressive one, and each costs as much as a small picture.
MAX_SCANS = 50
#: Most frames of an animated PNG, or pictures in an MPO file, of which the first is read; phones write 2 or 3.
MAX_FRAMES = 8
#: Limits of processor time in seconds and of memory in bytes, including the interpreter's own.
MAX_CPU_SECONDS, MAX_MEMORY = 10, 1_000_000_000
#: Pixel formats that are read: colors, grays and palettes, with or without transparency.
MODES = ("RGB", "RGBA", "L", "LA", "P")
_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
#: JPEG markers without a length field: fill, TEM, restarts and the start of an image.
_BARE = frozenset((0x00, 0x01, *range(0xD0, 0xD9)))
_NO_PICTURE = "is not a complete PNG or JPEG picture; save it as one of these."


class PictureError(ValueError):
    """A picture that cannot be read; the message follows the file's name."""


def decode_picture(content: bytes) -> Image.Image:
    """Return an upright RGB picture.

    Args:
        content: a PNG or JPEG file.

    Raises:
        PictureError: for a file that is not a complete picture, or has sides, pixels, scans or frames over the limits.
    """
    check_scans(content)
    try:
        with warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning):
            image = Image.open(io.BytesIO(content), formats=("PNG", "JPEG"))
        _check_size(image)
        image.load()
        return ImageOps.exif_transpose(image).convert("RGB")
    except Image.DecompressionBombError as err:
        raise PictureError("unpacks to far more pixels than the limit; choose a smaller picture.") from err
    except MemoryError as err:
        raise PictureError("needs more memory than a picture may use; make it smaller.") from err
    except PictureError:
        raise
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as err:
        raise PictureError(_NO_PICTURE) from err


def check_scans(content: bytes) -> None:
    """Raise PictureError for a JPEG of too many scans, without decoding it; other files have none."""
    if content[:2] != bytes((0xFF, _SOI)):
        return
    n_scans, place = 0, 2
    while (place := content.find(b"\xff", place)) >= 0:
        marker = content[place + 1 : place + 2]
        if not marker or marker[0] == _EOI:
            return
        if marker[0] in _BARE or marker[0] == 0xFF:
            place += 1 if marker[0] == 0xFF else 2
            continue
        n_scans += marker[0] == _SOS
        if n_scans > MAX_SCANS:
            raise PictureError(f"has more than the {MAX_SCANS} scans allowed; save it as a plain (baseline) JPEG.")
        place += 2 + max(2, int.from_bytes(content[place + 2 : place + 4]))


def _check_size(image: Image.Image) -> None:
    """Raise PictureError for sides, pixels, frames or pixel formats beyond the limits."""
    width, height = image.size
    if not all(LEAST_SIDE <= side <= MOST_SIDE for side in image.size) or width * height > MAX_PIXELS:
        raise PictureError(
            f"has {width} x {height} pixels; sides may have {LEAST_SIDE} to {MOST_SIDE:,} pixels and the picture "
            f"{MAX_PIXELS // 1_000_000} million; resize it."
        )
    if max(image.size) > MAX_RATIO * min(image.size):
        raise PictureError(f"has {width} x {height} pixels, more than {MAX_RATIO} to 1; crop it (CLEVR's are 3 to 2).")
    if image.mode not in MODES:
        raise PictureError(
            f"stores its pixels as {image.mode}, not as one of {', '.join(MODES)}; save it as plain 8-bit RGB."
        )
    if (n_frames := _count_frames(image)) > MAX_FRAMES:
        raise PictureError(f"has {n_frames:,} frames and {MAX_FRAMES} are allowed; save the one you want by itself.")


def _count_frames(image: Image.Image) -> int:
    """Return the number of frames that a picture declares, if its format can have several."""
    try:
        return int(image.n_frames)  # type: ignore[attr-defined]  # only pictures of some formats have it
    except AttributeError:
        return 1


def limit_process() -> None:
    """Limit this process's time and memory where the system allows."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS + 1))
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))


def main() -> None:
    """Decode a file from standard input and write the picture, or the problem with it, to standard output."""
    limit_process()
    try:
        image = decode_picture(sys.stdin.buffer.read())
    except PictureError as err:
        sys.stdout.buffer.write(json.dumps({"problem": str(err)}).encode() + b"\n")
        return
    width, height = image.size
    sys.stdout.buffer.write(json.dumps({"width": width, "height": height}).encode() + b"\n")
    sys.stdout.buffer.write(image.tobytes())


if __name__ == "__main__":
    main()
