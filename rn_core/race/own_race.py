"""A race on a set of anybody's: both networks take the same questions from its file, which exist before training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rn_core.common.errors import RNCoreError
from rn_core.common.files import write_whole
from rn_core.common.records import Batch, Evaluation, Example
from rn_core.common.seeding import check_seed
from rn_core.evaluation.accuracy import evaluate_batches
from rn_core.models import ModelConfig, QuestionAnsweringModel
from rn_core.race.race import Race
from rn_core.race.records import LIMITS, RaceConfig, Snapshot, check_whole
from rn_core.tasks.own.dataset import OwnData
from rn_core.tasks.own.files import find_files
from rn_core.tasks.own.spec import NAME, TRAINING
from rn_core.tasks.registry import host, model_config
from rn_core.training.config import Precision
from rn_core.training.own_sets import RACED, make_config, write_set_bundle
from rn_core.training.trainer import Trainer
from rn_core.weights.card import CardFacts

if TYPE_CHECKING:
    from lightning_fabric import Fabric

#: Validation scenes per look, and test scenes behind the figures of a file that is written while a race goes on.
_LOOK_SCENES, _SOME_SCENES = 100, 100


@dataclass(frozen=True)
class OwnRaceConfig(RaceConfig):
    """Who learns a set; fields that are not named here are those of `RaceConfig`, and hold what the set needs.

    Attributes:
        data: path of the set's file.
    """

    task: str = NAME
    models: tuple[str, ...] = RACED
    steps: int = TRAINING["steps"]
    data: str = ""

    def __post_init__(self) -> None:
        """Raise RNCoreError for a seed or steps out of range."""
        check_seed(self.seed)
        check_whole("steps", self.steps, *LIMITS["steps"])

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> OwnRaceConfig:
        """Read what `to_dict` wrote; raises RNCoreError if a field is unknown or out of range."""
        try:
            return OwnRaceConfig(**{**values, "models": tuple(values["models"])})
        except (KeyError, TypeError) as err:
            raise RNCoreError(f"This is not the config of a race on a set ({err}); see OwnRaceConfig.") from err

    def model(self, kind: str) -> ModelConfig:
        """Return what one runner is built as; the set's task must be hosted."""
        return model_config(self.task, kind)


class OwnRace(Race):
    """Runners on one set, their batches and their evaluation; see `Race`."""

    config: OwnRaceConfig

    def __init__(self, config: OwnRaceConfig, fabric: Fabric, precision: Precision = "32-true") -> None:
        """Read the set and build the runners; raises RNCoreError for a fault in the file."""
        self.data = OwnData(find_files(Path(config.data)), config.seed)
        self._start(config, fabric, host(self.data.task), self._make_trainers(config, fabric, precision))

    def _make_trainers(self, config: OwnRaceConfig, fabric: Fabric, precision: Precision) -> dict[str, Trainer]:
        """Return the trainer of each runner."""
        configs = {
            kind: make_config(self.data, kind, seed=config.seed, steps=config.steps, precision=precision)
            for kind in config.models
        }
        return {kind: Trainer(each, fabric, None, self.data) for kind, each in configs.items()}

    @property
    def n_questions(self) -> int:
        """Return the questions asked of each runner so far."""
        return next(iter(self.trainers.values())).n_questions

    def look(self) -> Snapshot:
        """Evaluate every runner on validation questions."""
        found = {kind: self.evaluate(kind) for kind in self.models}
        shares = {kind: {name: each.accuracy for name, each in one.types.items()} for kind, one in found.items()}
        floors = next(iter(found.values())).blind_floor
        return Snapshot(self.step, self.seconds, shares, {kind: {} for kind in found}, floors, {})

    def save(self, folder: Path) -> None:
        """Write each runner with its card and what describes the set; see `write_set_bundle`."""
        some = None if self.step == self.config.steps else _SOME_SCENES
        for kind, model in self.models.items():
            result = write_set_bundle(kind, model, self._facts(kind), self.data, some)
            write_whole(folder / f"{kind}.safetensors", result.content)

    def _facts(self, kind: str) -> CardFacts:
        """Return the card facts of a runner's weights, without the place of the set's file on this machine."""
        facts = super()._facts(kind)
        assert facts.training is not None
        settings = {key: value for key, value in facts.training.settings.items() if key != "data"}
        return replace(facts, task=self.task.name, training=replace(facts.training, settings=settings))

    @cached_property
    def validation(self) -> Batch:
        """Return the first of the validation questions."""
        return next(self.data.read_batches("validation", _LOOK_SCENES))

    @cached_property
    def examples(self) -> tuple[Example, ...]:
        """Return no examples: the page shows the set's own scenes."""
        return ()

    def _evaluate(self, model: QuestionAnsweringModel) -> Evaluation:
        """Evaluate a model on validation questions."""
        return evaluate_batches(model, self.task, self.data.read_batches("validation", _LOOK_SCENES), self.config.seed)

    def _draw_batch(self) -> Batch:
        """Return the next questions of the set."""
        return next(iter(self.trainers.values())).sample()
