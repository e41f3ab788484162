"""Sort-of-CLEVR behind one task object: images or object rows, and English questions, as tensors for models."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch

from rn_core.common.errors import RNCoreError, cut
from rn_core.common.reading import Reading
from rn_core.common.records import Batch, Example, LabeledPictures
from rn_core.common.seeding import uniform_integers
from rn_core.tasks.base import CellReading, KnownPair, Task
from rn_core.tasks.domain import Domain, RaceSpec
from rn_core.tasks.scoring import OneAnswer
from rn_core.tasks.sort_of_clevr import asking, questions
from rn_core.tasks.sort_of_clevr.archives import Archive, load_archive
from rn_core.tasks.sort_of_clevr.asking import SceneInput
from rn_core.tasks.sort_of_clevr.cells import GRID_SIZE, STRIDE, cell_facts, cell_reading, keep_cells
from rn_core.tasks.sort_of_clevr.chain_task import SortOfClevrChain
from rn_core.tasks.sort_of_clevr.crowds import CROWD_ANSWERS, LARGEST_CROWD, SMALLEST_CROWD, sample_mixed_crowds
from rn_core.tasks.sort_of_clevr.drawing import draw_questions
from rn_core.tasks.sort_of_clevr.encoding import VIEWS, check_view, shuffle_rows
from rn_core.tasks.sort_of_clevr.fitting import fit_picture
from rn_core.tasks.sort_of_clevr.language import parse, text
from rn_core.tasks.sort_of_clevr.patches import count_patches
from rn_core.tasks.sort_of_clevr.questions import Question, question_codes, solve
from rn_core.tasks.sort_of_clevr.rendering import object_masks
from rn_core.tasks.sort_of_clevr.scene import (
    COLORS,
    DEFAULT_MARGIN,
    N_OBJECTS,
    Scene,
    SceneBatch,
    sample_scene,
    sample_scenes,
)
from rn_core.tasks.sort_of_clevr.spec import CROWDS, DOMAIN, OBJECTS_RACE, PIXELS_RACE
from rn_core.tasks.sort_of_clevr.styles import Things, sample_scattered, sample_styled
from rn_core.tasks.sort_of_clevr.triple_task import SortOfClevrTriples

_CODES = torch.from_numpy(question_codes())
#: Share of the labeled batches whose objects are scattered about.
_SCATTERED = 0.4
#: Images of a file that become one batch.
_IMAGES_AT_ONCE = 50


@dataclass(frozen=True)
class SortOfClevr:
    """The common part of the task's two views.

    Attributes:
        view: "pixels" (images) or "objects" (one row per object).
        margin: pixels between every answer and its decision boundary.
    """

    view: str
    domain: ClassVar[Domain] = DOMAIN
    margin: float = DEFAULT_MARGIN
    answers: tuple[str, ...] = questions.ANSWERS
    question_types: tuple[str, ...] = questions.QUESTION_TYPES
    scoring = OneAnswer(len(questions.QUESTION_TYPES), len(questions.ANSWERS))
    overall_types: tuple[str, ...] = questions.QUESTION_TYPES
    solved_above: float | None = None
    trained_counts: ClassVar[tuple[int, int]] = (N_OBJECTS, N_OBJECTS)
    objects_name: ClassVar[str] = "objects"

    def __post_init__(self) -> None:
        """Raise RNCoreError for an unknown view."""
        check_view(self.view)

    @property
    def name(self) -> str:
        """Return the task's key in `TASKS`."""
        return f"sort-of-clevr/{self.view}"

    @property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """Return group -> question types."""
        return questions.GROUPS

    def encode_scenes(self, scenes: Sequence[SceneInput]) -> tuple[torch.Tensor, ...]:
        """Return the encoder's inputs for scenes, or for arrays as the view has them; see `asking.encode_scenes`."""
        return asking.encode_scenes(scenes, self.view)

    def encode_questions(self, texts: Sequence[str]) -> torch.Tensor:
        """Return the 11 bits of English questions (M, 11) float32; raises QuestionError for any other text."""
        return asking.encode_questions(texts)

    def check_answerable(self, scene: SceneInput, text: str) -> None:
        """Raise SceneError or QuestionError if a scene or its rows lack what the question is about."""
        asking.check_asked(scene, parse(text), self.view)

    def find_warnings(self, scene: SceneInput, text: str) -> tuple[str, ...]:
        """Return none: each question that a scene can be asked has one answer."""
        return ()

    def read_scene(self, text: str) -> Scene:
        """Return the scene of a text that `Scene.to_json` wrote; otherwise SceneError."""
        return Scene.from_json(text)

    def count_objects(self, scene: SceneInput) -> int | None:
        """Return the objects of a scene or its rows; None for an image."""
        if isinstance(scene, Scene):
            return len(scene.objects)
        return None if self.view == "pixels" else len(scene)

    def question_index(self, text: str) -> int:
        """Return 0 to 35, the question's row in a table of mean aggregates."""
        return parse(text).index

    def sample_shown(self, rng: np.random.Generator) -> tuple[Scene, Scene]:
        """Draw one scene; models of both views read it as it is."""
        scene = sample_scene(rng, self.margin)
        return scene, scene

    def sample_batch(
        self,
        rng: np.random.Generator,
        n_scenes: int,
        n_questions: int | None = None,
        type_weights: np.ndarray | None = None,
        n_cells: int | None = None,
    ) -> Batch:
        """Draw scenes and some of the 36 questions for each; arguments as `Task.sample_batch`."""
        scenes, inputs = self.draw(rng, n_scenes)
        asked = sample_questions(rng, n_scenes, n_questions, type_weights)
        batch = make_batch(scenes, asked, self.view, inputs)
        if self.view == "objects":
            batch = replace(batch, inputs=shuffle_rows(rng, *batch.inputs))
        return batch if n_cells is None else replace(batch, kept=keep_cells(rng, inputs[0], n_cells))

    def draw(self, rng: np.random.Generator, n_scenes: int) -> tuple[SceneBatch, tuple[torch.Tensor, ...]]:
        """Draw scenes and what an encoder takes of them."""
        scenes = sample_scenes(rng, n_scenes, self.margin)
        return scenes, VIEWS[self.view](scenes)

    def sample_examples(self, rng: np.random.Generator, n_examples: int) -> tuple[Batch, tuple[Example, ...]]:
        """Draw scenes with one question each; arguments as `Task.sample_examples`. Rows are in color order."""
        scenes = sample_scenes(rng, n_examples, self.margin)
        kinds = (*self.groups["relational"], *self.groups["non_relational"])
        colors = uniform_integers(rng, len(COLORS), (n_examples,))
        asked = [Question(kinds[k % len(kinds)], COLORS[color]) for k, color in enumerate(colors)]
        batch = make_batch(scenes, np.array([[question.index] for question in asked]), self.view)
        return batch, tuple(
            Example(scenes.scene(k).to_json(), text(question), question.type, self.answers[batch.answer[k]])
            for k, question in enumerate(asked)
        )

    @property
    def cell_grid(self) -> tuple[int, int] | None:
        """Return the cells per side of an image and the pixels from one to the next; None for object rows."""
        return (GRID_SIZE, STRIDE) if self.view == "pixels" else None

    def sample_known_pairs(self, rng: np.random.Generator, n_scenes: int) -> Iterator[KnownPair]:
        """Yield "closest" and "furthest" questions, one per scene; (asked, target) decides, and no other pair."""
        scenes = sample_scenes(rng, n_scenes, self.margin)
        solution = solve(scenes)
        for row in range(n_scenes):
            kind = ("closest_shape", "furthest_shape")[row % 2]
            color = row // 2 % len(COLORS)
            index = Question(kind, COLORS[color]).index
            scene, targets = scenes[row : row + 1], solution.targets[row, index]
            is_pixels = self.view == "pixels"
            yield KnownPair(
                inputs=VIEWS[self.view](scene),
                question=_CODES[index : index + 1],
                asked=color,
                others=np.append(targets, False) if is_pixels else targets,
                masks=object_masks(scene)[0] if is_pixels else None,
            )

    def sample_every_question(self, rng: np.random.Generator) -> tuple[tuple[torch.Tensor, ...], torch.Tensor]:
        """Draw one scene and return what models see of it, with the 36 questions (36, 11)."""
        return VIEWS[self.view](sample_scenes(rng, 1, self.margin)), _CODES

    def narrow(self, question_types: Collection[str]) -> Self:
        """Return the task itself: each scene can be asked every question."""
        return self


