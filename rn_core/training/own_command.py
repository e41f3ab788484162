"""`python -m rn_core train own --data FILE`: the networks of a set of anybody's, one after the other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from rn_core.evaluation.printing import print_set_results
from rn_core.tasks.domain import MakeProgress
from rn_core.tasks.own.dataset import OwnData
from rn_core.tasks.own.files import find_files
from rn_core.tasks.own.spec import NAME
from rn_core.tasks.registry import host
from rn_core.training.own_sets import KINDS, RACED, SetResult, make_config, name_set, save_results, write_set_bundle
from rn_core.training.processes import leave_processes, make_fabric
from rn_core.training.publishing import make_facts
from rn_core.training.run_folder import hold_run
from rn_core.training.showing import take_steps
from rn_core.training.trainer import Trainer

RUNS = Path("runs")


@dataclass(frozen=True)
class SetOrder:
    """What a set is trained with.

    Attributes:
        data: its file, or one of its files, or their folder.
        folder: of the runs; None for one in `RUNS` named after the set.
        seed: of split, weights and order.
        device: as `make_fabric`.
        processes: as `make_fabric`.
        size: of the networks; None for the usual one.
        changes: fields of `TrainConfig` to override; None leaves a field unchanged.
    """

    data: Path
    folder: Path | None = None
    seed: int = 0
    device: str = "auto"
    processes: int | None = None
    size: str | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)


def train_set(order: SetOrder, quiet: bool, progress: MakeProgress) -> None:
    """Train the networks of a set, or resume their runs, and print how they compare on its test scenes.

    Args:
        order: what is trained.
        quiet: print one JSON object only.
        progress: makes what wraps the reading of the file (a progress bar).

    Raises:
        RNCoreError: if the file cannot be read, or as `Trainer`.
    """
    data = OwnData(find_files(order.data), order.seed, progress("read data"))
    host(data.task)
    folder = order.folder or RUNS / NAME / name_set(data)
    results = {kind: _train_one(kind, data, order, folder / kind, quiet) for kind in KINDS}
    leave_processes()
    floors, files = data.measure_floors(), save_results(results, folder)
    found = {kind: result.found for kind, result in results.items()}
    if quiet:
        numbers = {kind: each.to_dict() for kind, each in found.items()}
        print(json.dumps({"run": str(folder), "files": files, "floors": asdict(floors), **numbers}))
        return
    print_set_results(found, floors)
    print(f"Open on the page Your data: {', '.join(files[kind] for kind in RACED)}")


def _train_one(kind: str, data: OwnData, order: SetOrder, folder: Path, quiet: bool) -> SetResult:
    """Train one network on a set, or resume its run, and return what it became."""
    config = make_config(data, kind, order.size, seed=order.seed, **order.changes)
    fabric = make_fabric(order.device, config.precision, order.processes)
    with hold_run(folder, fabric):
        trainer = Trainer(config, fabric, folder, data)
        take_steps(trainer, f"{data.schema.name}, {kind}", folder, quiet)
    model = trainer.run.model
    facts = make_facts(f"{NAME}/{kind}", trainer.make_state())
    command = f"python -m rn_core train {NAME} --data FILE --seed {config.seed} --steps {config.steps}"
    return write_set_bundle(kind, model, replace(facts, recipe=command), data)
