"""The one scale of colors and widths for what pairs add, so that scenes, seeds, models and moments compare."""

from __future__ import annotations

from types import MappingProxyType

#: What nodes are -> logits from which a pair has full color and width; more than that looks the same, with its number.
FULL_LOGITS = MappingProxyType({"objects": 5.0, "cells": 1.0})


def full_logits(labels: tuple[str, ...] | list[str]) -> float:
    """Return the logits at the end of the scale for pairs of some nodes; cells are labeled by numbers alone."""
    return FULL_LOGITS["cells" if labels and labels[0].isdigit() else "objects"]
