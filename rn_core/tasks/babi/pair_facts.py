"""Facts about pairs of statements and a question, which relations can learn before they learn answers.

A pair shows which names its statements share with the question and with each other ("Mary", "the pink rectangle"), and
how they relate what they name ("north of", "bigger than"). A pair that supports the answer shows the answer, and in
path finding and positional reasoning each of its statements a step of the way; in induction two statements about one
person show which animal has which color. All of it can be read from the words, the published support and the answer.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rn_core.common.seeding import uniform_fractions
from rn_core.tasks.babi import rule_forms
from rn_core.tasks.babi.rule_forms import ANIMALS, COLORS, COMPASS
from rn_core.tasks.babi.words import ANSWERS, NAMES, RELATIONS, WORDS

#: Most names of a sentence that are used; no statement of bAbI has more.
_N_NAMES = 3
_SINGULAR = {"mice": "mouse", "wolves": "wolf", "cats": "cat"}
#: Relation -> the step (x, y) from the second thing to the first; relations of size have none.
_STEP_OF = {**COMPASS, **{word: step for said, step in rule_forms.RELATIONS.items() for word in said.split()}}
_STEPS = np.array([_STEP_OF.get(relation, (0, 0)) for relation in RELATIONS])
_DIRECTIONS = np.array([*COMPASS.values()])
#: Index of induction, positional reasoning and path finding among the tasks, which are numbered from 1.
_INDUCTION, _POSITIONS, _PATHS = 15, 16, 18
#: For positions a step along or against the asked direction; for a path a direction from its start, then to its end.
_N_STEPS = 2 + 2 * len(_DIRECTIONS)
#: For induction which animal the asked person is; and which animal somebody of some color is, the less the longer ago
#: that was told: the color of the last one is passed on.
_N_KINDS = len(ANIMALS) * (1 + len(COLORS))
_FADING = 0.7
#: Facts of a pair, in this order: the answer; steps; kinds; names shared by i and question, j and question, i and j;
#: relations that i, j and the question name.
N_PAIR_FACTS = len(ANSWERS) + _N_STEPS + _N_KINDS + 3 * _N_NAMES**2 + 3 * len(RELATIONS)


class SentenceFacts(NamedTuple):
    """The names and relations in each of U sentences.

    Attributes:
        names: (U, 3) int64, the index of each name in order: animals of induction from 1, then colors, then
            others in order of appearance; 0 for none.
        relations: (U, 11) bool, which of `RELATIONS` occur.
    """

    names: np.ndarray
    relations: np.ndarray

    def select(self, rows: np.ndarray) -> SentenceFacts:
        """Return the facts of some sentences (...,), as (..., 3) and (..., 11)."""
        return SentenceFacts(*(table[rows] for table in self))


class PairQuestions(NamedTuple):
    """M questions, each with K pairs.

    Attributes:
        first: (M, K, ...) of the statements i.
        second: (M, K, ...) of the statements j.
        asked: (M, 1, ...) of the questions.
        back: (M, K) int64, the number of statements after i.
        is_same: (M, K) bool, whether i is j.
        is_true: (M, K) bool, whether the pair supports the answer.
        answers: (M,) int64, index into `ANSWERS`.
        type_index: (M,) int64, the task, from 0.
    """

    first: SentenceFacts
    second: SentenceFacts
    asked: SentenceFacts
    back: np.ndarray
    is_same: np.ndarray
    is_true: np.ndarray
    answers: np.ndarray
    type_index: np.ndarray


def read_sentences(sentences: np.ndarray) -> SentenceFacts:
    """Return the facts of sentences (U, L), given as word indices followed by padding 0."""
    numbers = {name: number for number, name in enumerate((*ANIMALS, *COLORS), start=1)}
    names = np.zeros((len(sentences), _N_NAMES), dtype=np.int64)
    relations = np.zeros((len(sentences), len(RELATIONS)), dtype=bool)
    for row, sentence in enumerate(sentences):
        words = [WORDS[number - 1] for number in sentence if number]
        found = [numbers.setdefault(name, len(numbers) + 1) for name in find_names(words)][:_N_NAMES]
        names[row, : len(found)] = found
        relations[row] = np.isin(RELATIONS, words)
    return SentenceFacts(names, relations)


def find_names(words: list[str]) -> list[str]:
    """Return the names in a sentence, in order and in the singular, such as "box of chocolates"."""
    found: list[str] = []
    current: list[str] = []
    for word in (*words, ""):
        if word in NAMES or (word == "of" and current == ["box"]):
            current.append(_SINGULAR.get(word, word))
        elif current:
            found.append(" ".join(current))
            current = []
    return found


def choose_pairs(
    rng: np.random.Generator, support: np.ndarray, names: np.ndarray, n_statements: np.ndarray, n_pairs: int
) -> np.ndarray:
    """Draw pairs for each question.

    In turn: a pair that supports its answer, one with a statement that does, one about one name, and any.

    Args:
        rng: a generator over `PCG64`.
        support: (M, N) bool, the statements that the answer follows from.
        names: (M, N) int64, the first name in each statement.
        n_statements: (M,) statements there are, 1 to N.
        n_pairs: K.

    Returns:
        (M, K, 2) int64, the statements i and j of each pair; one may be drawn twice.
    """
    there = np.arange(support.shape[1]) < n_statements[:, None]  # (M, N)
    first, second, rank, other, side = uniform_fractions(rng, (5, len(support), n_pairs))
    any_first, any_second = (_pick(there, draw) for draw in (first, second))
    supports = np.where(support.any(axis=1, keepdims=True), support, there)
    one = _pick(supports, rank)
    rest = supports[:, None] & (np.arange(support.shape[1]) != one[..., None])  # (M, K, N)
    rest = np.where(rest.any(axis=-1, keepdims=True), rest, supports[:, None])
    alike = there[:, None] & (names[:, None] == np.take_along_axis(names, any_first, axis=1)[..., None])
    options = [
        np.stack([one, _pick(rest, other)], axis=-1),
        np.where((side < 0.5)[..., None], np.stack([one, any_first], axis=-1), np.stack([any_first, one], axis=-1)),
        np.stack([any_first, _pick(alike, second)], axis=-1),
        np.stack([any_first, any_second], axis=-1),
    ]
    return np.choose((np.arange(n_pairs) % len(options))[:, None], options)


def _pick(allowed: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Return (M, K) one of the allowed statements for each draw.

    Args:
        allowed: (M, N) or (M, K, N) bool, one True or more in each row.
        draws: (M, K) from 0 to below 1.
    """
    allowed = allowed if allowed.ndim == 3 else allowed[:, None]
    rank = (draws * allowed.sum(axis=-1)).astype(np.int64)
    chosen: np.ndarray = (np.cumsum(allowed, axis=-1) > rank[..., None]).argmax(axis=-1)
    return chosen


