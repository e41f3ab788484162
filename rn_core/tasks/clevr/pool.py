"""Scenes and questions drawn once and used repeatedly: drawing a question takes longer than training on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch

from rn_core.common.errors import RNCoreError
from rn_core.common.records import Batch, PairBatch
from rn_core.common.seeding import make_rng, uniform_integers
from rn_core.tasks.clevr.encoding import ANSWERS
from rn_core.tasks.clevr.generation import SCENES_PER_ROUND, QuestionGenerator
from rn_core.tasks.clevr.pair_facts import Asked, SceneTables, make_pair_batch, tabulate_scenes
from rn_core.tasks.clevr.program import QUESTION_TYPES
from rn_core.tasks.clevr.sampling import sample_scenes
from rn_core.tasks.clevr.tokens import encode_tokens

#: Most words of a question, marks included.
_LONGEST = 64
#: Weight of a question type that is not asked, relative to the largest.
_NEVER = 1e-6


@dataclass(frozen=True)
class QuestionPool:
    """S scenes with questions about each, M in all; its arrays are read-only.

    Attributes:
        scenes: what is known about each scene, S rows.
        scene_index: (M,) int64, non-decreasing, the scene of each question.
        tokens: (M, L) uint8, the words of each question, followed by padding 0.
        answers: (M,) int64, index into `ANSWERS`.
        type_index: (M,) int64, index into `QUESTION_TYPES`.
        families: (M,) int64, 0 to 89.
        slots: (M, 7) int64, as `ClevrQuestion.slots`.
    """

    scenes: SceneTables
    scene_index: np.ndarray
    tokens: np.ndarray
    answers: np.ndarray
    type_index: np.ndarray
    families: np.ndarray
    slots: np.ndarray

    def sample_batch(self, rng: np.random.Generator, n_scenes: int, type_weights: np.ndarray | None = None) -> Batch:
        """Draw scenes, each perhaps more than once, with all their questions.

        Of `type_weights` it matters alone which types are next to never asked: their questions are left out, unless
        no other is left.
        """
        scenes, questions, of_scene = self._draw(rng, n_scenes)
        if type_weights is not None:
            kept = type_weights[self.type_index[questions]] > _NEVER * type_weights.max()
            questions, of_scene = (questions[kept], of_scene[kept]) if kept.any() else (questions, of_scene)
        return self._ask(scenes, questions, of_scene)

    def sample_pair_batch(
        self, rng: np.random.Generator, n_scenes: int, n_pairs: int, type_weights: np.ndarray | None = None
    ) -> PairBatch:
        """Draw scenes with all their questions, and `n_pairs` pairs of objects for each question."""
        scenes, questions, of_scene = self._draw(rng, n_scenes)
        asked = Asked(self.scenes.select(scenes[of_scene]), self.families[questions], self.slots[questions])
        return make_pair_batch(rng, asked, self._ask(scenes, questions, of_scene), n_pairs)

    def _ask(self, scenes: np.ndarray, questions: np.ndarray, of_scene: np.ndarray) -> Batch:
        """Return what `_draw` drew as a batch."""
        largest = int(self.scenes.present[scenes].sum(axis=1).max())
        rows, mask = (table[scenes, :largest] for table in (self.scenes.rows, self.scenes.present))
        return Batch(
            inputs=(torch.from_numpy(rows), torch.from_numpy(mask)),
            question=self._words(questions),
            scene_index=torch.from_numpy(of_scene),
            answer=torch.from_numpy(self.answers[questions]),
            type_index=torch.from_numpy(self.type_index[questions]),
        )

    def _draw(self, rng: np.random.Generator, n_scenes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return drawn scenes (n_scenes,), all questions about them (K,), and the drawn scene of each (K,)."""
        scenes = uniform_integers(rng, len(self.scenes.present), (n_scenes,))
        first, last = (np.searchsorted(self.scene_index, scenes, side) for side in ("left", "right"))
        questions = [np.arange(*bounds) for bounds in zip(first, last, strict=True)]
        return scenes, np.concatenate(questions), np.repeat(np.arange(n_scenes), last - first)

    def _words(self, questions: np.ndarray) -> torch.Tensor:
        """Return the words of some questions, padded to the longest of them."""
        tokens = self.tokens[questions].astype(np.int64)
        return torch.from_numpy(tokens[:, : int((tokens != 0).sum(axis=1).max())])


def make_pool(
    seed: int, n_scenes: int, n_questions: int, progress: Callable[[Iterable[int]], Iterable[int]] = iter
) -> QuestionPool:
    """Draw a pool of split train.

    Args:
        seed: root seed.
        n_scenes: S, 1 or more.
        n_questions: questions per scene; fewer where a scene allows fewer.
        progress: wraps the iteration over blocks of scenes (a progress bar).

    Raises:
        RNCoreError: if there is to be no scene.
    """
    if n_scenes < 1:
        raise RNCoreError(f"A pool needs at least one scene, got {n_scenes!r}; draw some.")
    starts = range(0, n_scenes, SCENES_PER_ROUND)
    blocks = [
        _make_block(make_rng(seed, "train", start), min(SCENES_PER_ROUND, n_scenes - start), n_questions)
        for start in progress(starts)
    ]
    names = ("tokens", "answers", "type_index", "families", "slots")
    return QuestionPool(
        scenes=SceneTables(*map(np.concatenate, zip(*(block.scenes for block in blocks), strict=True))),
        scene_index=np.concatenate([block.scene_index + start for block, start in zip(blocks, starts, strict=True)]),
        **{name: np.concatenate([getattr(block, name) for block in blocks]) for name in names},
    )


def _make_block(rng: np.random.Generator, n_scenes: int, n_questions: int) -> QuestionPool:
    """Draw one round of scenes and questions."""
    scenes = sample_scenes(rng, n_scenes)
    generator = QuestionGenerator(rng)
    asked = [generator.ask(scene, n_questions) for scene in scenes]
    questions = [question for of_scene in asked for question in of_scene]
    tokens = encode_tokens([question.text for question in questions]).numpy().astype(np.uint8)
    return QuestionPool(
        scenes=tabulate_scenes(scenes),
        scene_index=np.repeat(np.arange(n_scenes), [len(of_scene) for of_scene in asked]),
        tokens=np.pad(tokens, ((0, 0), (0, _LONGEST - tokens.shape[1]))),
        answers=np.array([ANSWERS.index(question.answer) for question in questions]),
        type_index=np.array([QUESTION_TYPES.index(question.type) for question in questions]),
        families=np.array([question.family for question in questions]),
        slots=np.array([question.slots for question in questions]),
    )
