"""Worlds of tasks 4 and 15 to 20: the solver agrees, and stories are like the published ones, and always the same."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from functools import cache

import pytest

from rn_core.common.seeding import make_rng
from rn_core.tasks.babi.files import parse_stories
from rn_core.tasks.babi.rule_forms import FITS, IS_ANIMAL, IS_PREY, LANGUAGES
from rn_core.tasks.babi.solvers.rules import SOLVERS
from rn_core.tasks.babi.story import QuestionLine, Story
from rn_core.tasks.babi.worlds.rules import WORLDS

TASKS = (4, 15, 16, 17, 18, 19, 20)
N_STORIES = 3000
#: Most that the shares of stories may differ, in all, from the published ones, beyond twice what chance makes.
TOLERANCE = 0.01
#: Task -> SHA-256 of 20 stories, its first 16 digits.
GOLDEN = {
    4: "ed3a25be512f41b7",
    15: "743541cb3e8f06e6",
    16: "e6ea6c161107f4fb",
    17: "b83d1470aafa291d",
    18: "b576f0923fba8830",
    19: "b2343852ac86ad5a",
    20: "181ba9ed68aa6ad4",
}
Published = Callable[[int], list[Story]]


@cache
def own_stories(task: int) -> list[Story]:
    """Return stories of our world of a task."""
    rng = make_rng(5, "test", task)
    return [WORLDS[task](rng) for _ in range(N_STORIES)]


def asked_in(story: Story) -> list[QuestionLine]:
    return [line for line in story.lines if isinstance(line, QuestionLine)]


def told_in(story: Story) -> list[str]:
    return [line for line in story.lines if isinstance(line, str)]


@pytest.mark.parametrize("task", TASKS)
def test_the_solver_says_what_the_world_knows(task: int) -> None:
    for story in own_stories(task)[:1000]:
        for question in story.questions():
            solution = SOLVERS[task](question.statements, question.text)
            assert (solution.answer, solution.support) == (question.answer, question.support), story.to_text()


@pytest.mark.parametrize("task", TASKS)
def test_stories_are_in_the_published_format(task: int) -> None:
    stories = own_stories(task)[:300]
    assert parse_stories("".join(story.to_text() for story in stories), task) == stories


# Like the published stories.


def words(stories: Iterable[Story]) -> set[str]:
    """Return all words of statements, questions and answers, in lower case."""
    texts: list[str] = []
    for story in stories:
        for line in story.lines:
            texts += [line] if isinstance(line, str) else [line.text, line.answer.replace(",", " ")]
    return {word for text in texts for word in text.lower().rstrip(".?").split()}


def longest(stories: Iterable[Story]) -> tuple[int, int]:
    """Return the most words of a statement, and of a question."""
    told, asked = zip(*((told_in(story), asked_in(story)) for story in stories), strict=True)
    return (
        max(len(text.split()) for texts in told for text in texts),
        max(len(question.text.split()) for questions in asked for question in questions),
    )


@pytest.mark.parametrize("task", TASKS)
def test_words_and_longest_sentences_are_the_published_ones(published: Published, task: int) -> None:
    assert words(own_stories(task)) == words(published(task))
    assert longest(own_stories(task)) == longest(published(task))


def layout(story: Story) -> str:
    """Return where statements and questions stand, such as "sssssqqqqq"."""
    return "".join("s" if isinstance(line, str) else "q" for line in story.lines)


def order_of_forms(story: Story) -> tuple[int, ...]:
    """Return the form of each statement, by its place in the language."""
    language = LANGUAGES[story.task]
    return tuple(language.statements.index(read.form) for read in language.read_statements(told_in(story)))


def answer(story: Story) -> str:
    return asked_in(story)[0].answer


def support(story: Story) -> tuple[int, ...]:
    return asked_in(story)[0].support


def question_form(story: Story) -> str:
    return LANGUAGES[story.task].read_question(asked_in(story)[0].text).form.pattern


def different_questions(story: Story) -> int:
    return len({question.text for question in asked_in(story)})


def shape(story: Story) -> tuple[Hashable, ...]:
    """Return which places in a fact are whose, and its direction: things are numbered as they come."""
    numbers: dict[str, int] = {}
    slots: list[Hashable] = []
    for read in LANGUAGES[story.task].read_statements(told_in(story)):
        first, relation, second = read.words
        slots += [numbers.setdefault(first, len(numbers)), relation, numbers.setdefault(second, len(numbers))]
    return tuple(slots)


def degrees(story: Story) -> tuple[int, ...]:
    """Return how many facts each thing is in, in order of size."""
    facts = [read.words for read in LANGUAGES[story.task].read_statements(told_in(story))]
    return tuple(sorted(Counter(place for first, _, second in facts for place in (first, second)).values()))


def subject_degrees(story: Story) -> tuple[int, ...]:
    """Return how many facts the subject of each fact is in, in order of telling."""
    facts = [read.words for read in LANGUAGES[story.task].read_statements(told_in(story))]
    counts = Counter(place for first, _, second in facts for place in (first, second))
    return tuple(counts[first] for first, _, _ in facts)


def herds(story: Story) -> tuple[Hashable, ...]:
    """Return how many persons share the asked one's animal, how many animals there are, and the colors of it."""
    reads = LANGUAGES[16].read_statements(told_in(story))
    animals = dict(read.words for read in reads if read.form is IS_ANIMAL)
    colors = dict(read.words for read in reads if read.form is not IS_ANIMAL)
    (asked,) = LANGUAGES[16].read_question(asked_in(story)[0].text).words
    alike = [person for person in animals if animals[person] == animals[asked] and person != asked]
    pairs = Counter((animals[person], colors[person]) for person in colors)
    return len(alike), len(set(animals.values())), len(pairs), len({colors[person] for person in alike})


