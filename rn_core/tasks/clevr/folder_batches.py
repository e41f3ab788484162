"""The questions of a folder in CLEVR's layout as batches, for evaluation and for training."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rn_core.common.errors import QuestionError, RNCoreError, SceneError
from rn_core.common.reading import Reading
from rn_core.common.records import Batch
from rn_core.tasks.clevr.encoded_split import EncodedSplit, load_encoded
from rn_core.tasks.clevr.encoding import encode_scenes
from rn_core.tasks.clevr.folder import UNKNOWN, FolderSplit, find_splits, question_file, skip_pictures, skip_questions
from rn_core.tasks.clevr.image_cache import PICTURE_SHAPES, cache_images, load_image
from rn_core.tasks.clevr.scene import ClevrScene

_PICTURES_A_BATCH = 25
_QUESTIONS_AT_ONCE = 1024
Progress = Callable[[Iterable[Any]], Iterable[Any]]
Encode = Callable[[np.ndarray], tuple[Tensor, ...]]
See = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class SplitBatches:
    """A split, ready to be asked in any order; what is unknown of a question is `UNKNOWN` in its batch.

    Attributes:
        encoded: the questions.
        encode: indices (S,) of pictures -> the encoder's inputs of them.
        asked: (M, D_q) float16, what a network's encoder makes of each question; None for words.
    """

    encoded: EncodedSplit
    encode: Encode
    asked: Tensor | None = None

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
        return Batch(
            inputs=self.encode(folder.image_index[[turn[0] for turn in turns]]),
            question=self._ask(rows),
            scene_index=torch.arange(len(turns)).repeat_interleave(torch.tensor([len(turn) for turn in turns])),
            answer=torch.from_numpy(folder.answers[rows]),
            type_index=torch.from_numpy(folder.type_index[rows]),
            number=torch.from_numpy(folder.file_numbers[rows]),
        )

    def _ask(self, rows: np.ndarray) -> Tensor:
        """Return some questions (M, L) int64 as words or, where they were read before, (M, D_q) float32."""
        if self.asked is not None:
            return self.asked[torch.from_numpy(rows)].float()
        tokens = self.encoded.tokens[rows]  # (M, L)
        longest = int((tokens != 0).sum(axis=1).max())
        return torch.from_numpy(tokens[:, :longest].astype(np.int64))

    def read_ahead(self, see: See, ask: See, progress: Progress = iter) -> SplitBatches:
        """Return the split with all pictures and questions as frozen encoders read them, kept in 16 bits.

        Args:
            see: the encoder's input (S, ...) of pictures -> what its forward pass takes in their place.
            ask: words (M, L) int64 -> (M, D_q).
            progress: wraps the iteration over blocks of pictures (a progress bar).
        """
        pictures, rows = (np.arange(len(part)) for part in (self.encoded.folder.images, self.encoded.tokens))
        seen = torch.cat([see(*self.encode(block)).half() for block in progress(_blocks(pictures, _PICTURES_A_BATCH))])
        asked = torch.cat([ask(self._ask(block)).half() for block in _blocks(rows, _QUESTIONS_AT_ONCE)])
        return replace(self, encode=lambda chosen: (seen[torch.from_numpy(chosen)].float(),), asked=asked)

    def ask_all(self, pictures: np.ndarray, progress: Progress = iter) -> Iterator[Batch]:
        """Yield all questions about some pictures, those about a picture side by side, a few pictures per batch.

        Args:
            pictures: (S,) indices.
            progress: wraps the iteration over batches (a progress bar).
        """
        for block in progress(_blocks(pictures, _PICTURES_A_BATCH)):
            yield self.make_batch([self.by_picture[k] for k in block])


def open_batches(
    root: Path, view: str, split: str, progress: Progress = iter, cache: Path | None = None
) -> SplitBatches:
    """Open a split of which every question has an answer and a program.

    Args:
        root: the folder, such as CLEVR_v1.0.
        view: "states" reads the scene graphs, a key of `PICTURE_SHAPES` the pictures; caches of pictures and questions
            are kept.
        split: such as "val".
        progress: wraps the iteration over what is read for the first time (a progress bar).
        cache: folder of the caches; None for `cache` within the folder.

    Raises:
        RNCoreError: in one sentence, if the folder lacks something, or has questions without answers or programs.
    """
    encoded = load_encoded(root, split, progress, view != "states", cache=cache)
    folder = encoded.folder
    unanswered = np.flatnonzero((folder.answers == UNKNOWN) | (folder.type_index == UNKNOWN))
    if len(unanswered):
        raise QuestionError(
            f"Question {unanswered[0]} of split '{split}' has no answer or no program, so it cannot be used for "
            "training or evaluation; use questions that have both, such as those of CLEVR's val."
        )
    if view == "states":
        return SplitBatches(encoded, _encode_states(folder.load_scenes(progress)))
    return SplitBatches(encoded, _encode_pixels(cache_images(folder, cache, _side(view), progress)))


def open_readable(root: Path, view: str, split: str, reading: Reading, progress: Progress = iter) -> SplitBatches:
    """Open what can be read of a split; arguments as `open_batches`, with the reading that leaves the rest out."""
    encoded = load_encoded(root, split, progress, view != "states", reading, reading.cache)
    if not reading.takes_unanswered:
        encoded = _keep_answered(encoded, reading)
    if view == "states":
        scenes, problems = encoded.folder.find_scenes(progress)
        named = {encoded.folder.images[index]: scene for index, scene in scenes.items()}
        encoded = encoded.keep(skip_pictures(encoded.folder, problems, reading))
        return SplitBatches(encoded, _encode_states([named[name] for name in encoded.folder.images]))
    side = _side(view)
    try:
        images = cache_images(encoded.folder, reading.cache, side, progress)
    except SceneError:
        encoded = encoded.keep(skip_pictures(encoded.folder, _find_damaged(encoded.folder), reading))
        images = cache_images(encoded.folder, reading.cache, side, progress)
    return SplitBatches(encoded, _encode_pixels(images))


def _blocks(indices: np.ndarray, size: int) -> list[np.ndarray]:
    """Return indices in their order, so many at a time."""
    return [indices[first : first + size] for first in range(0, len(indices), size)]


def _side(view: str) -> int | tuple[int, int]:
    """Return the side of the pictures that models of a view take, or height and width."""
    height, width = PICTURE_SHAPES[view]
    return height if height == width else (height, width)


def _keep_answered(encoded: EncodedSplit, reading: Reading) -> EncodedSplit:
    """Return a split without the questions that have no answer."""
    folder = encoded.folder
    file, kept = question_file(folder.root, folder.split).name, folder.answers != UNKNOWN
    if not kept.any():
        raise QuestionError(
            f"No question of '{file}' has an answer, so there is no accuracy; give --predictions FILE to write the "
            "model's answers."
        )
    error = QuestionError("The question has no answer; --predictions FILE writes the model's.")
    skip_questions(folder, kept, lambda _: error, reading)
    return encoded.keep(kept)


def _find_damaged(folder: FolderSplit) -> dict[int, RNCoreError]:
    """Return the index of each picture that cannot be read, with the reason."""
    found: dict[int, RNCoreError] = {}
    for index in range(len(folder.images)):
        try:
            load_image(folder.image_path(index))
        except SceneError as err:
            found[index] = err
    return found


def read_batches(
    root: Path, view: str, split: str | None = None, progress: Progress = iter, reading: Reading | None = None
) -> Iterator[Batch]:
    """Yield all questions of a split, those about a picture side by side.

    Args:
        root: as `open_batches`.
        view: as `open_batches`.
        split: such as "val"; None takes the only split that the folder has questions for.
        progress: wraps the iteration over batches (a progress bar).
        reading: leaves out what cannot be used; None refuses it, and questions without a program, too.

    Raises:
        RNCoreError: as `open_batches`.
    """
    chosen = _choose_split(root, split)
    if reading is None:
        batches = open_batches(root, view, chosen)
    else:
        batches = open_readable(root, view, chosen, reading)
    yield from batches.ask_all(np.arange(len(batches.encoded.folder.images)), progress)


def _choose_split(root: Path, split: str | None) -> str:
    """Return the split asked for, or the only one there is."""
    if split is not None:
        return split
    splits = find_splits(root) if root.is_dir() else ()
    if len(splits) > 1:
        raise RNCoreError(f"'{root}' has questions for {', '.join(splits)}; say which with --split.")
    return splits[0] if splits else "val"


def _encode_states(scenes: Sequence[ClevrScene]) -> Encode:
    """Return what makes the encoder's inputs of some pictures' scene graphs."""
    return lambda pictures: encode_scenes([scenes[k] for k in pictures.tolist()])


def _encode_pixels(images: np.ndarray) -> Encode:
    """Return what makes the encoder's inputs of some pictures (S, H, W, 3) uint8."""
    return lambda pictures: (torch.from_numpy(images[pictures]),)
