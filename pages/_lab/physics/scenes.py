"""Scenes on the page: drawn by seed, bundled, opened from a file, and edited by pulling; no Streamlit."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rn_core.common.errors import RNCoreError, SceneError, quote
from rn_core.common.seeding import make_rng
from rn_core.tasks.physics import COLORS, PhysicsScene, pull_ball, sample_scenes, simulate, stack_scenes
from rn_core.tasks.physics.bundled import load_bundled_scenes
from rn_core.tasks.physics.encoding import encode_rows
from rn_core.tasks.physics.engine import load_mujoco
from rn_core.tasks.physics.scene import stack_paths
from rn_core.tasks.physics.world import MAX_BALLS, N_FRAMES

#: Frames that are played: those that the networks see, and as many behind them.
N_PLAYED = 2 * N_FRAMES
MIN_BALLS = 2
#: Scenes that come with the package.
N_BUNDLED = 20
#: Pulls of one scene, so that a link stays short.
MOST_PULLS = 12
COLOR_NAMES = tuple(COLORS)
#: Places of pulls are whole millimeters.
_STEPS = 1000
_PULL = re.compile(r"(\d{1,2})\.(\d{1,2})\.(-?\d{1,4})\.(-?\d{1,4})")
_BALLS = re.compile(r"\b([Bb]alls?) (\d+)(?: and (\d+))?")


@dataclass(frozen=True)
class Pull:
    """One ball that was pulled to another place and let go there.

    Attributes:
        ball: 0 to N - 1.
        frame: the frame in which it was pulled, 0 to 31; frame 0 of the scene that follows.
        x: its place, meters to the right, whole millimeters.
        y: the same, upwards.
    """

    ball: int
    frame: int
    x: float
    y: float


def find_trouble() -> str | None:
    """Return why nothing can be simulated on this computer, as a sentence; None if it can."""
    try:
        load_mujoco()
    except RNCoreError as err:
        return str(err)
    return None


@functools.lru_cache(maxsize=128)
def sampled_scene(seed: int, n_balls: int) -> PhysicsScene:
    """Return the scene that the page shows for a seed; raises RNCoreError if MuJoCo cannot be loaded."""
    return sample_scenes(make_rng(seed, "explore"), 1, n_balls, N_PLAYED).scene(0)


@functools.lru_cache(maxsize=N_BUNDLED)
def bundled_scene(number: int) -> PhysicsScene:
    """Return a scene that comes with the package, by its number from 1."""
    return load_bundled_scenes().scene(number - 1)


@functools.lru_cache(maxsize=256)
def pulled_scene(scene: PhysicsScene, pulls: tuple[Pull, ...]) -> PhysicsScene:
    """Return what follows after balls were pulled, one after another; the last one's release is frame 0.

    Raises:
        SceneError: in one sentence, if a ball cannot be pulled there.
        RNCoreError: in one sentence, if MuJoCo cannot be loaded.
    """
    if not pulls:
        return scene
    last = pulls[-1]
    before = pulled_scene(scene, pulls[:-1])
    try:
        start = pull_ball(before, last.ball, (last.x, last.y), last.frame)
    except SceneError as err:
        raise SceneError(name_balls(str(err))) from err
    return simulate(stack_scenes([start]), N_PLAYED).scene(0)


def round_place(x: float, y: float) -> tuple[float, float]:
    """Return a place in whole millimeters, as a URL has it."""
    return round(x * _STEPS) / _STEPS, round(y * _STEPS) / _STEPS


def name_balls(sentence: str) -> str:
    """Return a sentence in which balls are called by their colors."""
    return _BALLS.sub(_say_colors, sentence)


def _say_colors(match: re.Match[str]) -> str:
    """Return "ball blue" for "ball 2"; numbers that no ball has stay."""
    numbers = [int(number) for number in match.groups()[1:] if number]
    if max(numbers) >= MAX_BALLS:
        return match[0]
    return f"{match[1]} {' and '.join(COLOR_NAMES[number] for number in numbers)}"


def read_scene_file(content: bytes, name: str) -> PhysicsScene:
    """Return the scene of a file, with frames behind those that the networks see as far as they can be had.

    Args:
        content: JSON as `PhysicsScene.to_json` writes it, with 16 to 32 frames of 2 to 16 balls; velocities and links
            may be missing.
        name: of the file.

    Raises:
        RNCoreError: in one sentence that names the file.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        raise RNCoreError(
            f"'{name}' is not a scene (JSON text): it has the byte {content[err.start]:#04x}; choose a file that "
            "this page saved."
        ) from err
    try:
        scene = PhysicsScene.from_json(text, paths_only=True)
    except SceneError as err:
        raise RNCoreError(f"'{name}' cannot be played: {name_balls(str(err))}") from err
    if scene.n_balls < MIN_BALLS or not N_FRAMES <= scene.n_frames <= N_PLAYED:
        raise RNCoreError(
            f"'{name}' cannot be played: a scene here has {MIN_BALLS} to {MAX_BALLS} balls in {N_FRAMES} to {N_PLAYED} "
            f"frames, got {scene.n_balls} in {scene.n_frames}; change that."
        )
    return _play_on(scene)


