"""Records of a JSON file of any size, one at a time: CLEVR's question files hold a gigabyte."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from rn_core.common.errors import RNCoreError

_CHUNK = 1 << 20
#: Longest value beside or within the list, in characters; CLEVR's longest record has about 20,000.
_MAX_VALUE = 1 << 22
_SPACE = " \t\n\r"
#: A number may go on in the next chunk: "1", then "e-5".
_AHEAD = len("e-5")


def stream_records(path: Path, key: str) -> Iterator[Any]:
    """Yield the items of the list that a JSON object holds under `key`; only a few of them are in memory at once.

    The file is read to its end, so a file that was cut off gives an error after its last whole item.

    Args:
        path: a file such as {"info": {...}, "questions": [...]}.
        key: name of the list.

    Raises:
        RNCoreError: in one sentence, if the file is missing, cut off, no such JSON, or has no such list.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield from stream_items(file, path.name, key)
    except OSError as err:
        raise RNCoreError(f"Could not read '{path}': {err.strerror}; check that the file is there.") from err


def stream_items(file: TextIO, name: str, key: str, others: dict[str, Any] | None = None) -> Iterator[Any]:
    """Yield the items of the list that a JSON object holds under `key`, as `stream_records` does.

    Args:
        file: its text.
        name: what sentences call it.
        key: name of the list.
        others: takes what the object holds beside the list; None drops it.

    Raises:
        RNCoreError: as `stream_records`.
    """
    try:
        yield from _Stream(file, name).items_of(key, {} if others is None else others)
    except (UnicodeDecodeError, RecursionError) as err:
        raise RNCoreError(f"'{name}' is not readable JSON; download it again.") from err


class _Stream:
    """The part of a JSON file that was read and not yet understood."""

    def __init__(self, file: TextIO, name: str) -> None:
        self._file = file
        self._name = name
        self._text = ""
        self._at = 0
        self._decoder = json.JSONDecoder()

    def items_of(self, key: str, others: dict[str, Any]) -> Iterator[Any]:
        """Yield the items of the list under `key`, put other values into `others`, and check the rest of the file."""
        found = False
        if self._peek() == "[":
            raise RNCoreError(
                f"'{self._name}' must be an object with '{key}', got a bare list; wrap it as {{\"{key}\": [...]}}."
            )
        self._take("{")
        while True:
            name = self._value()
            self._take(":")
            if name == key and not found:
                found = True
                yield from self._items()
            else:
                others[name] = self._value()
            if self._take(",}") == "}":
                break
        if not found:
            raise RNCoreError(f"'{self._name}' must hold a list named '{key}', found none; is it the right file?")
        if self._peek():
            raise self._broken()

    def _items(self) -> Iterator[Any]:
        """Yield the items of the list that comes next."""
        self._take("[")
        if self._peek() == "]":
            self._take("]")
            return
        while True:
            yield self._value()
            if self._take(",]") == "]":
                return

    def _peek(self) -> str:
        """Return the next character that is no space, or an empty string at the end."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _SPACE:
                    return self._text[self._at]
                self._at += 1
            if not self._read_more():
                return ""

    def _take(self, allowed: str) -> str:
        """Return the next character that is no space and go past it; it must be one of `allowed`."""
        sign = self._peek()
        if not sign or sign not in allowed:
            raise self._broken()
        self._at += 1
        return sign

    def _value(self) -> Any:
        """Return the JSON value that comes next and go past it."""
        self._peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except ValueError as err:
                if len(self._text) - self._at > _MAX_VALUE or not self._read_more():
                    raise self._broken() from err
                continue
            if len(self._text) - end >= _AHEAD or not self._read_more():
                self._at = end
                return value

    def _read_more(self) -> bool:
        """Drop what is understood and read on; return False, and change nothing, at the end of the file."""
        chunk = self._file.read(_CHUNK)
        if chunk:
            self._text, self._at = self._text[self._at :] + chunk, 0
        return bool(chunk)

    def _broken(self) -> RNCoreError:
        """Return the sentence for a file that is cut off or wrong where the stream stands."""
        rest = self._text[self._at : self._at + 30]
        where = f"goes wrong at {rest!r}" if rest else "ends too early"
        return RNCoreError(f"'{self._name}' is not a complete JSON file: it {where}; download or write it again.")
