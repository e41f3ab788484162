"""Figures that are ready to be sent, and what tells two of them apart; no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from hashlib import blake2b
from typing import Protocol, runtime_checkable

import numpy as np
import plotly.graph_objects as go
from torch import Tensor

_SCALARS = (str, bytes, int, float, np.generic, type(None))


def make_ready(figure: go.Figure) -> go.Figure:
    """Return a finished figure whose JSON values are made once, not whenever it is sent; nobody changes it.

    Args:
        figure: the finished one; of its layout only `meta` can be read in the returned one.
    """
    values, ready = figure.to_dict(), go.Figure(layout={"meta": figure.layout.meta})
    # The values are shared, so only the outermost dictionary is the caller's. Plotly forbids other ways to set this.
    vars(ready)["to_dict"] = lambda: dict(values)
    return ready


@runtime_checkable
class Keyed(Protocol):
    """A large input of a figure that says itself what tells it apart."""

    @property
    def figure_key(self) -> object:
        """Return a value that differs wherever two inputs give different figures."""
        ...


def digest_inputs(*inputs: object) -> str:
    """Return a digest that differs wherever the content of two figures' inputs does.

    Args:
        inputs: scalars, arrays, tensors, records of these (dataclasses), lists, tuples, sets and dictionaries of them,
            and `Keyed`.

    Raises:
        TypeError: if an input is of another type.
    """
    return blake2b(repr(_flatten(inputs)).encode(), digest_size=16).hexdigest()


def _flatten(value: object) -> object:
    """Return a value as nested tuples of scalars, whose text tells it apart from all others."""
    if isinstance(value, _SCALARS):
        return value
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, blake2b(value.tobytes(), digest_size=16).digest()
    if isinstance(value, Tensor):
        return _flatten(value.detach().numpy())
    if isinstance(value, list | tuple):
        return tuple(map(_flatten, value))
    if isinstance(value, set | frozenset):
        return "set", *sorted(repr(_flatten(each)) for each in value)
    if isinstance(value, Mapping):
        return tuple((key, _flatten(each)) for key, each in value.items())
    if isinstance(value, Keyed):
        return type(value).__qualname__, _flatten(value.figure_key)
    if is_dataclass(value):
        return type(value).__qualname__, *(_flatten(getattr(value, each.name)) for each in fields(value))
    raise TypeError(f"A figure's input must be made of scalars, arrays and records, got {type(value).__qualname__}.")
