"""The config of a training run, the sampling of its questions, and its learning-rate schedule."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from rn_core.common.errors import RNCoreError, lookup
from rn_core.common.records import Batch
from rn_core.common.seeding import make_rng
from rn_core.models import ModelConfig
from rn_core.models.encoders import ImageEncoderConfig
from rn_core.models.layers import OMIT_DEFAULT, plain_fields
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.models.slots import SlotEncoderConfig
from rn_core.tasks import TASKS, Task
from rn_core.tasks.base import CellBacked, ObjectsLabeled, Pooled, Restyled

if TYPE_CHECKING:
    from lightning_fabric import Fabric

#: Number formats in training; see Lightning Fabric.
Precision = Literal["32-true", "bf16-mixed"]
#: Weight of a question type that is not asked: above 0, but so small that any other comes first.
_NEVER = 1e-12
#: Learning-rate schedules; see `learning_rate`.
SCHEDULES = ("cosine", "doubling")
#: Upper bound on the doublings from any rate to any other; more would overflow.
_MAX_DOUBLINGS = 64


@dataclass(frozen=True)
class TrainConfig:
    """One training run. The same config and seed give the same weights on the same machine.

    Attributes:
        task: key of `TASKS`.
        model: encoder and core.
        seed: root seed of weights, scenes and questions.
        steps: optimizer steps.
        n_scenes: scenes per step in each process.
        n_questions: different questions about each scene.
        learning_rate: peak rate of AdamW.
        warmup_steps: steps over which the rate of schedule "cosine" rises from 0 to its peak.
        weight_decay: of AdamW.
        clip_norm: largest norm of the gradient.
        question_types: the types that are asked; empty asks all.
        first_types: the types that are asked in the first `first_steps` steps, before all of `question_types` are: a
            curriculum over questions, which tells a network nothing but answers.
        first_steps: steps in which only `first_types` are asked; then the optimizer begins anew, with a warm-up,
            because what it knows of gradients is wrong by orders of magnitude.
        styled: whether answers, and the contents of cells, are learned from pictures in many styles, as other people
            draw them; validation scenes have the task's own.
        focus: lowest weight of a question type when questions are drawn. A type's weight is its current
            share of wrong answers, so what is learned is asked less; 1 draws all types alike.
        warm_start: pretraining steps, in which an image encoder learns to name the contents of its cells, a question
            encoder and the pairs of object rows learn a program's facts, or a motion network a simulation's; 0
            for none.
        core_from: weights over object rows whose Relation Network is trained further behind the encoder; or, without
            pretraining or with one from a pool, weights that are extended by a hop of relations before theirs, or whose
            relations learn to answer something else; None for new weights.
        keep_answers: whether f_phi, too, starts from `core_from`: its hidden layers, and answers that both tasks have.
        encoders_from: weights whose encoders, of scenes and of questions, are used as they are: of a data folder, they
            read everything once, before training; None trains them.
        hold_encoder: share of the steps in which the encoders then stay frozen: while the core has learned
            nothing, its gradients would only spoil what they know.
        n_cells: cells per image that take part until `all_cells_from`: those whose pixels vary most, where objects
            lie. None uses all throughout.
        all_cells_from: share of the steps after which all cells take part.
        all_cells_every: before that, too, all cells take part in every so many steps, so that a network learns to say
            nothing about empty ones while it learns the rest; 0 for never.
        window_steps: pretraining steps behind `warm_start`, in which an encoder with windows learns to read them.
        precision: "32-true" or "bf16-mixed".
        report_every: steps between reports.
        validate_every: steps between validations.
        validation_scenes: scenes per validation, all questions each.
        schedule: "cosine" rises, then falls as a cosine to 0; "doubling" rises in steps of `doubling_epochs` epochs
            of a data folder, from `first_rate` to its peak, and stays there.
        first_rate: initial rate of "doubling".
        doubling_epochs: epochs after which it doubles the rate.
        augment: whether training pictures are shifted and rotated slightly.
        data: fingerprint of the training data folder; None generates scenes on the fly.
        hold_relations: share of the steps in which encoders and g_theta stay frozen, so that f_phi learns to use what
            they learned in pretraining.
        held_scenes: scenes of the pool whose sums of relations are computed once and used, again and again, in the
            steps of `hold_relations`; 0 draws others for every step. Such steps ask `n_scenes` questions.
        pool_scenes: scenes that are sampled once, with `n_questions` each, and used repeatedly; 0 samples new ones
            for every step.
    """

    task: str
    model: ModelConfig
    seed: int = 0
    steps: int = 20_000
    n_scenes: int = 16
    n_questions: int = 8
    learning_rate: float = 5e-4
    warmup_steps: int = 300
    weight_decay: float = 0.0
    clip_norm: float = 10.0
    question_types: tuple[str, ...] = ()
    focus: float = 0.05
    warm_start: int = 0
    core_from: str | None = None
    hold_encoder: float = 0.0
    n_cells: int | None = None
    all_cells_from: float = 0.8
    precision: Precision = "bf16-mixed"
    report_every: int = 50
    validate_every: int = 1000
    validation_scenes: int = 200
    schedule: str = field(default="cosine", metadata=OMIT_DEFAULT)
    first_rate: float = field(default=5e-6, metadata=OMIT_DEFAULT)
    doubling_epochs: int = field(default=20, metadata=OMIT_DEFAULT)
    augment: bool = field(default=False, metadata=OMIT_DEFAULT)
    data: str | None = field(default=None, metadata=OMIT_DEFAULT)
    hold_relations: float = field(default=0.0, metadata=OMIT_DEFAULT)
    held_scenes: int = field(default=0, metadata=OMIT_DEFAULT)
    pool_scenes: int = field(default=0, metadata=OMIT_DEFAULT)
    first_types: tuple[str, ...] = field(default=(), metadata=OMIT_DEFAULT)
    first_steps: int = field(default=0, metadata=OMIT_DEFAULT)
    styled: bool = field(default=False, metadata=OMIT_DEFAULT)
    all_cells_every: int = field(default=0, metadata=OMIT_DEFAULT)
    window_steps: int = field(default=0, metadata=OMIT_DEFAULT)
    keep_answers: bool = field(default=False, metadata=OMIT_DEFAULT)
    encoders_from: str | None = field(default=None, metadata=OMIT_DEFAULT)

    def __post_init__(self) -> None:
        """Raise RNCoreError for an invalid value, naming it and what is allowed."""
        sizes = ("steps", "n_scenes", "n_questions", "report_every", "validate_every", "validation_scenes")
        for name in (*sizes, "doubling_epochs"):
            if getattr(self, name) < 1:
                raise RNCoreError(f"{name} must be 1 or more, got {getattr(self, name)!r}.")
        for name in ("learning_rate", "clip_norm", "first_rate"):
            if not getattr(self, name) > 0 or not math.isfinite(getattr(self, name)):
                raise RNCoreError(f"{name} must be a finite number above 0, got {getattr(self, name)!r}.")
        known = lookup(self.task, TASKS, "task").question_types
        for name in ("question_types", "first_types"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
            for kind in getattr(self, name):
                lookup(kind, dict.fromkeys(known), "question type")
        if self.first_steps < 0 or bool(self.first_steps) != bool(self.first_types):
            raise RNCoreError(
                f"first_types are asked for first_steps steps, got {self.first_types!r} and {self.first_steps!r}; "
                "give both or neither."
            )
        if self.all_cells_every < 0:
            raise RNCoreError(f"all_cells_every must be 0 or more, got {self.all_cells_every!r}; 0 means never.")
        self._check_windows()
        if self.encoders_from and (self.hold_encoder < 1 or self.warm_start):
            raise RNCoreError(
                f"Encoders that are taken from '{self.encoders_from}' stay as they are, got hold_encoder "
                f"{self.hold_encoder!r} and warm_start {self.warm_start!r}; set them to 1.0 and 0."
            )
        if not 0 < self.focus <= 1:
            raise RNCoreError(f"focus must be above 0 and at most 1, got {self.focus!r}.")
        if self.precision not in get_args(Precision):
            raise RNCoreError(f"precision must be '32-true' or 'bf16-mixed', got {self.precision!r}.")
        lookup(self.schedule, dict.fromkeys(SCHEDULES), "schedule")
        if self.augment and not isinstance(self.model.encoder, ImageEncoderConfig):
            raise RNCoreError(f"augment shifts pictures, but the model of '{self.task}' takes none; set it to False.")
        if self.styled and not isinstance(TASKS[self.task], Restyled):
            raise RNCoreError(f"'{self.task}' has pictures of one style, got styled True; set it to False.")
        if self.pool_scenes and not isinstance(TASKS[self.task], Pooled):
            raise RNCoreError(f"'{self.task}' has no pool, got pool_scenes {self.pool_scenes!r}; set it to 0.")
        if self.held_scenes and not (self.pool_scenes and isinstance(self.model.core, RelationNetworkConfig)):
            raise RNCoreError(
                f"held_scenes are of a pool and of a Relation Network, got {self.held_scenes!r} for '{self.task}'; set "
                "it to 0."
            )
        if self.keep_answers and not (self.core_from and isinstance(self.model.core, RelationNetworkConfig)):
            raise RNCoreError(
                f"keep_answers is for a Relation Network that starts from others' weights, got core_from "
                f"{self.core_from!r} for '{self.task}'; set it to False."
            )
        labeled = ObjectsLabeled if isinstance(self.model.encoder, SlotEncoderConfig) else CellBacked
        if self.warm_start and not self.pool_scenes and not isinstance(TASKS[self.task], labeled):
            raise RNCoreError(
                f"'{self.task}' cannot be pretrained without a pool, got warm_start {self.warm_start!r}; set it to 0."
            )

    def _check_windows(self) -> None:
        """Raise RNCoreError unless an encoder with windows, and no other, learns to read them in pretraining."""
        encoder = self.model.encoder
        reads = isinstance(encoder, SlotEncoderConfig) and encoder.windows is not None and self.warm_start > 0
        if self.window_steps < 0 or (self.window_steps and not reads):
            raise RNCoreError(
                f"window_steps must be 0, or 1 or more for encoders with windows that are pretrained, got "
                f"{self.window_steps!r}; set it to 0."
            )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that JSON can hold; `from_dict` reads them back."""
        return {**plain_fields(self), "model": self.model.to_dict()}

    @staticmethod
    def from_dict(values: dict[str, Any]) -> TrainConfig:
        """Read what `to_dict` wrote; raises RNCoreError if a field is missing, unknown or out of range."""
        try:
            return TrainConfig(**{**values, "model": ModelConfig.from_dict(values["model"])})
        except (KeyError, TypeError) as err:
            raise RNCoreError(f"This is not a training config ({err}); see TrainConfig for its fields.") from err


