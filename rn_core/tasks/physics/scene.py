"""Scenes of balls on a table: where they are in each frame, and what connects them; one scene goes to and from JSON."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from rn_core.common.errors import SceneError
from rn_core.tasks.physics.scene_record import read_record
from rn_core.tasks.physics.truth import count_systems, find_systems
from rn_core.tasks.physics.world import FRAME_RATE


@dataclass(frozen=True, eq=False)
class PhysicsScene:
    """One scene of N balls in F frames; ball k has the k-th color of `COLORS`. Its arrays are read-only.

    Attributes:
        positions: (F, N, 2) float32, x to the right and y upwards, in meters, which are table units: -1 to 1.
        velocities: (F, N, 2) float32, meters per second, so that every frame is a state to start from.
        links: (N, N) bool, symmetric: which balls are connected.
        rigid: (N, N) bool, symmetric: which of the links are rigid; the others are springs.
        lengths: (N, N) float32, symmetric: rest lengths in meters, 0 where there is none.
        unknown: "velocities", "links", both or neither: what nobody knows of the scene; its arrays are then 0.
    """

    positions: np.ndarray
    velocities: np.ndarray
    links: np.ndarray
    rigid: np.ndarray
    lengths: np.ndarray
    unknown: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Make every array read-only."""
        for name in _ARRAYS:
            getattr(self, name).setflags(write=False)

    @property
    def knows_links(self) -> bool:
        """Return whether it is known which balls are connected; without that, answers have no truth beside them."""
        return "links" not in self.unknown

    @property
    def n_balls(self) -> int:
        """Return the number of balls N."""
        return int(self.positions.shape[1])

    @property
    def n_frames(self) -> int:
        """Return the number of frames F."""
        return len(self.positions)

    @staticmethod
    def from_json(record: Mapping[str, Any] | str, paths_only: bool = False) -> PhysicsScene:
        """Read what `to_json` wrote, as text or parsed.

        Args:
            record: an object of "frame_rate", 10; "positions" and "velocities", a list of [x, y] a ball in a list of
                frames; "links", a list of {"balls": [0, 1], "rigid": false, "length": 0.3}.
            paths_only: read a scene whose "links" or "velocities" nobody knows, too; `unknown` says which.

        Raises:
            SceneError: in one sentence, naming the frame, ball or link and what is wrong with it.
        """
        return PhysicsScene(**read_record(record, paths_only))

    def to_json(self) -> str:
        """Return the scene as text that `from_json` reads back to the last bit; what is unknown is null."""
        links = [
            {"balls": [int(i), int(j)], "rigid": bool(self.rigid[i, j]), "length": _shortest(self.lengths[i, j])}
            for i, j in np.argwhere(np.triu(self.links))
        ]
        frames = {"positions": _shortest(self.positions), "velocities": _shortest(self.velocities)}
        content = {"frame_rate": FRAME_RATE, **frames, "links": links, **dict.fromkeys(self.unknown)}
        return json.dumps(content, separators=(",", ":"))


@dataclass(frozen=True, eq=False)
class PhysicsScenes:
    """S scenes with as many balls and frames each; the attributes are those of `PhysicsScene` with S in front."""

    positions: np.ndarray
    velocities: np.ndarray
    links: np.ndarray
    rigid: np.ndarray
    lengths: np.ndarray

    def __len__(self) -> int:
        """Return the number of scenes S."""
        return len(self.positions)

    def __getitem__(self, rows: slice | np.ndarray) -> PhysicsScenes:
        """Return the scenes that a slice or an index array selects."""
        return PhysicsScenes(*(getattr(self, field.name)[rows] for field in fields(self)))

    @property
    def n_balls(self) -> int:
        """Return the number of balls N of each scene."""
        return int(self.positions.shape[2])

    @property
    def n_frames(self) -> int:
        """Return the number of frames F of each scene."""
        return int(self.positions.shape[1])

    @functools.cached_property
    def systems(self) -> np.ndarray:
        """Return the connected group of each ball (S, N) int64; see `truth.find_systems`."""
        return find_systems(self.links)

    @functools.cached_property
    def n_systems(self) -> np.ndarray:
        """Return the number of connected groups (S,) int64, 1 to N."""
        return count_systems(self.links)

    def frames(self, first: int, end: int) -> PhysicsScenes:
        """Return the scenes from frame `first` to before frame `end`."""
        connected = (self.links, self.rigid, self.lengths)
        return PhysicsScenes(self.positions[:, first:end], self.velocities[:, first:end], *connected)

    def scene(self, row: int) -> PhysicsScene:
        """Return a copy of one scene."""
        return PhysicsScene(*(getattr(self, field.name)[row].copy() for field in fields(self)))


#: Names of the arrays of a scene.
_ARRAYS = tuple(field.name for field in fields(PhysicsScenes))


def stack_scenes(scenes: Sequence[PhysicsScene]) -> PhysicsScenes:
    """Turn scenes into arrays.

    Raises:
        SceneError: if there is none, they differ in their numbers of balls or frames, or something of one is unknown.
    """
    for row, scene in enumerate(scenes):
        if scene.unknown:
            raise SceneError(
                f"Scene {row} lacks {' and '.join(sorted(scene.unknown))}, so it can be neither simulated nor scored; "
                "leave it out, or ask networks about its paths."
            )
    shapes = {scene.positions.shape[:2] for scene in scenes}
    if len(shapes) != 1:
        found = ", ".join(f"{balls} balls in {frames} frames" for frames, balls in sorted(shapes)) or "no scene"
        raise SceneError(f"Scenes side by side must have as many balls and frames each, got {found}; sort them apart.")
    return PhysicsScenes(*(np.stack([getattr(scene, name) for scene in scenes]) for name in _ARRAYS))


def stack_paths(scene: PhysicsScene) -> PhysicsScenes:
    """Return one scene as a row of one for what reads its positions alone, whatever else of it is unknown."""
    return stack_scenes([replace(scene, unknown=frozenset())])


def _shortest(values: np.ndarray | np.float32) -> Any:
    """Return float32 numbers as the shortest decimals that stand for them, in lists as deep as the array."""
    if isinstance(values, np.ndarray) and values.ndim:
        return [_shortest(value) for value in values]
    return float(str(values))
