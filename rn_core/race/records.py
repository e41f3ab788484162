"""The settings of a race and its reports: plain values that go through JSON, between processes and into URLs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any

from rn_core.common.errors import RNCoreError, lookup
from rn_core.common.seeding import check_seed
from rn_core.models import KINDS, ModelConfig
from rn_core.models.registry import ModelKind
from rn_core.models.relation_network import AGGREGATES, RelationNetworkConfig
from rn_core.tasks import TASKS
from rn_core.tasks.base import CellBacked, Pooled, Raceable
from rn_core.tasks.registry import CONFIGS, Derived, model_config
from rn_core.training.config import Precision, TrainConfig

#: The tasks that can be raced: those that have examples to watch.
RACE_TASKS: Mapping[str, Raceable] = Derived(
    lambda: {name: task for name, task in TASKS.items() if isinstance(task, Raceable)}
)
#: Model -> the description of its kind, for all that can learn in a race.
RUNNERS: Mapping[str, ModelKind] = Derived(
    lambda: {model: _describe_runner(model) for task in RACE_TASKS.values() for model in task.race.models}
)
#: Bounds of the settings: name -> lowest, highest.
LIMITS = MappingProxyType(
    {
        "n_scenes": (1, 256),
        "n_questions": (1, 36),
        "steps": (1, 1_000_000),
        "head_start": (0, 20_000),
        "first_steps": (0, 20_000),
    }
)
HIGHEST_RATE = 0.1
#: Cores from which on a race on images trains on answers only unless a head start is asked for.
_ANSWERS_CORES = 2


def _describe_runner(model: str) -> ModelKind:
    """Return what a runner is; one whose name has a word beside its kind, such as "rn-pairs", has it in its titles."""
    kind, _, word = model.partition("-")
    known = KINDS[kind]
    return replace(known, title=f"{known.title} over {word}", short=f"{known.short} over {word}") if word else known


@dataclass(frozen=True)
class RaceConfig:
    """Who learns side by side, from what.

    Attributes:
        task: key of `RACE_TASKS`; the first of them by default.
        models: one or two of the runners that the task has.
        size: key of `CONFIGS[task]`.
        learning_rate: peak rate of AdamW, above 0, at most 0.1.
        n_scenes: scenes per step, 1 to 256.
        n_questions: different questions about each scene, 1 to 36, at most 6 for each question type; 1 for a story.
        question_types: the types that are asked; empty asks all.
        aggregate: "sum" (the paper's) or "mean" over the pairs of the Relation Network.
        seed: of weights, scenes and questions.
        steps: optimizer steps; the learning rate falls to 0 over them.
        head_start: steps in which image encoders first learn to name what their cells hold, or relations the facts
            about pairs of sentences; 0 for none.
        first_steps: steps in which only the task's `RaceSpec.first_types` are asked, a curriculum of answers; 0 asks
            all types from the start.
    """

    task: str = field(default_factory=lambda: next(iter(RACE_TASKS)))
    models: tuple[str, ...] = field(default_factory=lambda: next(iter(RACE_TASKS.values())).race.models)
    size: str = "small"
    learning_rate: float = 1e-3
    n_scenes: int = 16
    n_questions: int = 8
    question_types: tuple[str, ...] = ()
    aggregate: str = "sum"
    seed: int = 0
    steps: int = 6_000
    head_start: int = 0
    first_steps: int = 0

    def __post_init__(self) -> None:
        """Raise RNCoreError for an invalid value, naming it and what is allowed."""
        task = lookup(self.task, RACE_TASKS, "task")
        known, runners = task.question_types, task.race.models
        object.__setattr__(self, "models", tuple(self.models))
        object.__setattr__(self, "question_types", tuple(self.question_types))
        lookup(self.size, CONFIGS[self.task], "model size")
        for chosen, table, kind in ((self.models, runners, "model"), (self.question_types, known, "question type")):
            for value in chosen:
                lookup(value, dict.fromkeys(table), kind)
        if not self.models or len(set(self.models)) < len(self.models):
            raise RNCoreError(f"models must name one model or two different ones, got {', '.join(self.models)!r}.")
        lookup(self.aggregate, dict.fromkeys(AGGREGATES), "aggregate")
        check_seed(self.seed)
        for name, (low, high) in LIMITS.items():
            check_whole(name, getattr(self, name), low, high)
        if not 0 < self.learning_rate <= HIGHEST_RATE:
            raise RNCoreError(
                f"learning_rate must be above 0 and at most {HIGHEST_RATE}, got {self.learning_rate!r}; 0.001 is usual."
            )
        self._check_together(len(known))

    def _check_together(self, n_types: int) -> None:
        """Raise RNCoreError for values that do not fit each other."""
        reason = RACE_TASKS[self.task].race.one_question
        if reason and self.n_questions != 1:
            raise RNCoreError(f"{reason}, got n_questions {self.n_questions}; set it to 1.")
        most = 6 * (len(self.question_types) or n_types)
        if self.n_questions > most:
            raise RNCoreError(
                f"n_questions must be at most {most} for these question types, got {self.n_questions}; ask more types."
            )
        if self.head_start and not has_head_start(self.task):
            raise RNCoreError(
                f"head_start is for images and stories, got {self.head_start} with {self.task}; set it to 0."
            )
        if self.first_steps and not self._first_types:
            known = ", ".join(name for name, task in RACE_TASKS.items() if task.race.first_types)
            raise RNCoreError(
                f"first_steps is for {known} with question types about one object, got {self.first_steps} with "
                f"{self.task}; set it to 0."
            )

    @property
    def _first_types(self) -> tuple[str, ...]:
        """Return the question types that are asked alone at first."""
        asked = self.question_types or RACE_TASKS[self.task].question_types
        return tuple(kind for kind in RACE_TASKS[self.task].race.first_types if kind in asked)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that JSON can hold; `from_dict` reads them back."""
        return asdict(self)

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> RaceConfig:
        """Read what `to_dict` wrote; raises RNCoreError if a field is unknown or out of range."""
        try:
            return RaceConfig(**values)
        except TypeError as err:
            raise RNCoreError(f"This is not a race config ({err}); see RaceConfig for its fields.") from err

    def expect_minutes(self) -> float:
        """Return about how many minutes the race takes on two idle cores, from its task's usual race and its steps."""
        usual = usual_config(self.task, answers_only=not self.head_start)
        return RACE_TASKS[self.task].race.minutes * self.steps / usual.steps

    def model(self, kind: str) -> ModelConfig:
        """Return what one runner is built as."""
        config = model_config(self.task, kind, self.size)
        if not isinstance(config.core, RelationNetworkConfig):
            return config
        return replace(config, core=replace(config.core, aggregate=self.aggregate))

    def training(self, kind: str, precision: Precision) -> TrainConfig:
        """Return how one runner is trained."""
        return TrainConfig(
            task=self.task,
            model=self.model(kind),
            seed=self.seed,
            steps=self.steps,
            n_scenes=self.n_scenes,
            n_questions=self.n_questions,
            learning_rate=self.learning_rate,
            question_types=self.question_types,
            first_types=self._first_types if self.first_steps else (),
            first_steps=self.first_steps,
            precision=precision,
            **({} if self.head_start else RACE_TASKS[self.task].race.fewer_cells),
        )


def has_head_start(task: str) -> bool:
    """Return whether runners of a task have parts that can be pretrained."""
    return isinstance(TASKS[task], CellBacked | Pooled)


def usual_config(task: str, answers_only: bool | None = None) -> RaceConfig:
    """Return the usual race of a task.

    Args:
        task: key of `RACE_TASKS`.
        answers_only: whether it trains on answers only, for tasks that have such a race beside one with a head start;
            None where this machine can do so during a lesson.

    Raises:
        RNCoreError: if there is no such task.
    """
    spec = lookup(task, RACE_TASKS, "task").race
    alone = can_learn_from_answers() if answers_only is None else answers_only
    return RaceConfig(task=task, models=spec.models, **{**spec.usual, **(spec.answers_only if alone else {})})


def can_learn_from_answers() -> bool:
    """Return whether a race on images can do without a head start on this machine: two cores take about ten minutes."""
    return (os.cpu_count() or 1) >= _ANSWERS_CORES


def check_whole(name: str, value: Any, low: int, high: int) -> None:
    """Raise RNCoreError unless a value is a whole number in its range."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not low <= value <= high:
        raise RNCoreError(f"{name} must be a whole number from {low} to {high}, got {value!r}; choose one in between.")


@dataclass(frozen=True)
class Progress:
    """One step of a race.

    Attributes:
        step: optimizer steps done by each runner.
        n_questions: questions asked of each runner so far.
        seconds: training time so far, evaluations left out.
        losses: runner -> cross-entropy of this step's batch; empty during the head start.
        head_start: share of the head start that is done, 0 to 1; None when it is over.
    """

    step: int
    n_questions: int
    seconds: float
    losses: dict[str, float]
    head_start: float | None = None


@dataclass(frozen=True)
class Snapshot:
    """The state of the runners' knowledge at one moment.

    Attributes:
        step: optimizer steps done.
        seconds: training time so far.
        accuracy: runner -> question type -> accuracy on the validation scenes.
        groups: runner -> group of question types -> the same.
        blind_floor: question type -> accuracy of the best constant answer on those questions.
        probabilities: runner -> (E, A) probabilities of all answers to each example.
        contributions: (N * N,) each pair's exact share of the first example's true answer against its strongest
            rival, in logits, row `i * N + j` the pair (i, j) of its N objects, padding left out; None without a
            Relation Network over pairs.
        rival: that rival; None without a Relation Network over pairs.
    """

    step: int
    seconds: float
    accuracy: dict[str, dict[str, float]]
    groups: dict[str, dict[str, float]]
    blind_floor: dict[str, float]
    probabilities: dict[str, list[list[float]]]
    contributions: list[float] | None = None
    rival: str | None = None
