"""Facts of pairs against programs that are executed, and against a plain loop over words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from rn_core.common.records import Batch
from rn_core.common.seeding import make_rng
from rn_core.tasks.clevr import ClevrQuestion, QuestionGenerator, execute_nodes, last_links, sample_scenes
from rn_core.tasks.clevr.encoding import BIT_ORDER
from rn_core.tasks.clevr.family_links import ANY, N_LINKS, NONE, UNSEEN, family_tables
from rn_core.tasks.clevr.language import DESCRIPTIONS
from rn_core.tasks.clevr.pair_facts import (
    N_PAIR_FACTS,
    QUESTION_FACT_SIZES,
    Asked,
    make_pair_batch,
    pair_facts,
    question_facts,
    show,
    tabulate_scenes,
)
from rn_core.tasks.clevr.program import QUESTION_TYPES
from rn_core.tasks.clevr.world import MAX_OBJECTS, RELATIONS, VALUES

N_SCENES = 12


@pytest.fixture(scope="module")
def questions() -> list[ClevrQuestion]:
    """Return one question of every family that each of some scenes carries."""
    rng = make_rng(5, "train")
    scenes = sample_scenes(rng, N_SCENES)
    generator = QuestionGenerator(rng)
    asked = [generator.ask_family(scene, family) for scene in scenes for family in range(90)]
    return [question for question in asked if question is not None]


@pytest.fixture(scope="module")
def asked(questions) -> Asked:
    return Asked(
        tabulate_scenes([question.scene for question in questions]),
        np.array([question.family for question in questions]),
        np.array([question.slots for question in questions]),
    )


def find_side(question: ClevrQuestion, side: int) -> set[int]:
    """Return the objects that a side of a question is read from, by executing its program."""
    program = question.program
    outputs = execute_nodes(program, question.scene)
    node = program[-1]["inputs"][side]
    while program[node]["type"].startswith(("query", "count", "exist")):
        (node,) = program[node]["inputs"]
    found = outputs[node]
    return {found} if isinstance(found, int) else set(found)


def has_one_step(question: ClevrQuestion) -> bool:
    """Return whether no object is described by its relation to another that is described by a relation itself."""
    links = family_tables().links[question.family]
    above, below = ({end for end in links[:, column].tolist() if end < ANY} for column in (0, 1))
    return not above & below


def test_a_pair_shows_what_the_program_finds(questions, asked):
    sides, seen = show(asked).sides, 0
    for row, question in enumerate(questions):
        for side in range(2):
            if family_tables().sides[question.family, side] == UNSEEN or not has_one_step(question):
                continue
            found = set(np.flatnonzero(sides[row, side].any(axis=1)).tolist())
            assert found == find_side(question, side), question.text
            seen += 1
    assert seen > 500


def test_the_last_links_of_a_program_are_the_pairs_that_show_its_sides(questions, asked):
    tables, sides, seen = family_tables(), show(asked).sides, 0
    for row, question in enumerate(questions):
        shown_by = tables.sides[question.family]
        if not has_one_step(question) or question.family in (31, 32, 33, 34, 35, 67, 70, 71):
            continue
        linked = [sides[row, side] for side in range(2) if shown_by[side] < N_LINKS]
        pairs = {(int(i), int(j)) for side in linked for i, j in np.argwhere(side)}
        assert {*last_links(question.program, question.scene)} == pairs, question.text
        seen += bool(pairs)
    assert seen > 200


def test_most_families_show_all_their_sides():
    tables = family_tables()
    two_sided = np.isin(tables.types, [QUESTION_TYPES.index(name) for name in QUESTION_TYPES if "_" in name])
    compares = two_sided & ~np.isin(
        tables.types, [QUESTION_TYPES.index(name) for name in QUESTION_TYPES if name.startswith("query")]
    )
    assert (tables.sides[~compares, 1] == UNSEEN).all()
    unseen = (tables.sides[:, 0] == UNSEEN) | (compares & (tables.sides[:, 1] == UNSEEN))
    # "both left of x and behind y", and "left of x or behind y", need two pairs at once.
    assert set(np.flatnonzero(unseen).tolist()) == {*range(31, 36), 67, 70, 71}


def test_the_links_of_some_programs_by_hand():
    links = family_tables().links
    a, b, c, d = range(4)
    assert links[25].tolist() == [[a, b], [b, c], [c, d], [NONE, NONE]]  # three hops
    assert links[31].tolist() == [[a, b], [a, c], [NONE, NONE], [NONE, NONE]]  # both ... and ...
    assert links[36].tolist() == [[NONE, NONE]] * 3 + [[ANY, b]]  # anything of the same size
    assert links[6].tolist() == [[a, b], [c, d], [NONE, NONE], [NONE, NONE]]  # two counts
    assert links[84].tolist() == [[NONE, NONE]] * N_LINKS


def fits(question: ClevrQuestion, slot: int, thing: int) -> bool:
    """Return whether description `slot` names nothing that an object is not."""
    if slot == ANY:
        return True
    number = question.slots[slot] if slot < ANY else -1
    words = [question.scene.words[name][thing] for name in VALUES]
    return number >= 0 and all(said in (None, word) for said, word in zip(DESCRIPTIONS[number], words, strict=True))


def carries(question: ClevrQuestion, link: int, i: int, j: int) -> bool:
    """Return whether the pair (i, j) carries a link."""
    tables = family_tables()
    above, below = tables.links[question.family, link].tolist()
    if link == N_LINKS - 1:
        words = question.scene.words[tuple(VALUES)[tables.same[question.family]]]
        step = i != j and words[i] == words[j]
    else:
        step = bool(question.scene.related[RELATIONS[question.slots[4 + link]]][j, i])
    return fits(question, above, i) and fits(question, below, j) and step


def facts_by_loop(question: ClevrQuestion, shown: Any, i: int, j: int) -> list[float]:
    """Return the facts of one pair, one after the other."""
    scene, tables = question.scene, family_tables()
    bits = [float(scene.words[name][i] == value) for name in BIT_ORDER for value in VALUES[name]]
    places = [*(scene.coords[i, :2] / 3), *(scene.coords[j, :2] / 3)]
    facts: list[float] = []
    for link in range(N_LINKS):
        facts += [carries(question, link, i, j) * value for value in (1, *bits, *places)]
    facts += [fits(question, slot, i) and i == j for slot in range(4)]
    facts += [fits(question, slot, thing) for thing in (i, j) for slot in range(4)]
    facts += [i == j and name == question.type for name in QUESTION_TYPES]
    wanted = dict(zip(VALUES, tables.asked[question.family], strict=True))
    owners = [name for name in BIT_ORDER for _ in VALUES[name]]
    sought = [bit * wanted[name] for name, bit in zip(owners, bits, strict=True)]
    return facts + [bool(shown[side, i, j]) * value for side in range(2) for value in (1, *sought)]


def test_the_facts_of_all_pairs_are_those_of_a_loop(questions, asked):
    chosen = np.arange(0, len(questions), 13)
    some = Asked(asked.scenes.select(chosen), asked.families[chosen], asked.slots[chosen])
    shown = show(some)
    for row, question in enumerate(questions[k] for k in chosen):
        n_objects = question.scene.n_objects
        first, second = (axis.ravel()[None].repeat(len(chosen), 0) for axis in np.indices((n_objects, n_objects)))
        if row % 5:
            continue
        found = pair_facts(some, shown, first, second)[row]
        wanted = [facts_by_loop(question, shown.sides[row], i, j) for i in range(n_objects) for j in range(n_objects)]
        np.testing.assert_allclose(found, np.array(wanted), atol=1e-6)
        assert found.shape == (n_objects**2, N_PAIR_FACTS)


def test_the_facts_of_a_question_give_its_slots_back(questions, asked):
    facts = question_facts(asked)
    assert facts.shape == (len(questions), len(QUESTION_FACT_SIZES))
    assert ((facts >= -1) & (facts < QUESTION_FACT_SIZES)).all()
    for (family, *named), question in zip(facts.tolist(), questions, strict=True):
        assert family == question.family
        for slot, number in enumerate(question.slots[:4]):
            said = [named[4 * attribute + slot] for attribute in range(4)]
            if number < 0:
                assert said == [-1] * 4
            else:
                words = [(None, *values)[k] for k, values in zip(said, VALUES.values(), strict=True)]
                assert tuple(words) == DESCRIPTIONS[number]
        assert tuple(named[16:]) == question.slots[4:]


def make_batch(asked) -> Batch:
    """Return questions of no words, each with its own scene."""
    n_questions = len(asked.families)
    words, zeros = torch.zeros(n_questions, 3, dtype=torch.int64), torch.zeros(n_questions, dtype=torch.int64)
    inputs = (torch.from_numpy(asked.scenes.rows), torch.from_numpy(asked.scenes.present))
    return Batch(inputs, words, torch.arange(n_questions), zeros, zeros)


def test_lessons_choose_pairs_that_are_there_and_mostly_tell_something(asked):
    batch = make_batch(asked)
    lesson = make_pair_batch(make_rng(1, "train"), asked, batch, n_pairs=50)
    assert lesson.question is batch.question
    # Every chosen object is one of the scene's: it has a shape bit, which padding has not.
    for side in (0, 1):
        rows = lesson.inputs[0].take_along_dim(lesson.pairs[..., side, None], dim=1)
        assert (rows[..., 11:14].sum(dim=-1) == 1).all()
    links = lesson.pair_facts[..., 0 : N_LINKS * 20 : 20].any(dim=-1)
    has_link = torch.from_numpy(show(asked).links.any(axis=(1, 2, 3)))
    assert links[has_link].float().mean() > 0.2
    n_pairs = (asked.scenes.present.sum(axis=1) ** 2).sum()
    assert links.float().mean() > 4 * show(asked).links.any(axis=1).sum() / n_pairs
    # Of pairs without a link, those whose objects both fit are chosen 4 or 8 times as often as others, not 1 or 5.
    fitting = lesson.pair_facts[..., 84:92].unflatten(-1, (2, 4)).any(dim=-1).all(dim=-1)
    shown = show(asked)
    fits, plain = shown.fits.any(axis=1), ~shown.links.any(axis=1)
    both = fits[:, :, None] & fits[:, None] & plain
    there = asked.scenes.present[:, :, None] & asked.scenes.present[:, None] & plain
    odds = both.sum() / (there & ~both).sum()
    assert (fitting & ~links).sum() / (~fitting & ~links).sum() > 2.5 * odds


def test_a_lesson_is_decided_by_its_generator(asked):
    batch = make_batch(asked)
    one, same, other = (make_pair_batch(make_rng(seed, "train"), asked, batch, 4).pairs for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_padding_shows_nothing(asked):
    shown = show(asked)
    absent = ~asked.scenes.present
    assert absent.any() and MAX_OBJECTS == absent.shape[1]
    assert not shown.fits.transpose(0, 2, 1)[absent].any()
    assert not shown.links.transpose(0, 2, 3, 1)[absent].any()
    assert not shown.links.transpose(0, 3, 2, 1)[absent].any()
    assert not shown.sides.transpose(0, 3, 2, 1)[absent].any()
