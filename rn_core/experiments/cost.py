"""How long things take and how much memory they need, measured side by side with a plain implementation."""

from __future__ import annotations

import functools
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from rn_core.common.device import describe_device, has_fast_bf16, processor_name
from rn_core.common.seeding import fork_torch_rng
from rn_core.models.relation_network import RelationNetwork, RelationNetworkConfig
from rn_core.tasks.registry import model_config
from rn_core.tasks.sort_of_clevr.spec import OBJECTS

#: The backend of `torch.compile` that `bench` measures.
COMPILER = "inductor"
_FEWEST_CALLS = 3


@dataclass(frozen=True)
class Setup:
    """How the rows are measured.

    Attributes:
        seed: of scenes, weights and inputs, 0 to 2**32 - 1.
        device: where inputs and models live, and whose work is waited for before a clock is read.
        backend: of `torch.compile`; None measures nothing compiled.
        repeats: rounds of every timing, 1 or more.
        seconds: that each side of a timing takes over all its rounds, at least; 0 or more.
    """

    seed: int
    device: torch.device
    backend: str | None = None
    repeats: int = 1
    seconds: float = 0.0


@dataclass(frozen=True)
class Measurement:
    """One figure, ours and the plain implementation's, measured in the same run.

    Attributes:
        value: ours, in the case's unit.
        plain: the plain implementation's, in the same unit; None where it could not be measured.
        note: how large the measured piece was, and why a figure is missing.
        compiled: ours through `torch.compile`, in the same unit; None where it was not measured.
    """

    value: float | None
    plain: float | None
    note: str = ""
    compiled: float | None = None


@dataclass(frozen=True)
class Case:
    """One row of the table.

    Attributes:
        name: what is measured, with its number of objects.
        unit: of both figures; rates ("questions/s") are better high, "ms" and "MiB" better low.
        measure: does the work.
    """

    name: str
    unit: str
    measure: Callable[[], Measurement]


@dataclass(frozen=True)
class PairTime:
    """How long one answer takes: median seconds over some calls, for n objects, so n * n ordered pairs."""

    n_objects: int
    seconds: float
    calls: int


def make_row(case: Case) -> dict[str, Any]:
    """Measure one case and return its row."""
    measured = case.measure()
    value, plain = measured.value, measured.plain
    return {
        "name": case.name,
        "value": value,
        "unit": case.unit,
        "compiled": measured.compiled,
        "plain": plain,
        "ratio": None if value is None or plain is None else value / plain,
        "note": measured.note,
    }


def format_table(report: dict[str, Any]) -> str:
    """Return what `run` returned as text for people: the machine, then one line per row.

    The column "compiled" is left out where no row has it.
    """
    machine = ", ".join(f"{name} {value}" for name, value in report["machine"].items())
    rows = report["rows"]
    heads = {"value": "here", "compiled": "compiled", "plain": "plain"}
    if all(row["compiled"] is None for row in rows):
        del heads["compiled"]
    head = " ".join([f"{'':46}", *(f"{title:>10}" for title in heads.values()), f"{'ratio':>7}"])
    lines = []
    for row in rows:
        figures = " ".join(f"{_figure(row[key]):>10}" for key in heads)
        lines.append(f"{row['name']:46} {figures} {_figure(row['ratio']):>7}  {row['unit']} ({row['note']})")
    return "\n".join([machine, "", head, *lines])


def _figure(value: float | None) -> str:
    """Return three significant digits, or "-" for a figure that is missing."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def describe_machine(device: torch.device) -> dict[str, Any]:
    """Return what the figures were measured on: processor, cores, threads, device, precision and versions."""
    return {
        "processor": processor_name(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "device": describe_device(device),
        "native_bf16": has_fast_bf16(device),
        "system": platform.system(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def time_side_by_side(sides: Sequence[Callable[[], object]], setup: Setup) -> list[float]:
    """Return the median seconds of each side.

    They are measured in turns, so that other load on the machine hits all alike, and each round begins with the next
    side, so that none gains from what another left in the caches.

    Args:
        sides: what is timed, each called once to warm up.
        setup: says for how long, and which device does the work.
    """
    taken = _time_rounds(sides, setup.repeats, setup.seconds, setup.device)
    return [statistics.median(seconds) for seconds in taken]


def _time_rounds(
    sides: Sequence[Callable[[], object]], repeats: int, seconds: float, device: torch.device
) -> list[list[float]]:
    """Return the seconds of every round of each side, those to warm up left out; arguments as in `Setup`."""
    for side in sides:
        side()
    taken: list[list[float]] = [[] for _ in sides]
    while len(taken[0]) < repeats or min(map(sum, taken)) < seconds:
        first = len(taken[0]) % len(sides)
        for k in [*range(first, len(sides)), *range(first)]:
            taken[k].append(_seconds(sides[k], device))
    return taken


def time_pairs(
    sizes: Sequence[int],
    seconds: float,
    seed: int,
    pair_chunk: int = 4000,
    progress: Callable[[Sequence[int]], Iterable[int]] = iter,
) -> tuple[PairTime, ...]:
    """Time one answer of Sort-of-CLEVR's small Relation Network about random objects, on the CPU, without training it.

    Args:
        sizes: numbers of objects n.
        seconds: how long each size is repeated after one call to warm up; three calls at least.
        seed: of weights and objects.
        pair_chunk: pairs computed at once; memory grows with it, not with n * n.
        progress: wraps the sizes, such as a progress bar.
    """
    small = model_config(OBJECTS, "rn", "small").core
    assert isinstance(small, RelationNetworkConfig)
    config = replace(small, pair_chunk=pair_chunk)
    with fork_torch_rng(seed):
        core = RelationNetwork(config).eval()
    generator = torch.Generator().manual_seed(seed)
    found = []
    for n_objects in progress(sizes):
        objects = torch.randn(1, n_objects, config.d_object, generator=generator)
        question = torch.randn(1, config.d_question, generator=generator)
        with torch.inference_mode():
            work = functools.partial(core, objects, None, question)
            (taken,) = _time_rounds([work], _FEWEST_CALLS, seconds, torch.device("cpu"))
        found.append(PairTime(n_objects, statistics.median(taken), len(taken)))
    return tuple(found)


def _seconds(work: Callable[[], object], device: torch.device) -> float:
    """Return how long one call takes, until the device has done all of it."""
    _wait_for(device)
    start = time.perf_counter()
    work()
    _wait_for(device)
    return time.perf_counter() - start


def _wait_for(device: torch.device) -> None:
    """Wait until an accelerator has done what it was given; a CPU has by then."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)
