"""bAbI as a task: stories and questions as tensors. A scene is a story up to a question."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rn_core.common.errors import RNCoreError, cut
from rn_core.common.reading import Reading, attempt, check_any
from rn_core.common.records import Batch, Example
from rn_core.common.seeding import make_rng, pick_weighted, uniform_fractions, uniform_integers
from rn_core.tasks.babi.encoding import WINDOW, encode_questions, encode_stories, read_story
from rn_core.tasks.babi.files import find_files, load_stories
from rn_core.tasks.babi.known import is_known
from rn_core.tasks.babi.pool import StoryPool, make_pool
from rn_core.tasks.babi.spec import DOMAIN, RACE, SOLVED_ABOVE, TWO_FACTS
from rn_core.tasks.babi.story import TASK_NAMES, QuestionLine, Story, StoryQuestion
from rn_core.tasks.babi.words import ANSWERS
from rn_core.tasks.babi.worlds import sample_story
from rn_core.tasks.base import KnownPair, Task
from rn_core.tasks.scoring import OneAnswer

QUESTION_TYPES = tuple(f"qa{task}" for task in TASK_NAMES)
#: Questions of a task that a pool draws with one generator.
_ROUND = 1_000
#: Stories of a file that become one batch.
_STORIES_AT_ONCE = 25


class Babi:
    """The task as models see it.

    Attributes:
        solved_above: the accuracy above which a task counts as solved.
    """

    name = "babi"
    domain = DOMAIN
    race = RACE
    cell_grid = None
    answers = ANSWERS
    question_types = QUESTION_TYPES
    groups: Mapping[str, tuple[str, ...]] = MappingProxyType({kind: (kind,) for kind in QUESTION_TYPES})
    scoring = OneAnswer(len(QUESTION_TYPES), len(ANSWERS))
    overall_types = QUESTION_TYPES
    solved_above: float | None = SOLVED_ABOVE
    pretrained_on = "the task of each question"

    def __init__(self, drawn: Sequence[int] = tuple(TASK_NAMES)) -> None:
        """Take the tasks, 1 to 20, from which stories are drawn by default; all of bAbI's."""
        self.drawn = tuple(drawn)

    def narrow(self, question_types: Collection[str]) -> Babi:
        """Return the same task with stories of only some question types; of all if none is named."""
        return Babi([task for task in self.drawn if not question_types or f"qa{task}" in question_types])

    def encode_scenes(self, scenes: Sequence[Any]) -> tuple[Tensor, ...]:
        """Return words (S, N, L) int64 and mask (S, N) bool of the last 20 statements.

        Args:
            scenes: 1 or more, each as `encoding.read_story` takes it.

        Raises:
            SceneError: for anything else, or an unknown word.
        """
        return encode_stories([read_story(scene) for scene in scenes])

    def encode_questions(self, texts: Sequence[str]) -> Tensor:
        """Return the words of English questions (M, L) int64; see `encoding.encode_questions`."""
        return encode_questions(texts)

    def check_answerable(self, scene: Any, text: str) -> None:
        """Raise SceneError or QuestionError for input that cannot be read; a question without a true answer passes."""
        read_story(scene)
        encode_questions([text])

    def find_warnings(self, scene: Any, text: str) -> tuple[str, ...]:
        """Return warnings of a story that is longer than what models see of it, and of sentences that bAbI lacks."""
        story, found = read_story(scene), []
        early = len(story) - WINDOW
        if early > 0:
            rest = f"the first {early} were" if early > 1 else "the first one was"
            found.append(f"Only the last {WINDOW} of the story's {len(story)} sentences count; {rest} not read.")
        strange = [each for each in dict.fromkeys(story[-WINDOW:]) if not is_known(each, is_question=False)]
        if strange:
            more = f" and {len(strange) - 1} more" if len(strange) > 1 else ""
            found.append(f"bAbI has no sentence {cut(strange[0], 80)!r}{more}, so networks may misread it.")
        if not is_known(text, is_question=True):
            found.append(f"bAbI has no question {cut(text, 80)!r}, so networks may misread it.")
        return tuple(found)

    def question_index(self, text: str) -> int:
        """Raise RNCoreError: nothing is stored per question."""
        raise RNCoreError("bAbI has no mean aggregate per question; choose zero as the baseline.")

    def sample_question(self, rng: np.random.Generator, task: int) -> StoryQuestion:
        """Draw a story of a task, 1 to 20, and one of its questions."""
        asked = list(sample_story(rng, task).questions())
        return asked[int(uniform_integers(rng, len(asked), (1,))[0])]

    def sample_shown(self, rng: np.random.Generator) -> tuple[StoryQuestion, StoryQuestion]:
        """Draw one story of any task; models read it as it is."""
        question = self.sample_question(rng, 1 + int(uniform_integers(rng, len(TASK_NAMES), (1,))[0]))
        return question, question

    def sample_batch(
        self,
        rng: np.random.Generator,
        n_scenes: int,
        n_questions: int | None = None,
        type_weights: np.ndarray | None = None,
        n_cells: int | None = None,
    ) -> Batch:
        """Draw fresh stories with one question each; arguments as `Task.sample_batch`.

        A story up to a question belongs to that question, so `n_questions` is 1; without weights tasks come in turn.
        """
        if type_weights is None:
            tasks = np.resize(self.drawn, n_scenes)
        else:
            tasks = 1 + pick_weighted(type_weights, uniform_fractions(rng, (n_scenes,)))
        pool = make_pool([self.sample_question(rng, int(task)) for task in tasks])
        return pool.take(np.arange(len(pool)))

    def sample_examples(self, rng: np.random.Generator, n_examples: int) -> tuple[Batch, tuple[Example, ...]]:
        """Draw stories with one question each, tasks in turn; arguments as `Task.sample_examples`.

        Those whose answer takes at least two statements come first. An example's scene is its `StoryQuestion`.
        """
        asked = [self.sample_question(rng, int(task)) for task in np.resize(self.drawn, n_examples)]
        asked.sort(key=lambda question: question.task)
        rows = sorted(range(n_examples), key=lambda row: len(asked[row].support) < 2)
        examples = (
            Example(question.to_json(), question.text, f"qa{question.task}", question.answer)
            for question in (asked[row] for row in rows)
        )
        return make_pool(asked).take(np.array(rows)), tuple(examples)

    def make_pool(
        self, seed: int, n_scenes: int, n_questions: int, progress: Callable[[Iterable[Any]], Iterable[Any]] = iter
    ) -> StoryPool:
        """Draw stories of split train and keep all their questions, equally many per task, for repeated use.

        Args:
            seed: root seed.
            n_scenes: stories up to a question, that is, questions; at least as many are drawn.
            n_questions: 1, as a story up to a question belongs to that question.
            progress: wraps the iteration over rounds (a progress bar).
        """
        n_rounds = -(-n_scenes // (_ROUND * len(self.drawn)))
        rounds = [(task, number) for task in self.drawn for number in range(n_rounds)]
        return make_pool(
            question
            for task, number in progress(rounds)
            for question in self._draw(make_rng(seed, "train", task, number), task, _ROUND)
        )

    def _draw(self, rng: np.random.Generator, task: int, n_questions: int) -> Iterator[StoryQuestion]:
        """Yield all questions of stories of a task until there are enough."""
        drawn = 0
        while drawn < n_questions:
            for question in sample_story(rng, task).questions():
                drawn += 1
                yield question

    def sample_known_pairs(self, rng: np.random.Generator, n_scenes: int) -> Iterator[KnownPair]:
        """Yield questions that exactly two statements answer, one per story, tasks in turn; the two decide."""
        for row in range(n_scenes):
            question = self.sample_question(rng, TWO_FACTS[row % len(TWO_FACTS)])
            n_statements = min(len(question.statements), WINDOW)
            one, other = (index - len(question.statements) + n_statements for index in question.support)
            yield KnownPair(
                inputs=self.encode_scenes([question]),
                question=self.encode_questions([question.text]),
                asked=one,
                others=np.arange(n_statements) == other,
            )

    def read_batches(
        self,
        root: Path,
        split: str | None = None,
        progress: Callable[[Iterable[Any]], Iterable[Any]] = iter,
        reading: Reading | None = None,
    ) -> Iterator[Batch]:
        """Yield the questions of a folder in any of bAbI's three layouts, one task after the other.

        Args:
            root: the folder.
            split: "train", "valid" or "test"; None takes "test".
            progress: wraps the iteration over files (a progress bar).
            reading: leaves out what cannot be evaluated; None refuses it.

        Raises:
            RNCoreError: with file and line, for what cannot be read.
        """
        n_batches = 0
        for task, path in progress(find_files(root, split or "test").items()):
            lenient = None if reading is None or reading.strict else reading  # errors name their line already
            (stories,) = attempt(lenient, path.name, "line", 1, partial(load_stories, path, task, reading)) or ([],)
            if reading is not None:
                stories = [story for story in stories if any(isinstance(line, QuestionLine) for line in story.lines)]
            for first in range(0, len(stories), _STORIES_AT_ONCE):
                n_batches += 1
                yield _read_batch(stories[first : first + _STORIES_AT_ONCE], path.name)
        check_any(reading, n_batches, f"'{root}'")


def _read_batch(stories: Sequence[Story], name: str) -> Batch:
    """Return all questions about some stories, those of one story as a cluster; errors name the file."""
    asked = [list(story.questions()) for story in stories]
    try:
        pool = make_pool(question for of_story in asked for question in of_story)
    except RNCoreError as err:
        raise RNCoreError(f"'{name}': {err}") from err
    cluster = torch.arange(len(asked)).repeat_interleave(torch.tensor([*map(len, asked)]))
    return replace(pool.take(np.arange(len(pool))), cluster=cluster)


TASKS: tuple[Task, ...] = (Babi(),)