def _play_on(scene: PhysicsScene) -> PhysicsScene:
    """Return a scene with frames added up to the last one that is played; as it is where it cannot be simulated."""
    missing = N_PLAYED - scene.n_frames
    if not missing or scene.unknown or find_trouble():
        return scene
    rest = simulate(stack_scenes([scene]), missing + 1, first=-1).scene(0)
    positions = np.concatenate([scene.positions, rest.positions[1:]])
    velocities = np.concatenate([scene.velocities, rest.velocities[1:]])
    return PhysicsScene(positions, velocities, scene.links, scene.rigid, scene.lengths)


def name_scene(scene: PhysicsScene) -> str:
    """Return the name of an opened scene in a URL: its number of balls and a hash of all that it holds."""
    return f"{scene.n_balls}-{hashlib.sha256(scene.to_json().encode()).hexdigest()[:12]}"


def make_rows(scene: PhysicsScene, without: Sequence[str] = ()) -> np.ndarray:
    """Return what the networks see of a scene, (n, 35) float32, without the balls of some colors."""
    rows, _ = encode_rows(stack_paths(scene).frames(0, N_FRAMES))
    seen: np.ndarray = rows[0][_kept(scene, without)]
    return seen


def take_balls_away(scene: PhysicsScene, without: Sequence[str]) -> np.ndarray:
    """Return which of the balls that are left are connected, (n, n) bool; raises SceneError if none is left."""
    kept = _kept(scene, without)
    if not len(kept):
        raise SceneError("No ball is left; keep at least one.")
    links: np.ndarray = scene.links[np.ix_(kept, kept)]
    return links


def _kept(scene: PhysicsScene, without: Sequence[str]) -> np.ndarray:
    """Return the balls whose colors are not among some, (n,) int64."""
    return np.array([k for k, name in enumerate(COLOR_NAMES[: scene.n_balls]) if name not in without], dtype=np.int64)


def format_pulls(pulls: tuple[Pull, ...]) -> str:
    """Return pulls as URL text, such as `3.12.250.-400`: ball, frame, x and y in millimeters."""
    return "_".join(f"{pull.ball}.{pull.frame}.{round(_STEPS * pull.x)}.{round(_STEPS * pull.y)}" for pull in pulls)


def parse_pulls(text: str) -> tuple[Pull, ...]:
    """Read what `format_pulls` wrote; whether the scene has such balls is seen later.

    Raises:
        SceneError: for too many, or naming the first one that cannot be read.
    """
    parts = text.split("_")
    if len(parts) > MOST_PULLS:
        raise SceneError(f"A link has at most {MOST_PULLS} pulls, got {len(parts)}; leave some out.")
    return tuple(map(_parse_pull, parts))


def _parse_pull(text: str) -> Pull:
    """Read one pull."""
    match = _PULL.fullmatch(text)
    if match is None:
        raise SceneError(
            f"A pull must read like 3.12.250.-400 (ball, frame, x and y in millimeters), got {quote(text)}."
        )
    ball, frame, x, y = map(int, match.groups())
    return Pull(ball, frame, x / _STEPS, y / _STEPS)
