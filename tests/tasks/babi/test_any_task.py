"""The truth does not hang on a task that somebody chose: it is found from question and story."""

from __future__ import annotations

import pytest

from rn_core.common.errors import QuestionError, SceneError
from rn_core.common.seeding import make_rng
from rn_core.tasks.babi.encoding import split_sentences
from rn_core.tasks.babi.known import LANGUAGES
from rn_core.tasks.babi.solvers import solve
from rn_core.tasks.babi.solvers.any_task import asks, find_answer, list_tasks
from rn_core.tasks.babi.story import TASK_NAMES, StoryQuestion
from rn_core.tasks.babi.worlds import sample_story

TASKS = [*TASK_NAMES]


def sample_questions(task: int, n_stories: int = 8) -> list[StoryQuestion]:
    """Return the questions of generated stories."""
    rng = make_rng(2, "test", task)
    return [question for _ in range(n_stories) for question in sample_story(rng, task).questions()]


@pytest.mark.parametrize("task", TASKS)
def test_every_question_has_its_answer_whichever_task_is_tried_first(task):
    for asked in sample_questions(task, 3):
        assert task in list_tasks(asked.statements)
        for first in TASKS:
            found, solution = find_answer(asked.statements, asked.text, first)
            assert (solution.answer, {*solution.support}) == (asked.answer, {*asked.support})
            assert asks(found, asked.text)


@pytest.mark.parametrize("task", [1, 12])
def test_who_carries_what_does_not_change_where_persons_are(task):
    """Statements of task 8 that name no place are put between those of the story."""
    carried = [text for asked in sample_questions(8, 2) for text in asked.statements if " to the " not in text]
    for asked in sample_questions(task, 4):
        mixed = [line for pair in zip(asked.statements, carried, strict=False) for line in pair]
        mixed += asked.statements[len(mixed) // 2 :]
        assert find_answer(mixed, asked.text)[1].answer == solve(task, asked.statements, asked.text).answer


def test_a_story_of_carrying_is_asked_where_somebody_is():
    story = ("Mary moved to the kitchen.", "Mary picked up the milk.", "John went to the office.")
    assert find_answer(story, "Where is Mary?", 2)[1].answer == "kitchen"
    assert find_answer(story, "Where is the milk?", 16)[1].answer == "kitchen"
    assert find_answer(story, "Is John in the kitchen?", 2)[1].answer == "no"
    assert find_answer(story, "What is Mary carrying?", 1)[1].answer == "milk"


def test_what_no_rule_follows_is_refused():
    given = ("Mary got the milk.", "Mary gave the milk to John.", "John went to the office.")
    with pytest.raises(SceneError, match="Statement 2 is not in the language"):
        find_answer(given, "Where is the milk?")
    with pytest.raises(SceneError, match="Statement 1 is not in the language"):
        find_answer(("Mary is not in the kitchen.",), "Where is Mary?")
    with pytest.raises(QuestionError, match=r"^No task of bAbI asks 'Why Mary\?'\. Did you mean 'Where is Mary\?'$"):
        find_answer(given, "Why Mary?")


@pytest.mark.parametrize("task", TASKS)
def test_no_two_sentences_of_a_task_have_one_gist(task):
    language = LANGUAGES[task]
    for known in (language.known_questions, language.known_statements):
        assert len(known.meanings) == len(known.by_gist)


STORY = ("Mary moved to the bathroom.", "John went to the hallway.")


@pytest.mark.parametrize(
    "text",
    [
        "Mary moved to the bathroom. John went to the hallway.",
        "Mary moved to the bathroom.\nJohn went to the hallway.",
        "1 Mary moved to the bathroom.\n2 John went to the hallway.",
        "1. Mary moved to the bathroom.\n\n 2) John went to the hallway.\n",
    ],
)
def test_a_paragraph_and_numbered_lines_are_sentences(text):
    assert split_sentences(text) == STORY


def test_a_question_among_statements_is_one_sentence():
    with pytest.raises(SceneError, match=r"^A story holds statements only, got the question 'Where is Mary\?"):
        split_sentences("1 Mary moved to the bathroom.\n2 Where is Mary? \tbathroom\t1")
