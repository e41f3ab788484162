"""The processes of a training run: one command for one device or many, by Lightning Fabric, and its interruption."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING

import torch

from rn_core.training.config import Precision

if TYPE_CHECKING:
    from lightning_fabric import Fabric


def make_fabric(device: str, precision: Precision, processes: int | None = None) -> Fabric:
    """Return a launched Fabric.

    Args:
        device: "auto", "cpu", "cuda" or "mps".
        precision: "32-true" or "bf16-mixed".
        processes: how many on this machine; None uses as many as `torchrun` started, or one. Under `fabric run`
            its own options count instead of `device` and `processes`.
    """
    from lightning_fabric import Fabric  # takes seconds to import, and only training needs it

    if "LT_CLI_USED" in os.environ:
        return Fabric(precision=precision)
    processes = processes or int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    strategy = "auto" if processes == 1 else "ddp_find_unused_parameters_true"
    fabric = Fabric(accelerator=device, devices=processes, precision=precision, strategy=strategy)
    fabric.launch()
    return fabric


def leave_processes() -> None:
    """Leave the process group of a run, if there is one.

    Otherwise, gloo's threads can abort a process that is about to end normally.
    """
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()


@contextlib.contextmanager
def catch_interrupt(stop: Callable[[], None]) -> Iterator[None]:
    """Make the first Ctrl-C inside the block call `stop`; the second one interrupts as usual."""
    usual = signal.getsignal(signal.SIGINT)

    def handle(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, usual)
        stop()

    if usual is not signal.SIG_IGN:  # a background job is not interrupted from this terminal
        signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
