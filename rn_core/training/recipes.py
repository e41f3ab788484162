"""How each weights file that ships was trained: name -> `TrainConfig`, run by `python -m rn_core train NAME`."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

from rn_core.common.errors import lookup
from rn_core.models.configs import model_config
from rn_core.training.config import TrainConfig

#: Questions asked in a step are few and steps many: with 128 questions a step the objects are told apart
#: after a fifth of the questions that 576 a step take.
_PIXELS = MappingProxyType({"learning_rate": 1e-3, "warm_start": 6_000, "hold_encoder": 0.85, "validation_scenes": 20})
_OBJECTS = MappingProxyType({"learning_rate": 1e-3, "validation_scenes": 200})

#: From CLEVR's pictures in a folder: the batch of 640 questions, the warm-up and the rest that made others' runs
#: succeed (where we differ: AdamW's weight decay), and the paper's augmentation. About 400 epochs of CLEVR v1.0.
_FOLDER = MappingProxyType(
    {
        "n_scenes": 64,
        "n_questions": 10,
        "schedule": "doubling",
        "first_rate": 5e-6,
        "doubling_epochs": 20,
        "learning_rate": 5e-4,
        "weight_decay": 1e-4,
        "clip_norm": 50.0,
        "augment": True,
        "steps": 437_500,
        "validate_every": 1_000,
        "validation_scenes": 1_000,
    }
)

#: From CLEVR's object rows: all parts first learn what a program makes of them; then the question encoder stands still
#: while the others learn to answer, because it costs a third of each step.
_STATES = MappingProxyType(
    {
        "n_scenes": 40,
        "n_questions": 8,
        "pool_scenes": 130_000,
        "learning_rate": 5e-4,
        "warm_start": 5_000,
        "hold_encoder": 0.8,
        "steps": 18_000,
        "validation_scenes": 400,
    }
)

#: From bAbI's stories, one question each; lessons before answers as for CLEVR's object rows, then f_phi learns to read
#: what the relations learned in them. The baseline has no pairs and learns from answers alone.
_STORIES = MappingProxyType(
    {
        "n_scenes": 256,
        "n_questions": 1,
        "pool_scenes": 1_000_000,
        "learning_rate": 1e-3,
        "warm_start": 4_000,
        "hold_relations": 0.12,
        "steps": 6_000,
        "validate_every": 500,
        "validation_scenes": 2_000,
    }
)

#: From the paths of balls, in scenes that come turned, mirrored and with other colours each time. Lessons as for bAbI.
_BALLS = MappingProxyType(
    {
        "n_scenes": 256,
        "n_questions": 1,
        "pool_scenes": 60_000,
        "learning_rate": 1e-3,
        "steps": 6_000,
        "validate_every": 1_000,
        "validation_scenes": 500,
    }
)
#: The baselines have no pairs to teach; they take as many steps, on as many scenes, as the networks beside them.
_BASELINE = MappingProxyType({**_BALLS, "pool_scenes": 240_000, "steps": 12_000})
_PATH_BASELINE = MappingProxyType({**_BALLS, "steps": 8_000})
_TIED_BALLS = MappingProxyType({**_BALLS, "warm_start": 5_000, "hold_relations": 0.1})
#: Their relations have learned from pairs and connections already; what reads their sum starts afresh.
_FROM_TIES = MappingProxyType({**_BALLS, "core_from": "physics/rn-ties", "pool_scenes": 240_000})
#: For paths to come nearly all is learned in lessons; then the whole prediction, which takes long, is set to rights.
#: Its gradients grow with every step of time, so those steps are few and small: with 5e-4 the network was lost in 300.
_MOVING_BALLS = MappingProxyType(
    {
        **_BALLS,
        "n_scenes": 32,
        "pool_scenes": 40_000,
        "learning_rate": 1e-4,
        "warmup_steps": 30,
        "warm_start": 8_000,
        "steps": 300,
        "clip_norm": 0.1,
        "validate_every": 100,
    }
)

RECIPES: MappingProxyType[str, tuple[str, str, MappingProxyType[str, Any]]] = MappingProxyType(
    {
        "sort-of-clevr/rn-pixels": (
            "sort-of-clevr/pixels",
            "rn",
            MappingProxyType(
                {
                    **_PIXELS,
                    "core_from": "sort-of-clevr/rn-objects",
                    "learning_rate": 5e-4,
                    "steps": 6_000,
                    "hold_encoder": 0.45,
                    "n_cells": 9,
                    "all_cells_from": 0.45,
                }
            ),
        ),
        "sort-of-clevr/mlp-pixels": ("sort-of-clevr/pixels", "mlp", MappingProxyType({**_PIXELS, "steps": 40_000})),
        "sort-of-clevr/rn-objects": ("sort-of-clevr/objects", "rn", MappingProxyType({**_OBJECTS, "steps": 15_000})),
        "sort-of-clevr/mlp-objects": ("sort-of-clevr/objects", "mlp", MappingProxyType({**_OBJECTS, "steps": 30_000})),
        "clevr/rn-states": ("clevr/states", "rn", _STATES),
        "clevr/mlp-states": ("clevr/states", "mlp", _STATES),
        "clevr/lstm-states": ("clevr/states", "lstm", _STATES),
        "clevr/rn-pixels": ("clevr/pixels", "rn", _FOLDER),
        "clevr/mlp-pixels": ("clevr/pixels", "mlp", _FOLDER),
        "clevr/sa-pixels": ("clevr/pixels", "sa", _FOLDER),
        "babi/rn-joint": ("babi", "rn", _STORIES),
        "babi/rn-2hop": (
            "babi",
            "2hop",
            MappingProxyType(
                {**_STORIES, "core_from": "babi/rn-joint", "warm_start": 0, "hold_relations": 0.0, "steps": 2_000}
            ),
        ),
        "babi/lstm-joint": (
            "babi",
            "mlp",
            MappingProxyType({**_STORIES, "warm_start": 0, "hold_relations": 0.0, "steps": 10_000}),
        ),
        "physics/rn-ties": ("physics/connections", "ties", _TIED_BALLS),
        "physics/rn-connections": (
            "physics/connections",
            "rn",
            MappingProxyType({**_FROM_TIES, "hold_relations": 0.1, "steps": 12_000}),
        ),
        "physics/mlp-connections": ("physics/connections", "mlp", _BASELINE),
        "physics/rn-count": (
            "physics/count",
            "rn",
            MappingProxyType({**_FROM_TIES, "hold_relations": 0.15, "steps": 10_000}),
        ),
        "physics/mlp-count": ("physics/count", "mlp", _BASELINE),
        "physics/rn-predict": ("physics/predict", "motion", _MOVING_BALLS),
        "physics/in-predict": ("physics/predict", "interaction", _MOVING_BALLS),
        "physics/mlp-predict": ("physics/predict", "paths", _PATH_BASELINE),
    }
)


def make_recipe(name: str, size: str = "small", **changes: Any) -> TrainConfig:
    """Return the config that trains a weights file.

    Args:
        name: key of `RECIPES`.
        size: "small" (what ships) or "paper".
        changes: fields of `TrainConfig` to set otherwise; None leaves a field as it is.

    Raises:
        RNCoreError: on an unknown name or size, or a value out of range.
    """
    task, kind, values = lookup(name, RECIPES, "recipe")
    config = TrainConfig(task=task, model=model_config(task, kind, size), **values)
    return replace(config, **{key: value for key, value in changes.items() if value is not None})
