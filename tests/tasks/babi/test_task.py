"""bAbI behind one task object: what is drawn is true, seeds decide it, and folders are read whole."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from rn_core.common.errors import RNCoreError
from rn_core.common.records import Batch
from rn_core.common.seeding import make_rng
from rn_core.tasks import TASKS
from rn_core.tasks.babi import task as babi_task
from rn_core.tasks.babi.encoding import WINDOW, encode_questions, encode_stories
from rn_core.tasks.babi.files import load_stories
from rn_core.tasks.babi.solvers import solve
from rn_core.tasks.babi.story import Story
from rn_core.tasks.babi.words import ANSWERS, WORDS
from rn_core.tasks.babi.worlds import sample_story

BABI = TASKS["babi"]
#: The three layouts: en and en-10k, and en-valid-10k; names of a task's file for testing.
LAYOUTS = {"en-10k": "qa{}_some-name_test.txt", "en-valid-10k": "qa{}_test.txt"}


def digest(batch: Batch) -> str:
    """Return a short hash of a batch's numbers."""
    parts = (*batch.inputs, batch.question, batch.answer, batch.type_index)
    return hashlib.sha256(b"".join(part.numpy().tobytes() for part in parts)).hexdigest()[:16]


def read(numbers: torch.Tensor) -> str:
    """Return a sentence in words."""
    return " ".join(WORDS[number - 1] for number in numbers.tolist() if number)


def sample_stories(task: int, n_stories: int) -> list[Story]:
    rng = make_rng(7, "test", task)
    return [sample_story(rng, task) for _ in range(n_stories)]


def write(folder: Path, name: str, *tasks: int, n_stories: int = 30) -> dict[int, list[Story]]:
    """Write stories of each task and return them."""
    stories = {task: sample_stories(task, n_stories) for task in tasks}
    for task, told in stories.items():
        (folder / name.format(task)).write_text("".join(story.to_text() for story in told))
    return stories


# Drawing.


def test_a_question_that_is_shown_has_the_solvers_answer():
    rng, tasks = make_rng(0, "explore"), set()
    for _ in range(60):
        shown, seen = BABI.sample_shown(rng)
        assert shown is seen
        assert solve(shown.task, shown.statements, shown.text).answer == shown.answer
        tasks.add(shown.task)
    assert len(tasks) > 12


def test_any_question_of_a_story_may_be_drawn():
    rng = make_rng(0, "test")
    numbers = {len(BABI.sample_question(rng, 1).statements) for _ in range(60)}
    assert numbers == {2, 4, 6, 8, 10}


def test_a_batch_without_weights_asks_tasks_in_turn():
    batch = BABI.sample_batch(make_rng(0, "test"), 50)
    assert batch.type_index.bincount(minlength=20).tolist() == [3] * 10 + [2] * 10
    assert digest(batch) == digest(BABI.sample_batch(make_rng(0, "test"), 50))
    assert digest(batch) != digest(BABI.sample_batch(make_rng(1, "test"), 50))


def test_a_batch_with_weights_asks_by_them():
    weights = np.zeros(20)
    weights[[3, 14]] = 1, 3
    kinds = BABI.sample_batch(make_rng(0, "test"), 400, type_weights=weights).type_index.bincount(minlength=20)
    assert kinds[3] + kinds[14] == 400
    assert kinds[14] / 400 == pytest.approx(0.75, abs=0.11)


def test_examples_are_the_batch_in_words():
    batch, examples = BABI.sample_examples(make_rng(0, "test"), 25)
    assert len(examples) == len(batch) == 25
    told = [json.loads(example.scene)["statements"] for example in examples]
    words, mask = encode_stories(told)
    assert torch.equal(words, batch.inputs[0]) and torch.equal(mask, batch.inputs[1])
    assert torch.equal(encode_questions([example.question for example in examples]), batch.question)
    for row, example in enumerate(examples):
        task = int(batch.type_index[row]) + 1
        assert example.type == f"qa{task}"
        assert ANSWERS[batch.answer[row]] == example.answer
        assert solve(task, told[row], example.question).answer == example.answer


def test_what_a_seed_draws_never_changes(monkeypatch):
    monkeypatch.setattr(babi_task, "_ROUND", 20)
    assert digest(BABI.sample_batch(make_rng(3, "test"), 60)) == "d2a9b5198980f096"
    pool = BABI.make_pool(3, 400, 1)
    assert digest(pool.sample_batch(make_rng(3, "train"), 60)) == "acd68bbf26a3e15e"
    lesson = pool.sample_pair_batch(make_rng(3, "train"), 60, 6)
    shown = (lesson.pair_facts * 1000).round().to(torch.int16)
    assert digest(replace(pool.take(np.arange(1)), question=lesson.pairs, answer=shown)) == "5c8a3e9ef801503a"


# The pool.


def test_a_pool_has_as_many_questions_of_each_task_and_a_seed_decides_it(monkeypatch):
    monkeypatch.setattr(babi_task, "_ROUND", 20)
    pool, same, other = (BABI.make_pool(seed, 401, 1) for seed in (0, 0, 1))
    counts = np.bincount(pool.type_index, minlength=20)
    assert counts.min() >= 40, "two rounds of 20, and the rest of the last story"
    assert counts.max() < 60
    assert all(np.array_equal(getattr(pool, name), getattr(same, name)) for name in ("sentences", "told", "asked"))
    assert pool.told.tolist() != other.told.tolist()
    first = BABI.make_pool(0, 400, 1)
    assert len(first) < len(pool)
    assert first.answers[0] == pool.answers[0]


