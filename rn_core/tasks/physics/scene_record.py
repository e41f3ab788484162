"""Reading a scene of balls from JSON: everything checked, one sentence for what is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from rn_core.common.checks import check_number, is_whole, shown
from rn_core.common.errors import SceneError
from rn_core.tasks.physics.world import FRAME_RATE, MAX_BALLS

MAX_FRAMES = 256
#: Meters from the middle along x or y: walls give way a little to a ball that is fast.
FURTHEST = 1.1
#: Meters per second; no ball of a drawn scene comes near it.
MAX_SPEED = 10.0
#: Meters of a link at rest.
MIN_LENGTH, MAX_LENGTH = 0.01, 3.0
#: Meters between two balls at least: so far does one enter another when both are fast.
MIN_APART = 0.03
#: Meters by which a rigid link may be longer or shorter than it says.
RIGID_SLACK = 0.02
_MAX_TEXT = 2_000_000
_KEYS = '"frame_rate", "positions", "velocities" and "links"'


def read_record(record: Mapping[str, Any] | str, paths_only: bool = False) -> dict[str, Any]:
    """Return what a scene's JSON says, as the fields of `PhysicsScene`.

    Args:
        record: the scene, as text or parsed.
        paths_only: whether "velocities" and "links" may be missing, or null; what is missing is returned as
            zeros and named in "unknown".

    Raises:
        SceneError: in one sentence, naming the frame, ball or link and what is wrong with it.
    """
    record = _parse(record)
    rate = record.get("frame_rate")
    if rate != FRAME_RATE or isinstance(rate, bool):
        raise SceneError(f'"frame_rate" must be {FRAME_RATE} frames per second, got {shown(rate)}; take such frames.')
    n_frames, n_balls = _count(record["positions"])
    positions = _read_frames(record["positions"], "position", n_frames, n_balls, FURTHEST)
    given = {name: record.get(name) for name in ("velocities", "links")}
    unknown = frozenset(name for name, value in given.items() if value is None and paths_only)
    if "velocities" in unknown:
        velocities = np.zeros_like(positions)
    else:
        velocities = _read_frames(given["velocities"], "velocity", n_frames, n_balls, MAX_SPEED)
    links = _read_links([] if "links" in unknown else given["links"], n_balls)
    check_places(positions)
    _check_lengths(positions, links["rigid"], links["lengths"])
    return {"positions": positions, "velocities": velocities, **links, "unknown": unknown}


def _parse(record: Mapping[str, Any] | str) -> Mapping[str, Any]:
    """Return a scene's JSON object, checked to have a list of positions."""
    if isinstance(record, str):
        if len(record) > _MAX_TEXT:
            raise SceneError(
                f"A scene's JSON must have at most {_MAX_TEXT:,} characters, got {len(record):,}; shorten it."
            )
        try:
            record = json.loads(record)
        except (ValueError, RecursionError) as err:
            raise SceneError(f"A scene must be JSON with {_KEYS}, got {shown(record)}; check its brackets.") from err
    if not isinstance(record, Mapping) or not isinstance(record.get("positions"), list):
        raise SceneError(f"A scene must be a JSON object with {_KEYS}, got {shown(record)}; add its positions.")
    return record


def _count(positions: list[Any]) -> tuple[int, int]:
    """Return the numbers of frames and of balls; raises SceneError if one is out of range."""
    if not 1 <= len(positions) <= MAX_FRAMES:
        raise SceneError(f"A scene must have 1 to {MAX_FRAMES} frames, got {len(positions)}; change that.")
    if not isinstance(positions[0], list):
        raise SceneError(f"A frame must be a list of one [x, y] per ball, got {shown(positions[0])} in frame 0.")
    if not 1 <= len(positions[0]) <= MAX_BALLS:
        raise SceneError(f"A scene must have 1 to {MAX_BALLS} balls, got {len(positions[0])}; change that.")
    return len(positions), len(positions[0])


def _read_frames(frames: Any, what: str, n_frames: int, n_balls: int, furthest: float) -> np.ndarray:
    """Return (F, N, 2) float32 of one [x, y] per frame and ball, each number from -`furthest` to `furthest`."""
    if not isinstance(frames, list) or len(frames) != n_frames:
        got = f"{len(frames)} frames" if isinstance(frames, list) else shown(frames)
        raise SceneError(f"There must be a {what} for each of the {n_frames} frames, got {got}; make both as long.")
    for index, frame in enumerate(frames):
        if not isinstance(frame, list) or len(frame) != n_balls:
            got = f"{len(frame)} balls" if isinstance(frame, list) else shown(frame)
            raise SceneError(
                f"Frame {index} must have a {what} for each of the {n_balls} balls of frame 0, got {got}; change it."
            )
        for ball, pair in enumerate(frame):
            if not isinstance(pair, list) or len(pair) != 2:
                raise SceneError(
                    f"Ball {ball}'s {what} in frame {index} must be two numbers [x, y], got {shown(pair)}."
                )
            for value in pair:
                check_number(value, f"Ball {ball}'s {what} in frame {index}", -furthest, furthest)
    return np.array(frames, dtype=np.float32)


