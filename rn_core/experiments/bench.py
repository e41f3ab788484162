"""`python -m rn_core bench`: this package against the plain implementation in `plain.py`, in the same run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rn_core.common.device import choose_device
from rn_core.common.seeding import check_seed
from rn_core.experiments.cost import COMPILER, Case, Setup, describe_machine, make_row
from rn_core.experiments.suite import make_cases


def run(
    seed: int = 0,
    quick: bool = False,
    progress: Callable[[Sequence[Case]], Iterable[Case]] = iter,
    device: str = "auto",
    compiles: bool | None = None,
) -> dict[str, Any]:
    """Measure every case on one device.

    Args:
        seed: of the scenes, the weights and the inputs, 0 to 2**32 - 1.
        quick: measure only 6 and 25 objects, with fewer repeats: seconds instead of minutes.
        progress: wraps the list of cases, such as `tqdm`.
        device: one of `rn_core.common.device.DEVICES`.
        compiles: whether training and answers are also measured through `torch.compile`; None means on CUDA only.

    Returns:
        `{"machine": {...}, "rows": [{"name", "value", "unit", "compiled", "plain", "ratio", "note"}]}`, JSON-ready.
        `ratio` is value / plain: above 1 is better for rates, below 1 for milliseconds and MiB. `compiled` is `value`
        through `torch.compile`, None where that was not measured.

    Raises:
        RNCoreError: on a bad seed, or a device that is unknown or missing.
    """
    setup = make_setup(seed, quick, device, compiles)
    rows = [make_row(case) for case in progress(make_cases(setup, quick))]
    return {"machine": describe_machine(setup.device), "rows": rows}


def make_setup(seed: int, quick: bool, device: str, compiles: bool | None) -> Setup:
    """Return how the rows are measured; arguments and errors as `run`."""
    chosen = choose_device(device)
    through = chosen.type == "cuda" if compiles is None else compiles
    repeats, seconds = (1, 0.1) if quick else (3, 0.5)
    return Setup(check_seed(seed), chosen, COMPILER if through else None, repeats, seconds)
