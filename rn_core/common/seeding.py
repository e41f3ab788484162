"""Seeds: one root seed, one stream per split, the same numbers on every platform and NumPy version.

NumPy keeps the raw output of `PCG64` and of `SeedSequence` stable forever, but not the results of
`Generator.integers` or `Generator.permutation`. So whatever defines a scene is drawn by
`uniform_integers` from raw 64-bit words.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from types import MappingProxyType

import numpy as np

from rn_core.common.errors import RNCoreError, lookup

#: Each split owns one branch of the seed tree, so no seed of one split repeats a stream of another.
SPLITS = MappingProxyType({"train": 0, "validation": 1, "test": 2, "explore": 3})
MAX_SEED = 2**32 - 1


def check_seed(seed: int) -> int:
    """Return `seed` as an int.

    Raises:
        RNCoreError: if it is not a whole number from 0 to 4294967295.
    """
    whole = isinstance(seed, int | np.integer) and not isinstance(seed, bool)
    if not whole or not 0 <= int(seed) <= MAX_SEED:
        raise RNCoreError(f"A seed must be a whole number from 0 to {MAX_SEED}, got {seed!r}; choose another.")
    return int(seed)


def next_seed(seed: int) -> int:
    """Return the seed after another one; 0 after the highest."""
    return (seed + 1) % (MAX_SEED + 1)


def make_rng(seed: int, split: str, *branch: int) -> np.random.Generator:
    """Return the NumPy generator of one split.

    Args:
        seed: root seed, 0 to 2**32 - 1.
        split: a key of `SPLITS`; the streams of two splits are independent for all seeds.
        branch: further children, such as a step number or a process rank.

    Raises:
        RNCoreError: on a bad seed or split.
    """
    key = (lookup(split, SPLITS, "split"), *branch)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(check_seed(seed), spawn_key=key)))


def uniform_integers(rng: np.random.Generator, high: int, shape: tuple[int, ...]) -> np.ndarray:
    """Draw integers uniformly from 0 to `high - 1`, the same on every platform and NumPy version.

    Each raw 64-bit word gives two halves, the lower one first; a half times `high`, shifted down by 32, is
    the number (Lemire 2019, arXiv 1805.10941, without the rejection step: the bias is below `high` / 2**32,
    and none where `high` is a power of two).

    Args:
        rng: a generator over `PCG64`.
        high: number of values, 1 to 2**32.
        shape: shape of the result.

    Returns:
        int64 array of `shape`.
    """
    size = math.prod(shape)
    words = rng.bit_generator.random_raw((size + 1) // 2).astype("<u8", copy=False)
    halves = words.view("<u4")[:size].astype(np.uint64)
    return ((halves * np.uint64(high)) >> np.uint64(32)).astype(np.int64).reshape(shape)


def uniform_fractions(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Draw float64 of `shape`, uniformly from 0 to below 1, the same on every platform and NumPy version."""
    return uniform_integers(rng, 2**32, shape) / 2**32


def pick_weighted(weights: np.ndarray, fractions: np.ndarray) -> np.ndarray:
    """Return an index for each fraction, int64; an index is as likely as its weight is large.

    Args:
        weights: (T,), all at least 0, at least one above it.
        fractions: any shape, from 0 to below 1.
    """
    return np.searchsorted(np.cumsum(weights) / weights.sum(), fractions, side="right")


@contextlib.contextmanager
def fork_torch_rng(seed: int) -> Iterator[None]:
    """Seed torch inside the block and restore its CPU state afterward (`nn.init` draws globally)."""
    import torch  # imported late: a process that only samples scenes saves its memory

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(check_seed(seed))
        yield