def test_rounds_are_different_draws_of_split_train_alone(monkeypatch):
    monkeypatch.setattr(babi_task, "_ROUND", 40)
    pool = BABI.make_pool(0, 1600, 1)
    row = np.flatnonzero(pool.type_index == 0)
    batch = pool.take(row)
    rounds = [
        "".join(read(sentence) for m in rows for sentence in batch.inputs[0][m]) for rows in (range(40), range(40, 80))
    ]
    assert rounds[0] != rounds[1]
    for number, told in enumerate(rounds):
        rng, texts = make_rng(0, "train", 1, number), []
        for _ in range(8):
            texts += [encode_stories([question.statements])[0][0] for question in sample_story(rng, 1).questions()]
        assert told == "".join(read(sentence) for text in texts for sentence in text)


# Folders.


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_a_folder_is_read_whole_with_stories_as_clusters(tmp_path, layout):
    stories = write(tmp_path, layout, 20, 3, 1)
    batches = list(BABI.read_batches(tmp_path))
    kinds = [set(batch.type_index.tolist()) for batch in batches]
    assert kinds == [{0}, {0}, {2}, {2}, {19}, {19}], "25 stories of a task at once, tasks in order"
    for task, told in stories.items():
        of_task = [batch for batch in batches if batch.type_index[0] == task - 1]
        row = 0
        asked = [(number, question) for number, story in enumerate(told) for question in story.questions()]
        for batch, first in zip(of_task, (0, 25), strict=True):
            for m in range(len(batch)):
                number, question = asked[row]
                row += 1
                assert batch.cluster[m] == number - first
                assert ANSWERS[batch.answer[m]] == question.answer
                words, _ = encode_stories([question.statements])
                assert torch.equal(batch.inputs[0][m][batch.inputs[1][m]][:, : words.shape[2]], words[0])
        assert row == len(asked)


def test_the_default_split_is_test_and_another_is_read_where_it_is_named(tmp_path):
    write(tmp_path, "qa{}_test.txt", 1, n_stories=2)
    write(tmp_path, "qa{}_valid.txt", 4, n_stories=2)
    assert [batch.type_index[0].item() for batch in BABI.read_batches(tmp_path)] == [0]
    assert [batch.type_index[0].item() for batch in BABI.read_batches(tmp_path, "valid")] == [3]
    with pytest.raises(RNCoreError, match=r"no bAbI files of split train, .*; it has test, valid, choose one"):
        list(BABI.read_batches(tmp_path, "train"))


def test_what_a_file_says_that_no_network_knows_is_named_with_the_file(tmp_path):
    write(tmp_path, "qa{}_test.txt", 1, n_stories=2)
    text = "1 Mary flew to the office.\n2 Where is Mary? \toffice\t1\n"
    other = text.replace("flew", "went").replace("\toffice", "\tattic")
    for wrong, sentence in ((text, "'flew' is not among"), (other, "'attic' is not one of bAbI's 60 answers; fix it")):
        (tmp_path / "qa6_test.txt").write_text(wrong)
        with pytest.raises(RNCoreError, match=rf"^'qa6_test\.txt': {sentence}") as caught:
            list(BABI.read_batches(tmp_path))
        assert "\n" not in str(caught.value)


def test_a_published_file_is_read(babi_folder):
    batch = next(BABI.read_batches(babi_folder, "valid"))
    stories = load_stories(babi_folder / "qa1_valid.txt", 1)[:25]
    asked = [question for story in stories for question in story.questions()]
    assert torch.equal(batch.inputs[0], encode_stories([question.statements for question in asked])[0])
    assert [ANSWERS[answer] for answer in batch.answer] == [question.answer for question in asked]
    assert batch.cluster.bincount().tolist() == [5] * 25


# What pages and weights ask of a task.


def test_it_says_what_it_is():
    assert BABI.question_types == tuple(f"qa{task}" for task in range(1, 21))
    assert BABI.groups == {kind: (kind,) for kind in BABI.question_types}
    assert BABI.answers == ANSWERS
    assert BABI.solved_above == 0.95
    BABI.check_answerable("Mary left.", "Where is John?")
    assert BABI.find_warnings("Mary went to the garden.", "Where is John?") == ()
    with pytest.raises(RNCoreError, match=r"^bAbI has no mean aggregate per question; choose zero"):
        BABI.question_index("Where is John?")
    words, mask = BABI.encode_scenes(["Mary left.\nJohn went there."])
    assert [read(sentence) for sentence in words[0]] == ["mary left", "john went there"] and mask.all()
    assert torch.equal(BABI.encode_questions(["Where is John?"]), encode_questions(["where is john"]))


@pytest.mark.parametrize("task", range(1, 21))
def test_sentences_of_every_task_are_answered_without_a_warning(task):
    for seed in range(5):
        shown = BABI.sample_question(make_rng(seed, "test"), task)
        short = replace(shown, statements=shown.statements[-WINDOW:], support=())
        assert BABI.find_warnings(short, shown.text) == ()


@pytest.mark.parametrize("joint", ["; ", ", ", " ", " and "])
def test_sentences_that_run_together_are_answered_with_a_warning(joint):
    story = f"Mary moved to the bathroom{joint}John went to the hallway."
    assert BABI.find_warnings(story, "Where is Mary?") == (
        f"bAbI has no sentence '{story}', so networks may misread it.",
    )
    assert BABI.find_warnings([story, "mary the mary.", story], "Where is Mary?")[0].endswith(
        "' and 1 more, so networks may misread it."
    )


@pytest.mark.parametrize("text", ["the the the?", "Is?", "Mary moved to the bathroom.", "Where Mary is?"])
def test_words_that_are_no_question_are_answered_with_a_warning(text):
    said = BABI.find_warnings("Mary moved to the bathroom.", text)
    assert said == (f"bAbI has no question '{text}', so networks may misread it.",)
    assert BABI.find_warnings("mary walked to bathroom", "where is mary") == ()
