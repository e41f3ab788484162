"""Lesson files: the ones that ship, one that a teacher adds, and a sentence with file, line and field for bad ones."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from pages._lab.babi.state import BabiState
from pages._lab.lessons.file import FOLDER, MAX_BYTES, PAGES, VIEWS, list_slugs, read_folder, read_lesson
from pages._lab.lessons.front import LessonError
from pages._lab.physics.state import PhysicsState
from pages._lab.sort_of_clevr.state import ExploreState, sampled_scene
from rn_core.common.errors import RNCoreError
from rn_core.tasks.sort_of_clevr import Question
from rn_core.weights.store import list_weights

GOOD = """---
title: Near and far
minutes: 2
scene: 6
question: What is the shape of the object closest to the gray object?
view: scene
quiz:
  ask: Which one is closest?
  choices:
    - red
    - blue
  answer: red
  why: It is the nearest one.
---

A text with **bold** words.
"""


def write(folder: Path, text: str | bytes, name: str = "01-near-and-far.md") -> Path:
    """Write a lesson's file and return its path."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def sentence_of(folder: Path, text: str | bytes, name: str = "01-near-and-far.md") -> str:
    """Return the sentence about a bad file."""
    with pytest.raises(LessonError) as caught:
        read_lesson(write(folder, text, name))
    assert isinstance(caught.value, RNCoreError)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_eighteen_lessons_ship_and_show_every_view_and_every_page():
    found = read_folder(FOLDER)
    assert found.problems == ()
    assert len(found.lessons) >= 18
    everything = [read_lesson(path) for path in sorted(FOLDER.glob("*.md"))]
    assert {lesson.view for lesson in everything} == {*VIEWS}
    assert {lesson.page for lesson in found.lessons} == {*PAGES}
    shown = [lesson.slug for lesson in everything if {*list_weights()} >= {*lesson.needs}]
    assert [lesson.slug for lesson in found.lessons] == shown
    assert [lesson.slug for lesson in everything] == list_slugs(FOLDER)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.md")), ids=lambda path: path.stem)
def test_shipped_texts_are_short(path):
    lesson = read_lesson(path)
    assert 60 <= len(lesson.body.split()) <= 160
    assert len(lesson.quiz.ask.split()) <= 20
    assert len(lesson.quiz.why.split()) <= 70


def test_right_answers_are_not_always_at_the_same_place():
    places = [lesson.quiz.answer for lesson in read_folder(FOLDER).lessons]
    assert len(set(places)) >= 3


def test_a_good_file_is_read(tmp_path):
    lesson = read_lesson(write(tmp_path, GOOD))
    assert (lesson.slug, lesson.title, lesson.minutes, lesson.view) == ("near-and-far", "Near and far", 2, "scene")
    assert lesson.explore == ExploreState(seed=6, question=Question("closest_shape", "gray"))
    assert lesson.quiz.choices == ("red", "blue")
    assert lesson.quiz.right == "red"
    assert lesson.body == "A text with **bold** words."
    with pytest.raises(FrozenInstanceError):
        lesson.title = "Another"


def test_model_and_edited_objects_may_be_given(tmp_path):
    scene = sampled_scene(6).remove("orange")
    objects = ExploreState(seed=6).edit(scene).to_query()["scene"]
    lesson = read_lesson(write(tmp_path, GOOD.replace("view:", f"objects: {objects}\nmodel: rn-pixels\nview:")))
    assert lesson.explore.scene == scene
    assert lesson.explore.model == "rn-pixels"


LINKED = GOOD.replace("scene: 6\nquestion: What is the shape of the object closest to the gray object?\n", "{}")


@pytest.mark.parametrize(
    ("page", "link", "expected"),
    [
        ("explore", "seed=6&q=closest_shape-gray", ExploreState(seed=6, question=Question("closest_shape", "gray"))),
        ("babi", "?task=1&seed=4", BabiState(task=1, seed=4)),
        ("physics", "seed=13&ask=count", PhysicsState(seed=13, question="count")),
    ],
)
def test_a_page_s_address_says_what_is_asked(tmp_path, page, link, expected):
    lesson = read_lesson(write(tmp_path, LINKED.format(f"page: {page}\nlink: {link}\n")))
    assert (lesson.page, lesson.state) == (page, expected)


