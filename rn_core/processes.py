"""One command on one device or many: the processes of a training run, by Lightning Fabric."""

from __future__ import annotations

import os

import torch
from lightning_fabric import Fabric


def make_fabric(device: str, precision: str, processes: int | None = None) -> Fabric:
    """Return a launched Fabric.

    Args:
        device: "auto", "cpu", "cuda" or "mps".
        precision: "32-true" or "bf16-mixed".
        processes: how many on this machine; None takes as many as `torchrun` started, or one. Under `fabric run`
            its own options count instead of `device` and `processes`.
    """
    if "LT_CLI_USED" in os.environ:
        return Fabric(precision=precision)
    processes = processes or int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    strategy = "auto" if processes == 1 else "ddp_find_unused_parameters_true"
    fabric = Fabric(accelerator=device, devices=processes, precision=precision, strategy=strategy)
    fabric.launch()
    return fabric


def leave_processes() -> None:
    """Part from the other processes of a run, if there are any.

    Without it, gloo's threads can abort a process that is about to end well.
    """
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()
