"""The pool of questions against the text that it was made of."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rn_core.common.errors import RNCoreError
from rn_core.common.seeding import make_rng
from rn_core.tasks.babi.encoding import WINDOW, encode_questions, encode_stories
from rn_core.tasks.babi.pool import UNORDERED, StoryPool, make_pool
from rn_core.tasks.babi.story import TASK_NAMES, StoryQuestion
from rn_core.tasks.babi.task import Babi
from rn_core.tasks.babi.words import ANSWERS
from rn_core.tasks.babi.worlds import sample_story

#: Task -> its stories: some short, some beyond the window, as many questions of none.
N_STORIES = {1: 4, 3: 3, 7: 2, 16: 5, 19: 9}
LONG = StoryQuestion(
    2,
    tuple(f"{person} went to the {place}." for place in ("office", "garden", "park", "school", "kitchen")
          for person in ("Mary", "John", "Sandra", "Daniel", "Bill")),
    "Where is the milk?",
    "office",
    (24, 3, 5, 4),
)  # fmt: skip


@pytest.fixture(scope="module")
def questions() -> list[StoryQuestion]:
    rng = make_rng(2, "test")
    tasks = [task for task, n_stories in reversed(N_STORIES.items()) for _ in range(n_stories)]
    return [question for task in tasks for question in sample_story(rng, task).questions()]


@pytest.fixture(scope="module")
def ordered(questions) -> list[StoryQuestion]:
    """Return the questions in the pool's order: by task, and else as they came."""
    return [question for task in N_STORIES for question in questions if question.task == task]


@pytest.fixture(scope="module")
def pool(questions) -> StoryPool:
    return make_pool(questions)


def test_batches_are_what_the_text_encodes_to(pool, ordered):
    assert len(pool) == len(ordered) > 50
    assert max(len(question.statements) for question in ordered) > WINDOW
    rows = np.array([len(pool) - 1, 0, 30, 30, 7])
    for chosen in (rows, np.arange(len(pool)), rows[1:2]):
        batch = pool.take(chosen)
        asked = [ordered[row] for row in chosen]
        words, mask = encode_stories([question.statements for question in asked])
        assert torch.equal(batch.inputs[0], words) and torch.equal(batch.inputs[1], mask)
        assert torch.equal(batch.question, encode_questions([question.text for question in asked]))
        assert [ANSWERS[answer] for answer in batch.answer] == [question.answer for question in asked]
        assert (batch.type_index + 1).tolist() == [question.task for question in asked]
        assert batch.scene_index.tolist() == list(range(len(chosen)))


def test_support_is_that_of_the_statements_that_are_kept(pool, ordered):
    for row, question in enumerate(ordered):
        dropped = max(0, len(question.statements) - WINDOW)
        kept = {index - dropped for index in question.support if index >= dropped}
        assert set(np.flatnonzero(pool.support[row])) == kept


def test_links_are_the_support_in_its_order(pool, ordered):
    for row, question in enumerate(ordered):
        dropped = max(0, len(question.statements) - WINDOW)
        told = [max(-1, index - dropped) for index in question.support]
        is_chain = question.task not in UNORDERED and len(told) <= 3
        wanted = [*told, *[told[-1]] * (3 - len(told))] if is_chain else [-1, -1, -1]
        assert pool.links[row].tolist() == wanted
    assert {len(question.support) for question in ordered} >= {1, 3}
    assert {question.task for question in ordered} & UNORDERED


def test_chains_are_those_of_the_questions_drawn(pool):
    chains, batch = (sample(make_rng(3, "test"), 40) for sample in (pool.sample_chain_batch, pool.sample_batch))
    assert torch.equal(chains.question, batch.question) and torch.equal(chains.inputs[0], batch.inputs[0])
    assert torch.equal(chains.type_index, batch.type_index)
    assert chains.links.tolist() == pool.links[pool._draw(make_rng(3, "test"), 40, None)].tolist()


def test_only_the_last_twenty_statements_are_kept():
    pool = make_pool([LONG])
    assert np.flatnonzero(pool.support[0]).tolist() == [0, 19], "5 and 24; 3 and 4 were told too long ago"
    words, mask = pool.take(np.array([0])).inputs
    assert torch.equal(words, encode_stories([LONG.statements[5:]])[0]) and mask.all()
    few = make_pool([LONG], window=2)
    assert few.told.shape == few.support.shape == (1, 2)
    assert few.support.tolist() == [[False, True]]


