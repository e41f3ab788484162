"""How weights are trained: name -> `TrainConfig`, run by `python -m rn_core train NAME`.

The recipes are in the domains' own `spec.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rn_core.common.errors import lookup
from rn_core.tasks.registry import RECIPES, model_config
from rn_core.training.config import TrainConfig

__all__ = ["RECIPES", "make_recipe"]


def make_recipe(name: str, size: str | None = None, **changes: Any) -> TrainConfig:
    """Return the config that trains a weights file.

    Args:
        name: key of `RECIPES`.
        size: such as "small" or "paper"; None for the published size.
        changes: fields of `TrainConfig` to override; None leaves a field unchanged.

    Raises:
        RNCoreError: on an unknown name or size, or a value out of range.
    """
    recipe = lookup(name, RECIPES, "recipe")
    model = model_config(recipe.task, recipe.model, size or recipe.size)
    config = TrainConfig(task=recipe.task, model=model, **recipe.settings)
    return replace(config, **{key: value for key, value in changes.items() if value is not None})
