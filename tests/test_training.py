"""Training: it learns, it resumes to the same weights, it refuses what it cannot train."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import torch

from rn_core.common import files
from rn_core.common.errors import RNCoreError, WeightsError
from rn_core.models import ModelConfig
from rn_core.models.encoders import ImageEncoderConfig, RowEncoderConfig
from rn_core.models.questions import QuestionEncoderConfig
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.training.checkpoints import read_checkpoint
from rn_core.training.config import TrainConfig, learning_rate
from rn_core.training.processes import make_fabric as make_fabric_on
from rn_core.training.trainer import Trainer

if TYPE_CHECKING:
    from lightning_fabric import Fabric

pytestmark = pytest.mark.weights

ROWS = ModelConfig(RowEncoderConfig(10), RelationNetworkConfig(10, 11, 10, (32, 32), (32,)))
CELLS = ModelConfig(
    ImageEncoderConfig((8, 8, 8, 16)), RelationNetworkConfig(18, 11, 10, (16, 16), (16,), pair_chunk=2000)
)
TINY = TrainConfig(
    "sort-of-clevr/objects",
    ROWS,
    steps=12,
    n_scenes=4,
    n_questions=3,
    precision="32-true",
    report_every=3,
    validate_every=6,
    validation_scenes=4,
)
TINY_PIXELS = replace(
    TINY, task="sort-of-clevr/pixels", model=CELLS, warm_start=2, n_cells=7, all_cells_from=0.5, validation_scenes=2
)
#: Questions in words, asked from a pool after lessons, with the question encoder held still at first.
TINY_STATES = replace(
    TINY,
    task="clevr/states",
    model=ModelConfig(
        RowEncoderConfig(18),
        RelationNetworkConfig(18, 16, 28, (16, 16), (16,), f_dropout=0.1),
        QuestionEncoderConfig(82, 8, 16),
    ),
    pool_scenes=30,
    warm_start=2,
    hold_encoder=0.6,
)


def make_fabric() -> Fabric:
    return make_fabric_on("cpu", "32-true")


def weights(trainer: Trainer) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in trainer.run.model.state_dict().items()}


@pytest.mark.parametrize("config", [TINY, TINY_PIXELS, TINY_STATES], ids=["objects", "pixels", "states"])
def test_a_run_broken_off_and_resumed_ends_with_the_same_weights(config, tmp_path):
    whole = Trainer(config, make_fabric())
    list(whole.train())
    broken = Trainer(config, make_fabric(), tmp_path)
    for metrics in broken.train():
        if metrics.step == 9:
            break
    resumed = Trainer(config, make_fabric(), tmp_path)
    assert resumed.run.step == 6, "the last checkpoint is that of the last validation"
    list(resumed.train())
    assert resumed.run.step == 12
    for name, value in weights(whole).items():
        assert torch.equal(value, weights(resumed)[name]), name
    assert [row.accuracy for row in resumed.run.history] == [row.accuracy for row in whole.run.history]


def test_the_same_seed_gives_the_same_weights_and_another_seed_does_not():
    first, again, other = (Trainer(replace(TINY, seed=seed), make_fabric()) for seed in (1, 1, 2))
    for trainer in (first, again, other):
        list(trainer.train())
    name = "core.g_theta.0.weight"
    assert torch.equal(weights(first)[name], weights(again)[name])
    assert not torch.equal(weights(first)[name], weights(other)[name])


def test_it_learns_to_name_the_asked_objects_shape():
    config = replace(TINY, steps=600, n_scenes=32, learning_rate=3e-3, warmup_steps=20, validate_every=600)
    *_, last = Trainer(config, make_fabric()).train()
    assert last.accuracy["count_same_shape"] > 0.6, "blind: 0.31"
    assert last.loss < 1.0, "ln 10 = 2.3 at the start"


def test_reports_come_on_time_and_pausing_is_not_calling_next():
    trainer = Trainer(TINY, make_fabric())
    steps = trainer.train()
    assert next(steps).step == 3
    assert trainer.run.step == 3
    rest = list(steps)
    assert [metrics.step for metrics in rest] == [6, 9, 12]
    assert [bool(metrics.accuracy) for metrics in rest] == [True, False, True]
    assert rest[-1].n_questions == 12 * 4 * 3


def test_a_failed_save_keeps_the_checkpoint_before_it(tmp_path, monkeypatch):
    trainer = Trainer(TINY, make_fabric(), tmp_path)
    steps = trainer.train()
    next(steps), next(steps)
    before = trainer.path.read_bytes()

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(RNCoreError, match="No space left"):
        list(steps)
    assert trainer.path.read_bytes() == before


def test_a_checkpoint_of_another_config_is_refused_by_name(tmp_path):
    list(Trainer(TINY, make_fabric(), tmp_path).train())
    with pytest.raises(RNCoreError, match="another learning_rate"):
        Trainer(replace(TINY, learning_rate=1e-2), make_fabric(), tmp_path)
    other = replace(TINY, model=ModelConfig(RowEncoderConfig(10), RelationNetworkConfig(10, 11, 10, (8,), (8,))))
    with pytest.raises(WeightsError, match="another model"):
        Trainer(other, make_fabric(), tmp_path)


def test_a_damaged_checkpoint_is_named(tmp_path):
    trainer = Trainer(TINY, make_fabric(), tmp_path)
    list(trainer.train())
    trainer.path.write_bytes(trainer.path.read_bytes()[:-100])
    with pytest.raises(WeightsError, match="is damaged"):
        Trainer(TINY, make_fabric(), tmp_path)


def test_a_checkpoint_holds_no_pickle(tmp_path):
    trainer = Trainer(TINY, make_fabric(), tmp_path)
    list(trainer.train())
    tensors, state = read_checkpoint(trainer.path)
    assert state["step"] == 12
    assert any(name.startswith("optimizer.") for name in tensors)


def test_the_rate_rises_to_its_peak_and_falls_to_nothing():
    config = replace(TINY, steps=1000, warmup_steps=100, learning_rate=1.0)
    rates = [learning_rate(config, step) for step in range(1000)]
    assert rates[0] == pytest.approx(0.01)
    assert max(rates) == pytest.approx(rates[99], abs=1e-3)
    assert rates[550] == pytest.approx(0.5 * (1 + math.cos(math.pi * 0.55)))
    assert rates[-1] < 1e-5


def test_the_doubling_rate_goes_by_epochs_up_to_its_peak():
    config = replace(TINY, schedule="doubling", first_rate=5e-6, doubling_epochs=20, learning_rate=5e-4)
    starts = [learning_rate(config, 0, epochs) for epochs in range(0, 200, 20)]
    by_hand = [5e-6, 1e-5, 2e-5, 4e-5, 8e-5, 1.6e-4, 3.2e-4, 5e-4, 5e-4, 5e-4]
    assert starts == pytest.approx(by_hand, rel=1e-12)
    assert learning_rate(config, 0, 19.99) == 5e-6
    assert learning_rate(config, 10**6, 10.0**9) == 5e-4


def test_what_came_later_changes_no_older_card_or_checkpoint():
    later = {"schedule", "first_rate", "doubling_epochs", "augment", "data"}
    written = TINY_PIXELS.to_dict()
    assert later.isdisjoint(written)
    config = TrainConfig.from_dict(json.loads(json.dumps(written)))
    assert (config.schedule, config.augment, config.data) == ("cosine", False, None)
    changed = replace(TINY_PIXELS, schedule="doubling", augment=True, first_rate=1e-5, doubling_epochs=7, data="ab12")
    assert later <= changed.to_dict().keys()
    assert TrainConfig.from_dict(json.loads(json.dumps(changed.to_dict()))) == changed


def test_a_schedule_that_counts_epochs_needs_data(tmp_path):
    with pytest.raises(RNCoreError, match="counts the epochs of a data folder; give one with --data"):
        Trainer(replace(TINY, schedule="doubling"), make_fabric())


def test_what_is_wrong_is_asked_more():
    trainer = Trainer(replace(TINY, n_scenes=200, n_questions=6), make_fabric())
    trainer.run.accuracy[:] = [1, 1, 1, 0, 1, 1]
    kinds = trainer.sample().type_index.bincount(minlength=6) / 1200
    assert kinds[3] > 0.7, "six questions per scene, six of the unlearned type"


def test_config_survives_json():
    again = TrainConfig.from_dict(json.loads(json.dumps(TINY_PIXELS.to_dict())))
    assert again == TINY_PIXELS


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"steps": 0}, "steps must be 1 or more, got 0"),
        ({"learning_rate": float("nan")}, "learning_rate must be a finite number above 0, got nan"),
        ({"focus": 0}, "focus must be above 0 and at most 1, got 0"),
        ({"precision": "16"}, "precision must be '32-true' or 'bf16-mixed', got '16'"),
        ({"schedule": "doublin"}, "Did you mean 'doubling'"),
        ({"first_rate": 0}, "first_rate must be a finite number above 0, got 0"),
        ({"doubling_epochs": 0}, "doubling_epochs must be 1 or more, got 0"),
        ({"augment": True}, "augment shifts pictures, but the model of 'sort-of-clevr/objects' takes none"),
        (
            {"task": "clevr/states", "warm_start": 3},
            "'clevr/states' cannot be pretrained without a pool, got warm_start 3",
        ),
        ({"pool_scenes": 3}, "'sort-of-clevr/objects' has no pool, got pool_scenes 3; set it to 0"),
        ({"task": "sort-of-clever/objects"}, "Did you mean 'sort-of-clevr/objects'"),
    ],
)
def test_bad_values_get_a_sentence(change, sentence):
    with pytest.raises(RNCoreError, match=sentence):
        replace(TINY, **change)


def test_a_foreign_config_gets_a_sentence():
    with pytest.raises(RNCoreError, match="not a training config"):
        TrainConfig.from_dict({"model": ROWS.to_dict(), "colour": "red"})


def test_a_pool_is_asked_and_no_question_is_drawn_anew():
    trainer = Trainer(TINY_STATES, make_fabric())
    known = {tuple(row[row != 0]) for row in trainer.pool.tokens.astype(int)}
    for step in range(12):
        trainer.run.step = step
        words = trainer.sample().question
        assert {tuple(row[row != 0].tolist()) for row in words} <= known


def test_the_question_encoder_stands_still_as_long_as_it_is_held():
    trainer = Trainer(TINY_STATES, make_fabric())
    name = "question_encoder.words.weight"
    trainer.wrapped.train()
    for step in range(12):
        before = weights(trainer)[name]
        trainer.step(trainer.sample())
        assert torch.equal(before, weights(trainer)[name]) == (step < 0.6 * 12)
