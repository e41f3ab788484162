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

_FEWEST_CALLS = 3


@dataclass(frozen=True)
class Measurement:
    """One figure, ours and the plain implementation's, measured in the same run.

    Attributes:
        value: ours, in the case's unit.
        plain: the plain implementation's, in the same unit; None where it could not be measured.
        note: how large the measured piece was, and why a figure is missing.
    """

    value: float | None
    plain: float | None
    note: str = ""


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
        "plain": plain,
        "ratio": None if value is None or plain is None else value / plain,
        "note": measured.note,
    }


def format_table(report: dict[str, Any]) -> str:
    """Return what `run` returned as text for people: the machine, then one line a figure."""
    machine = ", ".join(f"{name} {value}" for name, value in report["machine"].items())
    heads = f"{'':46} {'here':>10} {'plain':>10} {'ratio':>7}"
    lines = [
        f"{row['name']:46} {_figure(row['value']):>10} {_figure(row['plain']):>10} {_figure(row['ratio']):>7}  "
        f"{row['unit']} ({row['note']})"
        for row in report["rows"]
    ]
    return "\n".join([machine, "", heads, *lines])


def _figure(value: float | None) -> str:
    """Return three significant digits, or "-" for a figure that is missing."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def describe_machine() -> dict[str, Any]:
    """Return what the figures were measured on: processor, cores, threads, precision and versions."""
    cpu = torch.device("cpu")
    return {
        "processor": processor_name(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "device": describe_device(cpu),
        "native_bf16": has_fast_bf16(cpu),
        "system": platform.system(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def time_side_by_side(ours: Callable[[], Any], plain: Callable[[], Any], repeats: int) -> tuple[float, float]:
    """Return the median seconds of both, measured in turns so that other load on the machine hits both alike.

    Args:
        ours: called `repeats` times after one call to warm up.
        plain: the same.
        repeats: 1 or more.
    """
    ours()
    plain()
    seconds = [(_seconds(ours), _seconds(plain)) for _ in range(repeats)]
    return statistics.median(pair[0] for pair in seconds), statistics.median(pair[1] for pair in seconds)


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
        taken = _repeat(functools.partial(core, objects, None, question), seconds)
        found.append(PairTime(n_objects, statistics.median(taken), len(taken)))
    return tuple(found)


@torch.inference_mode()
def _repeat(work: Callable[[], Any], seconds: float) -> list[float]:
    """Return how long each call takes, one to warm up left out."""
    work()
    taken: list[float] = []
    while len(taken) < _FEWEST_CALLS or sum(taken) < seconds:
        taken.append(_seconds(work))
    return taken


def _seconds(work: Callable[[], Any]) -> float:
    """Return how long one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
