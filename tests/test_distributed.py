"""Two processes with n scenes each give the gradients of one process with 2 n scenes."""

from __future__ import annotations

import sys
import types
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch

from rn_core.training.config import TrainConfig
from rn_core.training.processes import leave_processes
from rn_core.training.trainer import Trainer
from tests.forked import two_processes
from tests.test_training import TINY, TINY_PIXELS

if TYPE_CHECKING:
    from lightning_fabric import Fabric

pytestmark = pytest.mark.process

#: Unfrozen batch norm, whose batch must be that of both processes.
UNFROZEN = replace(TINY_PIXELS, warm_start=0, n_cells=None)


def gradients(fabric: Fabric, config: TrainConfig) -> dict[str, torch.Tensor]:
    trainer = Trainer(config, fabric)
    trainer.wrapped.train()
    trainer.step(trainer.sample())
    names = trainer.run.model.named_parameters()
    return {name: parameter.grad.clone() for name, parameter in names}


def work(fabric: Fabric, values: dict[str, Any], path: Path) -> None:
    found = gradients(fabric, TrainConfig.from_dict(values))
    if fabric.is_global_zero:
        torch.save(found, path)
    leave_processes()


@pytest.mark.parametrize("config", [TINY, UNFROZEN], ids=["objects", "pixels"])
def test_two_processes_give_the_gradients_of_one_twice_as_large(config, tmp_path, monkeypatch):
    # Page tests leave their script as __main__, which a spawned process would run.
    monkeypatch.setitem(sys.modules, "__main__", types.ModuleType("__main__"))
    config = replace(config, clip_norm=1e6)
    path = tmp_path / "gradients.pt"
    from lightning_fabric import Fabric

    two = Fabric(accelerator="cpu", devices=2, strategy=two_processes(), precision="64-true")
    two.launch(work, config.to_dict(), path)
    together = torch.load(path, weights_only=True)
    alone = gradients(
        Fabric(accelerator="cpu", devices=1, precision="64-true"), replace(config, n_scenes=2 * config.n_scenes)
    )
    assert together.keys() == alone.keys()
    for name, value in alone.items():
        torch.testing.assert_close(together[name], value, rtol=1e-9, atol=1e-12, msg=name)
