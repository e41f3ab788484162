"""The questions of a split as numbers, read from its JSON once and then kept beside the picture cache.

CLEVR's training questions are a gigabyte of JSON; as numbers they are 40 megabytes, read in a moment.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from rn_core.common.errors import RNCoreError
from rn_core.common.files import clear_leftovers, write_whole
from rn_core.tasks.clevr.encoding import ANSWERS
from rn_core.tasks.clevr.folder import FolderSplit, check_folder, check_images, open_split, question_file
from rn_core.tasks.clevr.program import QUESTION_TYPES
from rn_core.tasks.clevr.tokens import TOKENS, encode_tokens

_TEXTS_A_BLOCK = 4096
#: What NumPy raises for a file that is damaged or another one.
_UNREADABLE = (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile)


@dataclass(frozen=True)
class EncodedSplit:
    """A split whose questions are numbers.

    Attributes:
        folder: pictures, answers and question types; its `texts` are empty.
        tokens: (M, L) uint8, numbers of `TOKENS`, padded with 0 at the end to the longest question.
    """

    folder: FolderSplit
    tokens: np.ndarray

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """Return all that is kept, by name."""
        columns = {name: getattr(self.folder, name) for name in ("image_index", "answers", "type_index")}
        return {"images": np.array(self.folder.images), **columns, "tokens": self.tokens}

    @cached_property
    def fingerprint(self) -> str:
        """Return 16 hex digits that stand for the questions, their answers and which pictures they are about."""
        digest = hashlib.sha256()
        for array in self.arrays.values():
            digest.update(f"{array.dtype.str} {array.shape}".encode())
            digest.update(array.tobytes())
        return digest.hexdigest()[:16]


def load_encoded(
    root: Path,
    split: str,
    progress: Callable[[Iterable[Any]], Iterable[Any]] = iter,
    with_pictures: bool = True,
) -> EncodedSplit:
    """Return the questions of a split, from the cache, which is made first where it is not there.

    The cache belongs to the question file: where that changes, another one is made. A folder that cannot be written
    to is read anew each time.

    Args:
        root: the folder, such as CLEVR_v1.0.
        split: one of `folder.find_splits`.
        progress: wraps the iteration over the file's records (a progress bar).
        with_pictures: as `open_split`.

    Raises:
        QuestionError: in one sentence, if a question is malformed or has a word that is not CLEVR's.
        RNCoreError: in one sentence, if the folder, the questions or a picture is missing, or a file is damaged.
    """
    check_folder(root, split, with_pictures)
    whole = root / "cache" / f"CLEVR_{split}_questions_{_key(question_file(root, split))}.npz"
    if whole.exists():
        encoded = _load(whole, root, split)
        if with_pictures:
            check_images(root / "images" / split, encoded.folder.images)
        return encoded
    read = open_split(root, split, progress, with_pictures)
    encoded = EncodedSplit(replace(read, texts=()), _encode(read.texts))
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **encoded.arrays)
    clear_leftovers(whole.parent, f"CLEVR_{split}_questions_*")
    with contextlib.suppress(RNCoreError):
        write_whole(whole, buffer.getvalue())
    return encoded


def _key(path: Path) -> str:
    """Return 16 hex digits that change with the question file and with what the numbers stand for."""
    found = path.stat()
    meaning = (found.st_size, found.st_mtime_ns, TOKENS, ANSWERS, QUESTION_TYPES)
    return hashlib.sha256(repr(meaning).encode()).hexdigest()[:16]


def _encode(texts: Sequence[str]) -> np.ndarray:
    """Return (M, L) uint8, the numbers of all questions' words."""
    starts = range(0, len(texts), _TEXTS_A_BLOCK)
    blocks = [encode_tokens(texts[k : k + _TEXTS_A_BLOCK]).numpy().astype(np.uint8) for k in starts]
    longest = max(block.shape[1] for block in blocks)
    return np.concatenate([np.pad(block, ((0, 0), (0, longest - block.shape[1]))) for block in blocks])


def _load(whole: Path, root: Path, split: str) -> EncodedSplit:
    """Return what the cache holds; raises RNCoreError if it is damaged."""
    try:
        with np.load(io.BytesIO(whole.read_bytes()), allow_pickle=False) as file:
            columns = (file["image_index"], file["answers"], file["type_index"])
            return EncodedSplit(FolderSplit(root, split, tuple(file["images"].tolist()), (), *columns), file["tokens"])
    except _UNREADABLE as err:
        raise RNCoreError(f"The question cache '{whole}' is damaged; delete it to have it made again.") from err
