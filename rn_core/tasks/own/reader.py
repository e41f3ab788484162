"""Reads a set scene by scene: what is kept in memory does not grow with the file, but for the names of scenes."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, groupby
from typing import Any, NoReturn

from rn_core.common.checks import shown
from rn_core.common.errors import RNCoreError, quote
from rn_core.tasks.own.checking import PLACE, Checker
from rn_core.tasks.own.faults import Spot, is_number_text, parse_number
from rn_core.tasks.own.files import DataFiles, DataPart, read_lines
from rn_core.tasks.own.scene import OwnScene, SceneRecord

#: Ends the name of a CSV column whose numbers are categories.
AS_CATEGORY = ":category"
#: Columns of CSV files that are not features.
_OBJECT_KEYS, _PAIR_KEYS = ("scene", "name"), ("scene", "first", "second")
_QUESTION_KEYS = ("scene", "question", "answer", "type", "deciding")
#: Separates names in the column "deciding".
_SEPARATOR = ";"
#: What may separate columns; the first one that stands in the line that names them does.
_DELIMITERS = (",", ";", "\t")
Row = tuple[Spot, dict[str, Any]]


def read_scenes(files: DataFiles) -> Iterator[SceneRecord]:
    """Yield the scenes of a set in the files' order, each checked.

    Raises:
        RNCoreError: for the first fault, in one sentence with file, line, value and what is allowed.
    """
    checker = Checker()
    yield from _read_json(files.parts["scenes"], checker) if "scenes" in files.parts else _read_csv(files, checker)
    first = next(iter(files.parts.values()))
    checker.finish(first.name)


def _read_json(part: DataPart, checker: Checker) -> Iterator[SceneRecord]:
    """Yield the scenes of a JSON Lines file; lines of blanks alone hold nothing."""
    for spot, line in read_lines(part):
        if line.strip():
            yield _make_record(_parse(spot, line), spot, checker)


def read_records(values: object, what: str) -> tuple[SceneRecord, ...]:
    """Return scenes that a card holds as JSON values, checked as those of a file; raises RNCoreError for a fault."""
    spot, checker = Spot(what, 1), Checker()
    if not isinstance(values, list) or not values or not all(isinstance(each, dict) for each in values):
        raise spot.fault(
            f"scenes must be a list of tables, at least one, got {shown(values)}; export the weights again."
        )
    return tuple(_make_record(each, Spot(what, line), checker) for line, each in enumerate(values, 1))


def _make_record(values: dict[str, Any], spot: Spot, checker: Checker) -> SceneRecord:
    """Return the scene of one line."""
    spot.check_keys(values, ("scene", "objects", "questions", "pairs"), "A scene")
    for key in ("objects", "questions", "pairs"):
        _check_rows(spot, key, values.get(key, [] if key == "pairs" else None))
    name = checker.take_scene_name(values.get("scene", f"line {spot.line}"), spot)
    objects = checker.make_objects([(spot, row) for row in values["objects"]])
    names = [each.name for each in objects]
    pairs = checker.make_pairs([(spot, row) for row in values.get("pairs", [])], names)
    for row in values["questions"]:
        spot.check_keys(row, _QUESTION_KEYS[1:], "A question")
    asked = tuple(checker.make_question(spot, row, names) for row in values["questions"])
    return SceneRecord(OwnScene(name, objects, pairs), asked, spot.line)


def _check_rows(spot: Spot, key: str, rows: object) -> None:
    """Raise RNCoreError unless objects, questions or pairs of a scene are a list of tables; only pairs may be empty."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows) or (not rows and key != "pairs"):
        few = "" if key == "pairs" else ", at least one"
        raise spot.fault(f"{key} must be a list of tables{few}, got {shown(rows)}; see docs/your-data.md.")


def _parse(spot: Spot, line: str) -> dict[str, Any]:
    """Return the JSON table of one line, in which no key comes twice."""

    def refuse(text: str) -> NoReturn:
        raise spot.fault(f"a number must be finite, got {text}; change it.")

    def make_table(items: list[tuple[str, Any]]) -> dict[str, Any]:
        table = dict(items)
        if len(table) < len(items):
            keys = [key for key, _ in items]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise spot.fault(f"the key {quote(twice)} comes twice in one table; keep one of them.")
        return table

    try:
        found = json.loads(line, object_pairs_hook=make_table, parse_constant=refuse)
    except RNCoreError:
        raise
    except (ValueError, RecursionError) as err:
        raise spot.fault(f"each line must be one scene as a JSON table, got {shown(line)} ({_reason(err)}).") from err
    if not isinstance(found, dict):
        raise spot.fault(f"each line must be one scene as a JSON table, got {shown(found)}; see docs/your-data.md.")
    return found


