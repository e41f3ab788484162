"""Checkpoints: damage of any kind is one sentence, the warm start is kept, and no folder is found bad too late."""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import replace

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load, save

from rn_core.common.errors import RNCoreError, WeightsError
from rn_core.pretraining.cells import PretrainingSteps
from rn_core.training import trainer as training
from rn_core.training.checkpoints import read_checkpoint
from rn_core.training.config import TrainConfig
from rn_core.training.publishing import publish
from rn_core.training.trainer import Trainer
from tests.test_motion_pretext import RUN as MOTION
from tests.test_training import TINY, TINY_PIXELS, TINY_STATES, make_fabric, weights

pytestmark = pytest.mark.weights

WARM_STARTS = {
    "naming cells": replace(TINY_PIXELS, warm_start=4, steps=2, validate_every=2),
    "pairs": replace(TINY_STATES, warm_start=4, steps=2, validate_every=2),
    "motion": replace(MOTION, warm_start=4, steps=2),
}


class KilledError(BaseException):
    """What no code here catches."""


def break_off(config: TrainConfig, folder, monkeypatch, after: int) -> None:
    """Train with a checkpoint after every step, until the warm start has taken some steps."""
    take = PretrainingSteps.__next__

    def take_or_die(steps):
        if steps.step == after:
            raise KilledError
        return take(steps)

    with monkeypatch.context() as patched, pytest.raises(KilledError):
        patched.setattr(training, "SAVE_EVERY", 0.0)
        patched.setattr(PretrainingSteps, "__next__", take_or_die)
        Trainer(config, make_fabric(), folder)


@pytest.mark.parametrize("config", WARM_STARTS.values(), ids=WARM_STARTS)
def test_a_warm_start_broken_off_ends_with_the_weights_of_an_unbroken_one(config, tmp_path, monkeypatch):
    whole = Trainer(config, make_fabric())
    list(whole.train())
    break_off(config, tmp_path, monkeypatch, after=1)
    break_off(config, tmp_path, monkeypatch, after=3)
    taken, take = [], PretrainingSteps.__next__
    monkeypatch.setattr(PretrainingSteps, "__next__", lambda steps: taken.append(steps.step) or take(steps))
    _, state = read_checkpoint(tmp_path / "checkpoint.safetensors")
    assert (state["step"], state["warm_start"]["step"]) == (0, 3)
    resumed = Trainer(config, make_fabric(), tmp_path)
    assert taken == [3], "only what was left"
    assert resumed.run.seconds > state["seconds"] > 0
    list(resumed.train())
    for name, value in weights(whole).items():
        assert torch.equal(value, weights(resumed)[name]), name


def test_a_warm_start_is_not_taken_again_once_it_is_over(tmp_path, monkeypatch):
    Trainer(WARM_STARTS["pairs"], make_fabric(), tmp_path)
    monkeypatch.setattr(PretrainingSteps, "__next__", None)
    assert Trainer(WARM_STARTS["pairs"], make_fabric(), tmp_path).run.step == 0


def test_training_saves_by_time_too(tmp_path, monkeypatch):
    trainer = Trainer(replace(TINY, validate_every=12, report_every=12), make_fabric(), tmp_path)
    monkeypatch.setattr(training, "SAVE_EVERY", 0.0)
    take = trainer.step

    def take_or_die(batch):
        if trainer.run.step == 5:
            raise KilledError
        return take(batch)

    trainer.step = take_or_die
    with pytest.raises(KilledError):
        list(trainer.train())
    assert Trainer(trainer.run.config, make_fabric(), tmp_path).run.step == 5


@pytest.mark.parametrize("trouble", ["folder is a file", "checkpoint is a folder", "read-only"])
def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_drawn(trouble, tmp_path, monkeypatch):
    drawn = []
    folder = tmp_path / "run"
    if trouble == "folder is a file":
        folder.write_text("in the way")
    elif trouble == "checkpoint is a folder":
        (folder / "checkpoint.safetensors").mkdir(parents=True)
    else:

        def refuse(*_arguments, **_options):
            raise OSError(30, "Read-only file system")

        monkeypatch.setattr(tempfile, "mkstemp", refuse)
    with pytest.raises(RNCoreError, match=r"^[^.]*(checkpoint\.safetensors'?[^.]*)?choose another folder\."):
        Trainer(TINY_STATES, make_fabric(), folder, progress=lambda items: drawn.append(1) or items)
    assert drawn == []


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> bytes:
    """The file of a finished run."""
    folder = tmp_path_factory.mktemp("run")
    list(Trainer(replace(TINY, steps=1), make_fabric(), folder).train())
    return (folder / "checkpoint.safetensors").read_bytes()


