"""A set read and encoded: training, validation and test scenes, as the trainer and evaluation take them."""

from __future__ import annotations

import functools
import hashlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from rn_core.common.records import Batch
from rn_core.common.seeding import make_rng
from rn_core.tasks.own import encoding
from rn_core.tasks.own.faults import MAX_ANSWERS, MAX_TYPES, MAX_WORDS
from rn_core.tasks.own.files import DataFiles
from rn_core.tasks.own.reader import read_scenes
from rn_core.tasks.own.scene import SceneRecord, find_about, make_template
from rn_core.tasks.own.schema import MAX_TEMPLATES, Gatherer, Schema, split_words
from rn_core.tasks.own.task import OwnTask

#: Of each 10 scenes in a row, by a draw: 7 train, 1 validates, 2 test.
_SPLITS = ("train",) * 7 + ("validation",) + ("test",) * 2
#: Questions of a batch in evaluation, at least, as long as there are any: scenes stay whole.
_ASKED_AT_ONCE = 512
#: Records of test scenes that are kept for people to look at.
MAX_SHOWN = 200
Progress = Callable[[Iterable[SceneRecord]], Iterable[SceneRecord]]


def split_of(seed: int, scene: int) -> str:
    """Return the split of a scene, by its place in the file: "train", "validation" or "test"."""
    return _SPLITS[_deal_ten(seed, scene // len(_SPLITS))[scene % len(_SPLITS)]]


@functools.lru_cache(maxsize=64)
def _deal_ten(seed: int, block: int) -> tuple[int, ...]:
    """Return a random order of ten scenes."""
    draws = make_rng(seed, "train", 9, block).bit_generator.random_raw(len(_SPLITS))
    return tuple(np.argsort(draws, kind="stable").tolist())


@dataclass(frozen=True)
class Floors:
    """What needs no scene: accuracies on the test questions, 0 to 1.

    Attributes:
        majority: of the answer that is commonest in training.
        blind: of the answer that is commonest in training for the same question, names aside, or the same words.
    """

    majority: float
    blind: float


class OwnData:
    """One set in memory; see `rn_core.tasks.pools.Source`.

    Features are kept as one number each, so that a set takes less memory than its file.

    Attributes:
        task: the set as a task.
        shown: test scenes, some validation scenes behind them, for people to look at.
        fingerprint: stands for contents, schema and split.
    """

    def __init__(self, files: DataFiles, seed: int = 0, progress: Progress = iter) -> None:
        """Read a set twice: first what there is, then the scenes; raises RNCoreError in one sentence for a fault.

        Args:
            files: of the set.
            seed: of the split.
            progress: wraps the first reading (a progress bar).
        """
        self.seed = seed
        self.task = OwnTask(_gather(files, seed, progress))
        self._scenes = _Scenes(self.task.schema)
        tests: list[SceneRecord] = []
        others: list[SceneRecord] = []
        for place, record in enumerate(read_scenes(files)):
            split = split_of(seed, place)
            self._scenes.add(record, _SPLITS.index(split))
            kept = {"test": tests, "validation": others}.get(split)
            if kept is not None and len(kept) < MAX_SHOWN:
                kept.append(record)
        self.shown = tuple([*tests, *others][:MAX_SHOWN])
        self._scenes.freeze()
        said = f"{files.hash()} {self.task.name} {seed}"
        self.fingerprint = hashlib.sha256(said.encode()).hexdigest()[:16]

    @property
    def schema(self) -> Schema:
        """Return how its scenes become tensors."""
        return self.task.schema

    @property
    def n_questions(self) -> int:
        """Return the questions of an epoch."""
        return len(self._train)

    @functools.cached_property
    def _train(self) -> np.ndarray:
        """Return the training questions."""
        return self.find_questions("train")

    def count_scenes(self, split: str) -> int:
        """Return the scenes of a split."""
        return int((self._scenes.splits == _SPLITS.index(split)).sum())

    def find_questions(self, split: str) -> np.ndarray:
        """Return the rows of a split's questions, scene by scene."""
        return np.flatnonzero(self._scenes.splits[self._scenes.scene] == _SPLITS.index(split))

    def count_turns(self, n_questions: int) -> int:
        """Return the turns per epoch: one question each, because each marks its scene's objects in its own way."""
        return self.n_questions

    def take_batch(self, seed: int, first: int, n_turns: int, n_questions: int) -> Batch:
        """Return some turns of the endless sequence of epochs; arguments as `Source.take_batch`."""
        places = range(first, first + n_turns)
        return self._scenes.make_batch([self._deal(seed, p // self.n_questions)[p % self.n_questions] for p in places])

    @functools.lru_cache(maxsize=2)  # noqa: B019  # a source lives as long as its process
    def _deal(self, seed: int, epoch: int) -> np.ndarray:
        """Return the training questions in the order of one epoch."""
        draws = make_rng(seed, "train", epoch).bit_generator.random_raw(self.n_questions)
        return self._train[np.argsort(draws, kind="stable")]

    def validation_batches(self, seed: int, n_scenes: int) -> Iterator[Batch]:
        """Yield all questions about the first `n_scenes` validation scenes."""
        return self.read_batches("validation", n_scenes)

    def read_batches(self, split: str, n_scenes: int | None = None) -> Iterator[Batch]:
        """Yield the questions of a split, whole scenes at a time; of its first `n_scenes` scenes, or of all."""
        rows = self.find_questions(split)
        scenes = self._scenes.scene[rows]
        starts = np.flatnonzero(np.diff(scenes, prepend=-1))  # of each scene's questions
        ends = np.append(starts[1:], len(rows))[:n_scenes]
        begin = 0
        for end in ends.tolist():
            if end - begin >= _ASKED_AT_ONCE or end == ends[-1]:
                yield self._scenes.make_batch(rows[begin:end].tolist())
                begin = end

    def measure_floors(self) -> Floors:
        """Return the accuracies that need no scene, learned from the training questions."""
        train, test, answer = self._train, self.find_questions("test"), self._scenes.answer
        common = int(np.bincount(answer[train]).argmax())
        counts: dict[bytes, np.ndarray] = {}
        for row in train:
            table = counts.setdefault(self._scenes.key(row), np.zeros(len(self.schema.answers), np.int64))
            table[answer[row]] += 1
        guesses = np.array([self._guess(counts, row, common) for row in test])
        return Floors(float((answer[test] == common).mean()), float((answer[test] == guesses).mean()))

    def _guess(self, counts: dict[bytes, np.ndarray], row: int, common: int) -> int:
        """Return the commonest answer to a question, or to any where it was not asked in training."""
        table = counts.get(self._scenes.key(row))
        return common if table is None else int(table.argmax())


def _gather(files: DataFiles, seed: int, progress: Progress) -> Schema:
    """Return the schema of a set."""
    found = Gatherer(files.name)
    for place, record in enumerate(progress(read_scenes(files))):
        _gather_scene(found, record, split_of(seed, place) == "train")
    return found.make()


def _gather_scene(found: Gatherer, record: SceneRecord, trains: bool) -> None:
    """Count one scene."""
    scene = record.scene
    found.n_objects = max(found.n_objects, len(scene.objects))
    for thing in scene.objects:
        found.placed = thing.place is not None
        for name, value in thing.features.items():
            if isinstance(value, str):
                found.add_category(name, value, trains)
            else:
                found.add_number(name, value, trains)
    for pair in scene.pairs:
        for name, number in pair.features.items():
            found.add_pair(name, number, trains)
    for asked in record.questions:
        template = make_template(asked.text)
        found.n_about = max(found.n_about, len(find_about(asked.text)))
        found.add_text("templates", template, MAX_TEMPLATES, trains)
        found.add_text("answers", asked.answer, MAX_ANSWERS, trains)
        found.add_text("types", asked.type, MAX_TYPES, trains)
        for word in split_words(template):
            found.add_text("words", word, MAX_WORDS, trains)


class _Scenes:
    """Encoded scenes and questions, appended one by one."""

    def __init__(self, schema: Schema) -> None:
        """Start without any."""
        self.schema = schema
        self.split = array("b")
        self._cells, self._bounds = array("f"), array("q", [0])
        self._pairs, self._pair_values, self._pair_bounds = array("b"), array("f"), array("q", [0])
        self._asked, self._asked_bounds, self._about = array("h"), array("q", [0]), array("b")
        self._scene, self._answer, self._type = array("i"), array("h"), array("b")

    def add(self, record: SceneRecord, split: int) -> None:
        """Append one scene with its questions."""
        schema, scene = self.schema, record.scene
        self._cells.frombytes(encoding.encode_objects(schema, scene).tobytes())
        self._bounds.append(self._bounds[-1] + len(scene.objects))
        index, values = encoding.encode_pairs(schema, scene)
        self._pairs.extend(index.flatten().tolist())
        self._pair_values.frombytes(values.tobytes())
        self._pair_bounds.append(self._pair_bounds[-1] + len(index))
        for asked in record.questions:
            words = schema.find_words(asked.text) if schema.words else [schema.find_template(asked.text)]
            self._asked.extend(words)
            self._asked_bounds.append(len(self._asked))
            self._about.extend(encoding.encode_about(scene, find_about(asked.text), schema.n_about).tolist())
            self._scene.append(len(self.split))
            self._answer.append(schema.answers.index(asked.answer))
            self._type.append(schema.types.index(asked.type))
        self.split.append(split)

    def freeze(self) -> None:
        """Read what was appended as arrays."""
        schema, n_pairs = self.schema, self._pair_bounds[-1]
        self.cells = np.asarray(self._cells).reshape(-1, len(schema.columns))
        self.pairs = np.asarray(self._pairs).reshape(n_pairs, 2).astype(np.int64)
        self.pair_values = np.asarray(self._pair_values).reshape(n_pairs, len(schema.pair_columns))
        self.scene, self.answer, self.type = map(np.asarray, (self._scene, self._answer, self._type))
        self.about = np.asarray(self._about).reshape(len(self.scene), schema.n_about)
        self.splits = np.asarray(self.split)
        self._find_rows = functools.lru_cache(maxsize=4096)(self._encode)

    def key(self, row: int) -> bytes:
        """Return what stands for a question's text, names aside."""
        return self._asked[self._asked_bounds[row] : self._asked_bounds[row + 1]].tobytes()

    def make_batch(self, rows: Sequence[int]) -> Batch:
        """Return some questions, each with its scene; questions about one scene are a cluster."""
        index = np.array(rows)
        scenes = ((self._find_rows(int(self.scene[row])), self.about[row]) for row in index)
        inputs = encoding.pad_scenes([encoding.mark_about(self.schema, rows, about) for rows, about in scenes])
        numbers = (self.answer[index], self.type[index], np.unique(self.scene[index], return_inverse=True)[1])
        answer, kind, cluster = (torch.from_numpy(each.astype(np.int64)) for each in numbers)
        return Batch(inputs, self._make_questions(index), torch.arange(len(index)), answer, kind, cluster=cluster)

    def _encode(self, scene: int) -> np.ndarray:
        """Return a scene's inputs (N, D) with nothing asked about."""
        cells = self.cells[self._bounds[scene] : self._bounds[scene + 1]]
        pairs = slice(self._pair_bounds[scene], self._pair_bounds[scene + 1])
        rows = encoding.make_rows(self.schema, cells)
        return encoding.put_pairs(self.schema, rows, self.pairs[pairs], self.pair_values[pairs])

    def _make_questions(self, index: np.ndarray) -> torch.Tensor:
        """Return questions as `Batch.question`."""
        asked = [self._asked[self._asked_bounds[row] : self._asked_bounds[row + 1]] for row in index]
        if not self.schema.words:
            return torch.eye(len(self.schema.templates))[[words[0] for words in asked]]
        padded = np.zeros((len(asked), max([1, *map(len, asked)])), np.int64)
        for place, words in enumerate(asked):
            padded[place, : len(words)] = words
        return torch.from_numpy(padded)
