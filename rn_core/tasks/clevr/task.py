"""CLEVR as a task: pictures or scene graphs, and English questions, as tensors for models."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from rn_core.common.errors import RNCoreError
from rn_core.common.reading import Reading
from rn_core.common.records import Batch, LabeledPictures
from rn_core.tasks.base import KnownPair, Task
from rn_core.tasks.clevr.encoding import ANSWERS, encode_scenes
from rn_core.tasks.clevr.execution import describe_misfit, execute_nodes, execute_partly
from rn_core.tasks.clevr.folder_batches import read_batches
from rn_core.tasks.clevr.folder_source import FolderSource
from rn_core.tasks.clevr.generation import QUESTIONS_PER_SCENE, QuestionGenerator
from rn_core.tasks.clevr.grammar import parse
from rn_core.tasks.clevr.image_cache import PICTURE_SHAPES
from rn_core.tasks.clevr.images import check_picture, resize_image
from rn_core.tasks.clevr.placement import check_placement
from rn_core.tasks.clevr.pool import QuestionPool, make_pool
from rn_core.tasks.clevr.program import GROUPS, QUESTION_TYPES
from rn_core.tasks.clevr.rendering import render_scene
from rn_core.tasks.clevr.sampling import MIN_OBJECTS, sample_scene, sample_scenes
from rn_core.tasks.clevr.scene import MAX_OBJECTS, ClevrScene
from rn_core.tasks.clevr.spec import DOMAIN, ONE_STEP_QUERIES
from rn_core.tasks.clevr.tokens import encode_tokens
from rn_core.tasks.domain import Domain
from rn_core.tasks.scoring import OneAnswer

VIEWS = (*PICTURE_SHAPES, "states")


@dataclass(frozen=True)
class Clevr:
    """The common part of the task's views.

    Attributes:
        view: "pixels" (pictures, for models of cells), "slots" (larger pictures, for models that find objects), "cells"
            (the same, for models of cells whose convolution is of such a model) or "states" (one row per object).
    """

    view: str
    domain: ClassVar[Domain] = DOMAIN
    answers: tuple[str, ...] = ANSWERS
    question_types: tuple[str, ...] = QUESTION_TYPES
    scoring = OneAnswer(len(QUESTION_TYPES), len(ANSWERS))
    overall_types: tuple[str, ...] = QUESTION_TYPES
    solved_above: float | None = None
    trained_counts: ClassVar[tuple[int, int]] = (MIN_OBJECTS, MAX_OBJECTS)
    objects_name: ClassVar[str] = "objects"

    def __post_init__(self) -> None:
        """Raise RNCoreError for an unknown view."""
        if self.view not in VIEWS:
            raise RNCoreError(f"view must be one of {', '.join(VIEWS)}, got {self.view!r}.")

    @property
    def name(self) -> str:
        """Return the task's key in `TASKS`."""
        return f"clevr/{self.view}"

    @property
    def sees_pictures(self) -> bool:
        """Return whether models see pictures."""
        return self.view in PICTURE_SHAPES

    @property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """Return group -> question types."""
        return GROUPS

    def encode_scenes(self, scenes: Sequence[Any]) -> tuple[Tensor, ...]:
        """Return the encoder's inputs.

        Args:
            scenes: 1 or more; for states a `ClevrScene`, or CLEVR's scene JSON as text or parsed; otherwise pictures
                (H, W, 3) uint8 of any size.

        Raises:
            SceneError: in one sentence, for anything else.
        """
        if self.sees_pictures:
            shape = PICTURE_SHAPES[self.view]
            return (torch.from_numpy(np.stack([resize_image(image, shape) for image in scenes])),)
        return encode_scenes([_read_scene(scene) for scene in scenes])

    def encode_questions(self, texts: Sequence[str]) -> Tensor:
        """Return the words of English questions (M, L) int64; see `tokens.encode_tokens`."""
        return encode_tokens(texts)

    def sample_shown(self, rng: np.random.Generator) -> tuple[ClevrScene, ClevrScene | np.ndarray]:
        """Draw one scene; models of pictures see its picture."""
        scene = sample_scene(rng)
        return scene, render_scene(scene) if self.sees_pictures else scene

    def sample_batch(
        self,
        rng: np.random.Generator,
        n_scenes: int,
        n_questions: int | None = None,
        type_weights: np.ndarray | None = None,
        n_cells: int | None = None,
    ) -> Batch:
        """Draw new scenes and questions about them; arguments as `Task.sample_batch`.

        None asks ten questions per scene, as CLEVR does. Which types are asked is CLEVR's rule, not that of
        `type_weights`; states have no cells.

        Raises:
            RNCoreError: for pictures, which take too long to draw: they are read from a folder.
        """
        if self.sees_pictures:
            raise _no_folder()
        scenes = sample_scenes(rng, n_scenes)
        generator = QuestionGenerator(rng)
        asked = [generator.ask(scene, n_questions or QUESTIONS_PER_SCENE) for scene in scenes]
        questions = [question for of_scene in asked for question in of_scene]
        return Batch(
            inputs=encode_scenes(scenes),
            question=encode_tokens([question.text for question in questions]),
            scene_index=torch.arange(n_scenes).repeat_interleave(torch.tensor([len(of_scene) for of_scene in asked])),
            answer=torch.tensor([self.answers.index(question.answer) for question in questions]),
            type_index=torch.tensor([self.question_types.index(question.type) for question in questions]),
        )

    def read_batches(
        self,
        root: Path,
        split: str | None = None,
        progress: Callable[[Iterable[Any]], Iterable[Any]] = iter,
        reading: Reading | None = None,
    ) -> Iterator[Batch]:
        """Yield the questions of a folder in CLEVR's layout; see `folder_batches.read_batches`."""
        return read_batches(root, self.view, split, progress, reading)

    def open_source(
        self,
        root: Path,
        progress: Callable[[Iterable[Any]], Iterable[Any]] = iter,
        cache: Path | None = None,
    ) -> FolderSource:
        """Return a folder in CLEVR's layout as training data; see `folder_source.FolderSource`."""
        return FolderSource(root, self.view, progress, cache)

    def check_answerable(self, scene: Any, text: str) -> None:
        """Raise QuestionError for what is no question of CLEVR, SceneError for no picture or a scene against its rules.

        A question that has no true answer in the scene passes; `find_warnings` says so.
        """
        parse(text)
        if self.sees_pictures:
            check_picture(scene)
        else:
            check_placement(_read_scene(scene))

    def find_warnings(self, scene: Any, text: str) -> tuple[str, ...]:
        """Return a sentence if the scene is known and no single object is what the question speaks of."""
        if self.sees_pictures:
            return ()
        misfit = execute_partly(parse(text), _read_scene(scene)).misfit
        return () if misfit is None else (describe_misfit(misfit),)

    def count_objects(self, scene: Any) -> int | None:
        """Return the objects of a scene; None for a picture."""
        return None if self.sees_pictures else _read_scene(scene).n_objects

    def question_index(self, text: str) -> int:
        """Raise RNCoreError: CLEVR's questions are too many to store anything per question."""
        raise RNCoreError("CLEVR has too many questions for a mean aggregate each; choose zero as the baseline.")


