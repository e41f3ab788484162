"""Where the batches of a run come from: a data folder, or a pool of scenes that were drawn once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, runtime_checkable

import numpy as np
from torch import Tensor

from rn_core.common.records import Batch, ChainBatch, MotionBatch, PairBatch


class Source(Protocol):
    """Questions that exist before training: all are used once per epoch, in a new order each time.

    They are asked in turns: in each, some questions about one scene.

    Attributes:
        fingerprint: identifies the data, so that a run is not resumed on other data.
        n_questions: questions per epoch.
    """

    @property
    def fingerprint(self) -> str:
        """Return the identification of the data."""
        ...

    @property
    def n_questions(self) -> int:
        """Return the questions per epoch."""
        ...

    def count_turns(self, n_questions: int) -> int:
        """Return the turns per epoch if a scene is asked up to `n_questions` questions per turn."""
        ...

    def take_batch(self, seed: int, first: int, n_turns: int, n_questions: int) -> Batch:
        """Return some turns of the endless sequence of epochs, each with its scene.

        Args:
            seed: root seed of the sequence.
            first: the first turn, from 0; the sequence continues past the end of an epoch.
            n_turns: turns, which are the scenes S of the batch.
            n_questions: most questions per turn.
        """
        ...

    def validation_batches(self, seed: int, n_scenes: int) -> Iterator[Batch]:
        """Yield all questions about `n_scenes` scenes that are never trained on, or about all if there are fewer."""
        ...


@runtime_checkable
class ReadAhead(Source, Protocol):
    """Data of which frozen encoders can read everything once, before training."""

    def read_ahead(
        self,
        see: Callable[[Tensor], Tensor],
        ask: Callable[[Tensor], Tensor],
        progress: Callable[[Iterable[Any]], Iterable[Any]] = iter,
    ) -> Source:
        """Return the same questions in the same order, with what encoders read instead of pictures and words.

        Args:
            see: pictures (S, ...) -> what the encoder's forward pass takes in their place, S rows.
            ask: words (M, L) int64 -> (M, D_q).
            progress: wraps the iteration over pictures (a progress bar).
        """
        ...


class Pool(Protocol):
    """Scenes and questions that were drawn once, for tasks where drawing takes longer than training."""

    def sample_batch(self, rng: np.random.Generator, n_scenes: int, type_weights: np.ndarray | None = None) -> Batch:
        """Draw scenes with replacement, with all their questions.

        Args:
            rng: generator of one split.
            n_scenes: scenes S.
            type_weights: as `Task.sample_batch`; may be ignored for scenes with questions of many types.
        """
        ...

    def sample_pair_batch(
        self, rng: np.random.Generator, n_scenes: int, n_pairs: int, type_weights: np.ndarray | None = None
    ) -> PairBatch:
        """Draw scenes as `sample_batch` does, and `n_pairs` pairs of objects for each question."""
        ...


@runtime_checkable
class ChainPool(Pool, Protocol):
    """Scenes and questions that chains of objects answer."""

    def sample_chain_batch(
        self, rng: np.random.Generator, n_scenes: int, type_weights: np.ndarray | None = None
    ) -> ChainBatch:
        """Draw scenes as `sample_batch` does, with the chain that answers each question."""
        ...


@runtime_checkable
class MotionPool(Pool, Protocol):
    """Scenes of things that move."""

    def sample_motion_batch(self, rng: np.random.Generator, n_scenes: int) -> MotionBatch:
        """Draw scenes with replacement, with the connections and the motion of their balls."""
        ...
