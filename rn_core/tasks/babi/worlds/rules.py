"""The worlds whose questions are answered by rules over facts: tasks 4 and 15 to 20.

The mix of forms, the order of telling and the odds are those measured in the published stories (v1-2, en-10k).
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

import numpy as np

from rn_core.tasks.babi.story import Story
from rn_core.tasks.babi.worlds.animals import sample_deduction, sample_induction
from rn_core.tasks.babi.worlds.maps import sample_path, sample_relations
from rn_core.tasks.babi.worlds.motives import sample_motives
from rn_core.tasks.babi.worlds.positions import sample_positions
from rn_core.tasks.babi.worlds.sizes import sample_sizes

#: Task -> draws one story from a generator over PCG64.
WORLDS: MappingProxyType[int, Callable[[np.random.Generator], Story]] = MappingProxyType(
    {
        4: sample_relations,
        15: sample_deduction,
        16: sample_induction,
        17: sample_positions,
        18: sample_sizes,
        19: sample_path,
        20: sample_motives,
    }
)
