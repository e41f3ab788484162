"""Models and recipes of the chain task: relation layers, 1 to 8, and recurrent steps, 1 to 8."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rn_core.models import ModelConfig
from rn_core.models.baselines import MLPConfig
from rn_core.models.encoders import RowEncoderConfig
from rn_core.models.multi_layer import MultiLayerRelationNetworkConfig
from rn_core.models.recurrent import RecurrentRelationNetworkConfig
from rn_core.tasks.domain import Models, Recipe
from rn_core.tasks.sort_of_clevr.chain import CHAIN_ANSWERS, CHAIN_STARTS, D_CHAIN_QUESTION
from rn_core.tasks.sort_of_clevr.chain_scene import CHAIN_COLORS, CHAIN_SHAPES, N_CHAIN_OBJECTS

CHAIN = "sort-of-clevr/chain"
#: Model -> its relation layers, each with weights of its own; one layer is the Relation Network.
LAYERS: Mapping[str, int] = {"rn": 1, "rn-2-layers": 2, "rn-4-layers": 4, "rn-8-layers": 8}
#: Model -> its recurrent steps, which share their weights.
STEPS: Mapping[str, int] = {"rn-1-step": 1, "rn-2-steps": 2, "rn-4-steps": 4, "rn-8-steps": 8}
#: Color, shape, place, and the distance to the object of each color.
D_CHAIN_ROW = len(CHAIN_COLORS) + len(CHAIN_SHAPES) + 2 + N_CHAIN_OBJECTS
_ROWS = RowEncoderConfig(D_CHAIN_ROW)
_SIZES = (D_CHAIN_ROW, D_CHAIN_QUESTION, len(CHAIN_ANSWERS))
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
        e_widths=widths[1:],
        message_widths=widths,
        f_widths=f_widths,
        asks_last=True,
        **_NAMED,
    )
    return ModelConfig(_ROWS, core)


def _models(
    g_widths: tuple[int, ...], message_widths: tuple[int, ...], f_widths: tuple[int, ...], mlp_widths: tuple[int, ...]
) -> Models:
    """Return the networks of one size."""
    return {
        **{name: _layered(n_layers, g_widths) for name, n_layers in LAYERS.items()},
        **{name: _recurrent(n_steps, message_widths, f_widths) for name, n_steps in STEPS.items()},
        "mlp": ModelConfig(_ROWS, MLPConfig(N_CHAIN_OBJECTS, *_SIZES, mlp_widths)),
    }


#: "paper" has the messages of Palm et al. 2018: four layers of 128 units.
CHAIN_MODELS: Mapping[str, Models] = {
    "paper": _models((128,) * 4, (128,) * 4, (128,) * 3, (512,) * 4),
    "small": _models((64, 64), (96, 96), (256, 256), (256,) * 3),
    "tiny": _models((56, 56), (56, 56), (56,), (128,) * 3),
}
#: Short chains first: how to jump once is learned before how to go on from there.
_FROM_STARTS: Mapping[str, Any] = {
    "learning_rate": 1e-3,
    "validation_scenes": 200,
    "precision": "32-true",
    "focus": 0.5,
    "first_types": ("jumps_0", "jumps_1", "jumps_2", "jumps_3", "jumps_4"),
}
#: Questions that start at one object share the steps of a recurrent network, so many are asked of each scene.
_OF_LAYERS = {**_FROM_STARTS, "n_scenes": 16, "n_questions": 16, "first_steps": 2_000}
_OF_STEPS = {**_FROM_STARTS, "n_scenes": 12, "n_questions": 96, "first_steps": 3_000}
#: Relation layers, or recurrent steps -> optimizer steps, which take about 25 minutes on one core at most.
_FOR_LAYERS, _FOR_STEPS = {1: 16_000, 2: 14_000, 4: 8_000, 8: 4_000}, {1: 16_000, 2: 14_000, 4: 8_500, 8: 5_000}
_SETTINGS: Mapping[str, Mapping[str, Any]] = {
    **{model: {**_OF_LAYERS, "steps": _FOR_LAYERS[n]} for model, n in LAYERS.items()},
    **{model: {**_OF_STEPS, "steps": _FOR_STEPS[n]} for model, n in STEPS.items()},
}
_RECIPE_NAMES: Mapping[str, str] = {model: f"rn-chain{model.removeprefix('rn')}" for model in (*LAYERS, *STEPS)}
CHAIN_RECIPES: Mapping[str, Recipe] = {
    f"sort-of-clevr/{name}": Recipe(CHAIN, model, _SETTINGS[model]) for model, name in _RECIPE_NAMES.items()
}
CHAIN_TITLES: Mapping[str, str] = {
    **{_RECIPE_NAMES[model]: f"RN, {n} relation layer{'s' * (n > 1)}" for model, n in LAYERS.items()},
    **{_RECIPE_NAMES[model]: f"Recurrent RN, {n} step{'s' * (n > 1)}" for model, n in STEPS.items()},
}
CHAIN_MEASURES: Mapping[str, str] = {
    "chain": "Chains of jumps to the nearest object not yet visited",
    "jumps_0": "The start itself",
    "jumps_1": "1 jump",
    **{f"jumps_{n}": f"{n} jumps" for n in range(2, N_CHAIN_OBJECTS)},
}
