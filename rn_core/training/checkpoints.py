"""A training run on disk: tensors in one safetensors file, the rest as JSON in its header. No pickle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn, uint8
from torch.optim import Optimizer

from rn_core.common.errors import WeightsError
from rn_core.common.files import write_whole

FILE_NAME = "checkpoint.safetensors"


def save_checkpoint(
    path: Path,
    model: nn.Module,
    optimizer: Optimizer,
    state: dict[str, Any],
    extra: Mapping[str, Tensor] | None = None,
) -> None:
    """Write model, optimizer and `state` (plain JSON values) as one file, with a checksum of its content.

    Args:
        path: the file.
        model: the trained model.
        optimizer: of its parameters, followed by those of other layers.
        state: everything that is not a tensor.
        extra: tensors beside the model's.

    Raises:
        RNCoreError: if the file cannot be written; the previous checkpoint is untouched.
    """
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    tensors |= {f"extra.{name}": value for name, value in (extra or {}).items()}
    for index, values in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": value for name, value in values.items()}
    tensors = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    text = json.dumps(state)
    write_whole(path, save(tensors, metadata={"state": text, "sha256": _checksum(tensors, text)}))


def restore(
    path: Path, tensors: Mapping[str, Tensor], model: nn.Module, optimizer: Optimizer, extra: nn.Module | None = None
) -> None:
    """Restore a checkpoint's tensors into `model`, `optimizer` and the layers beside the model.

    Raises:
        WeightsError: if they belong to another model.
    """
    moments: dict[int, dict[str, Tensor]] = {}
    try:
        for name, value in _part(tensors, "optimizer").items():
            index, key = name.split(".", 1)
            moments.setdefault(int(index), {})[key] = value
        model.load_state_dict(_part(tensors, "model"))
        if extra is not None:
            extra.load_state_dict(_part(tensors, "extra"))
        optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
    except (RuntimeError, ValueError, LookupError) as err:
        raise WeightsError(
            f"The checkpoint '{path}' belongs to another model; choose another folder or delete it."
        ) from err


def read_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return a checkpoint's tensors and its `state`, after checking the checksum, which older ones lack.

    Raises:
        WeightsError: if the file is damaged.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            text = metadata["state"]
            tensors = {name: file.get_tensor(name) for name in file.keys()}
        state = json.loads(text)
    except (SafetensorError, OSError, LookupError, ValueError, TypeError, RuntimeError) as err:
        raise damaged(path, str(err)) from err
    if "sha256" in metadata and metadata["sha256"] != _checksum(tensors, text):
        raise damaged(path, "its SHA-256 does not match")
    if not isinstance(state, dict):
        raise damaged(path, "its state is not a table")
    return tensors, state


def damaged(path: Path, reason: str) -> WeightsError:
    """Return the error for a checkpoint that cannot be resumed."""
    return WeightsError(f"The checkpoint '{path}' is damaged ({reason}); delete it to start again.")


def _checksum(tensors: Mapping[str, Tensor], state: str) -> str:
    """Return the SHA-256 of a checkpoint's content as 64 hex digits."""
    digest = hashlib.sha256(state.encode())
    for name, value in sorted(tensors.items()):
        digest.update(f"\n{name} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(value.reshape(-1).view(uint8).numpy().data)
    return digest.hexdigest()


def _part(tensors: Mapping[str, Tensor], part: str) -> dict[str, Tensor]:
    """Return the tensors under one prefix, without it."""
    return {name.removeprefix(f"{part}."): value for name, value in tensors.items() if name.startswith(f"{part}.")}
