"""Runs on bAbI's stories: they resume bit by bit, draw what is wrong, are measured on folders and ship with a card."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from rn_core import cli
from rn_core.answering import load
from rn_core.common.errors import RNCoreError
from rn_core.common.seeding import make_rng
from rn_core.evaluation.accuracy import evaluate_batches
from rn_core.models import ModelConfig, build_model
from rn_core.models.baselines import MLPConfig
from rn_core.models.questions import QuestionEncoderConfig
from rn_core.models.relation_layers import StackedRelationNetworkConfig
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.models.sentences import SentenceEncoderConfig, StoryEncoderConfig
from rn_core.pretraining.pairs import PairPretrainingConfig, make_pair_steps
from rn_core.pretraining.type_errors import TypeErrors
from rn_core.tasks import TASKS
from rn_core.tasks.babi import task as babi_task
from rn_core.tasks.babi.pool import StoryPool
from rn_core.tasks.babi.worlds import sample_story
from rn_core.training.config import TrainConfig
from rn_core.training.held_sums import sum_pool
from rn_core.training.publishing import EvaluationSpec, publish
from rn_core.training.trainer import Trainer
from rn_core.weights import store as weights
from rn_core.weights.card import CardFacts
from tests.test_training import TINY, make_fabric
from tests.test_training import weights as copy_weights

pytestmark = pytest.mark.weights

BABI = TASKS["babi"]
RN = ModelConfig(
    SentenceEncoderConfig(145, 8, 8),
    RelationNetworkConfig(28, 8, 60, (16, 16), (16,), aggregate_scale=0.1),
    QuestionEncoderConfig(145, 8, 8),
)
TWO_HOPS = replace(RN, core=StackedRelationNetworkConfig(28, 8, 60, (16, 16), 8, (16, 16), (16,), aggregate_scale=0.1))
MLP = replace(RN, encoder=StoryEncoderConfig(145, 8, 16), core=MLPConfig(1, 16, 8, 60, (16,)))
STORIES = TrainConfig(
    "babi",
    RN,
    steps=6,
    n_scenes=24,
    n_questions=1,
    pool_scenes=200,
    warm_start=2,
    hold_relations=0.5,
    precision="32-true",
    report_every=2,
    validate_every=3,
    validation_scenes=20,
)


@pytest.fixture(autouse=True)
def few_stories(monkeypatch):
    """Let a pool have 10 questions of each task."""
    monkeypatch.setattr(babi_task, "_ROUND", 10)


# Training.


@pytest.mark.parametrize("model", [RN, TWO_HOPS, MLP], ids=["rn", "2hop", "mlp"])
def test_a_run_broken_off_and_resumed_ends_with_the_same_weights(model, tmp_path):
    config = replace(STORIES, model=model)
    whole = Trainer(config, make_fabric())
    list(whole.train())
    for metrics in Trainer(config, make_fabric(), tmp_path).train():
        if metrics.step == 4:
            break
    resumed = Trainer(config, make_fabric(), tmp_path)
    assert resumed.run.step == 3
    list(resumed.train())
    for name, value in copy_weights(whole).items():
        assert torch.equal(value, copy_weights(resumed)[name]), name
    assert [row.accuracy for row in resumed.run.history] == [row.accuracy for row in whole.run.history]
    assert set(whole.run.history[-1].accuracy) == set(BABI.question_types)


@pytest.mark.parametrize("model", [RN, TWO_HOPS], ids=["rn", "2hop"])
def test_relations_and_encoders_stand_still_as_long_as_they_are_held(model):
    trainer = Trainer(replace(STORIES, model=model, steps=4, hold_encoder=0.75), make_fabric())
    trainer.wrapped.train()
    for step in range(4):
        before = copy_weights(trainer)
        trainer.step(trainer.sample())
        moved = {name for name, value in copy_weights(trainer).items() if not torch.equal(value, before[name])}
        assert any("f_phi" in name for name in moved)
        assert any("g_theta" in name for name in moved) == (step >= 2)
        assert any("encoder" in name for name in moved) == (step >= 3)


def test_held_relations_hold_the_encoders_too():
    trainer = Trainer(replace(STORIES, steps=2, hold_encoder=0.0), make_fabric())
    before = copy_weights(trainer)
    trainer.wrapped.train()
    trainer.step(trainer.sample())
    name = "encoder.reader.words.weight"
    assert torch.equal(before[name], copy_weights(trainer)[name])


HELD = replace(STORIES, warm_start=0, held_scenes=60)


def test_held_sums_are_what_f_phi_is_given_and_their_answers_are_those_of_the_scenes():
    trainer = Trainer(HELD, make_fabric())
    model = trainer.run.model
    found = sum_pool(model, trainer.pool, trainer.fabric, HELD.seed, 60)
    batch = trainer.pool.sample_batch(make_rng(HELD.seed, "train", 0, 4), 60)
    given = []
    hook = model.core.f_phi.register_forward_pre_hook(lambda _, taken: given.append(taken[0]))
    with torch.no_grad():
        expected = model(batch.inputs, batch.question, batch.scene_index)
    hook.remove()
    torch.testing.assert_close(found.sums, given[0])
    logits, drawn = found.answer(make_rng(5, "train"), 400)
    rows = (logits[:, None] - expected).abs().amax(dim=2).argmin(dim=1)  # which of the questions each is
    assert len({*rows.tolist()}) > 40
    torch.testing.assert_close(logits, expected[rows])
    assert torch.equal(drawn.answer, batch.answer[rows]) and torch.equal(drawn.type_index, batch.type_index[rows])


def test_steps_on_held_sums_train_f_phi_alone_and_pairs_are_computed_once(monkeypatch):
    trainer = Trainer(HELD, make_fabric())
    calls = []
    whole = type(trainer.run.model).add_up
    monkeypatch.setattr(type(trainer.run.model), "add_up", lambda *args: calls.append(1) or whole(*args))
    before = copy_weights(trainer)
    steps = trainer.train()
    assert next(steps).step == 2 and calls == [1]
    moved = {name for name, value in copy_weights(trainer).items() if not torch.equal(value, before[name])}
    assert moved and all("f_phi" in name for name in moved)
    list(steps)
    moved = {name for name, value in copy_weights(trainer).items() if not torch.equal(value, before[name])}
    assert calls == [1] and any("g_theta" in name for name in moved)


def test_a_run_on_held_sums_broken_off_and_resumed_ends_with_the_same_weights(tmp_path):
    config = replace(HELD, hold_relations=0.9, steps=8)
    whole = Trainer(config, make_fabric())
    list(whole.train())
    for metrics in Trainer(config, make_fabric(), tmp_path).train():
        if metrics.step == 4:
            break
    resumed = Trainer(config, make_fabric(), tmp_path)
    assert resumed.run.step == 3
    list(resumed.train())
    for name, value in copy_weights(whole).items():
        assert torch.equal(value, copy_weights(resumed)[name]), name


def test_held_sums_need_a_pool_and_a_relation_network():
    for change in ({"pool_scenes": 0, "warm_start": 0}, {"model": MLP}, {"model": TWO_HOPS}):
        with pytest.raises(
            RNCoreError, match=r"held_scenes are of a pool and of a Relation Network, got 60 for 'babi'"
        ):
            replace(HELD, **change)


def test_what_is_wrong_is_drawn_more_from_the_pool():
    trainer = Trainer(replace(STORIES, warm_start=0, n_scenes=1000), make_fabric())
    trainer.run.accuracy[:] = 1
    trainer.run.accuracy[[4, 17]] = 0, 0.5
    shares = trainer.sample().type_index.bincount(minlength=20) / 1000
    whole = 1 + 0.5 + 18 * STORIES.focus
    assert shares[[4, 17]].tolist() == pytest.approx([1 / whole, 0.5 / whole], abs=0.08)


def test_types_that_are_not_asked_are_not_drawn():
    trainer = Trainer(replace(STORIES, warm_start=0, question_types=("qa3", "qa20")), make_fabric())
    assert set(trainer.sample().type_index.tolist()) == {2, 19}


def test_two_processes_share_the_batch_of_one():
    alone = Trainer(replace(STORIES, warm_start=0, n_scenes=8), make_fabric())
    whole = alone.sample()
    parts = Trainer(replace(STORIES, warm_start=0, n_scenes=4), make_fabric())
    for rank in (0, 1):
        parts.fabric = SimpleNamespace(global_rank=rank, world_size=2, device=torch.device("cpu"))
        part, rows = parts.sample(), slice(4 * rank, 4 * rank + 4)
        assert all(torch.equal(one, other[rows]) for one, other in zip(part.inputs, whole.inputs, strict=True))
        assert torch.equal(part.question, whole.question[rows]) and torch.equal(part.answer, whole.answer[rows])
        assert part.scene_index.tolist() == [0, 1, 2, 3]


def test_two_hops_go_on_from_the_weights_of_one(monkeypatch):
    learned = build_model(RN, 5)
    monkeypatch.setattr("rn_core.training.trainer.load_weights", lambda name: SimpleNamespace(model=learned))
    config = replace(STORIES, model=TWO_HOPS, warm_start=0, core_from="babi/rn-joint")
    trainer, batch = Trainer(config, make_fabric()), BABI.sample_batch(make_rng(0, "test"), 20)
    with torch.no_grad():
        found = trainer.run.model.eval()(batch.inputs, batch.question)
        torch.testing.assert_close(found, learned.eval()(batch.inputs, batch.question), rtol=1e-4, atol=1e-6)


def test_hold_relations_changes_no_older_card():
    assert "hold_relations" not in TINY.to_dict()
    assert TrainConfig.from_dict(json.loads(json.dumps(STORIES.to_dict()))) == STORIES


# Lessons.


class WatchedPool:
    """A pool that notes by what weights its lessons were drawn."""

    def __init__(self, pool: StoryPool) -> None:
        self.pool, self.weights = pool, []

    def sample_pair_batch(self, rng, n_scenes, n_pairs, type_weights):
        self.weights.append(type_weights.copy())
        return self.pool.sample_pair_batch(rng, n_scenes, n_pairs, type_weights)


def test_lessons_teach_encoders_and_pairs_and_are_drawn_by_what_is_missed():
    pool, model = WatchedPool(BABI.make_pool(0, 200, 1)), build_model(RN, 0)
    make_pair_steps(model, pool, PairPretrainingConfig(30, 20, n_scenes=64, learning_rate=1e-2), make_fabric()).finish()
    fresh = build_model(RN, 0).state_dict()
    moved = {name for name, value in model.state_dict().items() if not torch.equal(value, fresh[name])}
    assert moved == {name for name in fresh if "f_phi" not in name}
    first, last = pool.weights[1], pool.weights[-1]  # the first lesson of all only says how many facts there are
    assert pool.weights[0].tolist() == first.tolist() == [1] * 20
    assert last.max() > 1.2 * last.min() > 0
    assert last.argmax() in (3, 15, 16, 18), "those whose pairs show the most"


def test_errors_are_running_means_and_none_is_below_a_tenth_of_the_worst():
    errors = TypeErrors(4)
    lesson = torch.tensor([0] * 20 + [1] * 10)
    errors.add(lesson, torch.tensor([6.0] * 20 + [0.0, 2.0] * 5))
    assert errors.weights == pytest.approx([1 + 0.02 * 5, 1, 1, 1]), "ten questions move a mean half as far"
    errors.add(lesson, torch.tensor([1.1] * 20 + [3.0] * 10))
    assert errors.weights == pytest.approx([1.1, 1 + 0.01 * 2, 1, 1])
    for _ in range(2000):
        errors.add(lesson, torch.tensor([8.0] * 20 + [0.0] * 10))
    assert errors.weights == pytest.approx([8, 0.8, 1, 1], rel=1e-3)


# The commands.


@pytest.fixture
def shipped(tmp_path, monkeypatch) -> str:
    """Untrained weights that the commands find by name."""
    folder = tmp_path / "pretrained"
    weights.save_weights("babi/tiny", build_model(RN, 0), CardFacts(task="babi"), folder=folder)
    monkeypatch.setattr(cli, "load", lambda name, device, _: load(name, device, folder))
    return "babi/tiny"


@pytest.fixture
def data(tmp_path) -> Path:
    """A folder with three tasks for testing and one for validation."""
    folder = tmp_path / "data"
    folder.mkdir()
    for task, split in ((19, "test"), (1, "test"), (15, "test"), (2, "valid")):
        rng = make_rng(9, "test", task)
        text = "".join(sample_story(rng, task).to_text() for _ in range(6))
        (folder / f"qa{task}_{split}.txt").write_text(text)
    return folder


def evaluate(capsys, *arguments: str) -> tuple[int, str, str]:
    code = cli.main(["evaluate", *arguments, "--device", "cpu"])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize("split", [[], ["--split", "test"]], ids=["default split", "test"])
def test_evaluate_prints_each_task_and_how_many_are_solved(shipped, data, capsys, split):
    code, out, _ = evaluate(capsys, shipped, "--data", str(data), *split, "--json")
    assert code == 0
    found = json.loads(out)
    wanted = evaluate_batches(load_tiny(data), BABI, BABI.read_batches(data, "test"))
    assert found == {"name": shipped, **wanted.to_dict(), "skipped": {"count": 0, "first": []}, "solved": 0}
    assert list(found["groups"]) == list(found["types"]) == ["qa1", "qa15", "qa19"]
    assert found["n"] == 18, "stories"
    assert found["groups"]["qa1"]["n"] == 30, "questions"


def load_tiny(data: Path):
    """Return the model of the shipped weights."""
    return load("babi/tiny", "cpu", data.parent / "pretrained").model


def test_evaluate_says_in_words_how_many_are_solved(shipped, data, capsys, monkeypatch):
    monkeypatch.setattr(type(BABI), "solved_above", -0.01)
    code, out, _ = evaluate(capsys, shipped, "--data", str(data), "--split", "valid")
    assert code == 0
    assert out.splitlines()[-1] == "  1 of 1 solved, which is above -1%"
    assert "qa2 " in out and "qa1 " not in out


def test_evaluate_without_data_asks_fresh_stories(shipped, capsys):
    code, out, _ = evaluate(capsys, shipped, "--scenes", "40", "--json")
    assert code == 0
    found = json.loads(out)
    assert [group["n"] for group in found["groups"].values()] == [2] * 20, "tasks in turn"


def test_what_cannot_be_read_is_one_sentence_and_exit_code_one(shipped, data, capsys, tmp_path):
    broken, empty = tmp_path / "broken", tmp_path / "empty"
    broken.mkdir(), empty.mkdir()
    (broken / "qa1_test.txt").write_text("1 Mary left.\n3 Where is Mary?\toffice\t1\n")
    for folder, split, sentence in (
        (data, ["--split", "train"], "has no bAbI files of split train, such as qa1_train.txt; it has test, valid"),
        (broken, [], "'qa1_test.txt', line 2: the number must be 2, or 1 for a new story, got 3"),
        (empty, [], "has no bAbI files of split test, such as qa1_test.txt."),
        (tmp_path / "nowhere", [], "is not a folder; give one with bAbI's files"),
        (data / "qa1_test.txt", [], "is not a folder; give one with bAbI's files"),
    ):
        code, out, err = evaluate(capsys, shipped, "--data", str(folder), *split, "--json")
        assert (code, out) == (1, "")
        assert sentence in err
        assert err.count("\n") == 1 and "Traceback" not in err


# Publishing.


def test_a_run_from_made_stories_is_measured_on_a_folder_too(data, tmp_path):
    folder = tmp_path / "pretrained"
    list(Trainer(STORIES, make_fabric(), tmp_path / "run").train())
    entry = publish("babi/rn-tiny", tmp_path / "run", EvaluationSpec(40, data=data, split="test"), into=folder)
    card = json.loads(entry.path.with_suffix(".json").read_text())
    model = load("babi/rn-tiny", "cpu", folder).model
    found = evaluate_batches(model, BABI, BABI.read_batches(data, "test"))
    assert card["published_files"] == {"split": "test", **json.loads(json.dumps(found.to_dict()))}
    assert card["metrics"]["overall"]["n"] == 40
    assert card["metrics"]["n"] == 40
    assert card["start"].startswith("pretrained for 2 steps, unlike in the paper, on the task")
    golden = weights.load_golden(entry)
    with torch.inference_mode():
        logits = model((golden["inputs.0"], golden["inputs.1"]), golden["question"], golden["scene_index"])
    torch.testing.assert_close(logits, golden["logits"])
    alone = publish("babi/rn-tiny", tmp_path / "run", EvaluationSpec(40), into=folder)
    assert "published_files" not in json.loads(alone.path.with_suffix(".json").read_text())


def test_a_task_that_reads_no_folder_refuses_one(data, tmp_path):
    list(Trainer(replace(TINY, steps=1), make_fabric(), tmp_path).train())
    with pytest.raises(RNCoreError, match=r"was trained on generated scenes and reads no folder; leave --data out"):
        publish("sort-of-clevr/rn-tiny", tmp_path, EvaluationSpec(10, data=data), into=tmp_path)
