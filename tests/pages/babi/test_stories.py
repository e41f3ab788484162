"""Stories on the page: what is told survives tidying and the URL, and what cannot be read is one sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages._lab.babi import files
from pages._lab.babi.files import read_story_file
from pages._lab.babi.stories import (
    Line,
    format_lines,
    format_sentence,
    known_questions,
    mark_line,
    move_line,
    parse_lines,
    parse_question,
    read_written,
    sampled_questions,
    suggest_questions,
    tidy_question,
    tidy_sentence,
)
from rn_core.common.errors import QuestionError, RNCoreError, SceneError
from rn_core.tasks.babi.encoding import MOST_SENTENCES
from rn_core.tasks.babi.files import find_files, load_stories, parse_stories
from rn_core.tasks.babi.solvers import solve
from rn_core.tasks.babi.story import TASK_NAMES, Story

TASKS = [*TASK_NAMES]
MARY = Line("Mary moved to the bathroom.")
JOHN = Line("John went to the hallway.", dropped=True)


@pytest.mark.parametrize("task", TASKS)
def test_published_sentences_are_tidy_already_and_survive_the_url(babi_folder, task):
    stories = load_stories(find_files(babi_folder, "valid")[task], task)
    asked = [question for story in stories for question in story.questions()]
    for text in {statement for question in asked for statement in question.statements}:
        assert tidy_sentence(text) == text
        assert parse_lines(format_lines((Line(text),))) == (Line(text),)
    for text in {question.text for question in asked}:
        assert tidy_question(text) == parse_question(format_sentence(text)) == text


@pytest.mark.parametrize("task", TASKS)
def test_drawn_questions_have_the_truth_that_the_solver_finds(task):
    for question in sampled_questions(task, 5):
        found = solve(task, question.statements, question.text)
        assert (found.answer, {*found.support}) == (question.answer, {*question.support})


@pytest.mark.parametrize("task", TASKS)
def test_suggested_questions_have_an_answer_in_the_story(task):
    question = sampled_questions(task, 1)[-1]
    suggested = suggest_questions(task, 1, question.statements)
    assert question.text in suggested
    assert {*suggested} <= {*known_questions(task)}
    for text in suggested:
        solve(task, question.statements, text)


LINES = st.lists(st.builds(Line, st.sampled_from([MARY.text, JOHN.text]), st.booleans()), min_size=1, max_size=9)


@given(LINES.map(tuple))
def test_lines_survive_the_url_with_what_is_dropped(lines):
    assert parse_lines(format_lines(lines)) == lines


@given(LINES.map(tuple), st.data())
def test_moving_a_line_keeps_all_others_in_order(lines, data):
    place = st.integers(0, len(lines) - 1)
    start, end = data.draw(place), data.draw(place)
    moved, order = move_line(lines, start, end)
    assert moved == tuple(lines[old] for old in order)
    assert order[end] == start
    assert [old for old in order if old != start] == [old for old in range(len(lines)) if old != start]


def test_a_line_is_dropped_and_restored():
    assert mark_line((MARY, JOHN), 1, dropped=False) == (MARY, Line(JOHN.text))
    assert mark_line((MARY, JOHN), 0, dropped=True) == (Line(MARY.text, True), JOHN)


def test_what_is_written_is_tidied():
    assert read_written("  mary moved  ,to the bathroom\n\nJohn went to the hallway!!") == (MARY, Line(JOHN.text))
    assert tidy_question("where is Mary") == "Where is Mary?"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "The story is empty; write one sentence per line"),
        (" \n \n", "The story is empty"),
        ("Mary moved to the bathroom.\n" * 10_000, "got 10,000; shorten it"),
        ("Mary moved to the bathroom.\nJohn went to the lounge.", "Sentence 2 cannot be read: 'lounge'"),
        ("Mary moved to the bathrom.", "did you mean 'bathroom'?"),
        ("!?", "1 to 32 words, got 0"),
        ("\x00\xff\x01", "not among"),
    ],
)
def test_a_bad_story_is_one_sentence(text, words):
    with pytest.raises(SceneError) as caught:
        read_written(text)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(("text", "words"), [("", "got 0"), ("?", "got 0"), ("Where is Marry?", "'marry'")])
def test_a_bad_question_is_one_sentence(text, words):
    with pytest.raises(QuestionError, match=words):
        tidy_question(text)


def test_a_story_of_the_longest_length_survives_the_url():
    lines = (MARY,) * MOST_SENTENCES
    assert parse_lines(format_lines(lines)) == lines


STORY = "1 Mary moved to the bathroom.\n2 John went to the hallway.\n3 Where is Mary? \tbathroom\t1\n"


def test_a_story_of_many_questions_is_refused_before_they_are_laid_out(monkeypatch):
    """Each question repeats all that was told before it: 20,000 in under 1 MB took 1.6 GB."""
    monkeypatch.setattr(Story, "questions", lambda self: pytest.fail("laid out"))
    rows = (f"{2 * k + 1} Mary moved to the bathroom.\n{2 * k + 2} Where is Mary?\tbathroom\t1\n" for k in range(1001))
    with pytest.raises(RNCoreError, match=r"Story 1 of 'x\.txt' has more than 2,000 lines"):
        read_story_file("".join(rows).encode(), "x.txt", 1, 1)


def test_only_the_chosen_story_of_a_file_is_parsed(monkeypatch):
    parsed = []
    monkeypatch.setattr(files, "parse_stories", lambda text, *rest: parsed.append(text) or parse_stories(text, *rest))
    assert read_story_file((STORY * 500).encode(), "x.txt", 300, 1) == read_story_file(STORY.encode(), "x.txt", 1, 1)
    assert parsed == [STORY, STORY]
    with pytest.raises(RNCoreError, match=rf"line {STORY.count(chr(10)) + 1}: "):
        read_story_file(f"{STORY}1 no full stop\n".encode(), "x.txt", 2, 1)


def test_a_story_of_a_file_is_read_with_its_last_question():
    later = "4 Mary went to the office.\n5 Where is John? \thallway\t2\n"
    story = read_story_file((STORY + later + STORY).encode(), "qa1_train.txt", 1, 7)
    assert (story.task, story.question, len(story.told)) == (1, "Where is John?", 3)
    second = read_story_file((STORY + later + STORY).encode(), "mine.txt", 2, 7)
    assert (second.task, second.question, len(second.told), second.answer) == (1, "Where is Mary?", 2, "bathroom")


@pytest.mark.parametrize(
    ("content", "number", "words"),
    [
        (b"\x89PNG\r\n\x1a\n", 1, "'x.txt' is not a bAbI file, which is plain ASCII text: it has the byte 0x89"),
        (b"", 1, "holds no story"),
        (b"nonsense", 1, "line 1"),
        (STORY.encode(), 2, "has 1 stories, got number 2"),
        (b"1 Mary moved to the bathroom.\n", 1, "asks no question"),
        (STORY.replace("hallway", "lounge").encode(), 1, "'lounge'"),
    ],
)
def test_a_bad_file_is_one_sentence(content, number, words):
    with pytest.raises(RNCoreError) as caught:
        read_story_file(content, "x.txt", number, 1)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
