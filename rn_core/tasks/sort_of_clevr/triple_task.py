"""Sort-of-CLEVR's questions about two named objects and every third one, as a task over object rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from rn_core.common.errors import SceneError
from rn_core.common.records import Batch, Example
from rn_core.tasks.domain import Domain, RaceSpec
from rn_core.tasks.scoring import OneAnswer
from rn_core.tasks.sort_of_clevr import asking
from rn_core.tasks.sort_of_clevr.asking import SceneInput
from rn_core.tasks.sort_of_clevr.drawing import draw_clear, draw_questions
from rn_core.tasks.sort_of_clevr.encoding import encode_rows, shuffle_rows
from rn_core.tasks.sort_of_clevr.scene import DEFAULT_MARGIN, Scene, sample_scene, sample_scenes
from rn_core.tasks.sort_of_clevr.spec import DOMAIN, TRIPLES, TRIPLES_RACE
from rn_core.tasks.sort_of_clevr.triple_language import TRIPLE_TEXTS, parse_triple
from rn_core.tasks.sort_of_clevr.triples import (
    PAIRS,
    TRIPLE_ANSWERS,
    TRIPLE_TYPES,
    solve_triples,
    triple_codes,
)

_VIEW = "objects"
_CODES = torch.from_numpy(triple_codes())


@dataclass(frozen=True)
class SortOfClevrTriples:
    """Questions about A, B and every third object, for models that see one row per object.

    Attributes:
        margin: pixels between every answer and its decision boundary; other questions are not asked.
    """

    domain: ClassVar[Domain] = DOMAIN
    race: ClassVar[RaceSpec] = TRIPLES_RACE
    margin: float = DEFAULT_MARGIN
    answers: tuple[str, ...] = TRIPLE_ANSWERS
    question_types: tuple[str, ...] = TRIPLE_TYPES
    scoring = OneAnswer(len(TRIPLE_TYPES), len(TRIPLE_ANSWERS))
    overall_types: tuple[str, ...] = TRIPLE_TYPES
    solved_above: float | None = None

    @property
    def name(self) -> str:
        """Return the task's key in `TASKS`."""
        return TRIPLES

    @property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """Return group -> question types."""
        return {"ternary": TRIPLE_TYPES}

    def encode_scenes(self, scenes: Sequence[SceneInput]) -> tuple[Tensor, ...]:
        """Return object rows and their mask, for scenes or arrays of rows; see `asking.encode_scenes`."""
        return asking.encode_scenes(scenes, _VIEW)

    def encode_questions(self, texts: Sequence[str]) -> Tensor:
        """Return the 15 bits of English questions (M, 15) float32; raises QuestionError for any other text."""
        return _CODES[torch.tensor([parse_triple(text).index for text in texts])]

    def check_answerable(self, scene: SceneInput, text: str) -> None:
        """Raise SceneError or QuestionError if a scene or its rows lack one of the two objects asked about."""
        question, shown = parse_triple(text), scene if isinstance(scene, Scene) else asking.read_rows(scene)
        colors = [thing.color for thing in shown.objects]
        for color in (question.first, question.second):
            if color not in colors:
                raise SceneError(
                    f"This scene has no {color} object; ask about two of {', '.join(colors)} or put the object back."
                )

    def find_warnings(self, scene: SceneInput, text: str) -> tuple[str, ...]:
        """Return none: each question that a scene can be asked has one answer."""
        return ()

    def question_index(self, text: str) -> int:
        """Return 0 to 44."""
        return parse_triple(text).index

    def sample_shown(self, rng: np.random.Generator) -> tuple[Scene, Scene]:
        """Draw one scene; models read it as it is."""
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
        """Draw scenes and questions that are clear by `margin`, as many of each scene as asked for or as there are.

        Arguments as `Task.sample_batch`; there are no cells.
        """
        scenes = sample_scenes(rng, n_scenes, self.margin)
        solution = solve_triples(scenes)
        clear, n_types = solution.margins >= self.margin, len(TRIPLE_TYPES)
        asked = draw_clear(rng, clear, solution.answers, _CODES, n_types, n_questions, type_weights)
        return Batch(inputs=shuffle_rows(rng, *encode_rows(scenes)), **asked)

    def sample_examples(self, rng: np.random.Generator, n_examples: int) -> tuple[Batch, tuple[Example, ...]]:
        """Draw scenes with one clear question each, types in turn; rows are in color order."""
        scenes = sample_scenes(rng, n_examples, self.margin)
        solution = solve_triples(scenes)
        clear = solution.margins >= self.margin
        turn = np.arange(clear.shape[1]) // len(PAIRS) == np.arange(n_examples)[:, None] % len(TRIPLE_TYPES)
        fits = np.where((clear & turn).any(axis=1, keepdims=True), clear & turn, clear)
        index = draw_questions(rng, fits, len(TRIPLE_TYPES), 1)[:, 0]  # (S,)
        answers = solution.answers[np.arange(n_examples), index]
        rows = torch.from_numpy(index)
        each = torch.arange(n_examples)
        batch = Batch(encode_rows(scenes), _CODES[rows], each, torch.from_numpy(answers), rows // len(PAIRS))
        return batch, tuple(
            Example(
                scenes.scene(k).to_json(),
                TRIPLE_TEXTS[asked],
                TRIPLE_TYPES[asked // len(PAIRS)],
                TRIPLE_ANSWERS[answers[k]],
            )
            for k, asked in enumerate(index)
        )

    def narrow(self, question_types: Collection[str]) -> Self:
        """Return the task itself: each scene can be asked every type of question."""
        return self
