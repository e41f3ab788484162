"""Training on a folder in CLEVR's layout: it learns, it resumes to the same weights, it ships with an honest card."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import types
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from rn_core import cli
from rn_core.answering import load
from rn_core.common.errors import RNCoreError
from rn_core.common.records import Batch
from rn_core.evaluation.accuracy import evaluate_batches
from rn_core.models import ModelConfig, build_model
from rn_core.models.encoders import ImageEncoderConfig
from rn_core.models.questions import QuestionEncoderConfig
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.tasks import TASKS
from rn_core.tasks.clevr.program import QUESTION_TYPES
from rn_core.tasks.clevr.tokens import encode_tokens
from rn_core.training.checkpoints import read_checkpoint
from rn_core.training.config import TrainConfig
from rn_core.training.processes import leave_processes
from rn_core.training.publishing import EvaluationSpec, publish
from rn_core.training.recipes import RECIPES, make_recipe
from rn_core.training.trainer import Trainer
from rn_core.weights.store import load_golden
from tests.forked import start, two_processes
from tests.painted_clevr import paint_folder
from tests.test_training import TINY_STATES, make_fabric
from tests.test_training import weights as copy_weights

if TYPE_CHECKING:
    from lightning_fabric import Fabric

pytestmark = [pytest.mark.process, pytest.mark.weights]

ROOT = Path(__file__).resolve().parent.parent
TASK = TASKS["clevr/pixels"]
#: Dropout and augmentation are on: what they draw, too, is decided by seed and step.
TINY = TrainConfig(
    "clevr/pixels",
    ModelConfig(
        ImageEncoderConfig((4, 4, 4, 8), 128, pixel_values="light"),
        RelationNetworkConfig(10, 12, 28, (16, 16), (32,), f_dropout=0.5, aggregate="mean", pair_chunk=8192),
        QuestionEncoderConfig(82, 8, 12, reversed=True),
    ),
    steps=12,
    n_scenes=3,
    n_questions=4,
    schedule="doubling",
    first_rate=1e-3,
    doubling_epochs=1,
    learning_rate=4e-3,
    augment=True,
    precision="32-true",
    report_every=3,
    validate_every=6,
    validation_scenes=3,
)


@pytest.fixture(scope="module")
def painted(tmp_path_factory) -> Path:
    """Eight train and four val pictures, five questions each: turns of four and of one."""
    return paint_folder(tmp_path_factory.mktemp("painted"), 8, 4, 5)


@pytest.fixture(scope="module")
def source(painted) -> Any:
    return TASK.open_source(painted)


def test_a_run_broken_off_and_resumed_ends_with_the_same_weights(source, painted, tmp_path):
    whole = Trainer(TINY, make_fabric(), source=source)
    list(whole.train())
    for metrics in Trainer(TINY, make_fabric(), tmp_path, source).train():
        if metrics.step == 9:
            break
    resumed = Trainer(TINY, make_fabric(), tmp_path, TASK.open_source(painted))
    assert resumed.run.step == 6
    list(resumed.train())
    for name, value in copy_weights(whole).items():
        assert torch.equal(value, copy_weights(resumed)[name]), name
    assert [row.accuracy for row in resumed.run.history] == [row.accuracy for row in whole.run.history]


def test_a_run_that_is_asked_to_stop_ends_after_a_step_and_goes_on_from_there(source, tmp_path):
    whole = Trainer(TINY, make_fabric(), source=source)
    list(whole.train())
    stopped = Trainer(TINY, make_fabric(), tmp_path, source)
    step = stopped.step

    def step_and_stop(batch):
        loss = step(batch)
        if stopped.run.step == 4:
            stopped.stop()
        return loss

    stopped.step = step_and_stop
    list(stopped.train())
    stopped.save()
    resumed = Trainer(TINY, make_fabric(), tmp_path, source)
    assert resumed.run.step == 4
    list(resumed.train())
    for name, value in copy_weights(whole).items():
        assert torch.equal(value, copy_weights(resumed)[name]), name


def test_the_loss_falls_and_accuracy_is_told_by_type(source):
    config = replace(TINY, steps=120, report_every=20, validate_every=60, doubling_epochs=2, validation_scenes=99)
    rows = list(Trainer(config, make_fabric(), source=source).train())
    assert rows[-1].loss < 0.7 * rows[0].loss
    validations = [row.accuracy for row in rows if row.accuracy]
    assert len(validations) == 2
    kinds = {QUESTION_TYPES[k] for batch in source.validation_batches(0, 99) for k in batch.type_index}
    assert set(validations[0]) == set(validations[1]) == kinds


def test_what_is_watched_is_the_accuracy_on_val(source, painted):
    trainer = Trainer(replace(TINY, validation_scenes=99), make_fabric(), source=source)
    *_, last = trainer.train()
    found = evaluate_batches(trainer.run.model, TASK, TASK.read_batches(painted, "val"))
    assert last.accuracy == {kind: value.accuracy for kind, value in found.types.items()}


class SameBatch:
    """A source that asks the same at every step."""

    fingerprint, n_questions = "same", 4

    def __init__(self, batch: Batch) -> None:
        self.batch = batch

    def count_turns(self, n_questions: int) -> int:
        return 3

    def take_batch(self, *_: int) -> Batch:
        return self.batch


def test_pictures_are_moved_in_training_at_each_step_anew(source):
    batch = source.take_batch(0, 0, 3, 4)
    trainer = Trainer(TINY, make_fabric(), source=SameBatch(batch))
    first, again = trainer.sample(), trainer.sample()
    trainer.run.step = 1
    second = trainer.sample()
    assert torch.equal(first.inputs[0], again.inputs[0])
    assert not torch.equal(first.inputs[0], batch.inputs[0])
    assert not torch.equal(first.inputs[0], second.inputs[0])
    assert all(torch.equal(one.question, batch.question) for one in (first, second))
    plain = Trainer(replace(TINY, augment=False), make_fabric(), source=SameBatch(batch))
    assert torch.equal(plain.sample().inputs[0], batch.inputs[0])


def test_what_is_dropped_changes_with_the_step(source):
    """At a rate of nothing the weights stay; what changes the loss is dropout alone."""
    config = replace(TINY, augment=False, schedule="cosine", learning_rate=1e-30)
    trainer = Trainer(config, make_fabric(), source=SameBatch(source.take_batch(0, 0, 3, 4)))
    trainer.wrapped.train()
    losses = [trainer.step(trainer.sample()).item() for _ in range(2)]
    trainer.run.step = 0
    assert losses[0] != losses[1]
    assert trainer.step(trainer.sample()).item() == losses[0]


def test_epochs_and_questions_are_counted_in_the_folders_questions(source):
    trainer = Trainer(TINY, make_fabric(), source=source)
    trainer.run.step = 16  # 48 turns; an epoch has 16, two for each picture
    assert trainer.epochs == 3
    assert trainer.n_questions == 3 * source.n_questions == 3 * 40
    trainer.run.step = 15
    trainer.step(trainer.sample())
    assert trainer.optimizer.param_groups[0]["lr"] == 4e-3
    assert trainer.run.step == 16


def test_other_data_is_refused_in_one_sentence(source, painted, tmp_path):
    list(Trainer(replace(TINY, steps=1), make_fabric(), tmp_path / "run", source).train())
    other = Path(shutil.copytree(painted, tmp_path / "other"))
    path = other / "images/train/CLEVR_train_000000.png"
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(
        RNCoreError, match=r"holds a run on other data; give --data as it was, or choose another"
    ) as err:
        Trainer(replace(TINY, steps=1), make_fabric(), tmp_path / "run", TASK.open_source(other))
    assert "\n" not in str(err.value)


def gradients(fabric: Fabric, values: dict[str, Any], root: Path) -> dict[str, torch.Tensor]:
    trainer = Trainer(TrainConfig.from_dict(values), fabric, source=TASK.open_source(root))
    trainer.run.step = 1
    trainer.wrapped.train()
    trainer.step(trainer.sample())
    return {name: parameter.grad.clone() for name, parameter in trainer.run.model.named_parameters()}


def work(fabric: Fabric, values: dict[str, Any], root: Path, path: Path) -> None:
    found = gradients(fabric, values, root)
    if fabric.is_global_zero:
        torch.save(found, path)
    leave_processes()


def test_states_have_their_lessons_from_a_pool_and_their_questions_from_the_folder(painted):
    records = json.loads((painted / "questions/CLEVR_train_questions.json").read_text())["questions"]
    known = {tuple(row[row != 0].tolist()) for row in encode_tokens([record["question"] for record in records])}
    trainer = Trainer(TINY_STATES, make_fabric(), None, TASKS["clevr/states"].open_source(painted))
    for step in range(5):
        trainer.run.step = step
        assert {tuple(row[row != 0].tolist()) for row in trainer.sample().question} <= known
    fresh = build_model(TINY_STATES.model, TINY_STATES.seed).state_dict()["question_encoder.words.weight"]
    assert not torch.equal(copy_weights(trainer)["question_encoder.words.weight"], fresh)


def test_two_processes_share_a_batch(painted, tmp_path, monkeypatch):
    """Two processes with two pictures each give the gradients of one with four, moved alike."""
    monkeypatch.setitem(sys.modules, "__main__", types.ModuleType("__main__"))
    core = replace(TINY.model.core, f_dropout=0.0)
    config = replace(TINY, model=replace(TINY.model, core=core), n_scenes=2, n_questions=1, clip_norm=1e6)
    from lightning_fabric import Fabric

    two = Fabric(accelerator="cpu", devices=2, strategy=two_processes(), precision="64-true")
    two.launch(work, config.to_dict(), painted, tmp_path / "gradients.pt")
    together = torch.load(tmp_path / "gradients.pt", weights_only=True)
    one = Fabric(accelerator="cpu", devices=1, precision="64-true")
    for name, value in gradients(one, replace(config, n_scenes=4).to_dict(), painted).items():
        torch.testing.assert_close(together[name], value, rtol=1e-9, atol=1e-12, msg=name)


def train(name: str, painted: Path, folder: Path, *options: str) -> list[str]:
    """Return a small run's arguments."""
    sizes = "--steps 6 --scenes 2 --validate-every 2 --validation-scenes 2 --threads 1 --precision 32-true"
    return ["train", name, "--data", str(painted), "--folder", str(folder), *sizes.split(), "--device", "cpu", *options]


