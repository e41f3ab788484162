"""Measure what ordinary pictures are to a network's encoder: the profile that warnings compare with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rn_core.common.errors import RNCoreError
from rn_core.common.seeding import make_rng
from rn_core.models import QuestionAnsweringModel
from rn_core.models.encoders import ConvolutionalEncoder
from rn_core.models.profile import InputProfile, find_uneven, fit_profile
from rn_core.tasks import Task
from rn_core.tasks.base import FolderBacked, Restyled

#: Pictures of each split that a profile is made from.
N_PICTURES = 4000
#: Branch of a split's seeds that profiles draw from.
_BRANCH = 11
_AT_ONCE = 50
Progress = Callable[[Iterable[Any]], Iterable[Any]]


@dataclass(frozen=True)
class PictureSource:
    """The pictures that a network learned from.

    Attributes:
        task: draws them.
        model: that learned from them.
        styled: whether they were in many styles.
        data: a folder in the task's published layout to read them from; None draws them.
    """

    task: Task
    model: QuestionAnsweringModel
    styled: bool = False
    data: Path | None = None

    def sample(self, rng: np.random.Generator, n_pictures: int) -> Tensor:
        """Draw pictures of new scenes, (S, H, W, 3) uint8, in the styles that the network learned from."""
        task = self.task.in_styles() if self.styled and isinstance(self.task, Restyled) else self.task
        return task.sample_batch(rng, n_pictures, 1).inputs[0]

    def read_batches(self, split: str, seed: int, n_pictures: int) -> Iterator[Tensor]:
        """Yield the pictures of a split, a few at a time; of a folder all.

        Raises:
            RNCoreError: if the task reads no folder, or has no pictures without one.
        """
        if self.data is None:
            for first in range(0, n_pictures, _AT_ONCE):
                yield self.sample(make_rng(seed, split, _BRANCH, first), min(_AT_ONCE, n_pictures - first))
            return
        if not isinstance(self.task, FolderBacked):
            raise RNCoreError(f"Task '{self.task.name}' draws its own pictures and reads no folder; leave --data out.")
        for batch in self.task.read_batches(self.data, "val" if split == "validation" else split):
            yield batch.inputs[0]


def measure_profile(
    source: PictureSource, seed: int, n_pictures: int = N_PICTURES, progress: Progress = iter
) -> InputProfile:
    """Return the profile of a network that takes pictures: fitted on split train, its limits on split validation.

    Args:
        source: of its pictures.
        seed: root seed of pictures that are drawn.
        n_pictures: of each split, if they are drawn.
        progress: wraps the iteration over batches.

    Raises:
        RNCoreError: if the model takes no pictures, there are too few, or they cannot be had.
    """
    encoder = source.model.encoder
    if not isinstance(encoder, ConvolutionalEncoder):
        raise RNCoreError(
            f"A profile is of networks that take pictures, and a {type(encoder).__name__} takes none; choose another."
        )
    if n_pictures < 2:
        raise RNCoreError(f"A profile needs 2 or more pictures of each split, got {n_pictures}; give more.")
    device = next(encoder.parameters()).device
    summaries: dict[str, list[Tensor]] = {"train": [], "validation": []}
    uneven = []
    with torch.inference_mode():
        for split, found in summaries.items():
            for images in progress(source.read_batches(split, seed, n_pictures)):
                found.append(encoder.summarize(images.to(device)).cpu())
                if split == "validation":
                    uneven.append(find_uneven(images))
    train, validation = map(torch.cat, summaries.values())
    return fit_profile(train, validation, torch.cat(uneven))
