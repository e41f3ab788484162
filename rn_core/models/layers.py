"""Helpers of encoders and cores: stacks of linear layers, and checks of their sizes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import asdict, fields
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, overload

import torch
from torch import Tensor, nn

from rn_core.common.errors import RNCoreError

#: The index that takes everything.
ALL = slice(None)
#: Marks a config field added after configs had been written to cards: it is omitted at its default.
OMIT_DEFAULT: Mapping[str, bool] = MappingProxyType({"omit_default": True})


def plain_fields(config: Any) -> dict[str, Any]:
    """Return a config dataclass as plain values, without the `OMIT_DEFAULT` fields at their default."""
    later = {field.name: field.default for field in fields(config) if "omit_default" in field.metadata}
    return {name: value for name, value in asdict(config).items() if name not in later or value != later[name]}


def make_mlp(sizes: tuple[int, ...], dropout: float = 0.0) -> Layers:
    """Return linear layers of `sizes` with ReLU between them and dropout before the last one.

    Args:
        sizes: features of the input, of every hidden layer and of the result; at least two.
        dropout: probability, 0 to below 1.
    """
    layers: list[nn.Module] = []
    for d_in, d_out in pairwise(sizes[:-1]):
        layers += [nn.Linear(d_in, d_out), nn.ReLU()]
    if dropout:
        layers.append(nn.Dropout(dropout))
    return Layers(*layers, nn.Linear(sizes[-2], sizes[-1]))


class Linears(nn.ModuleList):
    """A `ModuleList` of linear layers only, typed as such."""

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, idx: slice) -> Linears: ...
        @overload
        def __getitem__(self, idx: int) -> nn.Linear: ...
        def __getitem__(self, idx: int | slice) -> nn.Linear | Linears:
            """Return one layer, or some of them."""
            ...

        def __iter__(self) -> Iterator[nn.Linear]:
            """Return an iterator over the layers."""
            ...


class Layers(nn.Sequential):
    """A `Sequential` from one tensor to another, typed as such."""

    if TYPE_CHECKING:

        def __call__(self, rows: Tensor) -> Tensor:
            """Return the output of the layers."""
            ...


def linear_at(layers: nn.Sequential, index: int) -> nn.Linear:
    """Return a layer that must be linear; raises TypeError if it is not."""
    layer = layers[index]
    if not isinstance(layer, nn.Linear):
        raise TypeError(f"Layer {index} must be linear, got {type(layer).__name__}.")
    return layer


def read_sum(f_phi: Layers, aggregate: Tensor) -> Tensor:
    """Return the logits of sums (..., D_g), computed outside autocast: bf16 would lose a single pair in a large one."""
    device, dtype = aggregate.device.type, linear_at(f_phi, 0).weight.dtype
    aggregate = aggregate if aggregate.dtype == dtype else aggregate.to(dtype)
    with torch.autocast(device, enabled=False) if torch.is_autocast_enabled(device) else nullcontext():
        return f_phi(aggregate)


@overload
def take_rows(rows: Tensor, index: slice | Tensor | None) -> Tensor: ...
@overload
def take_rows(rows: Tensor | None, index: slice | Tensor | None) -> Tensor | None: ...
def take_rows(rows: Tensor | None, index: slice | Tensor | None) -> Tensor | None:
    """Return some of the rows, with repetition; None for None, and all of them unchanged for no index or `ALL`."""
    return rows if rows is None or index is None or index is ALL else rows[index]


def split_range(length: int, step: int) -> list[slice]:
    """Return slices of `step` that cover `length`; one empty slice if `length` is 0."""
    return [slice(start, min(start + step, length)) for start in range(0, length, step)] or [slice(0, 0)]


def split_logit(logit: Tensor) -> Tensor:
    """Return a yes-or-no logit (...) as two (2, ...), "no" and "yes", whose softmax is its sigmoid."""
    return torch.stack([-logit / 2, logit / 2])


@torch.no_grad()
def read_alone(f_phi: nn.Sequential, k: int) -> nn.Sequential:
    """Return layers that output only the k-th of many yes-or-no logits, as `split_logit` does.

    So both answers get a contribution from every pair.
    """
    last = linear_at(f_phi, -1)
    both = nn.Linear(last.in_features, 2, device="meta", dtype=last.weight.dtype).to_empty(device=last.weight.device)
    for own, learned in ((both.weight, last.weight[k]), (both.bias, last.bias[k])):
        own.copy_(split_logit(learned))
    return nn.Sequential(*[*f_phi][:-1], both).train(f_phi.training)


def check_size(name: str, value: int, lowest: int = 1) -> int:
    """Return `value`; raises RNCoreError if it is not a whole number of at least `lowest`."""
    if not isinstance(value, int) or isinstance(value, bool) or value < lowest:
        raise RNCoreError(f"{name} must be a whole number of {lowest} or more, got {value!r}; choose another size.")
    return value


def check_sizes(name: str, values: Iterable[int]) -> tuple[int, ...]:
    """Return layer sizes as a tuple; raises RNCoreError if it is empty or one is below 1."""
    sizes = tuple(values)
    if not sizes:
        raise RNCoreError(f"{name} must list one or more layer sizes, got none; list at least one.")
    return tuple(check_size(f"Each of {name}", size) for size in sizes)


def check_factor(name: str, value: float, usual: int = 1) -> None:
    """Raise RNCoreError for a factor that is not above 0 and finite."""
    if not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise RNCoreError(f"{name} must be above 0 and finite, got {value!r}; {usual} is usual.")


def check_dropout(name: str, value: float) -> float:
    """Return a dropout probability; raises RNCoreError if it is not at least 0 and below 1."""
    if not 0 <= value < 1:
        raise RNCoreError(f"{name} must be at least 0 and below 1, got {value!r}; choose a value in between.")
    return value