@pytest.fixture(scope="module")
def unbroken(painted, tmp_path_factory) -> dict[str, torch.Tensor]:
    """Return what an unbroken command ends with."""
    folder = tmp_path_factory.mktemp("whole")
    assert cli.main(train("clevr/mlp-pixels-end-to-end", painted, folder, "--json")) == 0
    return read_checkpoint(folder / "checkpoint.safetensors")[0]


@pytest.mark.usefixtures("heeds_interrupts")
@pytest.mark.parametrize("kill", [signal.SIGINT, signal.SIGKILL])
def test_a_killed_command_resumes_with_the_result_of_an_unbroken_one(painted, tmp_path, kill, unbroken, capsys):
    arguments = train("clevr/mlp-pixels-end-to-end", painted, tmp_path, "--json")
    command = [sys.executable, "-m", "rn_core", *arguments]
    broken = start(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    path = tmp_path / "checkpoint.safetensors"
    deadline = time.monotonic() + 120
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    broken.send_signal(kill)
    broken.wait(60)
    assert cli.main(arguments) == 0
    assert json.loads(capsys.readouterr().out)["step"] == 6
    resumed, _ = read_checkpoint(path)
    assert unbroken.keys() == resumed.keys()
    for name, value in unbroken.items():
        np.testing.assert_array_equal(value.numpy(), resumed[name].numpy(), err_msg=name)


@pytest.mark.usefixtures("heeds_interrupts")
def test_ctrl_c_saves_the_step_that_was_taken(painted, tmp_path, monkeypatch, capsys):
    take = Trainer.step

    def take_and_interrupt(trainer, batch):
        if trainer.run.step == 2:
            signal.raise_signal(signal.SIGINT)
        return take(trainer, batch)

    monkeypatch.setattr(Trainer, "step", take_and_interrupt)
    arguments = [*train("clevr/mlp-pixels-end-to-end", painted, tmp_path), "--validate-every", "6", "--json"]
    assert cli.main(arguments) == 130
    assert capsys.readouterr().err.endswith("Stopped.\n")
    _, state = read_checkpoint(tmp_path / "checkpoint.safetensors")
    assert state["step"] == 3


def test_torchrun_joins_two_processes_on_a_folder_without_caches(tmp_path):
    root = paint_folder(tmp_path / "data", 6, 2, 2)
    start = [sys.executable, *"-m torch.distributed.run --standalone --nproc-per-node 2 -m rn_core".split()]
    command = [*start, *train("clevr/mlp-pixels-end-to-end", root, tmp_path / "run", "--json")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    assert found.returncode == 0, found.stderr
    assert "world_size=2" in found.stderr or "2 processes" in found.stderr
    _, state = read_checkpoint(tmp_path / "run" / "checkpoint.safetensors")
    assert state["step"] == 6
    assert state["history"][-1]["n_questions"] == 2 * 2 * 6 * 2, "of both processes"


@pytest.mark.parametrize("size", ["small", "paper"])
@pytest.mark.parametrize(
    "name", [name for name in RECIPES if name.startswith("clevr/") and name.endswith("pixels-end-to-end")]
)
def test_recipes_take_the_batch_and_the_warm_up_that_made_others_runs_succeed(name, size):
    config = make_recipe(name, size)
    assert config.n_scenes * config.n_questions == 640
    assert (config.schedule, config.first_rate, config.doubling_epochs) == ("doubling", 5e-6, 20)
    assert (config.learning_rate, config.clip_norm, config.weight_decay) == (5e-4, 50, 1e-4)
    assert config.model.question.reversed and config.augment


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("train clevr/rn-pixels-end-to-end", "This run counts the epochs of a data folder; give one with --data."),
        (
            "train clevr/rn-pixels-end-to-end --schedule cosine",
            "Pictures of CLEVR are not drawn on the fly; give a folder",
        ),
        (
            "train sort-of-clevr/rn-objects --data DATA",
            "generates its own scenes and reads no folder; leave --data out.",
        ),
        (
            "train clevr/rn-pixels-end-to-end --data DATA --warm-start 5",
            "'clevr/pixels' cannot be pretrained without a pool, got warm_start 5;",
        ),
        (
            "train clevr/rn-pixels-end-to-end --data DATA --size tiny",
            "Unknown model size 'tiny'. Use one of: paper, small.",
        ),
        ("train clevr/rn-pixels-end-to-end --data DATA --scenes 0", "n_scenes must be 1 or more, got 0."),
    ],
)
def test_bad_input_is_one_sentence(painted, tmp_path, monkeypatch, capsys, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    words = [str(painted) if word == "DATA" else word for word in arguments.split()]
    assert cli.main([*words, "--device", "cpu", "--precision", "32-true"]) == 1
    error = capsys.readouterr().err
    assert sentence in error
    assert "Traceback" not in error


@pytest.fixture
def run_folder(source, tmp_path) -> Path:
    """A finished run."""
    list(Trainer(TINY, make_fabric(), tmp_path / "run", source).train())
    return tmp_path / "run"


def test_a_published_run_says_what_it_was_measured_on(run_folder, source, painted, tmp_path):
    entry = publish("clevr/rn-tiny", run_folder, EvaluationSpec(data=painted), into=tmp_path / "pretrained")
    card = json.loads(entry.path.with_suffix(".json").read_text())
    answerer = load("clevr/rn-tiny", "cpu", tmp_path / "pretrained")
    found = evaluate_batches(answerer.model, TASK, TASK.read_batches(painted, "val"))
    assert card["metrics"]["types"] == found.to_dict()["types"]
    assert card["metrics"]["n"] == 4
    assert card["measured_on"].startswith("all 20 questions about the 4 pictures of split val, from which nothing was")
    assert source.fingerprint in card["data"]
    assert card["training"]["data"] == source.fingerprint
    assert card["training"]["questions"] == round(12 * 3 / 16 * 40)
    assert "train clevr/rn-tiny --data FOLDER" in card["recipe"] and "--split val" in card["recipe"]
    golden = load_golden(entry)
    with torch.inference_mode():
        logits = answerer.model((golden["inputs.0"],), golden["question"], golden["scene_index"])
    torch.testing.assert_close(logits, golden["logits"])
    assert len(golden["inputs.0"]) == 1, "pictures are large, and one of them is enough"


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ({}, r"^'clevr/rn-tiny' was trained on a data folder; give the one to evaluate it on with --data\.$"),
        (
            {"split": "train"},
            r"^'clevr/rn-tiny' was trained on split train; evaluate it on another, such as --split val",
        ),
        ({"split": "test"}, r"has questions for train, val, got split 'test'; use one of them\.$"),
    ],
)
def test_a_run_is_not_measured_on_what_it_learned_from(run_folder, painted, spec, sentence):
    spec = EvaluationSpec(data=painted, **spec) if spec else EvaluationSpec()
    with pytest.raises(RNCoreError, match=sentence):
        publish("clevr/rn-tiny", run_folder, spec)
