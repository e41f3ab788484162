"""What all tests share: one thread, seeded hypothesis; a test that draws from a global generator starts alike."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from hypothesis import settings

settings.register_profile("same_every_run", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("same_every_run")
torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def seeded_torch() -> Iterator[None]:
    """Seed torch's global generator before each test and put it back after it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield
