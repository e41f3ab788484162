"""The state of a run: it survives its checkpoint, and one that cannot be of a run is one sentence."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from rn_core.common.errors import RNCoreError, WeightsError
from rn_core.common.records import StepMetrics
from rn_core.tasks import TASKS
from rn_core.training.checkpoints import save_checkpoint
from rn_core.training.run_state import RunState, check_same_run, read_run
from tests.test_training import TINY

N_TYPES = len(TASKS[TINY.task].question_types)
STATE = RunState(
    TINY, 3, 1.5, np.linspace(0, 1, N_TYPES), (StepMetrics(2, 24, 1.25, 0.001, 0.7, {"shape": 0.5}),), {"step": 0}
)


@pytest.fixture
def write(tmp_path):
    """Return `write(state)`, which makes a checkpoint of plain values and returns its path."""

    def save(state: dict):
        layer = nn.Linear(2, 1)
        save_checkpoint(tmp_path / "checkpoint", layer, torch.optim.SGD(layer.parameters()), state)
        return tmp_path / "checkpoint"

    return save


@pytest.mark.parametrize("state", [STATE, replace(STATE, warm_start=None)])
def test_what_a_checkpoint_holds_is_read_back(write, state):
    tensors, found = read_run(write(state.to_dict()))
    assert {*tensors} >= {"model.weight", "model.bias"}
    assert np.array_equal(found.accuracy, state.accuracy)
    assert json.dumps(found.to_dict()) == json.dumps(state.to_dict())
    assert ("warm_start" in state.to_dict()) == (state.warm_start is not None)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"step": -1}, f"its step is -1, but must be 0 to {TINY.steps}"),
        ({"step": TINY.steps + 1}, f"its step is {TINY.steps + 1}, but"),
        ({"step": True}, "its step is True, but"),
        ({"seconds": -0.5}, "its seconds are -0.5"),
        ({"seconds": float("inf")}, "its seconds are inf"),
        ({"seconds": float("nan")}, "its seconds are nan"),
        ({"accuracy": np.zeros(N_TYPES + 1)}, f"its accuracies are not {N_TYPES} shares from 0 to 1"),
        ({"accuracy": np.full(N_TYPES, np.nan)}, "its accuracies are not"),
        ({"accuracy": np.full(N_TYPES, 1.01)}, "its accuracies are not"),
        ({"warm_start": {"step": TINY.warm_start + TINY.window_steps + 1}}, "the step of its warm start is"),
    ],
)
def test_a_counter_that_no_run_has_is_refused(changes, sentence):
    with pytest.raises(RNCoreError, match=sentence):
        replace(STATE, **changes)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"step": None}, "its step is None"),
        ({"accuracy": "half"}, "could not convert string"),
        ({"history": [{"hops": 3}]}, "unexpected keyword"),
        ({"warm_start": {}}, "it lacks 'step'"),
    ],
)
def test_a_checkpoint_with_another_state_is_called_damaged_with_the_reason(write, changes, reason):
    with pytest.raises(WeightsError, match=reason):
        read_run(write({**STATE.to_dict(), **changes}))


@pytest.mark.parametrize("name", ["config", "step", "seconds", "accuracy", "history"])
def test_a_checkpoint_without_a_part_is_called_damaged_with_its_name(write, name):
    state = STATE.to_dict()
    del state[name]
    with pytest.raises(WeightsError, match=f"it lacks '{name}'"):
        read_run(write(state))


def test_a_run_with_other_settings_is_refused_and_they_are_named(tmp_path):
    check_same_run(tmp_path, TINY, TINY)
    with pytest.raises(WeightsError, match=r"holds a run with another seed, steps; choose another folder or delete"):
        check_same_run(tmp_path, TINY, replace(TINY, seed=TINY.seed + 1, steps=TINY.steps + 1))
