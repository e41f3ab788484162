"""The device and the precision, chosen in one place."""

from __future__ import annotations

from pathlib import Path

import torch

from rn_core.common.errors import RNCoreError

DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(name: str = "auto") -> torch.device:
    """Return the device to compute on; "auto" prefers `cuda` to `mps` to `cpu`.

    Raises:
        RNCoreError: if the name is unknown or this machine lacks the device.
    """
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name not in DEVICES:
        raise RNCoreError(f"device must be one of {', '.join(DEVICES)}, got {name!r}.")
    if name == "auto":
        name = next(kind for kind, there in present.items() if there)
    if not present[name]:
        raise RNCoreError(f"This machine has no '{name}' device; use 'auto' or 'cpu'.")
    return torch.device(name)


def has_fast_bf16(device: torch.device) -> bool:
    """Return whether bf16 products are native on the device: CUDA, or a CPU with AVX512-BF16 or AMX."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu":
        return False
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def fast_autocast(device: torch.device) -> torch.autocast:
    """Return a context that computes in bf16 where that is native, and in the usual precision elsewhere."""
    return torch.autocast(device.type, torch.bfloat16, enabled=has_fast_bf16(device))


def can_read_words_in_bf16(device: torch.device) -> bool:
    """Return whether an LSTM runs in bf16 on the device; oneDNN has none for CPUs without native bf16."""
    return device.type != "cpu" or has_fast_bf16(device)


def describe_device(device: torch.device) -> str:
    """Return a description of the device, such as "cpu, 2 threads, bf16"."""
    if device.type == "cuda":
        words = ["cuda", torch.cuda.get_device_name(device)]
    elif device.type == "cpu":
        words = ["cpu", f"{torch.get_num_threads()} threads"]
    else:
        words = [device.type]
    return ", ".join([*words, "bf16" if has_fast_bf16(device) else "f32"])


def processor_name() -> str:
    """Return the processor's model name, or "unknown processor"."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown processor"
