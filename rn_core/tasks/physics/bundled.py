"""Scenes that come with the package, to be played where MuJoCo is missing."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
from safetensors.numpy import load, save

from rn_core.common.seeding import make_rng
from rn_core.tasks.physics.sampling import sample_scenes
from rn_core.tasks.physics.scene import PhysicsScenes
from rn_core.tasks.physics.world import DEFAULT_BALLS, N_FRAMES

#: Holds what `make_bundle` returns.
BUNDLE = Path(__file__).with_name("scenes.safetensors")
_EACH = 2
_DRAWN = 200


def load_bundled_scenes() -> PhysicsScenes:
    """Return 20 scenes of ten balls in 32 frames, two with each number of groups from 1 to 10; needs no MuJoCo."""
    return PhysicsScenes(**load(BUNDLE.read_bytes()))


def make_bundle() -> bytes:
    """Return the first two scenes of seed 0 with each number of connected groups, as safetensors.

    Raises:
        RNCoreError: in one sentence, if MuJoCo cannot be loaded.
    """
    drawn = sample_scenes(make_rng(0, "explore"), _DRAWN, n_frames=2 * N_FRAMES)
    rows = [np.flatnonzero(drawn.n_systems == count)[:_EACH] for count in range(1, DEFAULT_BALLS + 1)]
    return save(asdict(drawn[np.concatenate(rows)]))
