"""What pairs of statements show, against plain loops over words that are written from the descriptions of the facts."""

from __future__ import annotations

import numpy as np
import pytest

from rn_core.common.records import PairBatch
from rn_core.common.seeding import make_rng
from rn_core.tasks.babi import pair_facts
from rn_core.tasks.babi.encoding import WINDOW, encode_sentence, tokenize
from rn_core.tasks.babi.pool import make_pool
from rn_core.tasks.babi.rule_forms import ANIMALS, COLORS
from rn_core.tasks.babi.story import TASK_NAMES, StoryQuestion
from rn_core.tasks.babi.words import ANSWERS, RELATIONS, WORDS
from rn_core.tasks.babi.worlds import sample_story

N_QUESTIONS, N_PAIRS = 400, 9
#: Where each kind of facts lies: see `N_PAIR_FACTS`.
_SIZES = {"answer": 60, "steps": 10, "kinds": 20, "shared": 27, "said": 33}
_ENDS = np.cumsum([*_SIZES.values()])
PARTS = {name: slice(end - size, end) for (name, size), end in zip(_SIZES.items(), _ENDS, strict=True)}
STEPS = {
    **{"north": (0, 1), "south": (0, -1), "east": (1, 0), "west": (-1, 0)},
    **{"above": (0, 1), "below": (0, -1), "right": (1, 0), "left": (-1, 0)},
}
COMPASS = "nsew"


@pytest.fixture(scope="module")
def questions() -> list[StoryQuestion]:
    rng = make_rng(4, "test")
    return [question for task in TASK_NAMES for _ in range(9) for question in sample_story(rng, task).questions()]


@pytest.fixture(scope="module")
def lesson(questions) -> PairBatch:
    weights = np.ones(len(TASK_NAMES))
    weights[[15, 16, 18]] = 5  # those with facts of their own
    return make_pool(questions).sample_pair_batch(make_rng(5, "test"), N_QUESTIONS, N_PAIRS, weights)


@pytest.fixture(scope="module")
def asked(questions, lesson) -> list[StoryQuestion]:
    """Return the question of each row of the lesson, found by its words."""
    known = {
        (*(" ".join(tokenize(text)) for text in (*question.statements[-WINDOW:], question.text)),): question
        for question in questions
    }
    words, mask = lesson.inputs
    return [
        known[*map(read, words[m][mask[m]].tolist()), read(lesson.question[m].tolist())]
        for m in range(len(lesson.question))
    ]


def read(numbers: list[int]) -> str:
    """Return a sentence in words."""
    return " ".join(WORDS[number - 1] for number in numbers if number)


def support_of(question: StoryQuestion) -> set[int]:
    """Return the support among the statements that are kept."""
    dropped = max(0, len(question.statements) - WINDOW)
    return {index - dropped for index in question.support if index >= dropped}


def is_true(question: StoryQuestion, i: int, j: int) -> bool:
    """Return whether a pair supports the answer."""
    support = support_of(question)
    return {i, j} <= support and (i != j or len(support) == 1)


def step_of(words: list[str]) -> np.ndarray:
    """Return the step from the second thing to the first that a sentence tells."""
    return sum((np.array(STEPS[word]) for word in words if word in STEPS), np.zeros(2, dtype=int))


# Names.


@pytest.mark.parametrize(
    ("sentence", "names"),
    [
        ("The pink rectangle is to the left of the red square.", ["pink rectangle", "red square"]),
        ("The box of chocolates fits inside the chest.", ["box of chocolates", "chest"]),
        ("The box is bigger than the box of chocolates.", ["box", "box of chocolates"]),
        ("Wolves are afraid of mice.", ["wolf", "mouse"]),
        ("Sheep are afraid of cats.", ["sheep", "cat"]),
        ("Emily is a wolf.", ["emily", "wolf"]),
        ("Mary and John went back to the kitchen.", ["mary", "john", "kitchen"]),
        ("Fred gave the milk to Bill.", ["fred", "milk", "bill"]),
        ("How do you go from the bathroom to the garden?", ["bathroom", "garden"]),
        ("Then they went there.", []),
        ("This morning Bill went to the park.", ["bill", "park"]),
    ],
)
def test_names_are_found_whole_and_in_the_singular(sentence, names):
    assert pair_facts.find_names(tokenize(sentence)) == names