def is_supporting(pairs: np.ndarray, support: np.ndarray) -> np.ndarray:
    """Return (M, K) bool: whether a pair's statements support the answer, and differ if at least two do."""
    ends = np.take_along_axis(support, pairs.reshape(len(pairs), -1), axis=1).reshape(pairs.shape)
    alone: np.ndarray = support.sum(axis=1) == 1
    differ: np.ndarray = pairs[..., 0] != pairs[..., 1]
    inside: np.ndarray = np.asarray(ends.all(axis=-1)) & (differ | alone[:, None])
    return inside


def pair_facts(asked: PairQuestions) -> np.ndarray:
    """Return (M, K, F_p) float32, the facts of each pair in the order of `N_PAIR_FACTS`."""
    answer = np.eye(len(ANSWERS))[asked.answers][:, None] * asked.is_true[..., None]  # (M, K, A)
    steps = sum(_steps(asked, statement) for statement in (asked.first, asked.second)) * asked.is_true[..., None]
    sides = (asked.first, asked.asked), (asked.second, asked.asked), (asked.first, asked.second)
    shared = [_shared(one.names, other.names) for one, other in sides]
    said = [side.relations for side in (asked.first, asked.second, asked.asked)]
    parts = (answer, steps, _kinds(asked), *shared, *said)
    whole = [np.broadcast_to(part, (*asked.is_true.shape, part.shape[-1])) for part in parts]
    return np.concatenate(whole, axis=-1).astype(np.float32)


def _shared(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return (M, K, 9) bool: whether name a of one sentence is name b of another."""
    same: np.ndarray = (one[..., :, None] == other[..., None, :]) & (one[..., :, None] > 0)
    return same.reshape(*same.shape[:-2], -1)


def _kinds(asked: PairQuestions) -> np.ndarray:
    """Return (M, K, 20), the animal of the person asked about, and which animal has which color; 0 in other tasks."""
    person, kind = (asked.first.names[..., side] for side in (0, 1))  # (M, K)
    is_animal = kind[..., None] == 1 + np.arange(len(ANIMALS))  # (M, K, 4)
    is_color = asked.second.names[..., 1, None] == 1 + len(ANIMALS) + np.arange(len(COLORS))  # (M, K, 4)
    is_asked = asked.is_same & (person == asked.asked.names[..., 0])
    same = (person == asked.second.names[..., 0]) * _FADING**asked.back
    passed_on = (is_animal[..., :, None] & is_color[..., None, :]).reshape(*kind.shape, -1) * same[..., None]
    is_induction = (asked.type_index == _INDUCTION)[:, None, None]
    shown: np.ndarray = np.concatenate([is_animal * is_asked[..., None], passed_on], axis=-1) * is_induction
    return shown


def _steps(asked: PairQuestions, statement: SentenceFacts) -> np.ndarray:
    """Return (M, K, 10), the steps that single statements describe; 0 in other tasks."""
    one, other = (statement.names[..., side] for side in (0, 1))  # (M, K)
    start, end = (asked.asked.names[..., side] for side in (0, 1))  # (M, 1)
    step = statement.relations @ _STEPS  # (M, K, 2), from the other to the one
    asked_step = asked.asked.relations @ _STEPS  # (M, 1, 2)
    # From the second asked thing to the first: along the statement's step if it has the first or the second in place.
    along = ((start == one) | (end == other)).astype(int) - ((start == other) | (end == one))
    push = along * (step * asked_step).sum(axis=-1)  # (M, K)
    positions = np.stack([push > 0, push < 0], axis=-1)
    leaving, arriving = ((place == near).astype(int) - (place == far) for place, near, far in
                         ((start, other, one), (end, one, other)))  # fmt: skip
    paths = [
        ((way[..., None] * step)[..., None, :] == _DIRECTIONS).all(axis=-1) for way in (leaving, arriving)
    ]  # of (M, K, 4)
    kind = asked.type_index[:, None, None]
    return np.concatenate([positions * (kind == _POSITIONS), *(path * (kind == _PATHS) for path in paths)], axis=-1)