@pytest.mark.parametrize(
    ("fields", "where", "what"),
    [
        ("page: babi\n", "field 'link'", "it is missing; copy what the page's address has"),
        ("page: babi\nlink: task=99\n", "line 5, field 'link'", "The task"),
        ("page: babi\nlink: task=1\nscene: 3\n", "line 6, field 'scene'", "the link says it already"),
        ("page: baby\nlink: task=1\n", "line 4, field 'page'", "Did you mean 'babi'?"),
        ("", "field 'scene'", "it is missing"),
    ],
)
def test_a_bad_link_is_one_sentence_with_line_and_field(tmp_path, fields, where, what):
    sentence = sentence_of(tmp_path, LINKED.format(fields))
    assert where in sentence
    assert what in sentence


def test_views_that_measure_shapes_are_refused_on_other_pages(tmp_path):
    text = LINKED.format("page: babi\nlink: task=1\n").replace("view: scene", "view: sum")
    assert "'sum' needs 'page: explore'; use scene, matrix, without." in sentence_of(tmp_path, text)


def test_a_lesson_is_left_out_without_a_sentence_where_its_weights_are_not_installed(tmp_path):
    needy = GOOD.replace("view: scene", "needs: sort-of-clevr/rn-objects {}\nview: scene")
    write(tmp_path, needy.format("sort-of-clevr/rn-nowhere"), "02-needy.md")
    assert (read_folder(tmp_path).lessons, read_folder(tmp_path).problems) == ((), ())
    write(tmp_path, needy.format(""), "02-needy.md")
    (lesson,) = read_folder(tmp_path).lessons
    assert (lesson.slug, lesson.needs) == ("needy", ("sort-of-clevr/rn-objects",))


@pytest.mark.parametrize(
    ("link", "view"), [("family=chain", "triples"), ("family=chain", "scene"), ("seed=3", "chain"), ("", "triples")]
)
def test_questions_about_more_than_pairs_have_a_view_of_their_own(tmp_path, link, view):
    text = LINKED.format(f"link: {link or 'seed=4'}\n").replace("view: scene", f"view: {view}")
    assert "needs a link to such a question" in sentence_of(tmp_path, text)


def test_yes_and_numbers_stay_words(tmp_path):
    text = GOOD.replace("- red", "- yes").replace("- blue", "- 1.50").replace("answer: red", "answer: yes")
    assert read_lesson(write(tmp_path, text)).quiz.choices == ("yes", "1.50")


@pytest.mark.parametrize("change", [lambda text: "\ufeff" + text, lambda text: text.replace("\n", "\r\n")])
def test_other_editors_files_are_read_alike(tmp_path, change):
    assert read_lesson(write(tmp_path, change(GOOD))) == read_lesson(write(tmp_path, GOOD, "02-near-and-far.md"))


def test_a_file_that_is_added_is_a_lesson(tmp_path):
    write(tmp_path, GOOD)
    assert [lesson.slug for lesson in read_folder(tmp_path).lessons] == ["near-and-far"]
    write(tmp_path, GOOD, "00-before.md")
    write(tmp_path, "no lesson", "notes.txt")
    found = read_folder(tmp_path)
    assert [lesson.slug for lesson in found.lessons] == ["before", "near-and-far"] == list_slugs(tmp_path)
    assert found.problems == ()


def test_a_bad_file_leaves_the_others(tmp_path):
    write(tmp_path, GOOD)
    write(tmp_path, GOOD.replace("minutes: 2", "minutes: two"), "02-bad.md")
    found = read_folder(tmp_path)
    assert [lesson.slug for lesson in found.lessons] == ["near-and-far"]
    assert found.problems == ("02-bad.md, line 3, field 'minutes': it must be a whole number from 1 to 30, got 'two'.",)


def test_a_name_used_twice_is_the_second_file_s_fault(tmp_path):
    write(tmp_path, GOOD)
    write(tmp_path, GOOD, "07-near-and-far.md")
    found = read_folder(tmp_path)
    assert len(found.lessons) == 1
    assert found.problems == (
        "07-near-and-far.md, line 1: 01-near-and-far.md has the name 'near-and-far' already; rename one.",
    )
    assert list_slugs(tmp_path) == ["near-and-far"]


