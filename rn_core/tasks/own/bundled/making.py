"""The contents of the files of the sets that come with the project, made from the facts beside this file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence

from rn_core.tasks.own.bundled.ancestors import make_ancestor_scenes
from rn_core.tasks.own.bundled.cities import make_city_scenes
from rn_core.tasks.own.bundled.molecules import make_bond_scenes
from rn_core.tasks.own.scene import SceneRecord


def make_files() -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of each file."""
    yield from write_csv_files("cities", [*make_city_scenes()])
    yield from write_csv_files("ancestors", [*make_ancestor_scenes()])
    yield "bonds.jsonl", _write_lines(make_bond_scenes())


def write_csv_files(name: str, records: Sequence[SceneRecord]) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of each CSV file of a set."""
    yield f"{name}.objects.csv", _write_csv(_list_objects(records))
    yield f"{name}.questions.csv", _write_csv(_list_questions(records))
    if any(each.scene.pairs for each in records):
        yield f"{name}.pairs.csv", _write_csv(_list_pairs(records))


def _write_lines(records: Iterable[SceneRecord]) -> bytes:
    """Return scenes as JSON Lines."""
    return "".join(json.dumps(each.to_dict(), separators=(",", ":")) + "\n" for each in records).encode()


def _write_csv(rows: Iterable[Iterable[object]]) -> bytes:
    """Return rows as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _list_objects(records: Iterable[SceneRecord]) -> Iterator[list[object]]:
    """Yield the rows of the objects' file, the columns' names first."""
    things = [(record.scene.name, thing) for record in records for thing in record.scene.objects]
    first = things[0][1]
    yield ["scene", "name", *(("x", "y") if first.place else ()), *first.features]
    for name, thing in things:
        yield [name, thing.name, *(thing.place or ()), *thing.features.values()]


def _list_pairs(records: Iterable[SceneRecord]) -> Iterator[list[object]]:
    """Yield the rows of the pairs' file, the columns' names first."""
    pairs = [(record.scene.name, pair) for record in records for pair in record.scene.pairs]
    yield ["scene", "first", "second", *pairs[0][1].features]
    for name, pair in pairs:
        yield [name, pair.first, pair.second, *pair.features.values()]


def _list_questions(records: Iterable[SceneRecord]) -> Iterator[list[object]]:
    """Yield the rows of the questions' file, the columns' names first."""
    yield ["scene", "question", "answer", "type", "deciding"]
    for record in records:
        for asked in record.questions:
            yield [record.scene.name, asked.text, asked.answer, asked.type, ";".join(asked.deciding)]