def put(folder, content: bytes):
    """Write a checkpoint and return its path."""
    path = folder / "checkpoint.safetensors"
    path.write_bytes(content)
    return path


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.floats(0, 1), length=st.integers(1, 400), value=st.integers(0, 255))
def test_changed_bytes_anywhere_are_one_sentence_or_change_nothing(checkpoint, tmp_path, start, length, value):
    first = int(start * (len(checkpoint) - 1))
    content = bytearray(checkpoint)
    content[first : first + length] = bytes([value]) * len(content[first : first + length])
    path = put(tmp_path, bytes(content))
    try:
        tensors, state = read_checkpoint(path)
    except WeightsError as err:
        assert re.fullmatch(r"The checkpoint '.*' is damaged \(.*\); delete it to start again\.", str(err), re.S)
        return
    wanted = load(checkpoint)
    assert state["step"] == 1
    assert all(torch.equal(tensors[name], wanted[name]) for name in wanted | tensors)


def test_400_zeroed_bytes_are_not_gone_on_from(checkpoint, tmp_path):
    path = put(tmp_path, checkpoint[:-2000] + bytes(400) + checkpoint[-1600:])
    with pytest.raises(WeightsError, match=r"is damaged \(its SHA-256 does not match\); delete it to start again"):
        Trainer(replace(TINY, steps=1), make_fabric(), tmp_path)
    with pytest.raises(WeightsError, match="is damaged"):
        publish("sort-of-clevr/tiny", path.parent, into=tmp_path / "pretrained")


def forge(checkpoint: bytes, **changes) -> bytes:
    """Return a checkpoint without a checksum, as older ones are, and with another state."""
    size = int.from_bytes(checkpoint[:8], "little")
    state = json.loads(json.loads(checkpoint[8 : 8 + size])["__metadata__"]["state"])
    return save(load(checkpoint), metadata={"state": json.dumps({**state, **changes})})


def test_older_checkpoints_are_still_gone_on_from(checkpoint, tmp_path):
    put(tmp_path, forge(checkpoint))
    assert Trainer(replace(TINY, steps=1), make_fabric(), tmp_path).run.step == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"step": -99},
        {"step": 2},
        {"step": 0.5},
        {"step": "1"},
        {"step": True},
        {"seconds": float("nan")},
        {"seconds": None},
        {"accuracy": [0.5]},
        {"accuracy": [2.0] * 6},
        {"accuracy": "none"},
        {"accuracy": None},
        {"history": [{"step": 1}]},
        {"history": 3},
        {"config": {}},
        {"config": None},
        {"warm_start": {"step": 7}},
        {"warm_start": [1]},
        {"warm_start": {}},
    ],
    ids=str,
)
def test_nonsense_in_the_state_is_one_sentence(checkpoint, tmp_path, changes):
    path = put(tmp_path, forge(checkpoint, **changes))
    for use in (
        lambda: Trainer(replace(TINY, steps=1), make_fabric(), tmp_path),
        lambda: publish("sort-of-clevr/tiny", path.parent, into=tmp_path / "pretrained"),
    ):
        with pytest.raises(WeightsError, match=r"^The checkpoint '.*' is damaged \(.*\); delete it to start again\.$"):
            use()


@pytest.mark.parametrize("state", [{"step": 2}, {"step": 2, "loss": "x", "running": None}, {"step": 2, "loss": 1.0}])
def test_nonsense_in_the_state_of_a_warm_start_is_one_sentence(tmp_path, monkeypatch, state):
    config = WARM_STARTS["pairs"]
    break_off(config, tmp_path, monkeypatch, after=2)
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(forge(path.read_bytes(), warm_start=state))
    with pytest.raises(WeightsError, match=r"is damaged \(the state of its pretraining is invalid\); delete it"):
        Trainer(config, make_fabric(), tmp_path)
