"""What a question's program makes of pairs of objects: facts that a relation can learn before it learns answers.

In most of CLEVR's 90 families a single pair shows whether an object belongs to what is asked about: "the cubes left
of the ball" are the i of all pairs (i, j) where i is a cube, j the ball, and i stands left of j. See `family_links`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from rn_core.records import PairLesson
from rn_core.seeding import uniform_integers
from rn_core.tasks.clevr.encoding import BIT_ORDER, encode_scenes
from rn_core.tasks.clevr.family_links import DESCRIPTIONS_ORDER, N_LINKS, RELATIONS_ORDER, family_tables
from rn_core.tasks.clevr.generation import ClevrQuestion
from rn_core.tasks.clevr.program import QUESTION_TYPES
from rn_core.tasks.clevr.scene import ClevrScene
from rn_core.tasks.clevr.tokens import encode_tokens
from rn_core.tasks.clevr.world import MAX_OBJECTS, RELATIONS, VALUES

_N_VALUES = tuple(len(values) for values in VALUES.values())
_N_DESCRIPTIONS, _N_BITS, _N_PLACES = len(DESCRIPTIONS_ORDER), sum(_N_VALUES), 2
#: Facts of a pair, in this order: for each link, whether the pair carries it, then with it i's bits and both places;
#: for each description, whether it fits i and i = j; whether it fits i; whether it fits j; for i = j the question's
#: type; for each side, whether the pair shows it, then with it those of i's bits that are asked for.
N_PAIR_FACTS = N_LINKS * (1 + _N_BITS + 2 * _N_PLACES) + 3 * _N_DESCRIPTIONS + len(QUESTION_TYPES) + 2 * (1 + _N_BITS)
#: Facts of a question: its family; for each description and attribute whether it is left out, or which value is named;
#: for each relation, which one it is.
N_QUESTION_FACTS = (
    len(family_tables().types) + _N_DESCRIPTIONS * (len(_N_VALUES) + _N_BITS) + len(RELATIONS_ORDER) * len(RELATIONS)
)
#: How much more often pairs are chosen that carry link R, S, T or "the same"; that are one object twice; and whose
#: objects both fit a description. Any other pair has weight 1.
_LINK_WEIGHTS, _SELF_WEIGHT, _FIT_WEIGHT = (15, 30, 45, 15), 4, 3
#: The attributes in the order of their bits in an object row, and how many bits each has.
_BIT_ORDER = tuple(tuple(VALUES).index(name) for name in BIT_ORDER)
_BIT_COUNTS = tuple(_N_VALUES[k] for k in _BIT_ORDER)
#: (324, 4) what each description says of size, color, material, shape: 0 for nothing, k + 1 for value k.
_NAMED = np.indices([1 + n for n in _N_VALUES]).reshape(len(_N_VALUES), -1).T


class Asked(NamedTuple):
    """M questions, each beside its scene.

    Attributes:
        rows: (M, 10, 18) float32, object rows as `encode_scenes` gives them, filled up with 0.
        values: (M, 10, 4) int64, each object's size, color, material and shape, an index into `VALUES`.
        present: (M, 10) bool, False where a row is padding.
        related: (M, 4, 10, 10) bool: [r, i, j] says that i stands in relation r to j.
        families: (M,) int64, 0 to 89.
        slots: (M, 7) int64, index into `DESCRIPTIONS` for A to D, into `RELATIONS` for R to T; -1 for unused slots.
    """

    rows: np.ndarray
    values: np.ndarray
    present: np.ndarray
    related: np.ndarray
    families: np.ndarray
    slots: np.ndarray


class Shown(NamedTuple):
    """What all pairs of M questions show.

    Attributes:
        fits: (M, 4, 10) bool, whether description A to D fits an object.
        links: (M, 4, 10, 10) bool, whether the pair (i, j) carries link R, S, T or "the same".
        sides: (M, 2, 10, 10) bool, whether the pair shows side one or two.
    """

    fits: np.ndarray
    links: np.ndarray
    sides: np.ndarray


def make_lesson(
    rng: np.random.Generator, scenes: Sequence[ClevrScene], asked: Sequence[Sequence[ClevrQuestion]], n_pairs: int
) -> PairLesson:
    """Return questions with some pairs each, and the facts of both.

    Args:
        rng: chooses the pairs, those that show something more often than others.
        scenes: S scenes.
        asked: for each scene the questions about it, M in all.
        n_pairs: pairs a question K; one may be chosen twice.
    """
    questions = [question for of_scene in asked for question in of_scene]
    of_scene = np.repeat(np.arange(len(scenes)), [len(part) for part in asked])
    data = gather(scenes, questions, of_scene)
    shown = show(data)
    first, second = _choose_pairs(rng, data.present, shown, n_pairs)
    row = np.arange(len(questions))[:, None]
    return PairLesson(
        question=encode_tokens([question.text for question in questions]),
        first=torch.from_numpy(data.rows[row, first]),
        second=torch.from_numpy(data.rows[row, second]),
        question_facts=torch.from_numpy(question_facts(data)),
        pair_facts=torch.from_numpy(pair_facts(data, shown, first, second)),
    )


def gather(scenes: Sequence[ClevrScene], questions: Sequence[ClevrQuestion], scene_index: np.ndarray) -> Asked:
    """Return questions beside their scenes; `scene_index` (M,) says which."""
    rows, mask = encode_scenes(scenes)
    n_padding = MAX_OBJECTS - rows.shape[1]
    values = np.zeros((len(scenes), MAX_OBJECTS, len(VALUES)), dtype=np.int64)
    related = np.zeros((len(scenes), len(RELATIONS), MAX_OBJECTS, MAX_OBJECTS), dtype=bool)
    for k, scene in enumerate(scenes):
        values[k, : scene.n_objects] = np.stack(list(scene.attributes.values()), axis=1)
        related[k, :, : scene.n_objects, : scene.n_objects] = scene.relationships.transpose(0, 2, 1)
    return Asked(
        rows=np.pad(rows.numpy(), ((0, 0), (0, n_padding), (0, 0)))[scene_index],
        values=values[scene_index],
        present=np.pad(mask.numpy(), ((0, 0), (0, n_padding)))[scene_index],
        related=related[scene_index],
        families=np.array([question.family for question in questions]),
        slots=np.array([question.slots for question in questions]),
    )


def show(data: Asked) -> Shown:
    """Return what all pairs of some questions show."""
    tables, families = family_tables(), data.families
    named = _NAMED[data.slots[:, :_N_DESCRIPTIONS]]  # (M, 4, 4)
    matches = (named[:, :, None] == 0) | (named[:, :, None] == data.values[:, None] + 1)  # (M, 4, 10, 4)
    is_used = data.slots[:, :_N_DESCRIPTIONS, None] >= 0
    fits = matches.all(axis=-1) & is_used & data.present[:, None]  # (M, 4, 10)
    anything, nothing = data.present[:, None], np.zeros_like(data.present[:, None])
    choices = np.concatenate([fits, anything, nothing], axis=1)  # (M, 6, 10)
    row = np.arange(len(families))[:, None]
    ends = choices[row, tables.links[families].reshape(len(families), -1)]  # (M, 8, 10)
    above, below = ends[:, 0::2], ends[:, 1::2]  # (M, 4, 10)
    links = _steps(data) & above[..., :, None] & below[..., None, :]  # (M, 4, 10, 10)
    single = fits[..., None] & np.eye(MAX_OBJECTS, dtype=bool)  # (M, 4, 10, 10)
    one, two, three = single[:, 0], single[:, 1], single[:, 2]
    joined = np.stack([one | two, one & (two | three), np.zeros_like(one)], axis=1)  # (M, 3, 10, 10)
    sides = np.concatenate([links, single, joined], axis=1)[row, tables.sides[families]]  # (M, 2, 10, 10)
    return Shown(fits, links, sides)


def _steps(data: Asked) -> np.ndarray:
    """Return (M, 4, 10, 10) bool: whether i is where relation R, S, T or "the same" leads from j."""
    row = np.arange(len(data.families))
    relations = data.related[row[:, None], data.slots[:, _N_DESCRIPTIONS:]]  # (M, 3, 10, 10)
    compared = data.values[row, :, family_tables().same[data.families]]  # (M, 10)
    same = (compared[:, :, None] == compared[:, None]) & ~np.eye(MAX_OBJECTS, dtype=bool)  # (M, 10, 10)
    return np.concatenate([relations, same[:, None]], axis=1)


def question_facts(data: Asked) -> np.ndarray:
    """Return (M, N_QUESTION_FACTS) float32, each 0 or 1."""
    descriptions, relations = data.slots[:, :_N_DESCRIPTIONS], data.slots[:, _N_DESCRIPTIONS:]
    facts = [np.eye(len(family_tables().types))[data.families]]
    for attribute, n_values in enumerate(_N_VALUES):
        said = np.eye(1 + n_values)[_NAMED[descriptions, attribute]] * (descriptions[..., None] >= 0)
        facts.append(said.reshape(len(said), -1))
    meant = np.eye(len(RELATIONS))[relations] * (relations[..., None] >= 0)
    return np.concatenate([*facts, meant.reshape(len(meant), -1)], axis=1).astype(np.float32)


def pair_facts(data: Asked, shown: Shown, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return (M, K, N_PAIR_FACTS) float32 of chosen pairs, objects i `first` (M, K) and j `second` (M, K)."""
    tables, row = family_tables(), np.arange(len(first))[:, None]
    rows = data.rows[row, first]  # (M, K, 18)
    bits, places = rows[..., 3:], np.concatenate([rows[..., :2], data.rows[row, second, :2]], axis=-1)
    one, is_single = np.ones((*first.shape, 1)), (first == second)[..., None]
    asked = np.repeat(tables.asked[data.families][:, _BIT_ORDER], _BIT_COUNTS, axis=1)[:, None]  # (M, 1, 15)
    links, sides = shown.links[row, :, first, second], shown.sides[row, :, first, second]  # (M, K, 4 or 2)
    fits_first, fits_second = shown.fits[row, :, first], shown.fits[row, :, second]  # (M, K, 4)
    parts = (
        _each(links, np.concatenate([one, bits, places], axis=-1)),
        fits_first & is_single,
        fits_first,
        fits_second,
        np.eye(len(QUESTION_TYPES))[tables.types[data.families]][:, None] * is_single,
        _each(sides, np.concatenate([one, bits * asked], axis=-1)),
    )
    return np.concatenate(parts, axis=-1).astype(np.float32)


