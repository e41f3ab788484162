"""A warm start for motion networks: what seen paths show, and how a true state moves on, before whole predictions.

From paths alone a network would have to find springs, rods, collisions and velocities all at once, through hundreds of
steps. The simulation knows them: here the reader learns which balls are tied and how, at which length, and how fast
they were; and the step learns from true states and links where the balls are a few frames later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from rn_core.common.errors import RNCoreError
from rn_core.common.records import MotionLesson
from rn_core.common.seeding import make_rng, uniform_integers
from rn_core.models import QuestionAnsweringModel
from rn_core.models.motion import MotionNetwork, find_pairs
from rn_core.models.motion_parts import N_KINDS, Links, Moving, Pairs, Shown
from rn_core.pretraining.cells import Keeper, PretrainingSteps
from rn_core.tasks.base import MotionPool

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_CLIP_NORM = 1.0
#: Weights of meters, and of meters a second, beside the cross entropy of kinds.
_METRES, _SPEEDS = 10.0, 1.0


@dataclass(frozen=True)
class MotionLessonConfig:
    """The warm start.

    Attributes:
        steps: optimizer steps.
        seed: root seed of scenes and frames.
        n_scenes: scenes a step, with one stretch of frames each.
        n_frames: frames of a stretch in the last steps; it is one in the first.
        short: share of the steps in which a stretch is one frame.
        learning_rate: peak rate of AdamW; 200 steps of warm-up, then a cosine to 0.
    """

    steps: int
    seed: int = 0
    n_scenes: int = 64
    n_frames: int = 3
    short: float = 0.6
    learning_rate: float = 3e-3


def teach_motion(
    model: QuestionAnsweringModel,
    pool: MotionPool,
    config: MotionLessonConfig,
    fabric: Fabric,
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
    keeper: Keeper | None = None,
) -> float:
    """Let a model with a `MotionNetwork` learn what paths show and how balls move on.

    Args:
        model: put on the fabric's device and changed in place.
        pool: where lessons come from.
        config: steps, seed and sizes.
        fabric: gives the device; all processes of a run do the same.
        progress: wraps the iteration over the steps (a progress bar).
        keeper: saves the steps and goes on from there; None for nobody.

    Returns:
        the last step's loss.
    """
    core = _motion_core(model)
    model.to(fabric.device).train()

    def missed(step: int) -> Tensor:
        rng = make_rng(config.seed, "train", step, 3)
        lesson = pool.sample_motion_lesson(rng, config.n_scenes).to(fabric.device)
        n_frames = 1 if step < config.short * config.steps else config.n_frames
        objects, mask = model.encoder(*lesson.inputs)  # (S, N, D_o)
        pairs = find_pairs(objects, mask)
        return _misread(core, lesson, objects, pairs) + _misstep(core, lesson, pairs, rng, n_frames)

    steps = PretrainingSteps(model.parameters(), config.steps, config.learning_rate, missed, _CLIP_NORM)
    return steps.finish(keeper, progress)


def _motion_core(model: QuestionAnsweringModel) -> MotionNetwork:
    """Return the core of a model that predicts paths; raises RNCoreError if it predicts none."""
    if not isinstance(model.core, MotionNetwork):
        raise RNCoreError(f"A {type(model.core).__name__} predicts no paths; choose a MotionNetwork.")
    return model.core


def _misread(core: MotionNetwork, lesson: MotionLesson, objects: Tensor, pairs: Pairs) -> Tensor:
    """Return how much the reader misses kinds of pairs, lengths of links, and velocities."""
    reader = core.reader
    shown: Shown = reader(core.find_paths(objects), pairs)
    kinds, lengths = (part[:, pairs.first, pairs.second] for part in (lesson.kinds, lesson.lengths))  # (S, P)
    off = ((shown.lengths - lengths).abs() * (kinds > 0)).sum() / (kinds > 0).sum().clamp(min=1)
    late = functional.l1_loss(shown.speeds, lesson.velocities[:, reader.frame])
    return functional.cross_entropy(shown.kinds.flatten(0, 1), kinds.flatten()) + _METRES * off + _SPEEDS * late


def _misstep(
    core: MotionNetwork, lesson: MotionLesson, pairs: Pairs, rng: np.random.Generator, n_frames: int
) -> Tensor:
    """Return how far off places and velocities are some frames after true ones, each scene from a frame at random."""
    n_scenes, n_all = lesson.positions.shape[:2]
    first = torch.from_numpy(uniform_integers(rng, n_all - n_frames, (n_scenes,))).to(lesson.positions.device)
    frames = first[:, None] + torch.arange(n_frames + 1, device=first.device)  # (S, 1 + K)
    rows = torch.arange(n_scenes, device=first.device)[:, None]
    places, speeds = lesson.positions[rows, frames], lesson.velocities[rows, frames]  # (S, 1 + K, N, 2)
    kinds, lengths = (part[:, pairs.first, pairs.second] for part in (lesson.kinds, lesson.lengths))  # (S, P)
    links = Links(functional.one_hot(kinds, N_KINDS).to(places.dtype), lengths)
    found = core.roll(Moving(places[:, 0], speeds[:, 0]), links, pairs, n_frames)
    meters, late = (functional.l1_loss(*both) for both in zip(found, (places[:, 1:], speeds[:, 1:]), strict=True))
    return _METRES * meters + _SPEEDS * late