def test_each_different_sentence_is_kept_once(pool):
    assert len({tuple(row) for row in pool.sentences.tolist()}) == len(pool.sentences)
    assert not pool.sentences[0].any() and pool.sentences[1:].any(axis=1).all()


def test_tasks_are_drawn_alike_whatever_their_number_of_questions(pool):
    kinds = pool.sample_batch(make_rng(0, "test"), 6000).type_index
    shares = (kinds.bincount(minlength=20) / 6000).numpy()
    assert shares[[0, 2, 6, 15, 18]] == pytest.approx([0.2] * 5, abs=0.026)
    assert shares.sum() == pytest.approx(1)


def test_tasks_are_drawn_by_their_weights(pool):
    weights = np.full(20, 7.0)  # those that the pool lacks count for nothing
    weights[[0, 2, 6, 15, 18]] = [0, 1, 2, 0, 5]
    kinds = pool.sample_batch(make_rng(0, "test"), 6000, weights).type_index
    shares = (kinds.bincount(minlength=20) / 6000).numpy()
    assert shares[[0, 2, 6, 15, 18]] == pytest.approx([0, 1 / 8, 2 / 8, 0, 5 / 8], abs=0.032)


def test_the_questions_of_a_task_are_drawn_alike(pool, ordered):
    weights = np.zeros(20)
    weights[6] = 1
    batch = pool.sample_batch(make_rng(1, "test"), 4000, weights)
    n_told = [min(len(question.statements), WINDOW) for question in ordered if question.task == 7]
    found = np.bincount(batch.inputs[1].sum(dim=1), minlength=WINDOW + 1) / 4000
    assert found == pytest.approx(np.bincount(n_told, minlength=WINDOW + 1) / len(n_told), abs=0.04)


def test_a_generator_decides_a_batch(pool):
    one, same, other = (pool.sample_batch(make_rng(seed, "test"), 30) for seed in (0, 0, 1))
    assert torch.equal(one.question, same.question) and torch.equal(one.inputs[0], same.inputs[0])
    assert one.question.tolist() != other.question.tolist()


def test_a_lesson_and_a_batch_of_one_generator_ask_the_same(pool):
    weights = np.linspace(1, 3, 20)
    lesson = pool.sample_pair_batch(make_rng(3, "test"), 40, 5, weights)
    batch = pool.sample_batch(make_rng(3, "test"), 40, weights)
    for name in ("question", "scene_index", "type_index"):
        assert torch.equal(getattr(lesson, name), getattr(batch, name)), name
    assert all(torch.equal(one, other) for one, other in zip(lesson.inputs, batch.inputs, strict=True))
    assert lesson.question_facts.tolist() == batch.type_index[:, None].tolist()
    assert lesson.question_fact_sizes == (20,)
    assert lesson.pairs.shape == (40, 5, 2)
    assert lesson.inputs[1].take_along_dim(lesson.pairs.flatten(1), dim=1).all(), "no pair holds padding"


def test_no_question_is_one_sentence():
    with pytest.raises(RNCoreError, match=r"^There must be at least one question, got none; give a story with one\.$"):
        make_pool([])


@pytest.mark.parametrize(
    ("statement", "answer", "sentence"),
    [
        ("Mary flew to the office.", "office", "'flew' is not among bAbI's 145 words"),
        ("Mary went to the office.", "attic", ".*'attic'"),
    ],
)
def test_an_unknown_word_or_answer_is_one_sentence(statement, answer, sentence):
    with pytest.raises(RNCoreError, match=f"^{sentence}"):
        make_pool([StoryQuestion(1, (statement,), "Where is Mary?", answer, (0,))])


def test_a_pool_of_some_tasks_has_their_stories_of_the_whole_pool():
    whole, some = (Babi(tasks).make_pool(3, 2_000, 1) for tasks in (tuple(TASK_NAMES), (4, 15)))
    kept = np.isin(whole.type_index, (3, 14))
    assert set(some.type_index) == {3, 14}
    words = some.sentences[some.told]
    assert np.array_equal(words, whole.sentences[whole.told[kept]][..., : words.shape[-1]])
    for name in ("answers", "support", "type_index"):
        assert np.array_equal(getattr(some, name), getattr(whole, name)[kept])
