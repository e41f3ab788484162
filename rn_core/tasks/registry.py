"""All tasks by name."""

from __future__ import annotations

from types import MappingProxyType

from rn_core.tasks.babi.task import Babi
from rn_core.tasks.base import Task
from rn_core.tasks.clevr.task import Clevr
from rn_core.tasks.physics.task import Connections, Count, Predict
from rn_core.tasks.sort_of_clevr import SortOfClevr

TASKS: MappingProxyType[str, Task] = MappingProxyType(
    {
        task.name: task
        for task in (
            SortOfClevr("pixels"),
            SortOfClevr("objects"),
            Clevr("pixels"),
            Clevr("states"),
            Babi(),
            Connections(),
            Count(),
            Predict(),
        )
    }
)
