"""Peak memory of one training step, in a process of its own: `python -m rn_core.experiments.memory 100 plain 0 cpu`."""

from __future__ import annotations

import contextlib
import json
import platform
import subprocess
import sys
from pathlib import Path

import torch

from rn_core.experiments.steps import STEP_SIZES, make_inputs, make_plain_step, make_step

KINDS = {"ours": make_step, "plain": make_plain_step}
_MIB = 2**20


def can_measure(device: torch.device) -> bool:
    """Return whether the peak is known: PyTorch counts that of CUDA, /proc says that of a process on Linux."""
    return device.type == "cuda" or (device.type == "cpu" and platform.system() == "Linux")


def measure_peak(n_objects: int, kind: str, seed: int, device: torch.device) -> dict[str, float]:
    """Run one training step in a fresh process.

    Args:
        n_objects: key of `STEP_SIZES`.
        kind: key of `KINDS`.
        seed: of weights and inputs.
        device: one of which `can_measure` is true; on CUDA the figures are those of the device's memory.

    Returns:
        `{"step": MiB that the step needed above what the process held before it, "process": MiB in all}`.

    Raises:
        subprocess.CalledProcessError: if the process fails, such as for want of memory.
    """
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-m", "rn_core.experiments.memory", str(n_objects), kind, str(seed), str(device)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _measure_here(n_objects: int, kind: str, seed: int, device: torch.device) -> dict[str, float]:
    """Return what `measure_peak` does, for this process."""
    make = KINDS[kind]
    make(make_inputs(2, 1, 1, seed, device), seed)()  # loads the kernels, which are no part of the step
    step = make(make_inputs(n_objects, *STEP_SIZES[n_objects], seed, device), seed)
    before = _start_peak(device)
    step()
    peak = _read_peak(device)
    return {"step": (peak - before) / _MIB, "process": peak / _MIB}


def _start_peak(device: torch.device) -> int:
    """Set the peak back to what is held now, and return that in bytes.

    Without the right to set back that of a process, imports count, and the figure is too high.
    """
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        return torch.cuda.memory_allocated(device)
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return _read_status("VmRSS")


def _read_peak(device: torch.device) -> int:
    """Return the most that was held since `_start_peak`, in bytes."""
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else _read_status("VmHWM")


def _read_status(field: str) -> int:
    """Return VmRSS (resident memory now) or VmHWM (its peak) in bytes.

    Not `getrusage`: its `ru_maxrss` starts at the parent's peak, which hides whatever is smaller.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:"))


if __name__ == "__main__":
    asked = (int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), torch.device(sys.argv[4]))
    print(json.dumps(_measure_here(*asked)))
