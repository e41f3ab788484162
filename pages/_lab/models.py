"""The models that pages can show, by the names that stand in a URL; no Streamlit.

Shipped models have names for everybody. A session's own have names made from what they hold, so a name means the
same model wherever that model is, and nothing where it is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeGuard

from torch import nn

from pages._lab.words import GRID
from rn_core.common.errors import RNCoreError, lookup
from rn_core.models.slots import SlotEncoder, SlotEncoderConfig
from rn_core.tasks import Task
from rn_core.tasks.sort_of_clevr import COLORS, SortOfClevr

N_CELLS = GRID**2
#: Shipped Relation Network -> the baseline that answers beside it.
MODELS = MappingProxyType(
    {
        "rn-objects": "mlp-objects",
        "rn-objects-2to10": "mlp-objects",
        "rn-pixels": "mlp-pixels",
        "rn-pixels-end-to-end": "mlp-pixels-end-to-end",
        "rn-pixels-styles": "mlp-pixels",
        "rn-slots": "mlp-pixels",
    }
)
#: What a model sees -> the objects that its pairs are made of, at most.
_N_OBJECTS = MappingProxyType({"objects": len(COLORS), "pixels": N_CELLS, "slots": SlotEncoderConfig.n_slots})
#: Digits of the hash in a name, 128 bits of it: nobody finds two models with the same ones. What models said is cached
#: by name for all sessions, so a second model by a name would be answered for by the first.
N_DIGITS = 32
#: Digits in older links.
_FEWER_DIGITS = 12
_OWN = re.compile(rf"own-(objects|pixels|slots)-[0-9a-f]{{{_FEWER_DIGITS}}}([0-9a-f]{{{N_DIGITS - _FEWER_DIGITS}}})?")
_BASELINE = "-baseline"


def parse_model(text: str) -> str:
    """Read a model's name: a key of `MODELS`, or one of a session's own; whether this session has it is seen later.

    Raises:
        UnknownNameError: listing the shipped names.
    """
    return parse_name(text, MODELS)


def parse_name(text: str, shipped: Mapping[str, Any]) -> str:
    """Read a model's name as `parse_model`, where `shipped` has the names that are there for everybody."""
    if not _OWN.fullmatch(text):
        lookup(text, shipped, "model")
    return text


def match_own(name: str, own: Iterable[str]) -> str | None:
    """Return which of a session's own models a name from a link means, or None; older links have fewer digits."""
    return next((known for known in own if known.startswith(name)), None)


def own_name(view: str, digest: str) -> str:
    """Return the name of a session's own model.

    Args:
        view: "objects", "pixels" or "slots".
        digest: hexadecimal hash of everything that its answers depend on.
    """
    return f"own-{view}-{digest[:N_DIGITS]}"


def is_own(model: str) -> bool:
    """Return whether a name, also that of a baseline, is one of a session's own models."""
    return model.startswith("own-")


def sees_pixels(model: str) -> bool:
    """Return whether a model's objects are the cells of an image."""
    return view_of(model) == "pixels"


def finds_objects(model: str) -> bool:
    """Return whether a model finds the objects of an image by itself."""
    return view_of(model) == "slots"


def view_of(model: str) -> str:
    """Return what a model sees: "objects" (rows), "pixels" (an image, as cells) or "slots" (an image, as objects)."""
    return model.removesuffix(_BASELINE).split("-")[1]


def asks_about_shapes(task: Task | None) -> TypeGuard[SortOfClevr]:
    """Return whether a task's scenes are those that Explore shows."""
    return isinstance(task, SortOfClevr)


def seen_by(task: Task) -> str:
    """Return "objects" or "pixels", what models of a task see; raises RNCoreError unless it asks about shapes."""
    if not asks_about_shapes(task):
        raise RNCoreError(f"The task must be about scenes of shapes, got '{task.name}'; choose one of Sort-of-CLEVR.")
    return task.view


def read_as(task: Task, encoder: nn.Module) -> str:
    """Return what a model of a task makes its objects of, as `view_of`; errors as `seen_by`."""
    return "slots" if isinstance(encoder, SlotEncoder) else seen_by(task)


def baseline_of(model: str) -> str:
    """Return the name of what answers beside a Relation Network."""
    return MODELS.get(model, f"{model}{_BASELINE}")


def shipped_baseline(model: str) -> str:
    """Return the shipped baseline that sees the same."""
    return MODELS[f"rn-{view_of(model)}"]


def count_pairs(model: str) -> int:
    """Return the ordered pairs of what a model sees."""
    return _N_OBJECTS[view_of(model)] ** 2
