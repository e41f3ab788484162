"""Pretraining of motion networks: reading paths, and stepping on from a true state, before whole predictions.

Trained on paths only, a network would have to find springs, rods, collisions and velocities at once, through hundreds
of steps. The simulation knows them: here the reader learns which balls are connected, how, at which length, and how
fast they were; and the step learns, from true states and links, where the balls are a few frames later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from rn_core.common.errors import RNCoreError
from rn_core.common.records import MotionBatch
from rn_core.common.seeding import make_rng, uniform_integers
from rn_core.models import QuestionAnsweringModel
from rn_core.models.motion import MotionNetwork, find_pairs
from rn_core.models.motion_parts import N_KINDS, Links, Moving, Pairs, Shown
from rn_core.pretraining.cells import PretrainingSteps
from rn_core.tasks.pools import MotionPool

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_CLIP_NORM = 1.0
#: Weights of errors in meters and in meters per second, relative to the cross entropy of kinds.
_METERS, _SPEEDS = 10.0, 1.0


@dataclass(frozen=True)
class MotionPretrainingConfig:
    """Settings of the pretraining.

    Attributes:
        steps: optimizer steps.
        seed: root seed of scenes and frames.
        n_scenes: scenes per step, with one stretch of frames each.
        n_frames: frames of a stretch in the last steps; one in the first.
        short: share of the steps in which a stretch is one frame.
        learning_rate: peak rate of AdamW; 200 steps of warm-up, then a cosine to 0.
    """

    steps: int
    seed: int = 0
    n_scenes: int = 64
    n_frames: int = 3
    short: float = 0.6
    learning_rate: float = 3e-3


def make_motion_steps(
    model: QuestionAnsweringModel, pool: MotionPool, config: MotionPretrainingConfig, fabric: Fabric
) -> PretrainingSteps:
    """Return the steps of the pretraining on readings of paths and on single stretches of motion.

    Args:
        model: with a `MotionNetwork`; moved to the fabric's device and changed in place.
        pool: the source of batches.
        config: steps, seed and sizes.
        fabric: gives the device; all processes of a run do the same work.

    Raises:
        RNCoreError: if the core predicts no paths.
    """
    core = _motion_core(model)
    model.to(fabric.device).train()

    def missed(step: int) -> Tensor:
        rng = make_rng(config.seed, "train", step, 3)
        batch = pool.sample_motion_batch(rng, config.n_scenes).to(fabric.device)
        n_frames = 1 if step < config.short * config.steps else config.n_frames
        objects, mask = model.encoder(*batch.inputs)  # (S, N, D_o)
        pairs = find_pairs(objects, mask)
        return _reader_loss(core, batch, objects, pairs) + _step_loss(core, batch, pairs, rng, n_frames)

    return PretrainingSteps(model.parameters(), config.steps, config.learning_rate, missed, _CLIP_NORM)


def _motion_core(model: QuestionAnsweringModel) -> MotionNetwork:
    """Return the core of a model that predicts paths; raises RNCoreError if it predicts none."""
    if not isinstance(model.core, MotionNetwork):
        raise RNCoreError(f"A {type(model.core).__name__} predicts no paths; choose a MotionNetwork.")
    return model.core


def _reader_loss(core: MotionNetwork, batch: MotionBatch, objects: Tensor, pairs: Pairs) -> Tensor:
    """Return the reader's loss: kinds of pairs, lengths of links, and velocities."""
    reader = core.reader
    shown: Shown = reader(core.find_paths(objects), pairs)
    kinds, lengths = (part[:, pairs.first, pairs.second] for part in (batch.kinds, batch.lengths))  # (S, P)
    length_error = ((shown.lengths - lengths).abs() * (kinds > 0)).sum() / (kinds > 0).sum().clamp(min=1)
    velocity_error = functional.l1_loss(shown.speeds, batch.velocities[:, reader.frame])
    return (
        functional.cross_entropy(shown.kinds.flatten(0, 1), kinds.flatten())
        + _METERS * length_error
        + _SPEEDS * velocity_error
    )


def _step_loss(
    core: MotionNetwork, batch: MotionBatch, pairs: Pairs, rng: np.random.Generator, n_frames: int
) -> Tensor:
    """Return the error of positions and velocities some frames after true ones, each scene from a random frame."""
    n_scenes, n_all = batch.positions.shape[:2]
    first = torch.from_numpy(uniform_integers(rng, n_all - n_frames, (n_scenes,))).to(batch.positions.device)
    frames = first[:, None] + torch.arange(n_frames + 1, device=first.device)  # (S, 1 + K)
    rows = torch.arange(n_scenes, device=first.device)[:, None]
    places, speeds = batch.positions[rows, frames], batch.velocities[rows, frames]  # (S, 1 + K, N, 2)
    kinds, lengths = (part[:, pairs.first, pairs.second] for part in (batch.kinds, batch.lengths))  # (S, P)
    links = Links(functional.one_hot(kinds, N_KINDS).to(places.dtype), lengths)
    found = core.roll(Moving(places[:, 0], speeds[:, 0]), links, pairs, n_frames)
    position_error, velocity_error = (
        functional.l1_loss(*both) for both in zip(found, (places[:, 1:], speeds[:, 1:]), strict=True)
    )
    return _METERS * position_error + _SPEEDS * velocity_error
