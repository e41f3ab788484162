"""Balls on a table, some connected by invisible springs and rigid links: scenes, simulation, truth and tensors."""

from __future__ import annotations

from rn_core.tasks.physics.sampling import sample_scenes
from rn_core.tasks.physics.scene import PhysicsScene, PhysicsScenes, stack_scenes
from rn_core.tasks.physics.simulation import pull_ball, simulate
from rn_core.tasks.physics.world import COLORS

__all__ = ["COLORS", "PhysicsScene", "PhysicsScenes", "pull_ball", "sample_scenes", "simulate", "stack_scenes"]