@pytest.mark.parametrize(
    ("old", "new", "where", "what"),
    [
        ("title: Near and far\n", "", "line 1, field 'title'", "it is missing; write, for example, 'title: Why pairs'"),
        ("title:", "tittle:", "line 2, field 'tittle'", "Did you mean 'title'?"),
        ("title: Near and far", "title: [a, b]", "line 2, field 'title'", "it must be text"),
        ("title: Near and far", "title:", "line 2, field 'title'", "1 to 40 characters, got 0"),
        ("title: Near and far", f"title: {'x' * 41}", "line 2, field 'title'", "1 to 40 characters, got 41"),
        ("minutes: 2", "minutes: 31", "line 3, field 'minutes'", "from 1 to 30, got '31'"),
        ("minutes: 2", "minutes: 2\nminutes: 3", "line 4, field 'minutes'", "given twice"),
        ("scene: 6", "scene: -6", "line 4, field 'scene'", "from 0 to 4294967295, got '-6'"),
        ("scene: 6", "scene: {a: 1}", "line 4, field 'scene'", "got something else"),
        ("scene: 6", "scene: 6\nobjects: r20", "line 5, field 'objects'", "must read like r20.30s"),
        ("scene: 6", "scene: 6\nobjects: r20.30s_b50.12c", "line 6, field 'question'", "no gray object"),
        ("gray object?", "pink object?", "line 5, field 'question'", "'pink' is not in this task's language"),
        ("view: scene", "view: scenes", "line 6, field 'view'", "Did you mean 'scene'?"),
        ("view: scene", "model: rn-pixel\nview: scene", "line 6, field 'model'", "Did you mean 'rn-pixels'?"),
        ("view: scene", "model: rn-pixels\nview: crowds", "line 7, field 'view'", "needs 'model: rn-objects'"),
        ("  ask: Which one is closest?\n", "", "line 7, field 'quiz.ask'", "it is missing"),
        ("  ask:", "  asks:", "line 8, field 'quiz.asks'", "Did you mean 'ask'?"),
        ("    - blue\n", "", "line 9, field 'quiz.choices'", "a list of 2 to 4 lines"),
        ("    - blue\n", "    - red\n", "line 9, field 'quiz.choices'", "two of its lines are the same"),
        ("    - blue\n", "    - [blue]\n", "line 11, field 'quiz.choices'", "it must be text"),
        ("answer: red", "answer: rad", "line 12, field 'quiz.answer'", "Did you mean 'red'?"),
        ("quiz:\n", "quiz: none\nrest:\n", "line 8, field 'rest'", "there is no such field"),
        ("\nA text with **bold** words.\n", "\n", "line 15", "the lesson's text is missing"),
        ("title: Near and far", "title: Near: and far", "line 2, field 'title'", "this is not YAML"),
        ("title: Near and far", "title: 'Near", "field", "this is not YAML"),
        ("title: Near and far", "title: Near\x07", "line", "this is not YAML"),
        ("title: Near and far", f"title: {'[' * 5000}", "line", "this is not YAML"),
        ("title: Near and far", "\ttitle: Near", "line 2", "this is not YAML"),
        ("---\ntitle", "--\ntitle", "line 1", "must start with a line of three dashes"),
        ("nearest one.\n---", "nearest one.\n--", "line 16", "must end with a line '---'"),
    ],
)  # fmt: skip
def test_a_bad_file_is_one_sentence_with_line_and_field(tmp_path, old, new, where, what):
    assert old in GOOD
    sentence = sentence_of(tmp_path, GOOD.replace(old, new, 1))
    assert sentence.startswith("01-near-and-far.md, line ")
    assert where in sentence
    assert what in sentence


@pytest.mark.parametrize("text", ["", "---\n---\ntext", "---\n- a\n---\ntext", "---\njust words\n---\ntext"])
def test_a_file_without_fields_is_one_sentence(tmp_path, text):
    assert "line 1" in sentence_of(tmp_path, text)


def test_a_quiz_that_is_no_group_is_one_sentence(tmp_path):
    head, _, _ = GOOD.partition("quiz:")
    sentence = sentence_of(tmp_path, f"{head}quiz: what?\n---\ntext\n")
    assert sentence.startswith("01-near-and-far.md, line 7, field 'quiz': it must hold lines like")


def test_text_that_is_not_utf8_is_one_sentence(tmp_path):
    sentence = sentence_of(tmp_path, GOOD.replace("bold", "böld").encode("latin-1"))
    assert sentence == "01-near-and-far.md, line 16: this is not UTF-8 text; save the file as UTF-8."


def test_a_large_file_is_not_read(tmp_path):
    assert "at most" in sentence_of(tmp_path, GOOD + "x" * MAX_BYTES)


@pytest.mark.parametrize("name", ["near.md", "1-near.md", "01-Near.md", "01-near far.md", "01-near-.md"])
def test_a_bad_name_is_one_sentence(tmp_path, name):
    assert "must be named like 03-why-pairs.md" in sentence_of(tmp_path, GOOD, name)
    assert list_slugs(tmp_path) == []


def test_a_tag_builds_nothing(tmp_path):
    text = GOOD.replace("title: Near and far", "title: !!python/object/apply:os.getcwd []")
    assert "it must be text" in sentence_of(tmp_path, text)