def _reason(err: Exception) -> str:
    """Return what is wrong with a line of JSON, in a few words."""
    if isinstance(err, json.JSONDecodeError):
        return f"{err.msg[0].lower()}{err.msg[1:]} at place {err.colno}"
    return "nested too deep" if isinstance(err, RecursionError) else "a number is too long"


def _read_csv(files: DataFiles, checker: Checker) -> Iterator[SceneRecord]:
    """Yield the scenes of CSV files, which list them in the same order."""
    numeric = _find_numeric(files.parts["objects"])
    objects = _read_groups(files.parts["objects"], _OBJECT_KEYS)
    first = next(objects, None)
    if first is None:
        raise Spot(files.parts["objects"].name, 1).fault(
            "the file names columns and has no objects below; add a row for each object, with its scene and name."
        )
    asked = _Follower(files.parts["questions"], _QUESTION_KEYS[:3], _QUESTION_KEYS)
    pairs = _Follower(files.parts["pairs"], _PAIR_KEYS) if "pairs" in files.parts else None
    for name, rows in chain([first], objects):
        spot = rows[0][0]
        checker.take_scene_name(name, spot)
        made = checker.make_objects([(each, _type_object(each, row, numeric)) for each, row in rows])
        names = [each.name for each in made]
        found = [] if pairs is None else [(each, _type_pair(each, row)) for each, row in pairs.take(name)]
        listed = checker.make_pairs(found, names)
        questions = tuple(checker.make_question(each, _type_question(row), names) for each, row in asked.take(name))
        if not questions:
            raise spot.fault(
                f"scene {quote(name)} has no question where it is due in '{asked.file}'{asked.describe_next()}; ask "
                "about every scene, in the same order."
            )
        yield SceneRecord(OwnScene(name, made, listed), questions, spot.line)
    for rest in (asked, pairs):
        if rest is not None:
            rest.check_end()


class _Follower:
    """The rows of a file beside that of the objects, whose scenes come in the same order."""

    def __init__(self, part: DataPart, needed: Sequence[str], known: Sequence[str] | None = None) -> None:
        """Open the file."""
        self.file, self._groups = part.name, _read_groups(part, needed, known)
        self._next = next(self._groups, None)

    def take(self, name: str) -> list[Row]:
        """Return the rows of a scene; none where another scene comes next."""
        if self._next is None or self._next[0] != name:
            return []
        rows = self._next[1]
        self._next = next(self._groups, None)
        return rows

    def describe_next(self) -> str:
        """Return which scene comes next instead, as part of a sentence."""
        return "" if self._next is None else f", whose line {self._next[1][0][0].line} is about {quote(self._next[0])}"

    def check_end(self) -> None:
        """Raise RNCoreError if rows are left, whose scenes the objects do not have in this order."""
        if self._next is not None:
            name, rows = self._next
            raise rows[0][0].fault(
                f"scene {quote(name)} is not due here: the objects have no such scene, or had it before; list the "
                "scenes of all files in the same order."
            )


def _read_groups(
    part: DataPart, needed: Sequence[str], known: Sequence[str] | None = None
) -> Iterator[tuple[str, list[Row]]]:
    """Yield the rows of a CSV file scene by scene."""
    for name, rows in groupby(_read_rows(part, needed, known), key=lambda row: str(row[1]["scene"])):
        yield name, [*rows]


