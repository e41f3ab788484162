"""Weights files from elsewhere (`.pth`, `.pt`), read without running any code in them.

Such a file is a pickle, or a zip with one. It is read by torch's own restricted reader, which accepts tensors
and plain containers only; sizes are checked before and after.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sized
from typing import TypeGuard

import torch
from torch import Tensor
from torch.nn import Parameter

from rn_core.common.errors import WeightsError

#: Largest file, and largest content of a zip, in bytes.
MAX_BYTES = 10_000_000
_MAX_TENSORS = 1000
#: Where training programs keep a model's tensors in a checkpoint, the likeliest first.
_WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "network", "module")
#: What DataParallel and torch.compile put into names.
_PREFIXES = frozenset({"module", "_orig_mod"})
#: What a model is called in programs that train it as a part of another module.
_ATTRIBUTE = "model."
_ZIP = b"PK\x03\x04"


def read_foreign(content: bytes, shown: str, max_bytes: int = MAX_BYTES) -> dict[str, Tensor]:
    """Return the tensors of a file by name, as stored: shapes and types are for the caller to check.

    A checkpoint that holds them as a "state_dict" beside other things is read, too.

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
            "choose a .pth file with a state_dict, as torch.save(model.state_dict(), FILE) writes it."
        ) from err
    table = _unwrap(found)
    if table is None:
        raise WeightsError(
            f"'{shown}' must hold 1 to {_MAX_TENSORS} named tensors, alone or as {_WRAPPERS[0]!r} beside other things, "
            f"got {_describe(found)}; save it with torch.save(model.state_dict(), FILE)."
        )
    return {name: value.detach() for name, value in table.items()}


def _unwrap(found: object, depth: int = 2) -> dict[str, Tensor] | None:
    """Return the table of tensors that a file is, or holds beside other things such as an epoch; None without one."""
    if _is_table(found):
        return found
    if not isinstance(found, dict) or depth < 0:
        return None
    tables = [value for value in found.values() if _is_table(value)]
    named = [table for name in _WRAPPERS if (table := _unwrap(found.get(name), depth - 1)) is not None]
    return named[0] if named else tables[0] if len(tables) == 1 else None


def _describe(found: object) -> str:
    """Return what a file holds, in a few words."""
    if isinstance(found, dict) and found:
        return f"a dict of {len(found)}, such as {', '.join(repr(name)[:30] for name in list(found)[:5])}"
    return f"an empty {type(found).__name__}" if isinstance(found, Sized) and not len(found) else type(found).__name__


def _is_table(value: object) -> TypeGuard[dict[str, Tensor]]:
    """Return whether a value is a dict of 1 to 1,000 tensors by name."""
    return (
        isinstance(value, dict)
        and 0 < len(value) <= _MAX_TENSORS
        and all(isinstance(name, str) and type(each) in (Tensor, Parameter) for name, each in value.items())
    )


def tidy_names(tensors: Mapping[str, Tensor], shown: str) -> dict[str, Tensor]:
    """Return tensors by their names in the model itself, without what wrappers such as DataParallel put before them.

    Raises:
        WeightsError: if two tensors have the same name then.
    """
    tidy: dict[str, Tensor] = {}
    for name, value in tensors.items():
        own = ".".join(part for part in name.split(".") if part not in _PREFIXES)
        if own in tidy:
            raise WeightsError(f"'{shown}' has two tensors {own[:60]!r}; keep one of them.")
        tidy[own] = value
    if all(name.startswith(_ATTRIBUTE) for name in tidy):
        return {name.removeprefix(_ATTRIBUTE): value for name, value in tidy.items()}
    return tidy


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
