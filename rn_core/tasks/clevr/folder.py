"""A folder in CLEVR's layout: pictures, questions, scene graphs, of any split, official or made here.

    images/<split>/CLEVR_<split>_000000.png ...
    questions/CLEVR_<split>_questions.json   {"questions": [{"image_filename", "question", "answer", "program"}, ...]}
    scenes/CLEVR_<split>_scenes.json         {"scenes": [...]}, may be missing

Answers and programs may be missing, as they are in the official test split.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np

from rn_core.common.checks import is_whole, shown
from rn_core.common.errors import QuestionError, RNCoreError, SceneError
from rn_core.common.reading import Reading, attempt, check_any
from rn_core.tasks.clevr.encoding import ANSWERS
from rn_core.tasks.clevr.execution import answer_text
from rn_core.tasks.clevr.json_stream import stream_records
from rn_core.tasks.clevr.program import QUESTION_TYPES
from rn_core.tasks.clevr.scene import ClevrScene

#: Marks what a question does not say in `FolderSplit.answers` and `.type_index`.
UNKNOWN = -1
_SPLIT = re.compile(r"[A-Za-z0-9_-]{1,40}")
_QUESTION_FILE = re.compile(r"CLEVR_([A-Za-z0-9_-]{1,40})_questions\.json")
_MAX_QUESTION = 1000
_ANSWER_INDEX = {answer: index for index, answer in enumerate(ANSWERS)}
_TYPE_INDEX = {name: index for index, name in enumerate(QUESTION_TYPES)}
Progress = Callable[[Iterable[Any]], Iterable[Any]]


@dataclass(frozen=True)
class FolderSplit:
    """One split of a folder: the pictures that its questions are about, and the questions.

    Attributes:
        root: the folder.
        split: "train", "val", "test" or another.
        images: file names, S, sorted.
        texts: the questions in English, M, in the file's order.
        image_index: (M,) int64, the picture that each question is about, index into `images`.
        answers: (M,) int64, index into `ANSWERS`; `UNKNOWN` where the file does not say.
        type_index: (M,) int64, index into `QUESTION_TYPES`; `UNKNOWN` where the file has no program.
        numbers: (M,) int64, each question's index in its file; None if all of the file's are there.
    """

    root: Path
    split: str
    images: tuple[str, ...]
    texts: tuple[str, ...]
    image_index: np.ndarray
    answers: np.ndarray
    type_index: np.ndarray
    numbers: np.ndarray | None = None

    @property
    def file_numbers(self) -> np.ndarray:
        """Return (M,) int64, each question's index in its file."""
        return np.arange(len(self.image_index)) if self.numbers is None else self.numbers

    def keep(self, kept: np.ndarray) -> Self:
        """Return the split with some of its questions, (M,) bool, and the pictures that those are about."""
        if kept.all():
            return self
        shown, image_index = np.unique(self.image_index[kept], return_inverse=True)
        return replace(
            self,
            images=tuple(self.images[index] for index in shown),
            texts=tuple(text for text, is_kept in zip(self.texts, kept, strict=False) if is_kept),
            image_index=image_index.astype(np.int64),
            answers=self.answers[kept],
            type_index=self.type_index[kept],
            numbers=self.file_numbers[kept],
        )

    def image_path(self, index: int) -> Path:
        """Return where a picture lies."""
        return self.root / "images" / self.split / self.images[index]

    @property
    def scene_file(self) -> Path:
        """Return where the scene graphs lie, if there are any."""
        return self.root / "scenes" / f"CLEVR_{self.split}_scenes.json"

    def load_scenes(self, progress: Progress = iter) -> list[ClevrScene]:
        """Return the scene graph of each of `images`.

        Args:
            progress: wraps the iteration over the file's records (a progress bar).

        Raises:
            SceneError: in one sentence, if a record is malformed or a picture has none.
            RNCoreError: if the file is missing or damaged.
        """
        scenes, problems = self.find_scenes(progress)
        for problem in problems.values():
            raise problem
        return [scenes[index] for index in range(len(self.images))]

    def find_scenes(self, progress: Progress = iter) -> tuple[dict[int, ClevrScene], dict[int, RNCoreError]]:
        """Return the scene graphs by index of their picture, and why the others cannot be had; as `load_scenes`.

        Raises:
            RNCoreError: if the file is missing or damaged.
        """
        wanted = {name: index for index, name in enumerate(self.images)}
        scenes: dict[int, ClevrScene] = {}
        problems: dict[int, RNCoreError] = {}
        for number, record in enumerate(progress(stream_records(self.scene_file, "scenes"))):
            try:
                index = wanted.get(name_picture(record, self.split, f"Scene {number}"))
            except RNCoreError as err:
                problems.setdefault(UNKNOWN - number, err)
                continue
            if index is None:
                continue
            try:
                scenes[index] = _read_scene(record, number)
            except SceneError as err:
                problems[index] = err
        missing = [name for name, index in wanted.items() if index not in scenes and index not in problems]
        for place, name in enumerate(missing):
            lacking = _several(name, len(missing) - place)
            problems[wanted[name]] = SceneError(
                f"'{self.scene_file.name}' has no scene of {lacking}; get the complete file."
            )
        return scenes, problems


