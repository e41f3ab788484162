"""Models and recipes of the chain task: recurrent steps, 1 to 8, and relation layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rn_core.models import ModelConfig
from rn_core.models.baselines import MLPConfig
from rn_core.models.encoders import RowEncoderConfig
from rn_core.models.multi_layer import MultiLayerRelationNetworkConfig
from rn_core.models.recurrent import RecurrentRelationNetworkConfig
from rn_core.tasks.domain import Models, Recipe
from rn_core.tasks.sort_of_clevr.chain import CHAIN_ANSWERS, CHAIN_STARTS, CHAIN_TYPES, D_CHAIN_QUESTION
from rn_core.tasks.sort_of_clevr.chain_scene import CHAIN_COLORS, CHAIN_SHAPES, N_CHAIN_OBJECTS

CHAIN = "sort-of-clevr/chain"
#: Model -> its relation layers, each with weights of its own.
LAYERS: Mapping[str, int] = {"rn-4-layers": 4, "rn-8-layers": 8}
#: Model -> its recurrent steps, which share their weights.
STEPS: Mapping[str, int] = {"rn": 1, "rn-2-steps": 2, "rn-4-steps": 4, "rn-8-steps": 8}
#: Columns of a row: color, shape, and from here on x and y.
_CENTER_AT = len(CHAIN_COLORS) + len(CHAIN_SHAPES)
_ROWS = RowEncoderConfig(_CENTER_AT + 2)
#: Distances are given with each pair, as on the edges of Palm et al. 2018.
_COMPARED_ROWS = replace(_ROWS, d_pair=1, center_at=_CENTER_AT, distance_scale=30.0)
_SIZES = (_ROWS.d_object, D_CHAIN_QUESTION, len(CHAIN_ANSWERS))
#: The question begins with the start's bits, and an object's row with its own color and shape.
_NAMED: Mapping[str, Any] = {"names_at": (0,), "d_name": len(CHAIN_STARTS)}


def _layered(n_layers: int, g_widths: tuple[int, ...]) -> ModelConfig:
    """Return a network of relation layers, with a loss at each in training."""
    core = MultiLayerRelationNetworkConfig(
        *_SIZES, n_layers=n_layers, g_widths=g_widths, f_widths=g_widths[:1], every_layer=True, **_NAMED
    )
    return ModelConfig(_ROWS, core)


def _recurrent(n_steps: int, widths: tuple[int, ...], f_widths: tuple[int, ...]) -> ModelConfig:
    """Return a network of recurrent steps, with a loss at each in training; r reads the number of jumps."""
    core = RecurrentRelationNetworkConfig(
        *_SIZES,
        n_steps=n_steps,
        d_state=widths[0],
        e_widths=widths[:2],
        message_widths=widths,
        f_widths=f_widths,
        asks_last=True,
        u_widths=widths[:1],
        d_pair=_COMPARED_ROWS.d_pair,
        **_NAMED,
    )
    return ModelConfig(_COMPARED_ROWS, core)


def _models(
    g_widths: tuple[int, ...], message_widths: tuple[int, ...], f_widths: tuple[int, ...], mlp_widths: tuple[int, ...]
) -> Models:
    """Return the networks of one size."""
    return {
        **{name: _recurrent(n_steps, message_widths, f_widths) for name, n_steps in STEPS.items()},
        **{name: _layered(n_layers, g_widths) for name, n_layers in LAYERS.items()},
        "mlp": ModelConfig(_ROWS, MLPConfig(N_CHAIN_OBJECTS, *_SIZES, mlp_widths)),
    }


#: "paper" has the messages of Palm et al. 2018: four layers of 128 units.
CHAIN_MODELS: Mapping[str, Models] = {
    "paper": _models((128,) * 4, (128,) * 4, (128,) * 3, (512,) * 4),
    "small": _models((96, 96), (96, 96, 96), (128,), (256,) * 3),
    "tiny": _models((56, 56), (56, 56), (56,), (128,) * 3),
}
#: Questions that start at one object share their steps, so many are asked of each scene.
_SETTINGS: Mapping[str, Any] = {
    "learning_rate": 2e-3,
    "validation_scenes": 200,
    "precision": "32-true",
    "focus": 0.3,
    "n_scenes": 16,
    "n_questions": 48,
}


def _begin(n_steps: int, first_steps: int, steps: int) -> Mapping[str, Any]:
    """Return the settings of a new network, which is asked for jumps that its steps can follow first, then for all."""
    return {**_SETTINGS, "first_types": CHAIN_TYPES[: n_steps + 1], "first_steps": first_steps, "steps": steps}


def _go_on(n_steps: int, steps: int, name: str) -> Mapping[str, Any]:
    """Return the settings of a network that goes on from one of fewer steps, on jumps that its own can follow."""
    return {**_SETTINGS, "question_types": CHAIN_TYPES[: n_steps + 1], "core_from": name, "steps": steps}


#: Steps share their weights, so a network of more steps goes on from one of fewer.
CHAIN_RECIPES: Mapping[str, Recipe] = {
    "sort-of-clevr/rn-chain": Recipe(CHAIN, "rn", _begin(1, 2_500, 3_500)),
    "sort-of-clevr/rn-chain-2-steps": Recipe(CHAIN, "rn-2-steps", _begin(2, 3_500, 4_500)),
    "sort-of-clevr/rn-chain-4-steps": Recipe(CHAIN, "rn-4-steps", _go_on(4, 6_000, "sort-of-clevr/rn-chain-2-steps")),
    "sort-of-clevr/rn-chain-8-steps": Recipe(CHAIN, "rn-8-steps", _go_on(7, 3_000, "sort-of-clevr/rn-chain-4-steps")),
}
_RECIPE_NAMES: Mapping[str, str] = {model: f"rn-chain{model.removeprefix('rn')}" for model in STEPS}
CHAIN_TITLES: Mapping[str, str] = {
    name: "RN, 1 relation step" if model == "rn" else f"Recurrent RN, {STEPS[model]} steps"
    for model, name in _RECIPE_NAMES.items()
}
CHAIN_MEASURES: Mapping[str, str] = {
    "chain": "Chains of jumps to the nearest object not yet visited",
    "jumps_0": "The start itself",
    "jumps_1": "1 jump",
    **{f"jumps_{n}": f"{n} jumps" for n in range(2, N_CHAIN_OBJECTS)},
}
