"""Peak memory of one training step, in a process of its own: `python -m rn_core.experiments.memory 100 plain 0`."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path

from rn_core.experiments.steps import STEP_SIZES, make_inputs, make_plain_step, make_step

KINDS = {"ours": make_step, "plain": make_plain_step}
_MIB = 2**20


def measure_peak(n_objects: int, kind: str, seed: int) -> dict[str, float]:
    """Run one training step in a fresh process.

    Args:
        n_objects: key of `STEP_SIZES`.
        kind: key of `KINDS`.
        seed: of weights and inputs.

    Returns:
        `{"step": MiB that the step needed above what the process held before it, "process": MiB in all}`.

    Raises:
        subprocess.CalledProcessError: if the process fails, such as for want of memory.
    """
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-m", "rn_core.experiments.memory", str(n_objects), kind, str(seed)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _measure_here(n_objects: int, kind: str, seed: int) -> dict[str, float]:
    """Return what `measure_peak` does, for this process."""
    make = KINDS[kind]
    make(make_inputs(2, 1, 1, seed), seed)()  # loads the kernels, which are no part of the step
    step = make(make_inputs(n_objects, *STEP_SIZES[n_objects], seed), seed)
    _forget_peak()
    before = _read_status("VmRSS")
    step()
    peak = _read_status("VmHWM")
    return {"step": (peak - before) / _MIB, "process": peak / _MIB}


def _forget_peak() -> None:
    """Set the peak back to what is held now; without the right to it, imports count, and the figure is too high."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _read_status(field: str) -> int:
    """Return VmRSS (resident memory now) or VmHWM (its peak) in bytes.

    Not `getrusage`: its `ru_maxrss` starts at the parent's peak, which hides whatever is smaller.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:"))


if __name__ == "__main__":
    print(json.dumps(_measure_here(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))
