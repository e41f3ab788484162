"""What the animated table of balls shows, and what it may report back; plain data, no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pages._lab.components.nodes import check_pair, is_whole
from pages._lab.components.stage import paint
from rn_core.common.errors import RNCoreError, lookup
from rn_core.tasks.physics.world import MAX_BALLS

MATRICES: Mapping[str, str] = {"guess": "probabilities of connections", "shares": "shares of the count's answer"}
#: Keys that a payload may leave out, and what they are then.
_DEFAULTS: Mapping[str, Any] = {
    "ahead": None,
    "predicted": None,
    "errors": None,
    "baseline_errors": None,
    "links": (),
    "guess": None,
    "shares": None,
    "matrix": "guess",
    "asked": None,
    "show_links": False,
    "show_predicted": True,
    "can_pull": True,
    "tells_connections": False,
    "live": False,
    "projector": False,
}
_NEEDED = ("balls", "half_side", "radius", "frame_rate", "seen")
#: Sizes and rates -> their keys in the browser.
_SIZES: Mapping[str, str] = {"half_side": "halfSide", "radius": "radius", "frame_rate": "frameRate"}
_MIN_BALLS = 2
#: What a place may lie beyond the table's edge, in meters, because the browser rounds.
_SLACK = 1e-3


@dataclass(frozen=True)
class BallPull:
    """A ball that a person pulled elsewhere and let go, or still holds there.

    Attributes:
        ball: 0 to N - 1.
        frame: the frame in which it was pulled, counted over the seen frames and those ahead, from 0.
        to: its new center, x to the right and y upwards, in meters; the whole ball is on the table.
        is_held: whether it is still held.
    """

    ball: int
    frame: int
    to: tuple[float, float]
    is_held: bool = False

    @staticmethod
    def from_state(state: object, data: Mapping[str, Any]) -> BallPull | None:
        """Read what the browser sent about `make_table_data`'s result; None for anything but an allowed pull."""
        if not isinstance(state, Mapping) or not data["canPull"] or state.get("kind") not in ("pull", "hold"):
            return None
        ball, frame, to = state.get("ball"), state.get("frame"), state.get("to")
        n_frames = len(data["seen"]) + len(data["ahead"] or ())
        if not (is_whole(ball) and 0 <= ball < len(data["balls"]) and is_whole(frame) and 0 <= frame < n_frames):
            return None
        furthest = data["halfSide"] - data["radius"]
        if not (isinstance(to, list) and len(to) == 2 and all(_is_within(part, furthest) for part in to)):
            return None
        x, y = (float(np.clip(part, -furthest, furthest)) for part in to)
        return BallPull(ball, frame, (x, y), is_held=state.get("kind") == "hold")


@dataclass(frozen=True)
class ConnectionsShown:
    """A person had the true connections shown or hidden."""

    shown: bool


@dataclass(frozen=True)
class PairAsked:
    """A person asked about the connection of balls i and j, i < j."""

    i: int
    j: int

    @staticmethod
    def from_state(state: Mapping[str, Any], data: Mapping[str, Any]) -> PairAsked | None:
        """Read what the browser sent; None for anything but a pair that can be asked about."""
        i, j = state.get("i"), state.get("j")
        n_balls = len(data["balls"])
        if data["asked"] is None or not (is_whole(i) and is_whole(j) and 0 <= i < j < n_balls):
            return None
        return None if data[data["matrix"]][i][j] is None else PairAsked(i, j)


#: What a person can do on the table.
TableEvent = BallPull | ConnectionsShown | PairAsked


def read_event(state: object, data: Mapping[str, Any]) -> TableEvent | None:
    """Read what the browser sent about `make_table_data`'s result; None for anything that is not allowed on it."""
    if not isinstance(state, Mapping):
        return None
    if state.get("kind") == "ask":
        return PairAsked.from_state(state, data)
    if state.get("kind") != "connections":
        return BallPull.from_state(state, data)
    shown = state.get("shown")
    return ConnectionsShown(shown) if data["tellsConnections"] and isinstance(shown, bool) else None


def _is_within(part: object, furthest: float) -> bool:
    """Tell whether a coordinate that the browser sent is a number on the table."""
    return isinstance(part, int | float) and not isinstance(part, bool) and abs(part) <= furthest + _SLACK