@dataclass(frozen=True)
class ClevrPixels(Clevr):
    """The task for models that see pictures."""

    view: str = "pixels"

    def fit_picture(self, image: np.ndarray) -> np.ndarray:
        """Return the picture; `encode_scenes` resizes it."""
        return check_picture(image)


@dataclass(frozen=True)
class ClevrSlots(ClevrPixels):
    """The task for models that find objects in pictures."""

    view: str = "slots"

    def sample_labeled(self, rng: np.random.Generator, n_scenes: int) -> LabeledPictures:
        """Raise RNCoreError: pictures take too long to draw, so a `FolderSource` samples them."""
        raise _no_folder()


@dataclass(frozen=True)
class ClevrCells(ClevrPixels):
    """The task for models of cells whose convolution has learned to find objects."""

    view: str = "cells"


@dataclass(frozen=True)
class ClevrStates(Clevr):
    """The task for models that see one row per object."""

    view: str = "states"
    pretrained_on: str = "the question's program"
    cell_grid: ClassVar[tuple[int, int] | None] = None

    def make_pool(
        self, seed: int, n_scenes: int, n_questions: int, progress: Callable[[Iterable[Any]], Iterable[Any]] = iter
    ) -> QuestionPool:
        """Draw scenes and questions for repeated use; see `pool.make_pool`."""
        return make_pool(seed, n_scenes, n_questions, progress)

    def sample_known_pairs(self, rng: np.random.Generator, n_scenes: int) -> Iterator[KnownPair]:
        """Yield questions such as "What color is the cube left of the ball?", one per scene; ball and cube decide."""
        generator, found = QuestionGenerator(rng), 0
        while found < n_scenes:
            scene = sample_scene(rng)
            question = generator.ask_family(scene, ONE_STEP_QUERIES[found % len(ONE_STEP_QUERIES)])
            if question is None:
                continue
            found += 1
            outputs = zip(question.program, execute_nodes(question.program, scene), strict=True)
            landmark, wanted = (output for node, output in outputs if node["type"] == "unique")
            assert isinstance(landmark, int)
            yield KnownPair(
                inputs=self.encode_scenes([scene]),
                question=self.encode_questions([question.text]),
                asked=landmark,
                others=np.arange(scene.n_objects) == wanted,
            )


def _read_scene(scene: Any) -> ClevrScene:
    """Return the scene itself, or read its JSON; raises SceneError."""
    return scene if isinstance(scene, ClevrScene) else ClevrScene.from_json(scene)


def _no_folder() -> RNCoreError:
    """Return the error for pictures that nobody gave."""
    return RNCoreError("Pictures of CLEVR are not drawn on the fly; give a folder in CLEVR's layout with --data.")


TASKS: tuple[Task, ...] = (ClevrPixels(), ClevrSlots(), ClevrCells(), ClevrStates())