def _read_links(links: Any, n_balls: int) -> dict[str, np.ndarray]:
    """Return `links`, `rigid` and `lengths`, (N, N) each, of a scene's list of links."""
    most = n_balls * (n_balls - 1) // 2
    if not isinstance(links, list) or len(links) > most:
        if links is None:
            raise SceneError(
                'The scene lacks "links", so what is true of it is unknown; add them, or ask about its paths alone '
                "with rn_core.load(NAME).answer(SCENE, QUESTION)."
            )
        got = f"{len(links)} of them" if isinstance(links, list) else shown(links)
        raise SceneError(f'"links" must be a list of at most {most} links between {n_balls} balls, got {got}.')
    connected, rigid = np.zeros((2, n_balls, n_balls), dtype=bool)
    lengths = np.zeros((n_balls, n_balls), dtype=np.float32)
    for index, link in enumerate(links):
        i, j = _read_ends(link, index, n_balls)
        if connected[i, j]:
            raise SceneError(f"Link {index} connects balls {i} and {j}, as another link does; remove one.")
        if not isinstance(link.get("rigid"), bool):
            raise SceneError(f'Link {index}\'s "rigid" must be true or false, got {shown(link.get("rigid"))}.')
        connected[i, j] = connected[j, i] = True
        rigid[i, j] = rigid[j, i] = link["rigid"]
        lengths[i, j] = lengths[j, i] = check_number(
            link.get("length"), f"Link {index}'s length", MIN_LENGTH, MAX_LENGTH
        )
    return {"links": connected, "rigid": rigid, "lengths": lengths}


def _read_ends(link: Any, index: int, n_balls: int) -> tuple[int, int]:
    """Return the two balls that a link connects."""
    ends = link.get("balls") if isinstance(link, Mapping) else None
    if not isinstance(ends, list) or len(ends) != 2:
        raise SceneError(f'Link {index} must name two balls, such as {{"balls": [0, 1]}}, got {shown(link)}.')
    for end in ends:
        if not is_whole(end) or not 0 <= end < n_balls:
            raise SceneError(f"Link {index} must connect balls 0 to {n_balls - 1}, got {shown(end)}; name one of them.")
    if ends[0] == ends[1]:
        raise SceneError(f"Link {index} connects ball {ends[0]} to itself; name two different balls.")
    return ends[0], ends[1]


def check_places(positions: np.ndarray) -> None:
    """Raise SceneError where balls (F, N, 2) leave the table or lie on each other."""
    for frame, ball, _ in np.argwhere(np.abs(positions) > FURTHEST)[:1]:
        check_number(
            float(np.abs(positions[frame, ball]).max()), f"Ball {ball}'s position in frame {frame}", -FURTHEST, FURTHEST
        )
    apart = _find_distances(positions)
    for frame, i, j in np.argwhere(np.triu(apart < MIN_APART, k=1))[:1]:
        raise SceneError(
            f"Balls {i} and {j} are {apart[frame, i, j]:.3f} m apart in frame {frame}, but must be {MIN_APART} m or "
            "more; move one."
        )


def _find_distances(positions: np.ndarray) -> np.ndarray:
    """Return the distance between every two balls, (F, N, 2) -> (F, N, N)."""
    offsets = positions[:, :, None] - positions[:, None]
    distances: np.ndarray = np.sqrt((offsets**2).sum(axis=3))
    return distances


def _check_lengths(positions: np.ndarray, rigid: np.ndarray, lengths: np.ndarray) -> None:
    """Raise SceneError where a rigid link is not as long as it says."""
    apart = _find_distances(positions)
    wrong = rigid & (np.abs(apart - lengths) > RIGID_SLACK)
    for frame, i, j in np.argwhere(np.triu(wrong))[:1]:
        raise SceneError(
            f"Balls {i} and {j} are {apart[frame, i, j]:.3f} m apart in frame {frame}, but their rigid link has a "
            f"length of {lengths[i, j]:.3f} m; make both the same."
        )
