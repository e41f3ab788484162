"""`python -m rn_core bench`: this package against the plain implementation in `plain.py`, in the same run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rn_core.common.seeding import check_seed
from rn_core.experiments.cost import Case, describe_machine, make_row
from rn_core.experiments.suite import make_cases


def run(
    seed: int = 0, quick: bool = False, progress: Callable[[Sequence[Case]], Iterable[Case]] = iter
) -> dict[str, Any]:
    """Measure every case on the CPU.

    Args:
        seed: of the scenes, the weights and the inputs, 0 to 2**32 - 1.
        quick: measure only 6 and 25 objects, with fewer repeats: seconds instead of minutes.
        progress: wraps the list of cases, such as `tqdm`.

    Returns:
        `{"machine": {...}, "rows": [{"name", "value", "unit", "plain", "ratio", "note"}]}`, JSON-ready. `ratio`
        is value / plain: above 1 is better for rates, below 1 for milliseconds and MiB.

    Raises:
        RNCoreError: on a bad seed.
    """
    cases = make_cases(check_seed(seed), quick)
    return {"machine": describe_machine(), "rows": [make_row(case) for case in progress(cases)]}
