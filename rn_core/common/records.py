"""Records that cross layers: named tensors without behavior."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class _Tensors:
    """Fields that are tensors, tuples of them, or anything else."""

    def to(self, device: Any) -> Self:
        """Return the same with all tensors on another device."""
        return replace(self, **{field.name: _move(getattr(self, field.name), device) for field in fields(self)})


def _move(part: Any, device: Any) -> Any:
    """Return a part of a batch with its tensors on another device."""
    if isinstance(part, Tensor):
        return part.to(device)
    return tuple(_move(each, device) for each in part) if isinstance(part, tuple) else part


@dataclass(frozen=True)
class Batch(_Tensors):
    """S scenes and M questions about them, as a model takes them.

    Attributes:
        inputs: what the encoder takes, each with S rows (images; or object rows and their mask).
        question: (M, D_q) float32; or (M, L) int64, word indices padded with 0 at the end.
        scene_index: (M,) int64, non-decreasing, the scene each question is about.
        answer: (M,) int64, index into the task's answers; -1 where a data set does not say.
        type_index: (M,) int64, index into the task's question types; -1 where a data set does not say.
        kept: (S, K) int64, the objects of each scene that take part; None keeps all.
        cluster: (M,) int64, from 0, which questions are dependent because they share a story; None for those of one
            scene.
        number: (M,) int64, each question's index in its file; None for questions that were drawn.
    """

    inputs: tuple[Tensor, ...]
    question: Tensor
    scene_index: Tensor
    answer: Tensor
    type_index: Tensor
    kept: Tensor | None = None
    cluster: Tensor | None = None
    number: Tensor | None = None

    def __len__(self) -> int:
        """Return the number of questions M."""
        return len(self.question)

    def select(self, scenes: slice) -> Batch:
        """Return a slice of the scenes and the questions about them, scenes and clusters counted from 0 again."""
        first, end, _ = scenes.indices(len(self.inputs[0]))
        asked = self.ask((self.scene_index >= first) & (self.scene_index < end))
        return replace(
            asked,
            inputs=tuple(part[scenes] for part in self.inputs),
            scene_index=asked.scene_index - first,
            kept=None if self.kept is None else self.kept[scenes],
            cluster=None if asked.cluster is None else torch.unique(asked.cluster, return_inverse=True)[1],
        )

    def ask(self, rows: Tensor) -> Batch:
        """Return some of the questions about the same scenes; `rows` is (M,) bool."""
        names = ("question", "scene_index", "answer", "type_index", "cluster", "number")
        parts = {name: part[rows] for name in names if (part := getattr(self, name)) is not None}
        return replace(self, **parts)


@dataclass(frozen=True)
class PairBatch(_Tensors):
    """M questions with K pairs of objects each, and the facts about both, for pretraining.

    Attributes:
        inputs: what the encoder takes, each with S rows, as `Batch.inputs`.
        question: (M, L) int64, as `Batch.question`.
        scene_index: (M,) int64, as `Batch.scene_index`.
        type_index: (M,) int64, as `Batch.type_index`.
        pairs: (M, K, 2) int64, the objects i and j of each pair.
        question_facts: (M, F_q) int64, each from 0, or -1 where the question has no such fact.
        question_fact_sizes: (F_q) number of values of each of them.
        pair_facts: (M, K, F_p) float32.
    """

    inputs: tuple[Tensor, ...]
    question: Tensor
    scene_index: Tensor
    type_index: Tensor
    pairs: Tensor
    question_facts: Tensor
    question_fact_sizes: tuple[int, ...]
    pair_facts: Tensor


@dataclass(frozen=True)
class ChainBatch(_Tensors):
    """M questions with the chain of objects that answers each, for pretraining.

    Attributes:
        inputs: what the encoder takes, each with S rows, as `Batch.inputs`.
        question: (M, L) int64, as `Batch.question`.
        scene_index: (M,) int64, as `Batch.scene_index`.
        type_index: (M,) int64, as `Batch.type_index`.
        links: (M, T) int64, the object to pick at each hop; -1 where none is known.
    """

    inputs: tuple[Tensor, ...]
    question: Tensor
    scene_index: Tensor
    type_index: Tensor
    links: Tensor


@dataclass(frozen=True)
class MotionBatch(_Tensors):
    """S scenes with the connections and the motion of their balls, for pretraining.

    Attributes:
        inputs: what the encoder takes, each with S rows, as `Batch.inputs`; no ball is left out.
        kinds: (S, N, N) int64, symmetric: 0 for no connection, 1 for a spring, 2 for a rigid link.
        lengths: (S, N, N) float32, symmetric: rest lengths of the connections in meters, 0 where there is none.
        positions: (S, F, N, 2) float32, meters, the observed frames first.
        velocities: (S, F, N, 2) float32, meters per second.
    """

    inputs: tuple[Tensor, ...]
    kinds: Tensor
    lengths: Tensor
    positions: Tensor
    velocities: Tensor


@dataclass(frozen=True)
class LabeledPictures:
    """S pictures whose objects are known, to be found before any question is asked.

    Attributes:
        images: (S, H, W, 3) uint8.
        places: (S, N, 2) float32, x and y of each object's center in pixels.
        values: (S, N, A) int64, the value of each of its attributes, such as color and shape.
        mask: (S, N) bool, False for padding.
        coordinates: (S, N, C) float32, where in space each object stands; None where nothing but the picture counts.
    """

    images: Tensor
    places: Tensor
    values: Tensor
    mask: Tensor
    coordinates: Tensor | None = None


@dataclass(frozen=True)
class Accuracy:
    """An accuracy with its 95 % interval.

    Attributes:
        accuracy: 0 to 1.
        low: lower end of the interval, 0 to 1.
        high: upper end.
        n: number of questions.
    """

    accuracy: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Distance:
    """The error of predicted positions, in table widths.

    Attributes:
        mean: over scenes, balls and frames, which is the error per frame.
        low: lower end of the mean's 95 % interval over scenes.
        high: upper end.
        frames: the mean over scenes and balls in each frame.
    """

    mean: float
    low: float
    high: float
    frames: list[float]


@dataclass(frozen=True)
class Evaluation:
    """Accuracy over all questions, per group and per question type.

    Attributes:
        n: number of scenes, or of clusters of questions where there are any.
        seed: root seed of the scenes.
        overall: over all questions.
        groups: group -> accuracy.
        types: question type -> accuracy.
        blind_floor: question type -> accuracy of the best constant answer on the same questions; for predicted paths,
            of balls at constant velocity.
        distances: for predicted paths, "model" and "constant_velocity" -> their errors; None for answers.
    """

    n: int
    seed: int
    overall: Accuracy
    groups: dict[str, Accuracy]
    types: dict[str, Accuracy]
    blind_floor: dict[str, float]
    distances: dict[str, Distance] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON, leaving `distances` out where there are none."""
        values = asdict(self)
        return values if self.distances is not None else {key: values[key] for key in values if key != "distances"}


