"""A folder in CLEVR's layout as training data: split train is for training, split val for validation.

What is asked at a step is decided by seed and step alone, so an interrupted run resumes as if it had not been.
"""

from __future__ import annotations

import copy
import functools
import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rn_core.common.errors import RNCoreError
from rn_core.common.records import Batch, LabeledPictures
from rn_core.common.seeding import make_rng, uniform_integers
from rn_core.tasks.clevr.folder import find_splits
from rn_core.tasks.clevr.folder_batches import Progress, See, SplitBatches, open_batches
from rn_core.tasks.clevr.image_cache import PICTURE_SHAPES, picture_fingerprint
from rn_core.tasks.clevr.labels import SceneLabels, read_labels

TRAIN, VALIDATION = "train", "val"


class FolderSource:
    """The two splits of a folder; see `rn_core.tasks.pools.Source`."""

    def __init__(self, root: Path, view: str, progress: Progress = iter, cache: Path | None = None) -> None:
        """Open both splits, making their caches first where they are not there.

        Args:
            root: the folder, such as CLEVR_v1.0.
            view: as `open_batches`.
            progress: wraps the iteration over what is read for the first time (a progress bar).
            cache: folder of the caches; None for `cache` within the folder.

        Raises:
            RNCoreError: as `open_batches`, or if the folder has no questions for one of the splits.
        """
        _check_splits(root)
        self._view = view
        self._train = open_batches(root, view, TRAIN, progress, cache)
        self._validation = open_batches(root, view, VALIDATION, progress, cache)
        self._deal = functools.lru_cache(maxsize=2)(self._deal_epoch)

    def read_ahead(self, see: See, ask: See, progress: Progress = iter) -> FolderSource:
        """Return the source with what frozen encoders read in it; arguments as `SplitBatches.read_ahead`."""
        ahead = copy.copy(self)
        ahead._train, ahead._validation = (
            split.read_ahead(see, ask, progress) for split in (self._train, self._validation)
        )
        ahead._deal = functools.lru_cache(maxsize=2)(ahead._deal_epoch)
        return ahead

    @functools.cached_property
    def fingerprint(self) -> str:
        """Return 16 hex digits that stand for both splits: their questions, and their pictures or scene graphs."""
        parts = [part for split in (self._train, self._validation) for part in self._fingerprints(split)]
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]

    @property
    def n_questions(self) -> int:
        """Return the questions of an epoch."""
        return len(self._train.encoded.tokens)

    def count_turns(self, n_questions: int) -> int:
        """Return how many turns an epoch has if a picture is asked up to `n_questions` questions per turn."""
        counts = np.bincount(self._train.encoded.folder.image_index)
        return int((-(-counts // n_questions)).sum())

    def take_batch(self, seed: int, first: int, n_turns: int, n_questions: int) -> Batch:
        """Return some turns of the endless row of epochs; arguments as `Source.take_batch`."""
        n_epoch = self.count_turns(n_questions)
        turns = []
        for place in range(first, first + n_turns):
            rows, bounds = self._deal(seed, place // n_epoch, n_questions)
            turn = place % n_epoch
            turns.append(rows[bounds[turn] : bounds[turn + 1]])
        return self._train.make_batch(turns)

    def validation_batches(self, seed: int, n_scenes: int) -> Iterator[Batch]:
        """Yield all questions about some pictures of split val; arguments as `Source.validation_batches`."""
        draws = make_rng(seed, "validation").bit_generator.random_raw(len(self._validation.by_picture))
        return self._validation.ask_all(np.sort(np.argsort(draws, kind="stable")[:n_scenes]))

    def sample_labeled(self, rng: np.random.Generator, n_scenes: int) -> LabeledPictures:
        """Draw pictures of split train with replacement, and what is known of the objects in them.

        Raises:
            RNCoreError: for scene graphs without the pictures' pixel coordinates.
        """
        chosen = uniform_integers(rng, len(self._train.by_picture), (n_scenes,))
        (images,) = self._train.encode(chosen)
        return self._labels.take(chosen, images)

    @functools.cached_property
    def _labels(self) -> SceneLabels:
        """Return what is known of the objects in the pictures of split train."""
        return read_labels(self._train.encoded.folder, PICTURE_SHAPES[self._view])

    def _deal_epoch(self, seed: int, epoch: int, n_questions: int) -> tuple[np.ndarray, np.ndarray]:
        """Return an epoch: `deal` by its own generator."""
        return deal(self._train.encoded.folder.image_index, n_questions, make_rng(seed, "train", epoch))

    def _fingerprints(self, split: SplitBatches) -> Iterator[str]:
        """Yield what stands for a split's questions and for what they are about."""
        yield split.encoded.fingerprint
        if self._view != "states":
            yield picture_fingerprint(split.encoded.folder)
        if self._view in ("slots", "states"):
            with split.encoded.folder.scene_file.open("rb") as file:
                yield hashlib.file_digest(file, "sha256").hexdigest()


def deal(image_index: np.ndarray, n_questions: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return all questions once, in turns: each asks up to `n_questions` about one picture, in a random order.

    Args:
        image_index: (M,) int64, the picture that each question is about.
        n_questions: questions per turn; a picture with more of them has several turns.
        rng: generator over PCG64.

    Returns:
        rows (M,) int64 and bounds (T + 1,) int64: turn t asks questions `rows[bounds[t] : bounds[t + 1]]`.
    """
    rows = np.lexsort((rng.bit_generator.random_raw(len(image_index)), image_index))
    counts = np.bincount(image_index)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)  # within the picture's questions
    turn = np.cumsum(place % n_questions == 0) - 1
    when = np.argsort(rng.bit_generator.random_raw(int(turn[-1]) + 1), kind="stable")[turn]  # (M,)
    bounds = np.concatenate([[0], np.cumsum(np.bincount(when))])
    return rows[np.argsort(when, kind="stable")], bounds


def _check_splits(root: Path) -> None:
    """Raise RNCoreError if a folder that has questions has none for one of the splits."""
    splits = find_splits(root)
    for split in (TRAIN, VALIDATION) if splits else ():
        if split not in splits:
            raise RNCoreError(
                f"'{root}' has questions for {', '.join(splits)} but none for {split}; training needs {TRAIN} to learn "
                f"from and {VALIDATION} for validation."
            )