@dataclass(frozen=True)
class SortOfClevrObjects(SortOfClevr):
    """The task for models that see one row per object."""

    view: str = "objects"
    race: ClassVar[RaceSpec] = OBJECTS_RACE


@dataclass(frozen=True)
class SortOfClevrCrowds(SortOfClevr):
    """The task for models that see one row per object and train on every number of objects from two to ten."""

    view: str = "objects"
    answers: tuple[str, ...] = CROWD_ANSWERS
    scoring = OneAnswer(len(questions.QUESTION_TYPES), len(CROWD_ANSWERS))
    trained_counts: ClassVar[tuple[int, int]] = (SMALLEST_CROWD, LARGEST_CROWD)

    @property
    def name(self) -> str:
        """Return the task's key in `TASKS`."""
        return CROWDS

    def encode_scenes(self, scenes: Sequence[SceneInput]) -> tuple[torch.Tensor, ...]:
        """Return object rows and their mask, for scenes or arrays of up to ten rows; see `asking.encode_scenes`."""
        return asking.encode_scenes(scenes, self.view, LARGEST_CROWD)

    def check_answerable(self, scene: SceneInput, text: str) -> None:
        """Raise SceneError or QuestionError if a scene lacks what is asked about, or rows have it more than once."""
        if isinstance(scene, Scene):
            super().check_answerable(scene, text)
        else:
            asking.check_crowd(scene, parse(text), LARGEST_CROWD)

    def sample_batch(
        self,
        rng: np.random.Generator,
        n_scenes: int,
        n_questions: int | None = None,
        type_weights: np.ndarray | None = None,
        n_cells: int | None = None,
    ) -> Batch:
        """Draw scenes of all numbers of objects and some of the six questions about one object of each."""
        return sample_mixed_crowds(rng, n_scenes, self.margin, n_questions, type_weights)


