"""The sets that pages know: those that come with the project, and those that somebody's session holds."""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rn_core.common.errors import RNCoreError
from rn_core.common.files import write_whole
from rn_core.tasks.base import Task
from rn_core.tasks.own.bundled import BUNDLED
from rn_core.tasks.own.dataset import Floors, OwnData
from rn_core.tasks.own.files import DataFiles, find_files, take_uploads
from rn_core.tasks.own.reader import read_records
from rn_core.tasks.own.scene import SceneRecord
from rn_core.tasks.own.schema import Schema
from rn_core.tasks.own.task import OwnTask
from rn_core.tasks.registry import host
from rn_core.training.own_sets import EXAMPLES, FLOORS
from rn_core.weights.store import LoadedWeights

#: Begins the name of a set that a session holds; 32 hexadecimal digits follow.
PREFIX = "set-"
DEFAULT = next(iter(BUNDLED))


@dataclass(frozen=True)
class OwnSet:
    """One set as pages show it.

    Attributes:
        name: in URLs.
        title: in words.
        task: the set as a task, hosted while this is held.
        schema: of the task.
        records: scenes that nothing is learned from.
        floors: accuracies that need no scene.
        path: its file, to train on; None where only its weights came.
        facts: what it has, in a sentence.
    """

    name: str
    title: str
    task: Task
    schema: Schema
    records: tuple[SceneRecord, ...]
    floors: Floors
    path: Path | None
    facts: str


_HELD: weakref.WeakValueDictionary[str, OwnSet] = weakref.WeakValueDictionary()


def find_set(name: str) -> OwnSet:
    """Return a set by its name; raises RNCoreError if it neither comes with the project nor is held by a session."""
    if name in BUNDLED:
        return _read_bundled(name)
    held = _HELD.get(name)
    if held is None:
        raise RNCoreError("That set was uploaded in another session and is gone; choose its file again.")
    return held


@functools.lru_cache(maxsize=len(BUNDLED))
def _read_bundled(name: str) -> OwnSet:
    """Return a set that comes with the project."""
    known = BUNDLED[name]
    return _make(name, known.title, OwnData(find_files(known.path)), known.path)


def take_files(uploads: Sequence[tuple[str, bytes]]) -> OwnSet:
    """Return the set that a person uploaded, of name and content of each file.

    Raises:
        RNCoreError: in one sentence, if it is too large or has a fault.
    """
    files = take_uploads(uploads)
    data = OwnData(files)
    name = f"{PREFIX}{hashlib.sha256(data.fingerprint.encode() + files.hash().encode()).hexdigest()[:32]}"
    try:
        folder = Path(tempfile.mkdtemp(prefix="rn-set-"))
    except OSError as err:
        raise RNCoreError(f"The server cannot keep files in '{tempfile.gettempdir()}' ({err.strerror}).") from err
    made = _make(name, files.name, data, _write(files, dict(uploads), folder))
    weakref.finalize(made, shutil.rmtree, folder, ignore_errors=True)
    return _hold(made)


def take_weights(weights: LoadedWeights) -> OwnSet:
    """Return the set that weights describe, with the scenes that they bring; raises RNCoreError if they bring none."""
    said, task = weights.card.data_set, weights.hosted
    if not isinstance(task, OwnTask):
        raise RNCoreError(f"'{weights.card.name}' was not trained on a set of your own; choose a file from this page.")
    records = _read_examples(said.get(EXAMPLES), task.schema)
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:32]
    facts = f"{len(records)} test scenes that came with the weights; for training, choose the set's file"
    name, floors = f"{PREFIX}{digest}", _read_floors(said.get(FLOORS))
    return _hold(OwnSet(name, task.schema.name, host(task), task.schema, records, floors, None, facts))


def _hold(made: OwnSet) -> OwnSet:
    """Return a set by whose name it is found from now on: this one, or an equal one."""
    return _HELD.setdefault(made.name, made)


def _make(name: str, title: str, data: OwnData, path: Path) -> OwnSet:
    """Return a set that was read from its file."""
    counts = ", ".join(f"{data.count_scenes(split):,} {words}" for split, words in _SPLITS.items())
    n_asked = sum(len(data.find_questions(split)) for split in _SPLITS)
    sizes = f"{len(data.schema.columns)} features, {len(data.schema.answers)} answers"
    facts = f"{n_asked:,} questions; scenes: {counts}; {sizes}"
    task = host(data.task)
    return OwnSet(name, title, task, data.schema, data.shown, data.measure_floors(), path, facts)


_SPLITS = {"train": "for training", "validation": "for validation", "test": "for test"}


def _write(files: DataFiles, contents: Mapping[str, bytes], folder: Path) -> Path:
    """Write uploaded files by plain names, and return the path of one of them; raises RNCoreError if that fails."""
    for kind, part in files.parts.items():
        write_whole(folder / ("set.jsonl" if kind == "scenes" else f"set.{kind}.csv"), contents[part.name])
    return next(folder.iterdir())


def _read_examples(values: Any, schema: Schema) -> tuple[SceneRecord, ...]:
    """Return the scenes of a card, which must fit its schema; raises RNCoreError for any other."""
    records = read_records(values, "the card's scenes")
    task = OwnTask(schema)
    for record in records:
        for asked in record.questions:
            task.check_answerable(record.scene.asked(asked.text), asked.text)
            if asked.answer not in schema.answers:
                raise RNCoreError("The card's scenes have answers that its network does not give; export it again.")
    return records


def _read_floors(values: Any) -> Floors:
    """Return the floors of a card; raises RNCoreError if there are none."""
    try:
        return Floors(*(min(1.0, max(0.0, float(values[key]))) for key in ("majority", "blind")))
    except (LookupError, TypeError, ValueError) as err:
        raise RNCoreError("The card has no floors of its set; export the weights again.") from err