def _read_rows(part: DataPart, needed: Sequence[str], known: Sequence[str] | None = None) -> Iterator[Row]:
    """Yield the rows of a CSV file by column, as texts without blanks around them; a row of blanks holds nothing."""
    place = Spot(part.name, 1)

    def lines() -> Iterator[str]:
        for spot, line in read_lines(part):
            place.line = spot.line
            yield line

    text = lines()
    first = next(text, "")
    delimiter = next((each for each in _DELIMITERS if each in first), ",")
    header: list[str] = []
    try:
        for cells in csv.reader(chain([first], text), delimiter=delimiter, strict=True):
            spot, row = Spot(part.name, place.line), [cell.strip() for cell in cells]
            if not any(row):
                continue
            if not header:
                header = _check_header(spot, row, needed, known)
            elif len(row) != len(header):
                raise spot.fault(
                    f"a row must have {len(header)} cells as the first line has, got {len(row)}; change it."
                )
            else:
                yield spot, dict(zip(header, row, strict=True))
    except csv.Error as err:
        raise place.fault(
            f"this is no CSV ({str(err).partition(' - ')[0]}); save it as 'CSV UTF-8', with cells that hold commas in "
            "double quotes."
        ) from err
    if not header:
        raise place.fault(f"the file is empty; its first line must name the columns {', '.join(needed)}.")


def _check_header(spot: Spot, row: list[str], needed: Sequence[str], known: Sequence[str] | None) -> list[str]:
    """Return the names of the columns, each of which comes once."""
    for name in needed:
        if name not in row:
            raise spot.fault(
                f"the first line must name the columns {', '.join(needed)}, got {shown(', '.join(row))}; add {name} "
                "(columns are separated by commas, semicolons or tabs)."
            )
    for name in row:
        plain = name.removesuffix(AS_CATEGORY)
        if not plain or [each.removesuffix(AS_CATEGORY) for each in row].count(plain) > 1:
            raise spot.fault(f"each column must have a name of its own, got {shown(name)} twice or empty; rename it.")
    if known is not None:
        spot.check_keys(row, known, "The first line")
    return row


def _find_numeric(part: DataPart) -> set[str]:
    """Return the columns of objects that hold numbers and are not marked as categories.

    Raises:
        RNCoreError: for a column that has numbers and something else, which may be a mistyped number or a category.
    """
    kinds: dict[str, tuple[bool, str]] = {}
    for spot, row in _read_rows(part, _OBJECT_KEYS):
        for key, text in row.items():
            if not text or key in (*_OBJECT_KEYS, *PLACE) or key.endswith(AS_CATEGORY):
                continue
            is_number = is_number_text(text)
            was_number, before = kinds.setdefault(key, (is_number, text))
            if is_number != was_number or (not is_number and is_number_text(text.replace(",", ""))):
                raise spot.fault(
                    f"the cells of {quote(key)} must be all numbers or all texts, got {shown(text)} and "
                    f"{shown(before)}; write numbers as 1234.5, or name the column {quote(key + AS_CATEGORY)} if they "
                    "are categories."
                )
    return {key for key, (is_number, _) in kinds.items() if is_number}


def _type_object(spot: Spot, row: Mapping[str, str], numeric: set[str]) -> dict[str, Any]:
    """Return an object's values, with numbers in the columns of numbers."""
    values: dict[str, Any] = {}
    for key, text in row.items():
        if key == "scene":
            continue
        if not text:
            raise spot.fault(f"the cell of {quote(key)} is empty; write a value in every row.")
        if key in PLACE:
            values[key] = _to_number(spot, key, text)
        else:
            values[key.removesuffix(AS_CATEGORY)] = parse_number(text) if key in numeric else text
    return values


def _to_number(spot: Spot, key: str, text: str) -> float:
    """Return the number of a cell; raises RNCoreError for anything else."""
    if not is_number_text(text):
        raise spot.fault(f"{key} must be a number, got {shown(text)}; change it.")
    return parse_number(text)


def _type_pair(spot: Spot, row: Mapping[str, str]) -> dict[str, Any]:
    """Return a pair's values, with numbers as its features."""
    ends = {key: row[key] for key in ("first", "second")}
    return {**ends, **{key: _to_number(spot, key, text) for key, text in row.items() if key not in _PAIR_KEYS}}


def _type_question(row: Mapping[str, str]) -> dict[str, Any]:
    """Return a question's values; the deciding objects stand in one cell, separated by semicolons."""
    values: dict[str, Any] = {key: text for key, text in row.items() if key != "scene"}
    if "deciding" in values:
        names = [name.strip() for name in values["deciding"].split(_SEPARATOR)]
        values["deciding"] = [] if names == [""] else names
    return values