@dataclass(frozen=True)
class Answer:
    """A model's answer to one question.

    Attributes:
        text: the answer with the largest logit; for a multi-label answer, the labels with a probability above 1/2.
        probabilities: answer -> softmax probability, summing to 1; for a multi-label answer, each label's own.
        logits: (A,) float64, in the order of `probabilities`.
        contributions: (P,) float64, each pair's exact share of the difference between the answer's logit and its value
            with no pairs at all; NaN-free; None for models without pairs.
        pair_index: (P, 2) int64, the pair (i, j) of each contribution; None for models without pairs.
        completeness_gap: the logit difference less the sum of the contributions; 0 up to rounding.
        warnings: one sentence for each thing that the answer leaves out or assumes; usually empty.
    """

    text: str
    probabilities: dict[str, float]
    logits: np.ndarray
    contributions: np.ndarray | None = None
    pair_index: np.ndarray | None = None
    completeness_gap: float | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Example:
    """One question about one scene, in readable form.

    Attributes:
        scene: the scene as its task writes it (JSON for Sort-of-CLEVR).
        question: in English.
        type: its question type.
        answer: the true answer.
    """

    scene: str
    question: str
    type: str
    answer: str


@dataclass(frozen=True)
class StepMetrics:
    """One report of a training run.

    Attributes:
        step: optimizer steps done.
        n_questions: questions seen so far.
        seconds: training time so far, including all parts of a resumed run.
        learning_rate: at this step.
        loss: mean cross-entropy since the last report.
        accuracy: question type -> validation accuracy; empty between validations.
    """

    step: int
    n_questions: int
    seconds: float
    learning_rate: float
    loss: float
    accuracy: dict[str, float]
