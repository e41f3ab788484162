"""A seeded generator of stories: each task's world, told in the published format.

A world knows what is true and what the reader has been told; it asks only what that answers. The distributions of acts
and questions were measured on the published stories.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from rn_core.tasks.babi.story import Story, check_task
from rn_core.tasks.babi.worlds import carrying, rules, times, walking
from rn_core.tasks.babi.worlds.telling import Teller

#: Task -> the function that samples a story of it.
WORLDS: Mapping[int, Teller] = MappingProxyType(
    dict(sorted((walking.WORLDS | carrying.WORLDS | times.WORLDS | rules.WORLDS).items()))
)


def sample_story(rng: np.random.Generator, task: int) -> Story:
    """Sample a story, the same on every platform and NumPy version.

    Args:
        rng: a generator over `PCG64`, such as one of `make_rng`; the splits of a seed share no story's draws.
        task: 1 to 20.

    Raises:
        RNCoreError: if there is no such task.
    """
    return WORLDS[check_task(task)](rng)
