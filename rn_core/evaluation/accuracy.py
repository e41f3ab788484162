"""Accuracy per question type, with counts and 95 % intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from rn_core.common.errors import RNCoreError
from rn_core.common.records import Accuracy, Batch, Distance, Evaluation
from rn_core.common.seeding import make_rng
from rn_core.tasks import Task
from rn_core.tasks.scoring import DistanceScoring

_Z = 1.959963984540054  # the normal distribution's 97.5 % point
_SCENES_A_BATCH = 50


def evaluate(
    model: nn.Module,
    task: Task,
    seed: int,
    n_scenes: int,
    split: str = "test",
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> Evaluation:
    """Ask every question about new scenes of a split.

    Args:
        model: takes (inputs, question, scene_index), returns logits; evaluated in eval mode, then restored.
        task: where scenes and questions come from.
        seed: root seed; scenes of "test" are never those of "train" or "validation".
        n_scenes: 1 or more.
        split: "test", or "validation" for whatever selects or trains.
        progress: wraps the iteration over batches (a progress bar).

    Raises:
        RNCoreError: if `n_scenes` is below 1.
    """
    return evaluate_batches(model, task, sample_batches(task, seed, n_scenes, split, progress), seed)


def sample_batches(
    task: Task,
    seed: int,
    n_scenes: int,
    split: str = "test",
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> Iterator[Batch]:
    """Return new scenes of a split with every question, in batches; arguments and errors as `evaluate`."""
    if n_scenes < 1:
        raise RNCoreError(f"The number of scenes must be 1 or more, got {n_scenes!r}.")
    return (
        task.sample_batch(make_rng(seed, split, first), min(_SCENES_A_BATCH, n_scenes - first))
        for first in progress(range(0, n_scenes, _SCENES_A_BATCH))
    )


def evaluate_batches(
    model: nn.Module,
    task: Task,
    batches: Iterable[Batch],
    seed: int = 0,
    listen: Callable[[Batch, Tensor], None] | None = None,
) -> Evaluation:
    """Evaluate a model on some batches, at least one; model and task as in `evaluate`.

    Questions whose answer is unknown (-1) are asked but not counted; those whose type is unknown (-1) count in the
    overall accuracy only.

    Args:
        model: evaluated in eval mode, then restored.
        task: defines the question types.
        batches: no scene occurs in two of them.
        seed: root seed of the scenes, if they were sampled.
        listen: is called with each batch and its logits (M, A), on the CPU.
    """
    was_training = model.training
    model.eval()
    counts: list[np.ndarray] = []
    floors: list[np.ndarray] = []
    distances: list[dict[str, np.ndarray]] = []
    for batch in batches:
        logits = _ask(model, batch)
        if listen is not None:
            listen(batch, logits)
        counts.append(_count_marks(task, logits, batch))
        floors.append(task.scoring.count_floors(batch))
        if isinstance(task.scoring, DistanceScoring):
            distances.append(task.scoring.distances(logits, batch))
    model.train(was_training)
    found = summarize(task, seed, np.concatenate(counts), np.sum(floors, axis=0))
    if not distances:
        return found
    joined = {name: np.concatenate([part[name] for part in distances]) for name in distances[0]}
    return replace(found, distances={name: mean_distance(offsets) for name, offsets in joined.items()})


def count_right(model: nn.Module, task: Task, batch: Batch) -> np.ndarray:
    """Return (S, T, 2) int64: for each scene (or cluster) and question type, correct answers and questions."""
    return _count_marks(task, _ask(model, batch), batch)[:, : len(task.question_types)]


@torch.inference_mode()
def _ask(model: nn.Module, batch: Batch) -> Tensor:
    """Return a model's logits (M, A), on the CPU."""
    on_device = batch.to(next(model.parameters()).device)
    logits: Tensor = model(on_device.inputs, on_device.question, on_device.scene_index)
    return logits.cpu()


