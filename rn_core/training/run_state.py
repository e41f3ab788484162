"""The state of a training run beside its tensors, checked when it is read back."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from rn_core.common.errors import RNCoreError, WeightsError
from rn_core.common.records import StepMetrics
from rn_core.tasks import TASKS
from rn_core.training.checkpoints import damaged, read_checkpoint
from rn_core.training.config import TrainConfig


@dataclass(frozen=True)
class RunState:
    """A run's config and counters.

    Attributes:
        config: what is trained.
        step: optimizer steps done, 0 to `config.steps`.
        seconds: training time so far.
        accuracy: (T,) running training accuracy of each question type, 0 to 1.
        history: every validation so far.
        warm_start: during pretraining, `PretrainingSteps.state`; None after it.
    """

    config: TrainConfig
    step: int
    seconds: float
    accuracy: np.ndarray
    history: tuple[StepMetrics, ...]
    warm_start: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        """Raise RNCoreError for an invalid counter."""
        n_types = len(TASKS[self.config.task].question_types)
        if not _is_count(self.step, self.config.steps):
            raise RNCoreError(f"its step is {self.step!r}, but must be 0 to {self.config.steps}")
        if not isinstance(self.seconds, int | float) or not 0 <= self.seconds < math.inf:
            raise RNCoreError(f"its seconds are {self.seconds!r}")
        if self.accuracy.shape != (n_types,) or not ((self.accuracy >= 0) & (self.accuracy <= 1)).all():
            raise RNCoreError(f"its accuracies are not {n_types} shares from 0 to 1")
        if self.warm_start is not None and not _is_count(
            self.warm_start["step"], self.config.warm_start + self.config.window_steps
        ):
            raise RNCoreError(f"the step of its warm start is {self.warm_start['step']!r}")

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that JSON can hold; `read_run` reads them back."""
        values = {
            "config": self.config.to_dict(),
            "step": self.step,
            "seconds": self.seconds,
            "accuracy": self.accuracy.tolist(),
            "history": [asdict(metrics) for metrics in self.history],
        }
        return values if self.warm_start is None else {**values, "warm_start": self.warm_start}


def read_run(path: Path) -> tuple[dict[str, Tensor], RunState]:
    """Return the tensors and the state of a run's checkpoint.

    Raises:
        WeightsError: if the file is damaged, or its state is not that of a run.
    """
    tensors, state = read_checkpoint(path)
    try:
        found = RunState(
            config=TrainConfig.from_dict(state["config"]),
            step=state["step"],
            seconds=state["seconds"],
            accuracy=np.array(state["accuracy"], dtype=float),
            history=tuple(StepMetrics(**metrics) for metrics in state["history"]),
            warm_start=state.get("warm_start"),
        )
    except (LookupError, TypeError, ValueError) as err:
        raise damaged(path, _reason(err)) from err
    return tensors, found


def check_same_run(path: Path, found: TrainConfig, wanted: TrainConfig) -> None:
    """Raise WeightsError, naming the difference, unless a checkpoint belongs to a config."""
    held, asked = found.to_dict(), wanted.to_dict()
    changed = [key for key in asked | held if held.get(key) != asked.get(key)]
    if "data" in changed:
        raise WeightsError(
            f"'{path}' holds a run on other data; give --data as it was, or choose another folder for the run."
        )
    if changed:
        raise WeightsError(
            f"'{path}' holds a run with another {', '.join(changed)}; choose another folder or delete it."
        )


def _is_count(value: Any, most: int) -> bool:
    """Return whether a value is a whole number from 0 to `most`."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _reason(err: Exception) -> str:
    """Return an error's text as part of a sentence."""
    return f"it lacks {err}" if isinstance(err, KeyError) and not isinstance(err, RNCoreError) else str(err).rstrip(".")
