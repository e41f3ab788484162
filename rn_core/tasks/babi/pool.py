"""Questions stored as indices of their sentences, so that a batch is assembled without reading text again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from rn_core.common.errors import RNCoreError
from rn_core.common.records import Batch, ChainBatch, PairBatch
from rn_core.common.seeding import pick_weighted, uniform_fractions
from rn_core.tasks.babi import pair_facts
from rn_core.tasks.babi.encoding import WINDOW, encode_sentence
from rn_core.tasks.babi.story import TASK_NAMES, StoryQuestion
from rn_core.tasks.babi.words import ANSWERS

#: Most statements of a chain: task 3 takes three.
MOST_LINKS = 3
#: Counting, lists, positions, sizes and paths: their facts count together, so that their order is no chain.
UNORDERED = frozenset({7, 8, 17, 18, 19})
_ANSWER_NUMBERS = {answer: number for number, answer in enumerate(ANSWERS)}


@dataclass(frozen=True)
class StoryPool:
    """M questions, those of one task together; its arrays are read-only.

    Attributes:
        sentences: (U, L) uint8, the words of each distinct sentence, followed by padding 0; row 0 is empty.
        told: (M, 20) int64, the last statements before each question as rows of `sentences`, in order,
            followed by 0.
        support: (M, 20) bool, which of them the answer follows from.
        links: (M, 3) int64, the statements that the answer follows from in the order of the published files, as
            columns of `told`: up to three, the last one repeated; -1 for one not kept, where there are more, and in
            `UNORDERED` tasks.
        asked: (M,) int64, each question as a row of `sentences`.
        answers: (M,) int64, index into `ANSWERS`.
        type_index: (M,) int64, the task, from 0; non-decreasing.
    """

    sentences: np.ndarray
    told: np.ndarray
    support: np.ndarray
    links: np.ndarray
    asked: np.ndarray
    answers: np.ndarray
    type_index: np.ndarray

    def __len__(self) -> int:
        """Return the number of questions M."""
        return len(self.asked)

    def sample_batch(self, rng: np.random.Generator, n_scenes: int, type_weights: np.ndarray | None = None) -> Batch:
        """Draw questions with replacement: first the task, then one of its questions.

        Args:
            rng: a generator over `PCG64`.
            n_scenes: questions, each with its story.
            type_weights: (20,) the probability of each task; None draws all equally often.
        """
        return self.take(self._draw(rng, n_scenes, type_weights))

    def sample_pair_batch(
        self, rng: np.random.Generator, n_scenes: int, n_pairs: int, type_weights: np.ndarray | None = None
    ) -> PairBatch:
        """Draw questions as `sample_batch` does, and `n_pairs` pairs of statements for each; see `pair_facts`."""
        rows = self._draw(rng, n_scenes, type_weights)
        batch, told, support = self.take(rows), self.told[rows], self.support[rows]
        n_statements = (told > 0).sum(axis=1)
        pairs = pair_facts.choose_pairs(rng, support, self.facts.names[told, 0], n_statements, n_pairs)
        first, second = (self.facts.select(np.take_along_axis(told, pairs[..., side], axis=1)) for side in (0, 1))
        asked = pair_facts.PairQuestions(
            first=first,
            second=second,
            asked=self.facts.select(self.asked[rows, None]),
            back=n_statements[:, None] - 1 - pairs[..., 0],
            is_same=pairs[..., 0] == pairs[..., 1],
            is_true=pair_facts.is_supporting(pairs, support),
            answers=self.answers[rows],
            type_index=self.type_index[rows],
        )
        return PairBatch(
            inputs=batch.inputs,
            question=batch.question,
            scene_index=batch.scene_index,
            type_index=batch.type_index,
            pairs=torch.from_numpy(pairs),
            question_facts=batch.type_index[:, None],
            question_fact_sizes=(len(TASK_NAMES),),
            pair_facts=torch.from_numpy(pair_facts.pair_facts(asked)),
        )

    def sample_chain_batch(
        self, rng: np.random.Generator, n_scenes: int, type_weights: np.ndarray | None = None
    ) -> ChainBatch:
        """Draw questions as `sample_batch` does, each with the chain of statements that answers it."""
        rows = self._draw(rng, n_scenes, type_weights)
        batch = self.take(rows)
        return ChainBatch(
            inputs=batch.inputs,
            question=batch.question,
            scene_index=batch.scene_index,
            type_index=batch.type_index,
            links=torch.from_numpy(self.links[rows]),
        )

    @cached_property
    def facts(self) -> pair_facts.SentenceFacts:
        """Return the names and relations in each sentence."""
        return pair_facts.read_sentences(self.sentences)

    def _draw(self, rng: np.random.Generator, n_scenes: int, type_weights: np.ndarray | None) -> np.ndarray:
        """Return the rows of drawn questions (n_scenes,)."""
        bounds = np.searchsorted(self.type_index, np.arange(len(TASK_NAMES) + 1))
        counts = np.diff(bounds)
        weights = np.where(counts > 0, 1.0 if type_weights is None else type_weights, 0.0)
        draws = uniform_fractions(rng, (2, n_scenes))
        kinds = pick_weighted(weights, draws[0])
        rows: np.ndarray = bounds[kinds] + (draws[1] * counts[kinds]).astype(np.int64)
        return rows

    def take(self, rows: np.ndarray) -> Batch:
        """Return some questions, each with its own story."""
        told = self.told[rows]
        mask = told > 0
        words = self.sentences[told[:, : mask.sum(axis=1).max()]]  # (S, N, L)
        return Batch(
            inputs=(_trim(words), torch.from_numpy(mask[:, : words.shape[1]])),
            question=_trim(self.sentences[self.asked[rows]]),
            scene_index=torch.arange(len(rows)),
            answer=torch.from_numpy(self.answers[rows]),
            type_index=torch.from_numpy(self.type_index[rows]),
        )


def _trim(words: np.ndarray) -> torch.Tensor:
    """Return words (..., L) as int64, without columns that are padding in all rows."""
    longest = (words != 0).sum(axis=-1).max()
    return torch.from_numpy(words[..., :longest].astype(np.int64))


def make_pool(questions: Iterable[StoryQuestion], window: int = WINDOW) -> StoryPool:
    """Return questions as a pool, sorted by task, otherwise in order.

    Args:
        questions: 1 or more.
        window: number of statements of each that are kept, the last ones.

    Raises:
        RNCoreError: for no question, or with the first unknown word or answer.
    """
    ordered = sorted(questions, key=lambda question: question.task)
    if not ordered:
        raise RNCoreError("There must be at least one question, got none; give a story with one.")
    numbers: dict[str, int] = {"": 0}
    told = np.zeros((len(ordered), window), dtype=np.int64)
    support = np.zeros((len(ordered), window), dtype=bool)
    links = np.full((len(ordered), MOST_LINKS), -1)
    asked = np.zeros(len(ordered), dtype=np.int64)
    for row, question in enumerate(ordered):
        last = question.statements[-window:]
        told[row, : len(last)] = [numbers.setdefault(statement, len(numbers)) for statement in last]
        places = _shift(question, len(last))
        support[row, [index for index in places if index >= 0]] = True
        if question.task not in UNORDERED and 0 < len(places) <= MOST_LINKS:
            links[row] = [max(-1, places[min(link, len(places) - 1)]) for link in range(MOST_LINKS)]
        asked[row] = numbers.setdefault(question.text, len(numbers))
    read = [[], *(encode_sentence(text) for text in list(numbers)[1:])]
    sentences = np.zeros((len(read), max(map(len, read))), dtype=np.uint8)
    for row, words in enumerate(read):
        sentences[row, : len(words)] = words
    return StoryPool(
        sentences=sentences,
        told=told,
        support=support,
        links=links,
        asked=asked,
        answers=np.array([_number_answer(question.answer) for question in ordered]),
        type_index=np.array([question.task - 1 for question in ordered]),
    )


def _shift(question: StoryQuestion, n_kept: int) -> list[int]:
    """Return a question's support as indices into the statements that are kept; below 0 for others."""
    return [index - len(question.statements) + n_kept for index in question.support]


def _number_answer(answer: str) -> int:
    """Return the index of an answer; raises RNCoreError if it is unknown."""
    if answer not in _ANSWER_NUMBERS:
        raise RNCoreError(f"'{answer[:30]}' is not one of bAbI's {len(ANSWERS)} answers; fix it.")
    return _ANSWER_NUMBERS[answer]