def learning_task(config: TrainConfig) -> Task:
    """Return the task that a run samples its training scenes from."""
    task = TASKS[config.task]
    return task.in_styles() if config.styled and isinstance(task, Restyled) else task


def type_weights(config: TrainConfig, accuracy: np.ndarray, step: int) -> np.ndarray:
    """Return (T,) the probability of sampling each question type at a step, from its accuracy."""
    weights: np.ndarray = np.maximum(1 - accuracy, config.focus)
    asked = config.first_types if step < config.first_steps else config.question_types
    if asked:
        weights *= np.where(np.isin(TASKS[config.task].question_types, asked), 1, _NEVER)
    return weights


def count_cells(config: TrainConfig, step: int) -> int | None:
    """Return how many cells of each image take part in a step; None for all."""
    every = config.all_cells_every
    all_cells = step >= config.all_cells_from * config.steps or (every and step % every == 0)
    return None if all_cells else config.n_cells


def sample_step(config: TrainConfig, fabric: Fabric, step: int, accuracy: np.ndarray) -> Batch:
    """Draw one step's batch for all processes and return this process's part.

    Args:
        config: task, seed and sizes; its seed and the step decide the batch.
        fabric: how many processes there are, and which one this is.
        step: optimizer steps done.
        accuracy: (T,) accuracy of each question type, which decides how often it is asked.
    """
    rng = make_rng(config.seed, "train", step)
    weights = type_weights(config, accuracy, step)
    n_scenes = config.n_scenes * fabric.world_size
    batch = learning_task(config).sample_batch(rng, n_scenes, config.n_questions, weights, count_cells(config, step))
    first = fabric.global_rank * config.n_scenes
    return batch.select(slice(first, first + config.n_scenes)).to(fabric.device)


def learning_rate(config: TrainConfig, step: int, epochs: float = 0.0) -> float:
    """Return the rate at a step.

    "cosine" is a linear warm-up, then a cosine to 0 (Loshchilov & Hutter, arXiv 1608.03983); "doubling" begins low
    and doubles up to its peak, which is what made others' runs on CLEVR succeed.

    Args:
        config: the schedule and its numbers.
        step: optimizer steps done.
        epochs: how often all questions of a data folder have been asked, which "doubling" uses.
    """
    if config.schedule == "doubling":
        doublings = min(epochs // config.doubling_epochs, _MAX_DOUBLINGS)
        return min(config.learning_rate, config.first_rate * math.pow(2, doublings))
    since = step - config.first_steps if step >= config.first_steps else step  # new questions, another warm-up
    warm = min(1.0, (since + 1) / max(1, config.warmup_steps))
    return config.learning_rate * warm * 0.5 * (1 + math.cos(math.pi * step / config.steps))
