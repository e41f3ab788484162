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
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Self

import numpy as np

from rn_core.common.errors import QuestionError, RNCoreError
from rn_core.common.files import clear_leftovers, write_whole
from rn_core.common.reading import Reading, attempt, check_any
from rn_core.tasks.clevr.encoding import ANSWERS
from rn_core.tasks.clevr.folder import FolderSplit, check_folder, find_pictured, open_split, question_file
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

    def keep(self, kept: np.ndarray) -> Self:
        """Return the split with some of its questions, (M,) bool."""
        return self if kept.all() else replace(self, folder=self.folder.keep(kept), tokens=self.tokens[kept])

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
    reading: Reading | None = None,
    cache: Path | None = None,
) -> EncodedSplit:
    """Return the questions of a split, from the cache, which is made first where it is not there.

    The cache belongs to the question file: where that changes, another one is made. A folder that cannot be written
    to is read anew each time.

    Args:
        root: the folder, such as CLEVR_v1.0.
        split: one of `folder.find_splits`.
        progress: wraps the iteration over the file's records (a progress bar).
        with_pictures: as `open_split`.
        reading: as `open_split`; what it leaves something out of is not cached.
        cache: folder of the cache; None for `cache` within the folder.

    Raises:
        QuestionError: in one sentence, with file and question, if one is malformed or has a word that is not CLEVR's.
        RNCoreError: in one sentence, if the folder, the questions or a picture is missing, or a file is damaged.
    """
    check_folder(root, split, with_pictures)
    place = cache or root / "cache"
    whole = place / f"CLEVR_{split}_questions_{_key(question_file(root, split))}.npz"
    if whole.exists():
        encoded = _load(whole, root, split)
    else:
        encoded = _read(root, split, progress, reading)
        if reading is None or reading.is_complete:
            _write(whole, encoded, split, must_work=cache is not None)
    if not with_pictures:
        return encoded
    return encoded.keep(find_pictured(encoded.folder, reading))


def _read(
    root: Path, split: str, progress: Callable[[Iterable[Any]], Iterable[Any]], reading: Reading | None
) -> EncodedSplit:
    """Return the questions of a split from its JSON; pictures are not looked for."""
    read = open_split(root, split, progress, with_pictures=False, reading=reading)
    rows = _encode(read, question_file(root, split).name, reading)
    kept = np.array([row is not None for row in rows])
    check_any(reading, int(kept.sum()), f"'{question_file(root, split).name}'")
    tokens = _stack([row for row in rows if row is not None])
    return EncodedSplit(replace(read.keep(kept), texts=()), tokens)


def _write(whole: Path, encoded: EncodedSplit, split: str, must_work: bool) -> None:
    """Write the cache; one that cannot be written is an error only if its place was given."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **encoded.arrays)
    clear_leftovers(whole.parent, f"CLEVR_{split}_questions_*")
    with contextlib.nullcontext() if must_work else contextlib.suppress(RNCoreError):
        write_whole(whole, buffer.getvalue())


def _key(path: Path) -> str:
    """Return 16 hex digits that change with the question file and with what the numbers stand for."""
    found = path.stat()
    meaning = (found.st_size, found.st_mtime_ns, TOKENS, ANSWERS, QUESTION_TYPES)
    return hashlib.sha256(repr(meaning).encode()).hexdigest()[:16]


def _encode(read: FolderSplit, file: str, reading: Reading | None) -> list[np.ndarray | None]:
    """Return the numbers of each question's words, None for one that is left out."""
    must_name, numbers = reading or Reading(strict=True), read.file_numbers
    rows: list[np.ndarray | None] = []
    for first in range(0, len(read.texts), _TEXTS_A_BLOCK):
        texts = read.texts[first : first + _TEXTS_A_BLOCK]
        try:
            rows += [*encode_tokens(texts).numpy().astype(np.uint8)]
        except QuestionError:
            for number, text in zip(numbers[first:], texts, strict=False):
                read_one = attempt(must_name, file, "question", int(number), partial(_encode_one, text))
                rows.append(next(iter(read_one), None))
    return rows


def _encode_one(text: str) -> np.ndarray:
    """Return the numbers of one question's words (L,) uint8; raises QuestionError for a word that is not CLEVR's."""
    return encode_tokens([text])[0].numpy().astype(np.uint8)


def _stack(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Return (M, L) uint8, rows padded with 0 to the longest."""
    longest = max(int((row != 0).sum()) for row in rows)
    tokens = np.zeros((len(rows), longest), dtype=np.uint8)
    for place, row in enumerate(rows):
        tokens[place, : min(longest, len(row))] = row[:longest]
    return tokens


def _load(whole: Path, root: Path, split: str) -> EncodedSplit:
    """Return what the cache holds; raises RNCoreError if it is damaged."""
    try:
        with np.load(io.BytesIO(whole.read_bytes()), allow_pickle=False) as file:
            columns = (file["image_index"], file["answers"], file["type_index"])
            return EncodedSplit(FolderSplit(root, split, tuple(file["images"].tolist()), (), *columns), file["tokens"])
    except _UNREADABLE as err:
        raise RNCoreError(f"The question cache '{whole}' is damaged; delete it to have it made again.") from err
