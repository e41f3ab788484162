"""The questions of a folder in CLEVR's layout as batches, for evaluation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rn_core.errors import QuestionError, RNCoreError
from rn_core.records import Batch
from rn_core.tasks.clevr.encoding import encode_scenes
from rn_core.tasks.clevr.folder import UNKNOWN, FolderSplit, find_splits, open_split
from rn_core.tasks.clevr.image_cache import cache_images
from rn_core.tasks.clevr.tokens import encode_tokens

_PICTURES_A_BATCH = 25
Progress = Callable[[Iterable[Any]], Iterable[Any]]


def read_batches(root: Path, view: str, split: str | None = None, progress: Progress = iter) -> Iterator[Batch]:
    """Yield all questions of a split, those about a picture side by side.

    Args:
        root: the folder, such as CLEVR_v1.0.
        view: "pixels" reads the pictures (and keeps a cache of them in the folder), "states" the scene graphs.
        split: such as "val"; None takes the only split that the folder has questions for.
        progress: wraps the iteration over batches (a progress bar).

    Raises:
        RNCoreError: in one sentence, if the folder lacks something, or has questions without answers or programs.
    """
    folder = open_split(root, _choose_split(root, split))
    unanswered = np.flatnonzero((folder.answers == UNKNOWN) | (folder.type_index == UNKNOWN))
    if len(unanswered):
        raise QuestionError(
            f"Question {unanswered[0]} of split '{folder.split}' has no answer or no program, so nothing can be "
            "measured by it; choose a split that has both, such as val."
        )
    encode = _make_encode(folder, view)
    for first in progress(range(0, len(folder.images), _PICTURES_A_BATCH)):
        pictures = range(first, min(first + _PICTURES_A_BATCH, len(folder.images)))
        chosen = np.flatnonzero((folder.image_index >= pictures.start) & (folder.image_index < pictures.stop))
        asked = chosen[np.argsort(folder.image_index[chosen], kind="stable")]
        yield Batch(
            inputs=encode(pictures),
            question=encode_tokens([folder.texts[k] for k in asked]),
            scene_index=torch.from_numpy(folder.image_index[asked] - first),
            answer=torch.from_numpy(folder.answers[asked]),
            type_index=torch.from_numpy(folder.type_index[asked]),
        )


def _choose_split(root: Path, split: str | None) -> str:
    """Return the split asked for, or the only one there is."""
    if split is not None:
        return split
    splits = find_splits(root) if root.is_dir() else ()
    if len(splits) > 1:
        raise RNCoreError(f"'{root}' has questions for {', '.join(splits)}; say which with --split.")
    return splits[0] if splits else "val"


def _make_encode(folder: FolderSplit, view: str) -> Callable[[range], tuple[Tensor, ...]]:
    """Return what makes the encoder's inputs of some of a split's pictures."""
    if view == "states":
        scenes = folder.load_scenes()
        return lambda pictures: encode_scenes([scenes[k] for k in pictures])
    images = cache_images(folder)
    return lambda pictures: (torch.from_numpy(np.array(images[pictures.start : pictures.stop])),)
