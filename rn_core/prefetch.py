"""Batches drawn ahead of time by other processes; they are the same with and without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

import torch
from torch.utils.data import DataLoader, Dataset

Item = TypeVar("Item")
#: Batches that each process draws ahead.
_AHEAD = 4


class _Steps(Dataset, Generic[Item]):
    """What is drawn at each step."""

    def __init__(self, draw: Callable[[int], Item]) -> None:
        self._draw = draw

    def __getitem__(self, step: int) -> Item:
        return self._draw(step)


def draw_ahead(draw: Callable[[int], Item], steps: range, workers: int) -> Iterator[Item]:
    """Yield `draw(step)` for each of `steps`, in their order.

    Args:
        draw: decided by the step alone; with workers it must be picklable.
        steps: whole numbers.
        workers: processes that draw ahead, which end with the iterator; 0 draws when asked.
    """
    if not workers:
        yield from map(draw, steps)
        return
    yield from DataLoader(
        _Steps(draw),
        batch_size=None,
        sampler=steps,
        num_workers=workers,
        prefetch_factor=_AHEAD,
        multiprocessing_context="spawn",
        generator=torch.Generator(),  # or each loader would take a number from torch's global one
    )
