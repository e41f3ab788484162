"""The solvers of the tasks whose questions are answered by rules over facts: 4 and 15 to 20."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MappingProxyType

from rn_core.tasks.babi.solvers.animals import solve_deduction, solve_induction
from rn_core.tasks.babi.solvers.base import Solution
from rn_core.tasks.babi.solvers.maps import solve_path, solve_relation
from rn_core.tasks.babi.solvers.motives import solve_motive
from rn_core.tasks.babi.solvers.positions import solve_position
from rn_core.tasks.babi.solvers.sizes import solve_size

#: Task -> answers a question from all statements told before it, the oldest first.
SOLVERS: MappingProxyType[int, Callable[[Sequence[str], str], Solution]] = MappingProxyType(
    {
        4: solve_relation,
        15: solve_deduction,
        16: solve_induction,
        17: solve_position,
        18: solve_size,
        19: solve_path,
        20: solve_motive,
    }
)