def animals_of_persons(story: Story) -> tuple[int, ...]:
    """Return how many persons are the same animal."""
    reads = LANGUAGES[15].read_statements(told_in(story))
    return tuple(sorted(Counter(read.words[1] for read in reads if read.form is IS_PREY).values()))


def turns(story: Story) -> tuple[int, ...]:
    """Return who acts in each of the first six statements: persons are numbered as they come."""
    numbers: dict[str, int] = {}
    return tuple(numbers.setdefault(text.split()[0], len(numbers)) for text in told_in(story)[:6])


def verb(story: Story) -> str:
    """Return what the last statement's person does."""
    return " ".join(told_in(story)[-1].split()[1:-2])


def different_facts(story: Story) -> int:
    """Return how many of the first five statements say something new."""
    reads = LANGUAGES[18].read_statements(told_in(story)[:5])
    pairs = {read.words if read.form is FITS else read.words[::-1] for read in reads}
    return len(pairs)


def says_it_back(story: Story) -> bool:
    """Return whether the first question has the direction of the statement that answers it, not its opposite."""
    question = next(story.questions())
    _, direction, _ = LANGUAGES[4].read_statements([question.statements[question.support[0]]])[0].words
    return direction in question.text


#: Task -> what is counted, once a story: told in its first question, statements or layout.
STATISTICS = {
    4: (answer, support, question_form, shape, says_it_back),
    15: (answer, order_of_forms, different_questions, animals_of_persons),
    16: (answer, order_of_forms, herds),
    17: (answer, support, question_form, different_questions, shape),
    18: (answer, layout, question_form, different_questions, different_facts),
    19: (answer, support, degrees, subject_degrees),
    20: (answer, layout, turns, order_of_forms, verb),
}


def share_gap(own: Counter, other: Counter) -> tuple[float, float]:
    """Return which share of stories would have to change to make two counts alike, and the share by chance alone."""
    both = own + other
    gap = sum(abs(own[key] / own.total() - other[key] / other.total()) for key in both) / 2
    shares = [count / both.total() for count in both.values()]
    spread = (1 / own.total() + 1 / other.total()) * 2 / math.pi
    return gap, sum(math.sqrt(share * (1 - share) * spread) for share in shares) / 2


@pytest.mark.parametrize(("task", "count"), [(task, count) for task in TASKS for count in STATISTICS[task]])
def test_stories_are_mixed_as_the_published_ones(published: Published, task: int, count: Callable) -> None:
    gap, by_chance = share_gap(Counter(map(count, own_stories(task))), Counter(map(count, published(task))))
    assert gap < TOLERANCE + 2 * by_chance, (gap, by_chance)


def test_a_gap_of_shares_is_what_would_have_to_change() -> None:
    gap, by_chance = share_gap(Counter(a=30, b=70), Counter(a=500, b=400, c=100))
    assert gap == pytest.approx(0.3)
    assert 0.03 < by_chance < 0.06
    assert share_gap(Counter(a=1), Counter(a=9)) == (0, 0)


# The worlds' own axioms.


def test_the_answer_is_yes_as_often_as_no() -> None:
    for task in (17, 18):
        answers = Counter(question.answer for story in own_stories(task) for question in asked_in(story))
        assert answers["yes"] / answers.total() == pytest.approx(0.5, abs=0.02)


def test_the_asked_one_shares_its_animal_with_1_3_or_4_others() -> None:
    assert {herds(story)[0] for story in own_stories(16)} == {1, 3, 4}


def test_a_way_is_two_steps_and_never_back_and_forth() -> None:
    answers = Counter(answer(story) for story in own_stories(19))
    assert sorted(answers) == sorted(
        f"{a},{b}" for a in "nesw" for b in "nesw" if a + b not in ("ns", "sn", "ew", "we")
    )


def test_nobody_fetches_what_is_fetched_already() -> None:
    for story in own_stories(20):
        fetched = [text.split()[-2] for text in told_in(story) if text.endswith(" there.")]
        assert len(fetched) == len(set(fetched))
        assert layout(story) == "sq" * len(asked_in(story))


# The same on every machine.


@pytest.mark.parametrize("task", TASKS)
def test_a_seed_makes_the_same_stories_for_ever(task: int) -> None:
    rng = make_rng(0, "test", task)
    text = "".join(WORLDS[task](rng).to_text() for _ in range(20))
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == GOLDEN[task]
