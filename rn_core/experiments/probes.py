"""Small experiments with a trained model that show what it leans on; each takes seconds and says its sample size."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor

from rn_core.common.errors import RNCoreError
from rn_core.common.records import Accuracy, Batch
from rn_core.common.seeding import make_rng
from rn_core.evaluation.accuracy import accuracy_interval
from rn_core.models import QuestionAnsweringModel
from rn_core.models.relation_network import make_pair_index
from rn_core.tasks.sort_of_clevr import COLORS, Scene, make_batch, sample_scenes, stack_scenes
from rn_core.tasks.sort_of_clevr.questions import N_QUESTIONS, QUESTION_TYPES, RELATIONAL
from rn_core.tasks.sort_of_clevr.redealing import redeal_scenes
from rn_core.tasks.sort_of_clevr.scene import N_OBJECTS, SceneBatch

#: Which pairs (i, j) are kept -> (N * N, 2) pair index to (N * N,) bool.
DIAGONAL_PARTS: Mapping[str, Callable[[Tensor], Tensor]] = MappingProxyType(
    {
        "all pairs": lambda index: index[:, 0] >= 0,
        "without the diagonal": lambda index: index[:, 0] != index[:, 1],
        "the diagonal alone": lambda index: index[:, 0] == index[:, 1],
    }
)
_SCENES_A_BATCH = 50
_N_COLORS = len(COLORS)
#: Wraps the iteration over batches, such as a progress bar.
Progress = Callable[[Iterable[int]], Iterable[int]]


@dataclass(frozen=True)
class RedealChange:
    """How often an answer changes when every object but the asked one is dealt anew.

    Attributes:
        said: share of the new scenes in which the model's answer is another one.
        true: the same of the true answer.
    """

    said: Accuracy
    true: Accuracy


@torch.inference_mode()
def ask(model: QuestionAnsweringModel, batch: Batch, progress: Progress = iter) -> np.ndarray:
    """Return the model's answers (M,) int64, worked out a few scenes at a time, each of which `progress` is told of."""
    device, n_scenes = next(model.parameters()).device, len(batch.inputs[0])
    said = []
    for first in progress(range(0, n_scenes, _SCENES_A_BATCH)):
        part = batch.select(slice(first, first + _SCENES_A_BATCH)).to(device)
        said.append(model(part.inputs, part.question, part.scene_index).argmax(dim=1).cpu())
    return torch.cat(said).numpy()


def ask_all(
    model: QuestionAnsweringModel, scenes: SceneBatch, view: str, progress: Progress = iter
) -> tuple[np.ndarray, np.ndarray]:
    """Return the model's and the true answers to all questions, (S, 6 types, 6 colors) int64 each."""
    batch = make_batch(scenes, np.tile(np.arange(N_QUESTIONS), (len(scenes), 1)), view)
    shape = (len(scenes), len(QUESTION_TYPES), _N_COLORS)
    return ask(model, batch, progress).reshape(shape), batch.answer.numpy().reshape(shape)


def find_common_shapes(scenes: SceneBatch) -> np.ndarray:
    """Return (S, 6) int64, for each object the commoner shape among the other five (they cannot be even)."""
    others = scenes.shapes.sum(axis=1, keepdims=True) - scenes.shapes
    common: np.ndarray = others > (N_OBJECTS - 1) / 2
    return common.astype(np.int64)


def measure_guess(
    model: QuestionAnsweringModel, view: str, n_scenes: int, seed: int, progress: Progress = iter
) -> dict[str, dict[str, Accuracy]]:
    """Measure how far a model does no better than to name the commoner shape among the other objects.

    That guess needs no place: of five fair coins the commoner side shows 11 times in 16, so it is right about
    any one of them with probability 11 / 16.

    Args:
        model: of Sort-of-CLEVR, in eval mode.
        view: what it sees, "pixels" or "objects".
        n_scenes: scenes of the "test" split.
        seed: root seed.
        progress: wraps the iteration over batches.

    Returns:
        "closest_shape" and "furthest_shape" -> {"model": share right, "guess": share right of the guess,
        "same": share of the model's answers that are the guess}.
    """
    scenes = sample_scenes(make_rng(seed, "test"), n_scenes)
    said, true = ask_all(model, scenes, view, progress)
    guess = find_common_shapes(scenes)
    found = {}
    for kind in RELATIONAL[:2]:
        row = QUESTION_TYPES.index(kind)
        pairs = {"model": (said[:, row], true[:, row]), "guess": (guess, true[:, row]), "same": (said[:, row], guess)}
        found[kind] = {name: _share(one == other) for name, (one, other) in pairs.items()}
    return found