def _count_marks(task: Task, logits: Tensor, batch: Batch) -> np.ndarray:
    """Return the counts (S, T + 1, 2) of `count_right`, from logits; the last type is the unknown one."""
    question, type_index, right = (part.numpy() for part in task.scoring.mark(logits, batch))
    if batch.answer.ndim == 1 and not batch.answer.is_floating_point():
        known = (batch.answer.cpu() >= 0).numpy()[question]
        question, type_index, right = question[known], type_index[known], right[known]
    cluster = (batch.scene_index if batch.cluster is None else batch.cluster).numpy()
    n_clusters = len(batch.inputs[0]) if batch.cluster is None else int(cluster.max()) + 1
    counts = np.zeros((n_clusters, len(task.question_types) + 1, 2), dtype=np.int64)
    np.add.at(counts, (cluster[question], type_index), np.stack([right, np.ones_like(right)], 1))
    return counts


def summarize(task: Task, seed: int, counts: np.ndarray, floors: np.ndarray) -> Evaluation:
    """Return accuracies from (S, T, 2) or (S, T + 1, 2) counts of correct answers and questions.

    Groups, types and scenes without questions are left out. An unknown type T counts in the overall accuracy only.

    Args:
        task: defines the question types and, where not all of them count for the overall accuracy, which ones do.
        seed: root seed of the scenes, if they were sampled.
        counts: correct answers and questions per scene and type.
        floors: (T, C), how many correct answers each of C constant answers would give.
    """
    counts = counts[counts[..., 1].sum(axis=1) > 0]
    asked_of = counts[..., 1].sum(axis=0)  # (T,)
    unknown = list(range(len(task.question_types), len(asked_of)))
    rows = {kind: row for row, kind in enumerate(task.question_types) if asked_of[row]}
    groups = {group: [kind for kind in kinds if kind in rows] for group, kinds in task.groups.items()}

    def over(kinds: Iterable[str], others: Sequence[int] = ()) -> Accuracy:
        right, asked = np.moveaxis(counts[:, [*(rows[kind] for kind in kinds), *others]].sum(axis=1), 1, 0)
        return accuracy_interval(right, asked)

    return Evaluation(
        n=len(counts),
        seed=seed,
        overall=over((kind for kind in task.overall_types if kind in rows), unknown),
        groups={group: over(kinds) for group, kinds in groups.items() if kinds},
        types={kind: over([kind]) for kind in rows},
        blind_floor={kind: float(floors[row].max() / asked_of[row]) for kind, row in rows.items()},
    )


def mean_distance(offsets: np.ndarray) -> Distance:
    """Return the mean of distances (S, F) over scenes and frames, its interval over scenes, and each frame's mean."""
    scenes = offsets.mean(axis=1, dtype=np.float64)
    mean = float(scenes.mean())
    half = _Z * float(scenes.std(ddof=1)) / math.sqrt(len(scenes)) if len(scenes) > 1 else math.inf
    return Distance(mean, max(0.0, mean - half), mean + half, offsets.mean(axis=0, dtype=np.float64).tolist())


def count_solved(found: Evaluation, above: float) -> int:
    """Return how many groups have an accuracy above a threshold."""
    return sum(group.accuracy > above for group in found.groups.values())


def accuracy_interval(right: np.ndarray, asked: np.ndarray) -> Accuracy:
    """Return an accuracy and its 95 % interval.

    Wilson's interval (1927, https://doi.org/10.2307/2276774) on an effective sample size: questions about one
    scene are not independent, so n is divided by the design effect, the variance between scenes divided by that of
    independent questions (Kish 1965), at least 1.

    Args:
        right: (S,) correct answers per scene.
        asked: (S,) questions per scene.

    Returns:
        the accuracy; NaN from 0 to 1 if nothing was asked.
    """
    if not asked.sum():
        return Accuracy(math.nan, 0.0, 1.0, 0)
    n, k = int(asked.sum()), int(right.sum())
    share = k / n
    effective = n / _design_effect(right, asked, share)
    center = (share + _Z**2 / (2 * effective)) / (1 + _Z**2 / effective)
    half = _Z / (1 + _Z**2 / effective) * math.sqrt(share * (1 - share) / effective + (_Z / (2 * effective)) ** 2)
    return Accuracy(share, max(0.0, min(share, center - half)), min(1.0, max(share, center + half)), n)


def _design_effect(right: np.ndarray, asked: np.ndarray, share: float) -> float:
    """Return how much larger the variance of the share is than with independent questions; 1 or more."""
    independent = share * (1 - share) * int(asked.sum())
    if len(right) < 2 or independent == 0:
        return 1.0
    clustered = float(np.square(right - share * asked).sum()) * len(right) / (len(right) - 1)
    return max(1.0, clustered / independent)