@dataclass(frozen=True)
class SortOfClevrPixels(SortOfClevr):
    """The task for models that see images.

    Attributes:
        styled: whether each image has a style of its own, as `styles.sample_styled` draws them; else this project's.
    """

    view: str = "pixels"
    race: ClassVar[RaceSpec] = PIXELS_RACE
    styled: bool = False

    def read_batches(
        self,
        root: Path,
        split: str | None = None,
        progress: Callable[[Iterable[Any]], Iterable[Any]] = iter,
        reading: Reading | None = None,
    ) -> Iterator[Batch]:
        """Yield the questions of a .npz file with images, questions and answers; see `archives.load_archive`.

        Args:
            root: the file.
            split: None, as a file has no splits.
            progress: wraps the iteration over batches (a progress bar).
            reading: leaves out questions that cannot be used; None refuses them.

        Raises:
            RNCoreError: as `load_archive`, or if a split is named.
        """
        if split is not None:
            raise RNCoreError(f"A .npz file of Sort-of-CLEVR has no splits, got '{cut(split)}'; leave --split out.")
        return batch_archive(load_archive(root, reading or Reading(strict=True)), progress)

    def fit_picture(self, image: np.ndarray) -> np.ndarray:
        """Return the middle square of a picture at 75 × 75 pixels; see `fitting.fit_picture`."""
        return fit_picture(image)

    def count_patches(self, image: np.ndarray) -> int:
        """Return how many separate patches a picture shows; see `patches.count_patches`."""
        return count_patches(image)

    def in_styles(self) -> Self:
        """Return the task with each image in a style of its own."""
        return replace(self, styled=True)

    def draw(self, rng: np.random.Generator, n_scenes: int) -> tuple[SceneBatch, tuple[torch.Tensor, ...]]:
        """Draw scenes and an image of each, (S, 75, 75, 3) uint8."""
        if not self.styled:
            return super().draw(rng, n_scenes)
        scenes, images = sample_styled(rng, n_scenes, self.margin)
        return scenes, (torch.from_numpy(images),)

    def sample_labeled(self, rng: np.random.Generator, n_scenes: int) -> LabeledPictures:
        """Draw images of the task's scenes, or of as many with one to twelve objects scattered about.

        Their values are index into `COLORS`, then into `SHAPES`.
        """
        if rng.random() < _SCATTERED:
            things, images = sample_scattered(rng, n_scenes)
        else:
            scenes, images = sample_styled(rng, n_scenes, self.margin)
            things = Things.of(scenes)
        values = torch.from_numpy(np.stack([things.colors, things.shapes], axis=2))
        centers = torch.from_numpy(things.centers).float()
        return LabeledPictures(torch.from_numpy(images), centers, values, torch.from_numpy(things.present))

    def sample_cells(self, rng: np.random.Generator, n_scenes: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Draw images (S, 75, 75, 3) uint8 and what each cell of them holds, (S, 25, 6, 4) as `cell_facts`."""
        scenes, (images,) = self.draw(rng, n_scenes)
        return images, cell_facts(scenes)

    def cell_reading(self) -> CellReading:
        """Return how a cell's facts and coordinates read as an object row; see `cells.cell_reading`."""
        return cell_reading()


def batch_archive(archive: Archive, progress: Callable[[Iterable[Any]], Iterable[Any]] = iter) -> Iterator[Batch]:
    """Yield all questions of an archive, those about an image side by side; `progress` wraps the batches."""
    shown, places = np.unique(archive.image_index, return_inverse=True)
    for first in progress(range(0, len(shown), _IMAGES_AT_ONCE)):
        rows = np.flatnonzero((places >= first) & (places < first + _IMAGES_AT_ONCE))
        asked = torch.from_numpy(archive.question[rows])
        yield Batch(
            inputs=(torch.from_numpy(archive.images[shown[first : first + _IMAGES_AT_ONCE]]),),
            question=_CODES[asked],
            scene_index=torch.from_numpy(places[rows] - first),
            answer=torch.from_numpy(archive.answer[rows]),
            type_index=asked // len(COLORS),
            number=torch.from_numpy(archive.number[rows]),
        )


def sample_questions(
    rng: np.random.Generator,
    n_scenes: int,
    n_questions: int | None = None,
    type_weights: np.ndarray | None = None,
) -> np.ndarray:
    """Draw different questions for each scene; see `draw_questions`.

    Args:
        rng: generator over PCG64.
        n_scenes: number of scenes S.
        n_questions: questions per scene, 1 to 36; None asks all 36 in their order and draws nothing.
        type_weights: (6,) the probability of each question type, above 0; None draws all equally often.

    Returns:
        (S, Q) int64, question indices 0 to 35.

    Raises:
        QuestionError: if `n_questions` is out of range.
    """
    allowed = np.ones((n_scenes, questions.N_QUESTIONS), dtype=bool)
    return draw_questions(rng, allowed, len(questions.QUESTION_TYPES), n_questions, type_weights)


def make_batch(
    scenes: SceneBatch, asked: np.ndarray, view: str, inputs: tuple[torch.Tensor, ...] | None = None
) -> Batch:
    """Return the tensors of some questions about some scenes.

    Args:
        scenes: S scenes.
        asked: (S, Q) int64, question indices 0 to 35 for each scene.
        view: a key of `VIEWS`.
        inputs: what an encoder takes of the scenes; None makes it as the view does.

    Returns:
        S scenes and S * Q questions, those of one scene adjacent.
    """
    rows = torch.from_numpy(np.ascontiguousarray(asked))
    answers = torch.from_numpy(np.take_along_axis(solve(scenes).answers, asked, axis=1))
    return Batch(
        inputs=VIEWS[view](scenes) if inputs is None else inputs,
        question=_CODES[rows.flatten()],
        scene_index=torch.arange(len(scenes)).repeat_interleave(asked.shape[1]),
        answer=answers.flatten(),
        type_index=rows.flatten() // len(COLORS),
    )


TASKS: tuple[Task, ...] = (
    SortOfClevrObjects(),
    SortOfClevrPixels(),
    SortOfClevrCrowds(),
    SortOfClevrTriples(),
    SortOfClevrChain(),
)