def make_table_data(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON that the browser draws.

    Args:
        payload: a mapping of
            balls: N rows of {"name", "rgb"}, 2 to 16 with different names;
            half_side, radius: of the table and of a ball, meters; frame_rate: frames per second;
            seen: (F, N, 2) places in meters, x to the right and y upwards, arrays or lists;
            ahead: (K, N, 2) simulated places behind them, or None;
            predicted: (K, N, 2) a network's places in the same frames, or None; without ahead, balls move by them;
            errors, baseline_errors: (K,) table widths, means over the balls, of the network and of constant
                velocity, or None;
            links: rows of {"i", "j", "rigid"}, the true connections, or None where nobody knows them;
            guess: (N, N) probabilities from 0 to 1 that a pair is connected, None where there is no answer, or None;
            shares: (N, N) what the pair (i, j) adds to an answer, in logits, or None;
            matrix: "guess" or "shares", what matrix and lines show;
            asked: numbers (i, j) of two balls whose cells are framed, and a click on another cell asks about its pair;
                None where nothing can be asked;
            show_links, show_predicted: whether true connections and predicted paths are shown at first;
            can_pull: whether balls can be pulled; live: whether the page follows a ball while it is held;
            tells_connections: whether it is told when true connections are shown or hidden;
            projector: large type.
            All but the first two lines may be left out.

    Raises:
        RNCoreError: in one sentence, if the payload does not fit together.
    """
    _check_keys(payload)
    given = {**_DEFAULTS, **payload}
    lookup(given["matrix"], MATRICES, "matrix of the table")
    balls = _make_balls(given["balls"])
    n_balls = len(balls)
    seen = _read_frames(given, "seen", n_balls)
    ahead, predicted = (_read_frames(given, name, n_balls) for name in ("ahead", "predicted"))
    if predicted is not None and ahead is not None and len(predicted) != len(ahead):
        raise RNCoreError(
            f"As many predicted as true frames are needed, got {len(predicted)} and {len(ahead)}; pass the same number."
        )
    n_ahead = 0 if ahead is None else len(ahead)
    return {
        "balls": balls,
        **{js: _read_size(given, name) for name, js in _SIZES.items()},
        "seen": seen,
        "ahead": ahead,
        "predicted": predicted,
        "errors": _read_errors(given, "errors", n_ahead),
        "baselineErrors": _read_errors(given, "baseline_errors", n_ahead),
        "links": [_make_link(link, n_balls) for link in given["links"] or ()],
        "knowsLinks": given["links"] is not None,
        "guess": _read_matrix(given, "guess", n_balls),
        "shares": _read_matrix(given, "shares", n_balls),
        "matrix": given["matrix"],
        "asked": _read_asked(given, n_balls),
        "showLinks": bool(given["show_links"]),
        "showPredicted": bool(given["show_predicted"]),
        "canPull": bool(given["can_pull"]),
        "live": bool(given["can_pull"] and given["live"]),
        "tellsConnections": bool(given["tells_connections"]),
        "projector": bool(given["projector"]),
    }


def _check_keys(payload: Mapping[str, Any]) -> None:
    """Raise RNCoreError unless a payload has all keys that it needs and no others than it may have."""
    for name in payload:
        lookup(name, dict.fromkeys((*_NEEDED, *_DEFAULTS)), "key of the table's payload")
    missing = [name for name in _NEEDED if name not in payload]
    if missing:
        raise RNCoreError(
            f"The table's payload needs {', '.join(_NEEDED)}, but {', '.join(missing)} is missing; add it."
        )


def _make_balls(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return each ball's name, short label and colors."""
    if not _MIN_BALLS <= len(rows) <= MAX_BALLS:
        raise RNCoreError(
            f"The table shows {_MIN_BALLS} to {MAX_BALLS} balls, got {len(rows)}; pass fewer or more rows."
        )
    try:
        names = [str(row["name"]) for row in rows]
        colors = [tuple(int(part) for part in row["rgb"]) for row in rows]
    except (KeyError, TypeError, ValueError) as err:
        raise RNCoreError(f"A ball must be a row of name and rgb, got {list(rows)!r:.80}.") from err
    if len(set(names)) < len(names):
        raise RNCoreError(f"Balls must have different names, got {', '.join(names)}.")
    for rgb in colors:
        if len(rgb) != 3 or not all(0 <= part <= 255 for part in rgb):
            raise RNCoreError(f"A ball's rgb must be three whole numbers from 0 to 255, got {rgb}.")
    return [
        {"name": name, "label": shorten(name, names), **paint((red, green, blue))}
        for name, (red, green, blue) in zip(names, colors, strict=True)
    ]


def shorten(name: str, names: Sequence[str]) -> str:
    """Return a name's first letter, and where others begin alike the next letter that none of those has.

    A name without such a letter keeps all of its letters.
    """
    others = [other for other in names if other != name and other[:1].lower() == name[:1].lower()]
    if not others:
        return name[:1].upper()
    own = (letter for letter in name[1:] if not any(letter in other[1:] for other in others))
    return name[:1].upper() + next(own, name[1:])


def _read_size(given: Mapping[str, Any], name: str) -> float:
    """Return a size or a rate as a number above 0."""
    value = given[name]
    if not isinstance(value, int | float | np.number) or not np.isfinite(value) or value <= 0:
        raise RNCoreError(f"The table's {name} must be a number above 0, got {value!r}.")
    return float(value)


def _read_frames(given: Mapping[str, Any], name: str, n_balls: int) -> list[list[list[float]]] | None:
    """Return frames (F, N, 2) as lists, or None where there are none."""
    if given[name] is None and name in _DEFAULTS:
        return None
    frames = _read_numbers(given[name], name)
    if frames.ndim != 3 or frames.shape[1:] != (n_balls, 2) or len(frames) == 0:
        raise RNCoreError(
            f"The table's {name} must be frames of {n_balls} balls with x and y, got shape {frames.shape}; "
            "pass one place per ball and frame."
        )
    places: list[list[list[float]]] = _check_finite(frames, name).tolist()
    return places


def _read_errors(given: Mapping[str, Any], name: str, n_ahead: int) -> list[float] | None:
    """Return one error per frame ahead, or None where there are none."""
    if given[name] is None:
        return None
    errors = _read_numbers(given[name], name)
    if errors.shape != (n_ahead,):
        raise RNCoreError(
            f"The table's {name} must be one number per frame ahead, {n_ahead} of them, got shape {errors.shape}."
        )
    if (_check_finite(errors, name) < 0).any():
        raise RNCoreError(f"The table's {name} must be 0 or more, got {errors.min():g}.")
    return [float(error) for error in errors]


def _read_matrix(given: Mapping[str, Any], name: str, n_balls: int) -> list[list[float | None]] | None:
    """Return a matrix (N, N) with None where it has no number, or None where there is none."""
    if given[name] is None:
        return None
    matrix = _read_numbers(given[name], name)
    if matrix.shape != (n_balls, n_balls):
        raise RNCoreError(f"The table's {name} must be {n_balls} x {n_balls} numbers, got shape {matrix.shape}.")
    known = matrix[~np.isnan(matrix)]
    if np.isinf(known).any():
        raise RNCoreError(f"The table's {name} must be finite numbers or None, got infinity.")
    if name == "guess" and ((known < 0) | (known > 1)).any():
        wrong = known[(known < 0) | (known > 1)][0]
        raise RNCoreError(f"The table's guess must be probabilities from 0 to 1, got {wrong:g}.")
    return [[None if np.isnan(value) else value for value in row] for row in matrix.tolist()]


def _read_asked(given: Mapping[str, Any], n_balls: int) -> list[int] | None:
    """Return the pair that is asked about, or None."""
    if given["asked"] is None:
        return None
    if given[given["matrix"]] is None:
        raise RNCoreError(f"The question is about a pair of the matrix '{given['matrix']}', which is missing; pass it.")
    return list(check_pair(given["asked"], n_balls))


def _read_numbers(values: Any, name: str) -> np.ndarray:
    """Return arrays or nested lists as float64, None as NaN."""
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as err:
        raise RNCoreError(f"The table's {name} must be rows of numbers, all equally long, got {values!r:.80}.") from err


def _check_finite(values: np.ndarray, name: str) -> np.ndarray:
    """Return numbers; raise RNCoreError if one is NaN or infinite."""
    if not np.isfinite(values).all():
        raise RNCoreError(f"The table's {name} must be finite numbers, got NaN or infinity; check the simulation.")
    return values


def _make_link(link: Mapping[str, Any], n_balls: int) -> dict[str, Any]:
    """Return a true connection of two different balls."""
    if not isinstance(link, Mapping) or not {"i", "j", "rigid"} <= set(link):
        raise RNCoreError(f"A link of the table must be a row of i, j and rigid, got {link!r:.80}.")
    i, j = check_pair((link["i"], link["j"]), n_balls)
    if i == j:
        raise RNCoreError(f"A link must connect two different balls, got {i} twice.")
    return {"i": i, "j": j, "rigid": bool(link["rigid"])}
