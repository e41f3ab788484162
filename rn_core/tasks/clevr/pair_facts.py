"""A program's facts about pairs of objects, which relations can learn before they learn answers.

In most of CLEVR's 90 families a single pair shows whether an object belongs to what is asked about: "the cubes left
of the ball" are the i of all pairs (i, j) where i is a cube, j the ball, and i stands left of j. See `family_links`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from rn_core.common.records import Batch, PairBatch
from rn_core.common.seeding import uniform_integers
from rn_core.tasks.clevr.encoding import BIT_ORDER, encode_scenes
from rn_core.tasks.clevr.family_links import DESCRIPTIONS_ORDER, N_LINKS, RELATIONS_ORDER, family_tables
from rn_core.tasks.clevr.program import QUESTION_TYPES
from rn_core.tasks.clevr.scene import ClevrScene
from rn_core.tasks.clevr.world import MAX_OBJECTS, RELATIONS, VALUES

_N_VALUES = tuple(len(values) for values in VALUES.values())
_N_DESCRIPTIONS, _N_BITS, _N_PLACES = len(DESCRIPTIONS_ORDER), sum(_N_VALUES), 2
#: Facts of a pair, in this order: for each link, whether the pair carries it, then with it i's bits and both places;
#: for each description, whether it fits i and i = j; whether it fits i; whether it fits j; for i = j the question's
#: type; for each side, whether the pair shows it, then with it those of i's bits that are asked for.
N_PAIR_FACTS = N_LINKS * (1 + _N_BITS + 2 * _N_PLACES) + 3 * _N_DESCRIPTIONS + len(QUESTION_TYPES) + 2 * (1 + _N_BITS)
#: Facts of a question, each one of so many: its family; for each attribute and description which value is named, or
#: none; which relation each is.
QUESTION_FACT_SIZES = (
    len(family_tables().types),
    *(1 + n for n in _N_VALUES for _ in range(_N_DESCRIPTIONS)),
    *(len(RELATIONS) for _ in RELATIONS_ORDER),
)
#: How much more often pairs are chosen that carry link R, S, T or "the same"; that are one object twice; and whose
#: objects both fit a description. Any other pair has weight 1.
_LINK_WEIGHTS, _SELF_WEIGHT, _FIT_WEIGHT = (15, 30, 45, 15), 4, 3
#: The attributes in the order of their bits in an object row, and how many bits each has.
_BIT_ORDER = tuple(tuple(VALUES).index(name) for name in BIT_ORDER)
_BIT_COUNTS = tuple(_N_VALUES[k] for k in _BIT_ORDER)
#: (324, 4) what each description says of size, color, material, shape: 0 for nothing, k + 1 for value k.
_NAMED = np.indices([1 + n for n in _N_VALUES]).reshape(len(_N_VALUES), -1).T


class SceneTables(NamedTuple):
    """S scenes as arrays, filled up to ten objects.

    Attributes:
        rows: (S, 10, 18) float32, object rows as `encode_scenes` gives them, 0 in padding.
        values: (S, 10, 4) uint8, each object's size, color, material and shape, an index into `VALUES`.
        present: (S, 10) bool, False where a row is padding.
        related: (S, 4, 10, 10) bool: [r, i, j] says that i stands in relation r to j.
    """

    rows: np.ndarray
    values: np.ndarray
    present: np.ndarray
    related: np.ndarray

    def select(self, scenes: np.ndarray) -> SceneTables:
        """Return the tables of some scenes (M,)."""
        return SceneTables(*(table[scenes] for table in self))


class Asked(NamedTuple):
    """M questions, each beside its scene.

    Attributes:
        scenes: M rows.
        families: (M,) int64, 0 to 89.
        slots: (M, 7) int64, index into `DESCRIPTIONS` for A to D, into `RELATIONS` for R to T; -1 for unused slots.
    """

    scenes: SceneTables
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


def make_pair_batch(rng: np.random.Generator, asked: Asked, batch: Batch, n_pairs: int) -> PairBatch:
    """Return questions with some pairs each, and the facts of both.

    Args:
        rng: chooses the pairs, those that show something more often than others.
        asked: M questions.
        batch: the same questions, as models read them.
        n_pairs: pairs per question K; one may be chosen twice.
    """
    shown = show(asked)
    first, second = _choose_pairs(rng, asked.scenes.present, shown, n_pairs)
    return PairBatch(
        inputs=batch.inputs,
        question=batch.question,
        scene_index=batch.scene_index,
        type_index=batch.type_index,
        pairs=torch.from_numpy(np.stack([first, second], axis=-1)),
        question_facts=torch.from_numpy(question_facts(asked)),
        question_fact_sizes=QUESTION_FACT_SIZES,
        pair_facts=torch.from_numpy(pair_facts(asked, shown, first, second)),
    )


def tabulate_scenes(scenes: Sequence[ClevrScene]) -> SceneTables:
    """Return 1 or more scenes as arrays."""
    rows, mask = encode_scenes(scenes)
    n_padding = MAX_OBJECTS - rows.shape[1]
    values = np.zeros((len(scenes), MAX_OBJECTS, len(VALUES)), dtype=np.uint8)
    related = np.zeros((len(scenes), len(RELATIONS), MAX_OBJECTS, MAX_OBJECTS), dtype=bool)
    for k, scene in enumerate(scenes):
        values[k, : scene.n_objects] = np.stack(list(scene.attributes.values()), axis=1)
        related[k, :, : scene.n_objects, : scene.n_objects] = scene.relation_table.transpose(0, 2, 1)
    padded = np.pad(rows.numpy(), ((0, 0), (0, n_padding), (0, 0)))
    return SceneTables(padded, values, np.pad(mask.numpy(), ((0, 0), (0, n_padding))), related)


def show(asked: Asked) -> Shown:
    """Return what all pairs of some questions show."""
    tables, families = family_tables(), asked.families
    named = _NAMED[asked.slots[:, :_N_DESCRIPTIONS]]  # (M, 4, 4)
    matches = (named[:, :, None] == 0) | (named[:, :, None] == asked.scenes.values[:, None] + 1)  # (M, 4, 10, 4)
    is_used = asked.slots[:, :_N_DESCRIPTIONS, None] >= 0
    fits = matches.all(axis=-1) & is_used & asked.scenes.present[:, None]  # (M, 4, 10)
    anything, nothing = asked.scenes.present[:, None], np.zeros_like(asked.scenes.present[:, None])
    choices = np.concatenate([fits, anything, nothing], axis=1)  # (M, 6, 10)
    row = np.arange(len(families))[:, None]
    ends = choices[row, tables.links[families].reshape(len(families), -1)]  # (M, 8, 10)
    above, below = ends[:, 0::2], ends[:, 1::2]  # (M, 4, 10)
    links = _steps(asked) & above[..., :, None] & below[..., None, :]  # (M, 4, 10, 10)
    single = fits[..., None] & np.eye(MAX_OBJECTS, dtype=bool)  # (M, 4, 10, 10)
    one, two, three = single[:, 0], single[:, 1], single[:, 2]
    joined = np.stack([one | two, one & (two | three), np.zeros_like(one)], axis=1)  # (M, 3, 10, 10)
    sides = np.concatenate([links, single, joined], axis=1)[row, tables.sides[families]]  # (M, 2, 10, 10)
    return Shown(fits, links, sides)


def _steps(asked: Asked) -> np.ndarray:
    """Return (M, 4, 10, 10) bool: whether i is where relation R, S, T or "the same" leads from j."""
    row = np.arange(len(asked.families))
    relations = asked.scenes.related[row[:, None], asked.slots[:, _N_DESCRIPTIONS:]]  # (M, 3, 10, 10)
    compared = asked.scenes.values[row, :, family_tables().same[asked.families]]  # (M, 10)
    same = (compared[:, :, None] == compared[:, None]) & ~np.eye(MAX_OBJECTS, dtype=bool)  # (M, 10, 10)
    return np.concatenate([relations, same[:, None]], axis=1)


def question_facts(asked: Asked) -> np.ndarray:
    """Return (M, 20) int64, each fact as a number below its `QUESTION_FACT_SIZES`; -1 for slots that are not used."""
    descriptions, relations = asked.slots[:, :_N_DESCRIPTIONS], asked.slots[:, _N_DESCRIPTIONS:]
    named = np.where(descriptions[..., None] < 0, -1, _NAMED[descriptions])  # (M, 4, 4), slot and attribute
    return np.concatenate([asked.families[:, None], named.swapaxes(1, 2).reshape(len(named), -1), relations], axis=1)


def pair_facts(asked: Asked, shown: Shown, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return (M, K, N_PAIR_FACTS) float32 of chosen pairs, objects i `first` (M, K) and j `second` (M, K)."""
    tables, row = family_tables(), np.arange(len(first))[:, None]
    rows = asked.scenes.rows[row, first]  # (M, K, 18)
    bits, places = rows[..., 3:], np.concatenate([rows[..., :2], asked.scenes.rows[row, second, :2]], axis=-1)
    one, is_single = np.ones((*first.shape, 1)), (first == second)[..., None]
    sought = np.repeat(tables.asked[asked.families][:, _BIT_ORDER], _BIT_COUNTS, axis=1)[:, None]  # (M, 1, 15)
    links, sides = shown.links[row, :, first, second], shown.sides[row, :, first, second]  # (M, K, 4 or 2)
    fits_first, fits_second = shown.fits[row, :, first], shown.fits[row, :, second]  # (M, K, 4)
    parts = (
        _each(links, np.concatenate([one, bits, places], axis=-1)),
        fits_first & is_single,
        fits_first,
        fits_second,
        np.eye(len(QUESTION_TYPES))[tables.types[asked.families]][:, None] * is_single,
        _each(sides, np.concatenate([one, bits * sought], axis=-1)),
    )
    return np.concatenate(parts, axis=-1).astype(np.float32)


def _each(shown: np.ndarray, what: np.ndarray) -> np.ndarray:
    """Return (M, K, C * W): `what` (M, K, W) for each of C things (M, K, C) that a pair shows, else 0."""
    each: np.ndarray = shown[..., None] * what[..., None, :]
    return each.reshape(*shown.shape[:2], -1)


def _choose_pairs(
    rng: np.random.Generator, present: np.ndarray, shown: Shown, n_pairs: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return objects i and j of chosen pairs, (M, K) int64 each."""
    fits = np.asarray(shown.fits.any(axis=1))
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
