"""The chain as a task over object rows: 0 to 7 jumps to the nearest object not yet visited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from rn_core.common.errors import SceneError
from rn_core.common.records import Batch
from rn_core.tasks.domain import Domain
from rn_core.tasks.scoring import OneAnswer
from rn_core.tasks.sort_of_clevr.chain import (
    CHAIN_ANSWERS,
    CHAIN_MARGIN,
    CHAIN_TYPES,
    chain_codes,
    solve_chains,
)
from rn_core.tasks.sort_of_clevr.chain_language import parse_chain
from rn_core.tasks.sort_of_clevr.chain_scene import (
    CHAIN_SHAPES,
    N_CHAIN_OBJECTS,
    ChainBatch,
    ChainScene,
    sample_chains,
    stack_chains,
)
from rn_core.tasks.sort_of_clevr.chain_spec import CHAIN
from rn_core.tasks.sort_of_clevr.drawing import draw_clear
from rn_core.tasks.sort_of_clevr.encoding import one_hot, shuffle_rows, stack_rows
from rn_core.tasks.sort_of_clevr.spec import DOMAIN

_CODES = torch.from_numpy(chain_codes())


class ShapeOrColor(OneAnswer):
    """One answer, a shape or a color: a constant answer is one of each, since the question says which is asked for."""

    def count_floors(self, batch: Batch) -> np.ndarray:
        """Return (T, 8) int64, how often the k-th shape or color is true."""
        counts = super().count_floors(batch)  # (T, 16)
        floors: np.ndarray = counts[:, :N_CHAIN_OBJECTS] + counts[:, N_CHAIN_OBJECTS:]
        return floors


@dataclass(frozen=True)
class SortOfClevrChain:
    """Chains of jumps among eight objects, for models that see one row per object.

    Attributes:
        margin: pixels by which every jump is clear; other questions are not asked.
    """

    domain: ClassVar[Domain] = DOMAIN
    margin: float = CHAIN_MARGIN
    answers: tuple[str, ...] = CHAIN_ANSWERS
    question_types: tuple[str, ...] = CHAIN_TYPES
    scoring = ShapeOrColor(len(CHAIN_TYPES), len(CHAIN_ANSWERS))
    overall_types: tuple[str, ...] = CHAIN_TYPES
    solved_above: float | None = None
    n_relations: tuple[int, ...] = tuple(max(1, jumps) for jumps in range(len(CHAIN_TYPES)))

    @property
    def name(self) -> str:
        """Return the task's key in `TASKS`."""
        return CHAIN

    @property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """Return group -> question types."""
        return {"chain": CHAIN_TYPES}

    def encode_scenes(self, scenes: Sequence[ChainScene]) -> tuple[Tensor, ...]:
        """Return object rows (S, 8, 18) and their mask (S, 8)."""
        return encode_chains(stack_chains(list(scenes)))

    def encode_questions(self, texts: Sequence[str]) -> Tensor:
        """Return the 24 bits of English questions (M, 24) float32; raises QuestionError for any other text."""
        return _CODES[torch.tensor([parse_chain(text).index for text in texts])]

    def check_answerable(self, scene: ChainScene, text: str) -> None:
        """Raise SceneError or QuestionError if a scene lacks the start, or has too few objects for the jumps."""
        question = parse_chain(text)
        if not any(question.start in (each.color, each.shape) for each in scene.objects):
            known = ", ".join(each.color for each in scene.objects)
            raise SceneError(f"This scene has no {question.start} object; start at {known} or put the object back.")
        if question.jumps >= len(scene.objects):
            raise SceneError(
                f"{question.jumps} jumps need {question.jumps + 1} objects, got a scene of {len(scene.objects)}; "
                "ask for fewer jumps or put objects back."
            )

    def find_warnings(self, scene: ChainScene, text: str) -> tuple[str, ...]:
        """Return a sentence where two objects are about equally near at one of the jumps."""
        margin = solve_chains(stack_chains([scene])).margins[0, parse_chain(text).index]
        if margin >= self.margin:
            return ()
        return (
            f"At one of these jumps the two nearest objects differ by {margin:.1f} pixels, and networks learned from "
            f"{self.margin:g} or more, so the answer may be wrong.",
        )

    def read_scene(self, text: str) -> ChainScene:
        """Return the scene of a text that `ChainScene.to_json` wrote; otherwise SceneError."""
        return ChainScene.from_json(text)

    def question_index(self, text: str) -> int:
        """Return 0 to 127."""
        return parse_chain(text).index

    def sample_shown(self, rng: np.random.Generator) -> tuple[ChainScene, ChainScene]:
        """Draw one scene; models read it as it is."""
        scene = sample_chains(rng, 1).scene(0)
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
        scenes = sample_chains(rng, n_scenes)
        solution = solve_chains(scenes)
        clear, n_types = solution.margins >= self.margin, len(CHAIN_TYPES)
        asked = draw_clear(rng, clear, solution.answers, _CODES, n_types, n_questions, type_weights)
        return Batch(inputs=shuffle_rows(rng, *encode_chains(scenes)), **asked)


def encode_chains(scenes: ChainBatch) -> tuple[Tensor, Tensor]:
    """Return object rows and their mask (S, 8) bool.

    Returns:
        rows (S, 8, 18) float32, one a color slot: 8 bits the color, 8 bits the shape, x and y of the center as
        (pixels - 37) / 37; 0 where an object is absent.
    """
    colors = np.broadcast_to(np.arange(N_CHAIN_OBJECTS), scenes.shapes.shape)
    each = one_hot(colors, N_CHAIN_OBJECTS), one_hot(scenes.shapes, len(CHAIN_SHAPES))
    return stack_rows(*each, scenes.centers, scenes.present)