def test_no_sentence_names_more_than_three(questions):
    found = {text for question in questions for text in (*question.statements, question.text)}
    counts = [len(pair_facts.find_names(tokenize(text))) for text in found]
    assert max(counts) == 3


def test_sentences_with_a_name_in_common_share_its_number():
    texts = ["Lily is a swan.", "Greg is a swan.", "Greg is gray.", "", "The garden is north of the office."]
    width = max(map(len, map(str.split, texts)))
    sentences = np.array([(encode_sentence(text) if text else []) + [0] * width for text in texts], dtype=object)
    rows = np.zeros((len(texts), width), dtype=np.uint8)
    for row, numbers in enumerate(sentences):
        rows[row] = numbers[:width]
    names, relations = pair_facts.read_sentences(rows)
    assert names[0, 1] == names[1, 1] == 1 + ANIMALS.index("swan")
    assert names[2, 1] == 1 + len(ANIMALS) + COLORS.index("gray")
    assert names[1, 0] == names[2, 0] != names[0, 0]
    assert names[0, 0] > len(ANIMALS) + len(COLORS)
    assert not names[3].any() and not names[:3, 2].any() and not relations[:4].any()
    assert [RELATIONS[k] for k in np.flatnonzero(relations[4])] == ["north"]


# Pairs.


