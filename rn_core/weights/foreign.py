"""Weights files from elsewhere (`.pth`, `.pt`), read without running any code in them.

Such a file is a pickle, or a zip with one. It is read by torch's own restricted reader, which accepts tensors
and plain containers only; sizes are checked before and after.
"""

from __future__ import annotations

import io
import zipfile

import torch
from torch import Tensor

from rn_core.common.errors import WeightsError

#: Largest file, and largest content of a zip, in bytes.
MAX_BYTES = 10_000_000
_MAX_TENSORS = 1000
_ZIP = b"PK\x03\x04"


def read_foreign(content: bytes, shown: str, max_bytes: int = MAX_BYTES) -> dict[str, Tensor]:
    """Return the tensors of a file by name, as stored: shapes and types are for the caller to check.

    Args:
        content: the file.
        shown: its name in messages.
        max_bytes: largest size of the file.

    Raises:
        WeightsError: in one sentence, if the file is too large, damaged, holds code, or anything but named tensors.
    """
    if len(content) > max_bytes:
        raise WeightsError(f"'{shown}' is larger than the limit of {max_bytes:,} bytes; choose another file.")
    if content.startswith(_ZIP):
        _check_zip(content, shown, max_bytes)
    try:
        found = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as err:  # invalid files can make the reader fail in any way
        raise WeightsError(
            f"'{shown}' is not a complete weights file of tensors only ({type(err).__name__}); nothing in it was run, "
            "choose a .pth file with a state_dict."
        ) from err
    is_table = isinstance(found, dict) and 0 < len(found) <= _MAX_TENSORS
    if not is_table or not all(isinstance(name, str) and type(value) is Tensor for name, value in found.items()):
        raise WeightsError(f"'{shown}' must hold 1 to {_MAX_TENSORS} named tensors and nothing else; choose another.")
    return dict(found)


def _check_zip(content: bytes, shown: str, max_bytes: int) -> None:
    """Raise WeightsError for a zip that is damaged, too large once unpacked, or compressed, which torch's never are."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as opened:
            parts = opened.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as err:
        raise WeightsError(f"'{shown}' is a damaged zip; get the file again.") from err
    is_plain = all(part.compress_type == zipfile.ZIP_STORED for part in parts)
    if not is_plain or sum(part.file_size for part in parts) > max_bytes:
        raise WeightsError(
            f"'{shown}' is compressed, or larger once unpacked than {max_bytes:,} bytes; choose another."
        )
