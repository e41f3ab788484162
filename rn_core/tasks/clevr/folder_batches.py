"""The questions of a folder in CLEVR's layout as batches, for evaluation and for training."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rn_core.common.errors import QuestionError, RNCoreError
from rn_core.common.records import Batch
from rn_core.tasks.clevr.encoded_split import EncodedSplit, load_encoded
from rn_core.tasks.clevr.encoding import encode_scenes
from rn_core.tasks.clevr.folder import UNKNOWN, FolderSplit, find_splits
from rn_core.tasks.clevr.image_cache import cache_images

_PICTURES_A_BATCH = 25
Progress = Callable[[Iterable[Any]], Iterable[Any]]
Encode = Callable[[np.ndarray], tuple[Tensor, ...]]


@dataclass(frozen=True)
class SplitBatches:
    """A split whose questions all have answers, ready to be asked in any order.

    Attributes:
        encoded: the questions.
        encode: indices (S,) of pictures -> the encoder's inputs of them.
    """

    encoded: EncodedSplit
    encode: Encode

    @cached_property
    def by_picture(self) -> list[np.ndarray]:
        """Return the questions about each picture, in the file's order."""
        index = self.encoded.folder.image_index
        return np.split(np.argsort(index, kind="stable"), np.cumsum(np.bincount(index))[:-1])

    def make_batch(self, turns: Sequence[np.ndarray]) -> Batch:
        """Return some questions with their pictures.

        Args:
            turns: for each scene of the batch the questions that it is asked, 1 or more, all about one picture.
        """
        rows, folder = np.concatenate(turns), self.encoded.folder
        tokens = self.encoded.tokens[rows]  # (M, L)
        longest = int((tokens != 0).sum(axis=1).max())
        return Batch(
            inputs=self.encode(folder.image_index[[turn[0] for turn in turns]]),
            question=torch.from_numpy(tokens[:, :longest].astype(np.int64)),
            scene_index=torch.arange(len(turns)).repeat_interleave(torch.tensor([len(turn) for turn in turns])),
            answer=torch.from_numpy(folder.answers[rows]),
            type_index=torch.from_numpy(folder.type_index[rows]),
        )

    def ask_all(self, pictures: np.ndarray, progress: Progress = iter) -> Iterator[Batch]:
        """Yield all questions about some pictures, those about a picture side by side, a few pictures per batch.

        Args:
            pictures: (S,) indices.
            progress: wraps the iteration over batches (a progress bar).
        """
        for first in progress(range(0, len(pictures), _PICTURES_A_BATCH)):
            yield self.make_batch([self.by_picture[k] for k in pictures[first : first + _PICTURES_A_BATCH]])


def open_batches(root: Path, view: str, split: str, progress: Progress = iter) -> SplitBatches:
    """Open a split for asking.

    Args:
        root: the folder, such as CLEVR_v1.0.
        view: "pixels" reads the pictures, "states" the scene graphs; caches of pictures and questions are kept in
            the folder.
        split: such as "val".
        progress: wraps the iteration over what is read for the first time (a progress bar).

    Raises:
        RNCoreError: in one sentence, if the folder lacks something, or has questions without answers or programs.
    """
    encoded = load_encoded(root, split, progress, with_pictures=view == "pixels")
    folder = encoded.folder
    unanswered = np.flatnonzero((folder.answers == UNKNOWN) | (folder.type_index == UNKNOWN))
    if len(unanswered):
        raise QuestionError(
            f"Question {unanswered[0]} of split '{split}' has no answer or no program, so it cannot be used for "
            "training or evaluation; use questions that have both, such as those of CLEVR's val."
        )
    return SplitBatches(encoded, _make_encode(folder, view, progress))


def read_batches(root: Path, view: str, split: str | None = None, progress: Progress = iter) -> Iterator[Batch]:
    """Yield all questions of a split, those about a picture side by side.

    Args:
        root: as `open_batches`.
        view: as `open_batches`.
        split: such as "val"; None takes the only split that the folder has questions for.
        progress: wraps the iteration over batches (a progress bar).

    Raises:
        RNCoreError: as `open_batches`.
    """
    batches = open_batches(root, view, _choose_split(root, split))
    yield from batches.ask_all(np.arange(len(batches.encoded.folder.images)), progress)


def _choose_split(root: Path, split: str | None) -> str:
    """Return the split asked for, or the only one there is."""
    if split is not None:
        return split
    splits = find_splits(root) if root.is_dir() else ()
    if len(splits) > 1:
        raise RNCoreError(f"'{root}' has questions for {', '.join(splits)}; say which with --split.")
    return splits[0] if splits else "val"


def _make_encode(folder: FolderSplit, view: str, progress: Progress) -> Encode:
    """Return what makes the encoder's inputs of some of a split's pictures."""
    if view == "states":
        scenes = folder.load_scenes(progress)
        return lambda pictures: encode_scenes([scenes[k] for k in pictures])
    images = cache_images(folder, progress=progress)
    return lambda pictures: (torch.from_numpy(images[pictures]),)
