"""All tasks by name.

They are imported when `TASKS` is first used: neither scenes and pictures nor the process that draws them need PyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rn_core.tasks.base import Task
    from rn_core.tasks.registry import TASKS

__all__ = ["TASKS", "Task"]


def __getattr__(name: str) -> Any:
    """Return `TASKS` or `Task`, importing their modules."""
    if name == "TASKS":
        from rn_core.tasks.registry import TASKS

        return TASKS
    if name == "Task":
        from rn_core.tasks.base import Task

        return Task
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