def measure_redeal(
    model: QuestionAnsweringModel,
    view: str,
    scene: Scene,
    color: str,
    n_scenes: int,
    seed: int,
    progress: Progress = iter,
) -> dict[str, RedealChange]:
    """Keep one object, deal all others anew, and count how often each answer about it changes.

    Args:
        model: of Sort-of-CLEVR, in eval mode.
        view: what it sees, "pixels" or "objects".
        scene: holds the object that stays, and at least one other.
        color: of the object that stays and is asked about.
        n_scenes: new scenes of the "explore" split.
        seed: root seed.
        progress: wraps the iteration over batches.

    Returns:
        question type -> shares of the new scenes with another answer than `scene`'s.
    """
    slot = COLORS.index(color)
    before = [answers[0, :, slot] for answers in ask_all(model, stack_scenes([scene]), view)]
    dealt = redeal_scenes(make_rng(seed, "explore"), scene.get(color), n_scenes)
    after = [answers[:, :, slot] for answers in ask_all(model, dealt, view, progress)]
    said, true = (now != then for now, then in zip(after, before, strict=True))  # (S, 6)
    return {
        kind: RedealChange(_share(said[:, [row]]), _share(true[:, [row]])) for row, kind in enumerate(QUESTION_TYPES)
    }


@torch.inference_mode()
def measure_diagonal(
    model: QuestionAnsweringModel, view: str, n_scenes: int, seed: int, progress: Progress = iter
) -> dict[str, dict[str, Accuracy]]:
    """Measure a Relation Network's accuracy with some of its pairs left out of the sum.

    Args:
        model: a Relation Network of Sort-of-CLEVR, in eval mode.
        view: what it sees, "pixels" or "objects".
        n_scenes: scenes of the "test" split, asked all 36 questions.
        seed: root seed.
        progress: wraps the iteration over batches.

    Returns:
        key of `DIAGONAL_PARTS` -> question type -> accuracy.

    Raises:
        RNCoreError: if the model has no pairs.
    """
    if not model.has_pairs:
        raise RNCoreError("Only a Relation Network has a diagonal; choose one with pairs.")
    right: dict[str, list[np.ndarray]] = {name: [] for name in DIAGONAL_PARTS}
    device = next(model.parameters()).device
    for first in progress(range(0, n_scenes, _SCENES_A_BATCH)):
        scenes = sample_scenes(make_rng(seed, "test", first), min(_SCENES_A_BATCH, n_scenes - first))
        asked = np.tile(np.arange(N_QUESTIONS), (len(scenes), 1))
        batch = make_batch(scenes, asked, view).to(device)
        trace = model.trace(batch.inputs, batch.question, batch.scene_index)
        relations, index = trace.relations, make_pair_index(trace.objects.shape[1]).to(device)  # (M, P, D_g), (P, 2)
        for name, keep in DIAGONAL_PARTS.items():
            logits = model.pair_core.f_phi(relations[:, keep(index)].sum(dim=1))  # (M, A)
            same = (logits.argmax(dim=1) == batch.answer).view(len(scenes), len(QUESTION_TYPES), _N_COLORS)
            right[name].append(same.cpu().numpy())
    return {
        name: {kind: _share(np.concatenate(parts)[:, row]) for row, kind in enumerate(QUESTION_TYPES)}
        for name, parts in right.items()
    }


def _share(found: np.ndarray) -> Accuracy:
    """Return the share of True in (S, K) with its interval, scenes as clusters."""
    return accuracy_interval(found.sum(axis=1), np.full(len(found), found.shape[1]))
