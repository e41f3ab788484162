"""A domain that `rn_core` knows nothing of is trained, published, loaded and asked like those that ship."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
import torch

import rn_core
from rn_core.cli import main
from rn_core.common.errors import RNCoreError, UnknownNameError
from rn_core.common.seeding import make_rng
from rn_core.tasks import TASKS, Task
from rn_core.tasks.registry import CONFIGS, DOMAINS, RECIPES, Derived, register, registered
from rn_core.training.publishing import EvaluationSpec, publish
from tests.toy_domain import DOMAIN, QUESTIONS, Dice, Throw

NAME = "toy/rn-dice"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Return a folder of weights with a network that has learned from dice."""
    found = tmp_path_factory.mktemp("toy")
    with registered(Dice()):
        assert main(["train", NAME, "--folder", str(found / "run"), "--device", "cpu", "--json"]) == 0
        publish(NAME, found / "run", EvaluationSpec(n_scenes=100), into=found)
    return found


@pytest.fixture(autouse=True)
def dice():
    """Register the dice for one test."""
    task: Task = Dice()
    with registered(task):
        yield task


def run(capsys, *arguments: str) -> dict[str, object]:
    """Return what a command prints for machines."""
    assert main([*arguments, "--device", "cpu", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_it_is_in_every_table():
    assert "toy/dice" in TASKS and "toy/dice" in CONFIGS and "toy" in DOMAINS and NAME in RECIPES


def test_loaded_weights_know_whether_dice_are_alike(folder):
    answerer = rn_core.load(NAME, "cpu", folder)
    throws = [Throw(faces) for faces in product(range(1, 7), repeat=3)]
    for question, truth in zip(QUESTIONS, (lambda f: len({*f}) < 3, lambda f: 6 in f), strict=True):
        answers = answerer.answer_many(throws, [question] * len(throws))
        right = sum((answer.text == "yes") == truth(throw.faces) for answer, throw in zip(answers, throws, strict=True))
        assert right > 0.9 * len(throws)
        assert max(answer.completeness_gap for answer in answers) < 1e-3
    assert answerer.card.kind == "rn" and answerer.card.measured.n == 100


def test_the_command_line_explains_and_evaluates_it(folder, capsys):
    said = run(capsys, "explain", NAME, QUESTIONS[0], "--weights", str(folder), "--seed", "3")
    assert said["answer"] in ("yes", "no") and len(said["scene"]) == 3 and len(said["pairs"]) == 5
    again = rn_core.load(NAME, "cpu", folder).answer(Throw(tuple(said["scene"])), QUESTIONS[0])
    assert said["probabilities"] == pytest.approx(again.probabilities)
    found = run(capsys, "evaluate", NAME, "--weights", str(folder), "--scenes", "60")
    assert {*found["types"]} == {"alike", "six"} and found["overall"]["n"] == 120


def test_bad_questions_are_one_sentence(folder, capsys):
    assert main(["explain", NAME, "Who won?", "--weights", str(folder)]) == 1
    assert capsys.readouterr().err.startswith("A question about dice must be one of Are two dice alike?")


def test_a_task_is_registered_once_and_gone_behind_its_block(dice):
    with pytest.raises(RNCoreError, match="There is a task 'toy/dice' already"):
        register(Dice())
    other = Dice()
    other.name = "toy/coins"
    with pytest.raises(UnknownNameError, match="Unknown task with models 'toy/coins'"):
        register(other)
    assert "toy/coins" not in TASKS
    other.name = "toy/dice"
    with pytest.raises(RNCoreError), registered(other):
        pass
    assert TASKS["toy/dice"] is dice, "a failed registration takes nothing away"


def test_a_table_of_tasks_is_made_anew_only_where_other_tasks_are_registered():
    made: list[list[str]] = []

    def make() -> dict[str, Task]:
        made.append([*TASKS])
        return dict(TASKS)

    table, before, more = Derived(make), [*TASKS], Dice()
    more.name, more.domain = "toy/more", replace(DOMAIN, models={"toy/more": DOMAIN.models["toy/dice"]}, recipes={})
    assert made == []
    assert dict(table.items()) == dict(TASKS) and len(table) == len(TASKS)
    with registered(more):
        assert table["toy/more"] is more and "toy/dice" in table
    assert "toy/more" not in table and [*table] == before
    assert made == [before, [*before, "toy/more"], before]


def test_batches_are_what_the_solver_says(dice):
    batch = dice.sample_batch(make_rng(0, "test"), 50)
    faces = batch.inputs[0].argmax(dim=-1) + 1
    for row, kind in zip(batch.scene_index.tolist(), range(100), strict=True):
        shown = faces[row].tolist()
        assert bool(batch.answer[kind]) == ((6 in shown) if kind % 2 else len({*shown}) < 3)
    assert torch.equal(batch.question.argmax(dim=1), batch.type_index)
