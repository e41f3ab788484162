"""A training run on disk: tensors in one safetensors file, the rest as JSON in its header. No pickle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.optim import Optimizer

from rn_core.errors import WeightsError
from rn_core.files import write_whole

FILE_NAME = "checkpoint.safetensors"


def save_checkpoint(path: Path, model: nn.Module, optimizer: Optimizer, state: dict[str, Any]) -> None:
    """Write model, optimiser and `state` (plain JSON values) as one whole file.

    Raises:
        RNCoreError: if the file cannot be written; the checkpoint before it is untouched.
    """
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    for index, values in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": value for name, value in values.items()}
    tensors = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    write_whole(path, save(tensors, metadata={"state": json.dumps(state)}))


def load_checkpoint(path: Path, model: nn.Module, optimizer: Optimizer) -> dict[str, Any]:
    """Put a checkpoint's values into `model` and `optimizer` and return its `state`.

    Raises:
        WeightsError: if the file is damaged or belongs to another model.
    """
    tensors, state = read_checkpoint(path)
    try:
        model.load_state_dict(_part(tensors, "model"))
    except RuntimeError as err:
        raise WeightsError(
            f"The checkpoint '{path}' belongs to another model; choose another folder or delete it."
        ) from err
    moments: dict[int, dict[str, Tensor]] = {}
    for name, value in _part(tensors, "optimizer").items():
        index, key = name.split(".", 1)
        moments.setdefault(int(index), {})[key] = value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
    return state


def read_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return a checkpoint's tensors and its `state`; raises WeightsError if the file is damaged."""
    try:
        with safe_open(path, framework="pt") as file:
            state = json.loads((file.metadata() or {})["state"])
            return {name: file.get_tensor(name) for name in file.keys()}, state
    except (SafetensorError, OSError, KeyError, ValueError) as err:
        raise WeightsError(f"The checkpoint '{path}' is damaged ({err}); delete it to start again.") from err


def _part(tensors: dict[str, Tensor], part: str) -> dict[str, Tensor]:
    """Return the tensors under one prefix, without it."""
    return {name.removeprefix(f"{part}."): value for name, value in tensors.items() if name.startswith(f"{part}.")}
