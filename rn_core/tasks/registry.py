"""All tasks by name."""

from __future__ import annotations

from types import MappingProxyType

from rn_core.tasks.babi.task import Babi
from rn_core.tasks.base import Task
from rn_core.tasks.clevr.task import ClevrPixels, ClevrStates
from rn_core.tasks.physics.task import Connections, Count, Predict
from rn_core.tasks.sort_of_clevr import SortOfClevrObjects, SortOfClevrPixels

_ALL: tuple[Task, ...] = (
    SortOfClevrPixels(),
    SortOfClevrObjects(),
    ClevrPixels(),
    ClevrStates(),
    Babi(),
    Connections(),
    Count(),
    Predict(),
)
TASKS: MappingProxyType[str, Task] = MappingProxyType({task.name: task for task in _ALL})