def find_splits(root: Path) -> tuple[str, ...]:
    """Return the splits that a folder has questions for, sorted; empty if it is no such folder."""
    found = (_QUESTION_FILE.fullmatch(path.name) for path in (root / "questions").glob("CLEVR_*_questions.json"))
    return tuple(sorted(match[1] for match in found if match))


def question_file(root: Path, split: str) -> Path:
    """Return where a split's questions lie."""
    return root / "questions" / f"CLEVR_{split}_questions.json"


def open_split(
    root: Path, split: str, progress: Progress = iter, with_pictures: bool = True, reading: Reading | None = None
) -> FolderSplit:
    """Read the questions of a split and check that their pictures are there.

    Args:
        root: the folder, such as CLEVR_v1.0.
        split: one of `find_splits`.
        progress: wraps the iteration over the file's records (a progress bar).
        with_pictures: whether the pictures are needed; scene graphs can do without.
        reading: leaves out questions that cannot be used; None refuses them.

    Raises:
        QuestionError: in one sentence, if a question is malformed.
        RNCoreError: in one sentence, if the folder, the questions or a picture is missing, or a file is damaged.
    """
    check_folder(root, split, with_pictures)
    path = question_file(root, split)
    rows = [
        (number, *row)
        for number, record in enumerate(progress(stream_records(path, "questions")))
        for row in attempt(
            reading, path.name, "question", number, partial(_read_question, record, split, number, reading)
        )
    ]
    check_any(reading, len(rows), f"'{path.name}'")
    if not rows:
        raise QuestionError(f"'{path.name}' must hold at least one question, got none; get the complete file.")
    numbers, files, texts, answers, types = zip(*rows, strict=True)
    images, image_index = np.unique(np.array(files), return_inverse=True)
    columns = (image_index.astype(np.int64), np.array(answers), np.array(types))
    is_whole_file = numbers[-1] == len(numbers) - 1
    read = FolderSplit(
        root, split, tuple(images.tolist()), texts, *columns, None if is_whole_file else np.array(numbers)
    )
    return read.keep(find_pictured(read, reading)) if with_pictures else read


def find_pictured(folder: FolderSplit, reading: Reading | None) -> np.ndarray:
    """Return (M,) bool, the questions whose picture is there; raises RNCoreError as `check_images`."""
    place = folder.root / "images" / folder.split
    if reading is None:
        check_images(place, folder.images)
        return np.ones(len(folder.image_index), dtype=bool)
    there = {path.name for path in place.iterdir()}
    missing = {k: RNCoreError(f"'{place}' lacks {name}.") for k, name in enumerate(folder.images) if name not in there}
    return skip_pictures(folder, missing, reading)


def skip_pictures(folder: FolderSplit, problems: Mapping[int, RNCoreError], reading: Reading) -> np.ndarray:
    """Return (M,) bool, the questions that remain if those about some pictures are left out.

    Args:
        folder: the split.
        problems: index of a picture -> why nothing can be asked about it.
        reading: takes what is left out.

    Raises:
        RNCoreError: if the reading is strict, or nothing remains.
    """
    kept = ~np.isin(folder.image_index, list(problems))
    skip_questions(folder, kept, lambda row: problems[int(folder.image_index[row])], reading)
    check_any(reading, int(kept.sum()), f"'{question_file(folder.root, folder.split).name}'")
    return kept


def skip_questions(
    folder: FolderSplit, kept: np.ndarray, find_problem: Callable[[int], RNCoreError], reading: Reading
) -> None:
    """Leave out the questions that are not among the kept ones (M,) bool; `find_problem` says why, by their row.

    Raises:
        RNCoreError: if the reading is strict.
    """
    file = question_file(folder.root, folder.split).name
    for row in np.flatnonzero(~kept).tolist():
        reading.skip(file, "question", int(folder.file_numbers[row]), find_problem(row))