def draw_support(n_rows: int, n_supporting: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return random support (M, 20), of each of these numbers in turn, and how many statements there are (M,)."""
    rng = np.random.default_rng(0)
    n_statements = rng.integers(3, WINDOW + 1, n_rows)
    support = np.zeros((n_rows, WINDOW), dtype=bool)
    for row, n in enumerate(n_statements):
        support[row, rng.permutation(n)[: n_supporting[row % len(n_supporting)]]] = True
    return support, n_statements


def draw_names(n_rows: int) -> np.ndarray:
    """Return random names (M, 20), five different ones."""
    return np.random.default_rng(1).integers(1, 6, (n_rows, WINDOW))


def test_pairs_support_the_answer_or_hold_a_supporting_statement_or_one_name_in_turn():
    support, n_statements = draw_support(900, [1, 2, 3])
    names = draw_names(900)
    pairs = pair_facts.choose_pairs(make_rng(0, "test"), support, names, n_statements, 8)
    assert pairs.shape == (900, 8, 2)
    assert (pairs >= 0).all() and (pairs < n_statements[:, None, None]).all()
    flat = pairs.reshape(900, -1)
    held, named = (np.take_along_axis(table, flat, axis=1).reshape(pairs.shape) for table in (support, names))
    assert pair_facts.is_supporting(pairs, support)[:, ::4].all()
    assert held[:, 1::4].any(axis=-1).all()
    assert (named[:, 2::4, 0] == named[:, 2::4, 1]).all()
    assert (pairs[:, 2::4, 0] != pairs[:, 2::4, 1]).mean() > 0.4
    free = pairs[:, 3::4] + 0.5
    assert (free / n_statements[:, None, None]).mean() == pytest.approx(0.5, abs=0.02)


def test_pairs_are_drawn_in_both_orders_and_all_that_support_as_often():
    support = np.zeros((3000, WINDOW), dtype=bool)
    support[:, [1, 4, 6]] = True
    pairs = pair_facts.choose_pairs(make_rng(0, "test"), support, draw_names(3000), np.full(3000, 9), 2)
    orders, counts = np.unique(pairs[:, 0], axis=0, return_counts=True)
    assert orders.tolist() == [[a, b] for a in (1, 4, 6) for b in (1, 4, 6) if a != b]
    assert counts / 3000 == pytest.approx([1 / 6] * 6, abs=0.035)
    first = np.isin(pairs[:, 1], [1, 4, 6]).mean(axis=0)
    assert first == pytest.approx([2 / 3] * 2, abs=0.045), "half of them, and a third of the other half"


def test_a_question_without_support_has_any_pairs():
    support, n_statements = draw_support(400, [0])
    pairs = pair_facts.choose_pairs(make_rng(0, "test"), support, draw_names(400), n_statements, 6)
    assert (pairs < n_statements[:, None, None]).all()
    assert ((pairs + 0.5) / n_statements[:, None, None]).mean() == pytest.approx(0.5, abs=0.02)
    assert not pair_facts.is_supporting(pairs, support).any()


def test_a_pair_supports_if_both_do_and_are_two_unless_there_is_one(asked, lesson):
    support = np.array([[k in support_of(question) for k in range(WINDOW)] for question in asked])
    found = pair_facts.is_supporting(lesson.pairs.numpy(), support)
    wanted = [
        [is_true(question, i, j) for i, j in pairs]
        for question, pairs in zip(asked, lesson.pairs.tolist(), strict=True)
    ]
    assert found.tolist() == wanted
    assert 0.2 < found.mean() < 0.6


# Facts.


def slow_answer(question: StoryQuestion, i: int, j: int) -> list[float]:
    """The answer, if the pair supports it."""
    return [float(answer == question.answer and is_true(question, i, j)) for answer in ANSWERS]


def slow_kinds(question: StoryQuestion, i: int, j: int) -> list[float]:
    """In induction, which animal the asked person is; which has which color, fading with the statements after i."""
    kept = [tokenize(text) for text in question.statements[-WINDOW:]]
    one, other, person = kept[i], kept[j], tokenize(question.text)[-1]
    is_induction = question.task == 16
    asks = [float(is_induction and i == j and one == [person, "is", "a", animal]) for animal in ANIMALS]
    colored = [
        0.7 ** (len(kept) - 1 - i)
        * (is_induction and one[1:] == ["is", "a", animal] and other == [one[0], "is", color])
        for animal in ANIMALS
        for color in COLORS
    ]
    return asks + colored


def slow_shared(question: StoryQuestion, i: int, j: int) -> list[float]:
    """Which names i shares with the question, j with the question, and i with j."""
    kept = question.statements[-WINDOW:]
    first, second, asked = (
        [*pair_facts.find_names(tokenize(text)), None, None, None][:3] for text in (kept[i], kept[j], question.text)
    )
    sides = ((first, asked), (second, asked), (first, second))
    return [float(a is not None and a == b) for one, other in sides for a in one for b in other]


def slow_said(question: StoryQuestion, i: int, j: int) -> list[float]:
    """Which relations i, j and the question name."""
    kept = question.statements[-WINDOW:]
    return [float(name in tokenize(text)) for text in (kept[i], kept[j], question.text) for name in RELATIONS]


def slow_steps(question: StoryQuestion, i: int, j: int) -> list[float]:
    """For a pair that supports: of each statement, whether it leads along or against; where it leaves and arrives."""
    shown = np.zeros(10)
    if question.task not in (17, 19) or not is_true(question, i, j):
        return shown.tolist()
    here, there = pair_facts.find_names(tokenize(question.text))
    wanted = step_of(tokenize(question.text))
    for text in (question.statements[-WINDOW:][i], question.statements[-WINDOW:][j]):
        subject, seen_from = pair_facts.find_names(tokenize(text))
        step = step_of(tokenize(text))  # from the second to the first
        if question.task == 17:
            # On the way from the second asked thing to the first: as told, or back.
            as_told = here == subject or there == seen_from
            back = here == seen_from or there == subject
            push = int((as_told - back) * step @ wanted)
            shown[0] += push > 0
            shown[1] += push < 0
        else:
            for first, name, sign in ((2, here, 1), (6, there, -1)):
                if name in (subject, seen_from):  # going away from the start; toward the end
                    way = sign * (step if name == seen_from else -step)
                    shown[first + [tuple(STEPS[d]) for d in ("north", "south", "east", "west")].index(tuple(way))] += 1
    return shown.tolist()


@pytest.mark.parametrize("name", PARTS)
def test_facts_are_those_that_can_be_read_off_the_words(asked, lesson, name):
    slow = globals()[f"slow_{name}"]
    wanted = [
        [slow(question, i, j) for i, j in pairs] for question, pairs in zip(asked, lesson.pairs.tolist(), strict=True)
    ]
    found = lesson.pair_facts[..., PARTS[name]].numpy()
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-6)
    assert found.any(axis=(0, 1)).mean() > 0.3, "most facts are true of some pair"


def test_facts_are_all_there_are(lesson):
    assert lesson.pair_facts.shape == (N_QUESTIONS, N_PAIRS, pair_facts.N_PAIR_FACTS)
    assert _ENDS[-1] == pair_facts.N_PAIR_FACTS


def steps_of_supporting_pairs(asked, lesson, task: int) -> list[tuple[StoryQuestion, np.ndarray]]:
    """Return the questions of a task with the steps (10,) of each of their pairs that supports the answer."""
    steps = lesson.pair_facts[..., PARTS["steps"]].numpy()
    found = [
        (question, steps[m, k])
        for m, question in enumerate(asked)
        for k, (i, j) in enumerate(lesson.pairs[m].tolist())
        if question.task == task and is_true(question, i, j)
    ]
    assert len(found) > 100
    return found


def test_steps_of_the_two_supporting_statements_add_up_to_the_answer_in_positional_reasoning(asked, lesson):
    for question, steps in steps_of_supporting_pairs(asked, lesson, 17):
        assert question.answer == ("yes" if steps[0] > steps[1] else "no")


def test_steps_of_the_two_supporting_statements_are_the_way_in_path_finding(asked, lesson):
    for question, steps in steps_of_supporting_pairs(asked, lesson, 19):
        leaving, arriving = steps[2:6], steps[6:]
        assert leaving.sum() == arriving.sum() == 1
        assert question.answer == f"{COMPASS[leaving.argmax()]},{COMPASS[arriving.argmax()]}"


def test_the_strongest_color_of_the_asked_animal_is_the_answer_in_induction():
    """The facts of all pairs of a story, added up, tell what is passed on, as the sum of the relations is to."""
    rng = make_rng(6, "test")
    pool = make_pool(question for _ in range(150) for question in sample_story(rng, 16).questions())
    n_told, n_questions = 9, len(pool)
    assert (pool.told > 0).sum(axis=1).tolist() == [n_told] * n_questions
    i, j = np.indices((n_told, n_told)).reshape(2, -1)
    of_pairs = pair_facts.PairQuestions(
        first=pool.facts.select(pool.told[:, i]),
        second=pool.facts.select(pool.told[:, j]),
        asked=pool.facts.select(pool.asked[:, None]),
        back=np.broadcast_to(n_told - 1 - i, (n_questions, n_told**2)),
        is_same=np.broadcast_to(i == j, (n_questions, n_told**2)),
        is_true=np.zeros((n_questions, n_told**2), dtype=bool),
        answers=pool.answers,
        type_index=pool.type_index,
    )
    total = pair_facts.pair_facts(of_pairs)[..., PARTS["kinds"]].sum(axis=1)
    animals = total[:, : len(ANIMALS)].argmax(axis=1)
    colored = total[:, len(ANIMALS) :].reshape(n_questions, len(ANIMALS), len(COLORS))
    found = [COLORS[colored[row, animal].argmax()] for row, animal in enumerate(animals)]
    assert found == [ANSWERS[answer] for answer in pool.answers]
