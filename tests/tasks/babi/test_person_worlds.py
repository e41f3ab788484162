"""Generated stories of tasks 1-3 and 5-14: true, alike the published ones, and the same for a seed."""

from __future__ import annotations

import hashlib
import itertools
import statistics
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping

import numpy as np
import pytest

from rn_core.common.errors import RNCoreError
from rn_core.common.seeding import make_rng
from rn_core.tasks.babi.files import parse_stories
from rn_core.tasks.babi.language import KINDS, LANGUAGES
from rn_core.tasks.babi.solvers import Solution, solve
from rn_core.tasks.babi.story import Story, StoryQuestion
from rn_core.tasks.babi.worlds import sample_story

TASKS = tuple(KINDS)
N_STORIES = 600
#: Task -> largest distance from the published shares. The two halves of the published stories are 0.036 apart at most,
#: those of task 3, of which only 400 are here, 0.042.
TOLERANCE = dict.fromkeys(TASKS, 0.05) | {3: 0.07}
Published = Callable[[int], list[Story]]
#: Task -> SHA-256 of 20 stories, its first 16 digits.
GOLDEN = {
    1: "6e52a49ea60b9b67",
    2: "62e199b5379af30f",
    3: "2dd8fc440014a703",
    5: "d28e6a2c2ad7fddc",
    6: "dae200c6f3b9500f",
    7: "9eada838e7615d3d",
    8: "6ab7618b1bbb3d75",
    9: "9740633e4ad92279",
    10: "0b2aec57f7dc830f",
    11: "6eb5f781ad433097",
    12: "1c70efe9a558b2d6",
    13: "ef2de252eaee71b1",
    14: "8679cee29979860d",
}


def sample(task: int, n: int = N_STORIES, seed: int = 0) -> list[Story]:
    """Return stories of one task."""
    rng = make_rng(seed, "test", task)
    return [sample_story(rng, task) for _ in range(n)]


@pytest.fixture(scope="module", params=TASKS)
def task(request) -> int:
    return request.param


@pytest.fixture(scope="module")
def generated(task) -> list[Story]:
    return sample(task)


@pytest.fixture(scope="module")
def real(task, published: Published) -> list[Story]:
    return published(task)


def questions(stories: Iterable[Story]) -> list[StoryQuestion]:
    """Return all questions of some stories."""
    return [question for story in stories for question in story.questions()]


def statements(stories: Iterable[Story]) -> list[str]:
    """Return all statements of some stories."""
    return [line for story in stories for line in story.lines if isinstance(line, str)]


def distance(first: Iterable[Hashable], second: Iterable[Hashable]) -> float:
    """Return half the sum of differences between the shares of what two samples hold: 0 if alike, 1 if disjoint."""
    shares: list[Mapping[Hashable, float]] = []
    for found in (Counter(first), Counter(second)):
        shares.append({value: count / found.total() for value, count in found.items()})
    return sum(abs(shares[0].get(value, 0) - shares[1].get(value, 0)) for value in {*shares[0], *shares[1]}) / 2


def gaps(story: Story) -> list[int]:
    """Return the number of statements before each question, since the one before."""
    lengths = [len(question.statements) for question in story.questions()]
    return [after - before for before, after in itertools.pairwise([0, *lengths])]


def words(texts: Iterable[str]) -> set[str]:
    """Return the words of some sentences."""
    return {word for text in texts for word in text.lower().strip(".?").replace(",", " ").split()}


# True.


def test_what_the_world_keeps_is_what_the_solver_finds(task, generated):
    for asked in questions(generated):
        assert solve(task, asked.statements, asked.text) == Solution(asked.answer, asked.support)


def test_two_statements_come_before_a_question_and_five_questions_in_a_story(generated):
    for story in generated:
        assert len(list(story.questions())) == 5
        assert not isinstance(story.lines[-1], str)
        assert all(gap >= 2 and gap % 2 == 0 for gap in gaps(story))


def test_stories_are_read_back_from_the_published_format(task, generated):
    text = "".join(story.to_text() for story in generated)
    assert parse_stories(text, task) == generated


# Alike the published stories.


def test_words_and_longest_sentences_are_the_published_ones(task, generated, real):
    for texts in (statements, lambda stories: [asked.text for asked in questions(stories)]):
        ours, theirs = texts(generated), texts(real)
        assert words(ours) == words(theirs)
        assert max(len(text.split()) for text in ours) == max(len(text.split()) for text in theirs)
    ours, theirs = ({asked.answer for asked in questions(stories)} for stories in (generated, real))
    assert words(ours) == words(theirs)


def test_stories_are_as_long_as_published(generated, real):
    ours, theirs = ([len(asked.statements) for asked in questions(stories)] for stories in (generated, real))
    assert min(ours) == min(theirs)
    assert statistics.mean(ours) == pytest.approx(statistics.mean(theirs), rel=0.08)
    for share in (0.25, 0.5, 0.75, 0.95):
        assert np.quantile(ours, share) == pytest.approx(np.quantile(theirs, share), rel=0.1, abs=2)


def test_questions_come_as_often_as_published(task, generated, real):
    ours, theirs = ([min(gap, 8) for story in stories for gap in gaps(story)] for stories in (generated, real))
    assert distance(ours, theirs) < TOLERANCE[task]


def test_statements_and_questions_are_of_the_published_kinds(task, generated, real):
    ours, theirs = ([_form(task, text) for text in statements(stories)] for stories in (generated, real))
    assert distance(ours, theirs) < TOLERANCE[task]
    ours, theirs = ([_asked_form(asked) for asked in questions(stories)] for stories in (generated, real))
    assert distance(ours, theirs) < TOLERANCE[task]


def test_answers_have_the_published_shares(task, generated, real):
    ours, theirs = ([asked.answer for asked in questions(stories)] for stories in (generated, real))
    assert distance(ours, theirs) < TOLERANCE[task]


def test_support_is_as_old_and_as_long_as_published(task, generated, real):
    for measure in (
        lambda asked: len(asked.statements) - max(asked.support),
        lambda asked: min(len(asked.statements) - min(asked.support), 20),
        lambda asked: len(asked.support),
    ):
        ours, theirs = ([measure(asked) for asked in questions(stories)] for stories in (generated, real))
        assert distance(ours, theirs) < TOLERANCE[task]


def _form(task: int, text: str) -> tuple[str, ...]:
    """Return what distinguishes the forms of a statement: its kind, and the words that are no names."""
    (said,) = LANGUAGES[task].read_statements([text])
    return said.kind, text.removesuffix(".").split()[-1] == "there", "not" in text, text.startswith(("Y", "This"))


def _asked_form(asked: StoryQuestion) -> tuple[str, bool, bool]:
    """Return what distinguishes the forms of a question: its kind, and what it names."""
    said = LANGUAGES[asked.task].read_question(asked.text)
    return said.kind, bool(said.person), bool(said.other)


# The same for a seed.


def test_a_seed_gives_the_same_stories_for_ever(task):
    text = "".join(story.to_text() for story in sample(task, 20))
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == GOLDEN[task]


def test_seeds_and_splits_give_other_stories(task):
    first, second = sample(task, 20), sample(task, 20, seed=1)
    rng = make_rng(0, "train", task)
    third = [sample_story(rng, task) for _ in range(20)]
    assert first != second
    assert first != third


@pytest.mark.parametrize("wrong", [0, 21, "1", True])
def test_there_are_twenty_tasks(wrong):
    with pytest.raises(RNCoreError, match="numbered 1 to 20"):
        sample_story(make_rng(0, "test"), wrong)
