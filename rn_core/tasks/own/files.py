"""Which files a set consists of, on disk or uploaded: one of JSON Lines, or two or three of CSV."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from rn_core.common.errors import RNCoreError, quote
from rn_core.tasks.own.faults import MAX_BYTES, MAX_PAGE_BYTES, Spot

#: Parts of a set in CSV files: the ends of their names.
CSV_PARTS = ("objects", "questions", "pairs")
_RULE = (
    "a set is one .jsonl file, or objects.csv and questions.csv (and maybe pairs.csv), whose names may begin with the "
    "set's name as in cities.objects.csv"
)
_BLOCK = 1 << 16


@dataclass(frozen=True)
class DataPart:
    """One file.

    Attributes:
        name: in messages.
        open: opens it for reading bytes from its beginning.
    """

    name: str
    open: Callable[[], AbstractContextManager[BinaryIO]]


@dataclass(frozen=True)
class DataFiles:
    """The files of one set.

    Attributes:
        name: of the set.
        parts: "scenes" (JSON Lines), or "objects", "questions" and maybe "pairs" (CSV).
        n_bytes: of all together.
    """

    name: str
    parts: Mapping[str, DataPart]
    n_bytes: int

    def hash(self) -> str:
        """Return a SHA-256 that stands for the contents, in hexadecimal digits."""
        found = hashlib.sha256()
        for kind in sorted(self.parts):
            found.update(kind.encode())
            with self.parts[kind].open() as file:
                while block := file.read(_BLOCK):
                    found.update(block)
        return found.hexdigest()


def find_files(path: Path) -> DataFiles:
    """Return the files of a set on disk.

    Args:
        path: a .jsonl file, one of the CSV files, or a folder with CSV files.

    Raises:
        RNCoreError: if there is no such file, it is of another kind, a part is missing, or all are too large.
    """
    if path.is_dir():
        path = path / "objects.csv"
    if not path.is_file():
        raise RNCoreError(f"There is no file '{path}'; {_RULE}.")
    part = _part_of(path.name)
    if part == "scenes":
        found = {part: path}
    else:
        stem = path.name[: -len(f"{part}.csv")]
        found = {kind: path.with_name(f"{stem}{kind}.csv") for kind in CSV_PARTS}
        found = {kind: each for kind, each in found.items() if each.is_file()}
    name = path.name.removesuffix(path.suffix).removesuffix(part).rstrip("._-") or path.parent.resolve().name
    sizes = sum(each.stat().st_size for each in found.values())
    return _make(name, {kind: DataPart(each.name, _opener(each)) for kind, each in found.items()}, sizes, MAX_BYTES)


def take_uploads(uploads: Sequence[tuple[str, bytes]]) -> DataFiles:
    """Return the files of a set that a person uploaded, of name and content each; errors as `find_files`."""
    parts: dict[str, DataPart] = {}
    for name, content in uploads:
        kind = _part_of(name)
        if kind in parts:
            raise RNCoreError(f"'{name}' and '{parts[kind].name}' are both {kind}; {_RULE}.")
        parts[kind] = DataPart(name, _memory_opener(content))
    if "scenes" in parts and len(parts) > 1:
        raise RNCoreError(f"'{parts['scenes'].name}' is a whole set, but {len(parts)} files came; {_RULE}.")
    first = next(iter(parts.values())).name if parts else ""
    name = first.rpartition(".")[0]
    for kind in CSV_PARTS:
        name = name.removesuffix(kind)
    sizes = sum(len(content) for _, content in uploads)
    return _make(name.rstrip("._-") or "your data", parts, sizes, MAX_PAGE_BYTES)


def _make(name: str, parts: dict[str, DataPart], n_bytes: int, most: int) -> DataFiles:
    """Return the files of a set, of which none may be missing."""
    needed = ("scenes",) if "scenes" in parts else CSV_PARTS[:2]
    for kind in needed:
        if kind not in parts:
            raise RNCoreError(f"The file of {kind} is missing; {_RULE}.")
    if n_bytes > most:
        raise RNCoreError(f"The set '{name}' has {n_bytes:,} bytes, and the limit is {most:,}; leave some scenes out.")
    return DataFiles(name, parts, n_bytes)


def _part_of(name: str) -> str:
    """Return which part of a set a file is, by its name."""
    lower = name.lower()
    if lower.endswith((".jsonl", ".ndjson")):
        return "scenes"
    for kind in CSV_PARTS:
        if lower.endswith(f"{kind}.csv"):
            return kind
    raise RNCoreError(f"{quote(name)} is no file of a set: {_RULE}; save it in this form.")


def _opener(path: Path) -> Callable[[], AbstractContextManager[BinaryIO]]:
    """Return what opens a file on disk."""
    return lambda: path.open("rb")


def _memory_opener(content: bytes) -> Callable[[], AbstractContextManager[BinaryIO]]:
    """Return what opens a file in memory."""
    return lambda: io.BytesIO(content)


def read_lines(part: DataPart) -> Iterator[tuple[Spot, str]]:
    """Yield the lines of a file with their places, as text with their ends.

    Raises:
        RNCoreError: naming the line that is not UTF-8.
    """
    with part.open() as file:
        for number, line in enumerate(file, 1):
            spot = Spot(part.name, number)
            try:
                yield spot, line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as err:
                raise spot.fault(
                    f"the file must be UTF-8, got byte {err.object[err.start]:#04x} at place {err.start + 1}; save it "
                    "as UTF-8."
                ) from err
