"""Solvers of tasks 1-3 and 5-14: the published answers and support, edited stories, and what is not told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rn_core.common.errors import QuestionError, RNCoreError, SceneError
from rn_core.common.seeding import make_rng
from rn_core.tasks.babi.language import KINDS
from rn_core.tasks.babi.solvers import Solution, solve
from rn_core.tasks.babi.story import Story, StoryQuestion
from rn_core.tasks.babi.worlds import sample_story

TASKS = tuple(KINDS)
#: Share of the published questions whose answer is the rule's; of task 5's, some are about an older giving.
LEAST = dict.fromkeys(TASKS, 1.0) | {5: 0.998}
#: In task 3 the taking of a dropped thing decides, but is not published as support.
SELF_SUPPORTING = tuple(task for task in TASKS if task != 3)
#: There, moreover, "he", "she" or "they" mean somebody else when a statement goes.
FREE_OF_PRONOUNS = tuple(task for task in SELF_SUPPORTING if task not in (11, 13))


def sample_questions(task: int, n_stories: int = 60) -> list[StoryQuestion]:
    """Return the questions of generated stories."""
    rng = make_rng(1, "test", task)
    return [question for _ in range(n_stories) for question in sample_story(rng, task).questions()]


# The published stories.


@pytest.mark.parametrize("task", TASKS)
def test_the_solver_gives_the_published_answers_and_support(task, published: Callable[[int], list[Story]]):
    asked = [question for story in published(task) for question in story.questions()]
    n_alike = sum(solve(task, q.statements, q.text) == Solution(q.answer, q.support) for q in asked)
    assert len(asked) == (2000 if task == 3 else 10_000)
    assert n_alike / len(asked) >= LEAST[task]


# Axioms of edited stories.


@pytest.mark.parametrize("task", SELF_SUPPORTING)
def test_the_support_alone_gives_the_answer(task):
    for asked in sample_questions(task):
        support = [asked.statements[index] for index in sorted(asked.support)]
        try:
            assert solve(task, support, asked.text).answer == asked.answer
        except SceneError as err:  # without "Mary left the milk.", which no count of John's things needs
            assert task == 7 and " contradicts statement " in str(err)


@pytest.mark.parametrize("task", FREE_OF_PRONOUNS)
def test_no_statement_outside_the_support_matters(task):
    for asked in sample_questions(task, 20):
        for dropped in set(range(len(asked.statements))) - set(asked.support):
            left = [statement for index, statement in enumerate(asked.statements) if index != dropped]
            try:
                assert solve(task, left, asked.text).answer == asked.answer
            except SceneError as err:  # without "Mary left the milk." two persons have it
                assert task in (2, 3, 5, 7, 8) and " contradicts statement " in str(err)


# Edited stories.

EDITED = [
    (1, "Mary moved to the office. John went to the garden.", "Where is Mary?", "office", (0,)),
    (2, "Mary got the milk there. Mary went to the office.", "Where is the milk?", "office", (0, 1)),
    (2, "Mary went to the office. Mary got the milk there.", "Where is the milk?", "office", (1, 0)),
    (2, "Mary went to the office. Mary left the milk.", "Where is the milk?", "office", (1, 0)),
    # Nobody told where John is, but the milk has not moved since Mary dropped it.
    (
        2,
        "Mary went to the office. Mary left the milk. John got the milk there.",
        "Where is the milk?",
        "office",
        (2, 0),
    ),
    # The milk was where Mary took it, too.
    (
        3,
        "Mary went to the office. Mary took the milk. Mary moved to the garden. Mary left the milk.",
        "Where was the milk before the garden?",
        "office",
        (3, 2, 0),
    ),
    # Of two visits to the garden, the later one counts.
    (
        3,
        "Mary took the milk. Mary moved to the office. Mary went to the garden. Mary moved to the kitchen. "
        "Mary went to the garden.",
        "Where was the milk before the garden?",
        "kitchen",
        (0, 4, 3),
    ),
    (5, "Bill gave the milk to Fred. Fred gave the milk to Bill.", "Who gave the milk?", "Fred", (1,)),
    (5, "Bill gave the milk to Fred. Fred gave the milk to Bill.", "Who gave the milk to Fred?", "Bill", (0,)),
    (5, "Bill handed the milk to Fred.", "Who did Bill give the milk to?", "Fred", (0,)),
    (6, "Mary went to the office. Mary left the milk.", "Is Mary in the garden?", "no", (0,)),
    (7, "Mary left the milk.", "How many objects is Mary carrying?", "none", (0,)),
    (7, "John gave the milk to Mary. Mary got the apple there.", "How many objects is Mary carrying?", "two", (0, 1)),
    (8, "Mary got the milk there. Mary got the apple there.", "What is Mary carrying?", "milk,apple", (0, 1)),
    # Got again, a thing keeps its rank.
    (
        8,
        "Mary got the milk there. Mary got the apple there. Mary left the milk. Mary took the milk there.",
        "What is Mary carrying?",
        "milk,apple",
        (0, 2, 3, 1),
    ),
    (9, "Mary is in the office. Mary is not in the office.", "Is Mary in the office?", "no", (1,)),
    (9, "Mary is not in the office. Mary is in the office.", "Is Mary in the office?", "yes", (1,)),
    (10, "Fred is either in the park or the office.", "Is Fred in the office?", "maybe", (0,)),
    (10, "Fred is either in the park or the office.", "Is Fred in the cinema?", "no", (0,)),
    (11, "Mary went to the office. Then she moved to the garden.", "Where is Mary?", "garden", (0, 1)),
    # "She" is the last woman named.
    (
        11,
        "Mary went to the office. John moved to the kitchen. Then she moved to the garden.",
        "Where is Mary?",
        "garden",
        (0, 2),
    ),
    (12, "Mary and John went to the office. John and Daniel went to the garden.", "Where is John?", "garden", (1,)),
    (13, "Mary and John went to the office. Then they went to the garden.", "Where is John?", "garden", (0, 1)),
    (
        14,
        "Bill went to the park yesterday. This evening Bill went to the park. This morning Bill went to the school.",
        "Where was Bill before the park?",
        "school",
        (1, 2),
    ),
]


def split(story: str) -> list[str]:
    """Return the sentences of a story."""
    return [f"{statement}." for statement in story.removesuffix(".").split(". ")]


@pytest.mark.parametrize(("task", "story", "text", "answer", "support"), EDITED)
def test_edited_stories_are_answered(task, story, text, answer, support):
    assert solve(task, split(story), text) == Solution(answer, support)


def test_case_blanks_and_last_signs_do_not_matter():
    assert solve(1, ["mary  Moved to the OFFICE"], " where is mary ") == Solution("office", (0,))


def test_a_story_of_ten_thousand_statements_is_answered():
    statements = ["John moved to the garden.", *["Mary went to the office."] * 10_000]
    assert solve(1, statements, "Where is John?") == Solution("garden", (0,))


# What is not told, or not in the language.

UNTOLD = [
    (1, "John went to the garden.", "Where is Mary?", "does not say where Mary is"),
    (2, "Mary got the milk there.", "Where is the milk?", "anybody who had the milk went"),
    (2, "Mary went to the office.", "Where is the milk?", "No statement names the milk"),
    (3, "Mary took the milk. Mary went to the office.", "Where was the milk before the office?", "before the office"),
    (3, "Mary took the milk. Mary went to the office.", "Where was the milk before the garden?", "before the garden"),
    (5, "Bill gave the milk to Fred.", "What did Fred give to Bill?", "No statement describes such a gift"),
    (6, "Mary got the milk there.", "Is Mary in the office?", "does not say where Mary is"),
    (7, "Mary went to the office.", "How many objects is Mary carrying?", "anything that Mary got"),
    (8, "Mary got the milk there.", "What is John carrying?", "anything that John got"),
    (9, "Mary is not in the office.", "Is Mary in the garden?", "not in the office, but not where instead"),
    (14, "Bill went to the park yesterday.", "Where was Bill before the park?", "before the park"),
    (14, "Bill went to the park yesterday.", "Where was Mary before the park?", "where Mary was"),
]


@pytest.mark.parametrize(("task", "story", "text", "said"), UNTOLD)
def test_what_the_story_does_not_tell_gets_a_sentence(task, story, text, said):
    with pytest.raises(QuestionError, match=said) as caught:
        solve(task, split(story), text)
    assert is_sentence(str(caught.value))


@pytest.mark.parametrize(
    ("task", "story", "said"),
    [
        (
            1,
            "Mary went to the office. Mary flew to the moon.",
            "Statement 2 .* of task 1, got 'Mary flew to the moon.'",
        ),
        (1, "Mary went to the offise.", "Did you mean 'Mary went to the office.'?"),
        (1, "!", "Write one such as 'John moved to the bathroom.'"),
        (2, "Mary gave the milk to John.", "Statement 1 is not in the language of task 2"),
        (11, "Then she went to the office.", "Statement 1 says 'she', but no statement before it names a person"),
        (13, "Then they went to the office.", "Statement 1 says 'they', but no statement before it names a person"),
    ],
)
def test_statements_outside_the_language_get_a_sentence(task, story, said):
    with pytest.raises(SceneError, match=said) as caught:
        solve(task, split(story), "Where is Mary?" if task != 2 else "Where is the milk?")
    assert is_sentence(str(caught.value))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Where is Marry?", "Did you mean 'Where is Mary?'?"),
        ("", "got ''. Write one such as 'Where is John?'"),
        ("x" * 10_000, "Task 1 does not ask this question"),
    ],
)
def test_questions_outside_the_language_get_a_sentence(text, said):
    with pytest.raises(QuestionError) as caught:
        solve(1, ["Mary went to the office."], text)
    assert said in str(caught.value)
    assert is_sentence(str(caught.value))


@pytest.mark.parametrize("wrong", [0, 21, "1", True])
def test_there_are_twenty_tasks(wrong):
    with pytest.raises(RNCoreError, match="numbered 1 to 20"):
        solve(wrong, [], "Where is Mary?")


def is_sentence(text: str) -> bool:
    """Return whether an error reads as a short sentence."""
    return len(text) < 400 and "\n" not in text and text[0].isupper() and text[-1] in ".?"