def check_folder(root: Path, split: str, with_pictures: bool = True) -> None:
    """Raise RNCoreError unless a folder has a split's questions and, where needed, a place for its pictures."""
    if not root.is_dir():
        raise RNCoreError(f"There is no folder '{root}'; give the one that CLEVR_v1.0.zip was unpacked to.")
    splits = find_splits(root)
    if not splits:
        raise RNCoreError(
            f"'{root}' has no questions/CLEVR_<split>_questions.json; give the folder that holds images and questions."
        )
    if not isinstance(split, str) or not _SPLIT.fullmatch(split) or split not in splits:
        raise RNCoreError(f"'{root}' has questions for {', '.join(splits)}, got split {shown(split)}; use one of them.")
    if with_pictures and not (root / "images" / split).is_dir():
        raise RNCoreError(f"'{root}' has no images/{split}; unpack the pictures there.")


def check_images(folder: Path, names: tuple[str, ...]) -> None:
    """Raise RNCoreError unless all pictures are there."""
    there = {path.name for path in folder.iterdir()}
    missing = [name for name in names if name not in there]
    if missing:
        lacking = _several(missing[0], len(missing))
        raise RNCoreError(f"'{folder}' lacks {lacking}, which the questions are about; unpack all pictures.")


def _several(first: str, count: int) -> str:
    """Return the first of some names and how many there are beside it."""
    return first if count == 1 else f"{first} and {count - 1} more"


def name_picture(record: Any, split: str, what: str) -> str:
    """Return the file name of a record's picture: a plain name of the split, so that it cannot leave the folder."""
    if not isinstance(record, Mapping):
        raise RNCoreError(f"{what} must be a JSON object, got {shown(record)}.")
    name = record.get("image_filename")
    if name is None and is_whole(record.get("image_index")) and 0 <= record["image_index"] < 10**9:
        name = f"CLEVR_{split}_{record['image_index']:06d}.png"
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,60}\.png", name):
        raise RNCoreError(
            f'{what} must have an "image_filename" such as CLEVR_{split}_000000.png, got {shown(name)}; correct it.'
        )
    return name


def _read_question(record: Any, split: str, number: int, reading: Reading | None) -> tuple[str, str, int, int]:
    """Return picture, text, answer and type of one record of the questions."""
    what = f"Question {number}" if reading is None else "The question"
    image = name_picture(record, split, what)
    text = record.get("question")
    if not isinstance(text, str) or not 0 < len(text) <= _MAX_QUESTION:
        raise QuestionError(f'{what} must have a "question" of 1 to {_MAX_QUESTION} characters, got {shown(text)}.')
    answer = _read_answer(record.get("answer"), what)
    try:
        return image, text, answer, _read_type(record.get("program"), what)
    except QuestionError:
        if reading is None or reading.strict:
            raise
        reading.is_changed = True
        return image, text, answer, UNKNOWN


def _read_answer(answer: Any, what: str) -> int:
    """Return the index of an answer in CLEVR's spelling, or as its engine writes it: true, 3, "red"."""
    if answer is None:
        return UNKNOWN
    spelled = answer_text(answer) if isinstance(answer, bool | str) or (is_whole(answer) and 0 <= answer <= 10) else ""
    if spelled not in _ANSWER_INDEX:
        raise QuestionError(f"{what}'s answer must be one of {', '.join(ANSWERS)}, got {shown(answer)}.")
    return _ANSWER_INDEX[spelled]


def _read_type(program: Any, what: str) -> int:
    """Return the index of a program's question type, which its last node names."""
    if program is None or program == []:
        return UNKNOWN
    last = program[-1] if isinstance(program, list) else None
    name = last.get("type", last.get("function")) if isinstance(last, Mapping) else None
    if not isinstance(name, str) or name not in _TYPE_INDEX:
        raise QuestionError(f"{what}'s program must end with one of {', '.join(QUESTION_TYPES)}, got {shown(name)}.")
    return _TYPE_INDEX[name]


def _read_scene(record: Mapping[str, Any], number: int) -> ClevrScene:
    """Return a record's scene; its sentence says which record it was."""
    try:
        return ClevrScene.from_json(record)
    except SceneError as err:
        raise SceneError(f"Scene {number}: {err}") from err
