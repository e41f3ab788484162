"""The networks' answers about a scene beside the truth: connections and paths; this module draws nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import isqrt

import numpy as np

from rn_core.common.records import Answer
from rn_core.tasks.physics import PhysicsScene
from rn_core.tasks.physics.encoding import list_pairs, predict_constant_velocity, prediction_errors
from rn_core.tasks.physics.world import DEFAULT_BALLS, N_FRAMES
from rn_core.tasks.scoring import YES_THRESHOLD


@dataclass(frozen=True)
class Guess:
    """Which pairs of balls the network takes for connected.

    Attributes:
        probabilities: (N, N) float64, symmetric; NaN on the diagonal and where the network has no answer.
        links: (N, N) bool, which are connected; None where nobody knows.
    """

    probabilities: np.ndarray
    links: np.ndarray | None

    @cached_property
    def connected(self) -> np.ndarray:
        """Return (P,) bool, which of the pairs i < j that have an answer the network takes for connected."""
        shares: np.ndarray = self.probabilities[self._answered]
        return shares >= YES_THRESHOLD

    @cached_property
    def right(self) -> np.ndarray | None:
        """Return (P,) bool, which of the pairs i < j that have an answer are answered correctly; None if unknown."""
        if self.links is None:
            return None
        right: np.ndarray = self.connected == self.links[self._answered]
        return right

    @property
    def n_silent(self) -> int:
        """Return the pairs that the network has no answer for."""
        n_balls = len(self.probabilities)
        return n_balls * (n_balls - 1) // 2 - len(self.connected)

    @property
    def is_whole(self) -> bool:
        """Return whether every pair of the scene is answered, and known to be answered correctly."""
        return self.right is not None and bool(self.right.all()) and not self.n_silent

    @property
    def _answered(self) -> np.ndarray:
        """Return (N, N) bool, which of the pairs i < j have an answer."""
        answered: np.ndarray = np.triu(~np.isnan(self.probabilities), k=1)
        return answered

    def surest_connection(self, n_known: int) -> tuple[int, int]:
        """Return the pair (i, j), i < j, of the first `n_known` balls that the network is surest to be connected."""
        known = np.triu(np.ones((n_known, n_known), dtype=bool), k=1)
        shares = np.where(known, self.probabilities[:n_known, :n_known], -1.0)
        i, j = divmod(int(shares.argmax()), n_known)
        return i, j

    def mistakes(self) -> list[tuple[int, int, float]]:
        """Return the wrong pairs (i, j), i < j, with their probabilities, the surest first; none if unknown."""
        if self.links is None:
            return []
        wrong = ((self.probabilities >= YES_THRESHOLD) != self.links) & self._answered
        found = [(int(i), int(j), float(self.probabilities[i, j])) for i, j in np.argwhere(wrong)]
        return sorted(found, key=lambda each: -abs(each[2] - YES_THRESHOLD))


def make_guess(answer: Answer, scene: PhysicsScene) -> Guess:
    """Return the guess in an answer about a scene's connections: a probability per pair of the colors it is about.

    Args:
        answer: of a network for connections, the probabilities in the order of `list_pairs` of its first 10 or 12
            colors.
        scene: the one that was asked about.
    """
    n_balls, n_pairs = scene.n_balls, len(answer.probabilities)
    n_known = (1 + isqrt(1 + 8 * n_pairs)) // 2
    both = np.full((max(n_balls, n_known),) * 2, np.nan)
    i, j = list_pairs(n_known).T
    both[i, j] = both[j, i] = list(answer.probabilities.values())
    return Guess(both[:n_balls, :n_balls], scene.links if scene.knows_links else None)


@dataclass(frozen=True)
class Paths:
    """The predicted paths of networks, beside the true ones.

    Attributes:
        true: (K, N, 2) float32 meters, behind the observed frames; None where nobody knows.
        predicted: model -> (K, N, 2) float32 meters.
        kept: (K, N, 2), of balls at constant velocity.
    """

    true: np.ndarray | None
    predicted: Mapping[str, np.ndarray]
    kept: np.ndarray

    def choose(self, model: str) -> str:
        """Return a model if it predicts here, else the first that does."""
        return model if model in self.predicted else next(iter(self.predicted))

    @cached_property
    def errors(self) -> dict[str, np.ndarray]:
        """Return model -> (K,) mean distance over balls from where they went, in table widths; empty if unknown."""
        if self.true is None:
            return {}
        return {model: prediction_errors(paths[None], self.true[None]) for model, paths in self.predicted.items()}

    @cached_property
    def kept_errors(self) -> np.ndarray | None:
        """Return the same of balls at constant velocity; None if unknown."""
        return None if self.true is None else prediction_errors(self.kept[None], self.true[None])


def describe_reach(question: str, scene: PhysicsScene, truth: int | None) -> str | None:
    """Return in a sentence what networks trained on ten balls can answer about more or fewer.

    Args:
        question: key of `QUESTIONS`.
        scene: the one that is asked about.
        truth: its number of connected groups; None where nobody knows.
    """
    n_balls = scene.n_balls
    if n_balls == DEFAULT_BALLS:
        return None
    trained = f"Trained on {DEFAULT_BALLS} balls, asked about {n_balls}"
    if question == "connections" and n_balls > DEFAULT_BALLS:
        known, pairs = (n * (n - 1) // 2 for n in (DEFAULT_BALLS, n_balls))
        silent = pairs - known
        return f"{trained}: it answers for the {known} pairs of the first ten colors, but not for the other {silent}."
    if question == "count" and truth is not None and truth > DEFAULT_BALLS:
        return f"{trained}: it can answer 1 to {DEFAULT_BALLS}, but there are {truth} connected groups."
    return f"{trained}: does it still hold?"


def describe_unknown(question: str, scene: PhysicsScene) -> str | None:
    """Return in a sentence what nobody knows of a scene from a file; None where nothing is amiss for a question.

    Args:
        question: key of `QUESTIONS`.
        scene: the one that is asked about.
    """
    if question == "predict":
        return None
    if not scene.knows_links:
        return "Nobody knows which of these balls are connected, so the answers stand without a truth beside them."
    if scene.unknown:
        return "Nobody knows how fast these balls are, so they cannot be pulled."
    return None


def make_paths(scene: PhysicsScene, predicted: Mapping[str, np.ndarray]) -> Paths:
    """Return predictions beside the truth, as many frames as a scene has behind those that are seen.

    Args:
        scene: 16 frames or more; with 16, nobody knows the truth, and all that is predicted is returned.
        predicted: model -> (16, N, 2).
    """
    true = scene.positions[N_FRAMES : 2 * N_FRAMES]
    n_frames = len(true) or N_FRAMES
    kept = predict_constant_velocity(scene.positions[None, :N_FRAMES], n_frames)[0]
    return Paths(true if len(true) else None, {model: paths[:n_frames] for model, paths in predicted.items()}, kept)