def _each(shown: np.ndarray, what: np.ndarray) -> np.ndarray:
    """Return (M, K, C * W): `what` (M, K, W) for each of C things (M, K, C) that a pair shows, else 0."""
    return (shown[..., None] * what[..., None, :]).reshape(*shown.shape[:2], -1)


def _choose_pairs(
    rng: np.random.Generator, present: np.ndarray, shown: Shown, n_pairs: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return objects i and j of chosen pairs, (M, K) int64 each."""
    fits = shown.fits.any(axis=1)
    weights = (
        1
        + np.einsum("mlij,l->mij", shown.links, np.array(_LINK_WEIGHTS))
        + _SELF_WEIGHT * np.eye(MAX_OBJECTS, dtype=np.int64)
        + _FIT_WEIGHT * (fits[:, :, None] & fits[:, None])
    ) * (present[:, :, None] & present[:, None])
    upper = weights.reshape(len(weights), -1).cumsum(axis=1)  # (M, 100)
    drawn = (uniform_integers(rng, 2**32, (len(upper), n_pairs)) * upper[:, -1:]) >> 32  # (M, K), below the last
    chosen = (drawn[..., None] >= upper[:, None]).sum(axis=-1)
    return chosen // MAX_OBJECTS, chosen % MAX_OBJECTS
