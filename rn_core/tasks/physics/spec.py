"""What is known of the balls on a table beside their tasks.

Source of "paper": Santoro et al. 2017, "A simple neural network module for relational reasoning"
(https://arxiv.org/abs/1706.01427).
"""

from __future__ import annotations

from dataclasses import replace

from rn_core.models import EncoderConfig, ModelConfig
from rn_core.models.baselines import MLPConfig
from rn_core.models.encoders import RowEncoderConfig
from rn_core.models.motion import MotionNetworkConfig
from rn_core.models.path_mlp import PathMLPConfig
from rn_core.models.paths import PathEncoderConfig
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.tasks.domain import Domain, PublishedFigure, Recipe, Titles
from rn_core.tasks.physics.encoding import D_ROW
from rn_core.tasks.physics.world import DEFAULT_BALLS, MOST_BALLS, N_FRAMES

CONNECTIONS, COUNT, PREDICT = "physics/connections", "physics/count", "physics/predict"
#: Scenes of two to twelve balls.
VARYING_CONNECTIONS, VARYING_COUNT = f"{CONNECTIONS}-2to12", f"{COUNT}-2to12"
#: Pairs of balls, and numbers of connected groups.
_N_CONNECTIONS, _N_COUNTS = DEFAULT_BALLS * (DEFAULT_BALLS - 1) // 2, DEFAULT_BALLS
_N_VARYING_CONNECTIONS, _N_VARYING_COUNTS = MOST_BALLS * (MOST_BALLS - 1) // 2, MOST_BALLS

_ROWS, _PATHS = RowEncoderConfig(D_ROW), PathEncoderConfig(D_ROW, N_FRAMES)
_COMPARED_PATHS = replace(_PATHS, compares=True)
_PAPER_G = (1000, 1000, 1000, 500)


def _paper_rn(n_logits: int, f_widths: tuple[int, ...]) -> ModelConfig:
    """Return the paper's Relation Network; nothing is asked, so its questions have no features."""
    return ModelConfig(_ROWS, RelationNetworkConfig(_ROWS.d_object, 0, n_logits, _PAPER_G, f_widths))


def _small_rn(n_logits: int, f_widths: tuple[int, ...]) -> ModelConfig:
    """Return our Relation Network, which sees what two paths have in common."""
    core = RelationNetworkConfig(
        _PATHS.d_object, 0, n_logits, (256, 256, 256, 128), f_widths, aggregate_scale=0.2, d_pair=_COMPARED_PATHS.d_pair
    )
    return ModelConfig(_COMPARED_PATHS, core)


def _mlp(encoder: EncoderConfig, n_logits: int, widths: tuple[int, ...], n_balls: int = DEFAULT_BALLS) -> ModelConfig:
    """Return the MLP, which sees all balls side by side."""
    return ModelConfig(encoder, MLPConfig(n_balls, encoder.d_object, 0, n_logits, widths))


_SMALL_MOTION = MotionNetworkConfig(D_ROW, reader_widths=(192, 192), g_widths=(64, 64, 4), f_widths=(64,))
#: "paper" is of supplement F; the paper predicts no paths, so that those sizes are ours. "small" is ours: it trains on
#: a laptop, and its MLPs have more parameters than its Relation Networks.
_MODELS = {
    CONNECTIONS: {
        "paper": {
            "rn": _paper_rn(_N_CONNECTIONS, (500, 100, 100)),
            "mlp": _mlp(_ROWS, _N_CONNECTIONS, (1000,) * 4),
        },
        "small": {
            "rn": _small_rn(_N_CONNECTIONS, (512, 512)),
            "rn-ties": _small_rn(_N_CONNECTIONS, (256, 256)),
            "mlp": _mlp(_PATHS, _N_CONNECTIONS, (400, 400)),
        },
    },
    COUNT: {
        "paper": {"rn": _paper_rn(_N_COUNTS, (500, 100)), "mlp": _mlp(_ROWS, _N_COUNTS, (1000,) * 4)},
        "small": {"rn": _small_rn(_N_COUNTS, (512, 512)), "mlp": _mlp(_PATHS, _N_COUNTS, (400, 400))},
    },
    VARYING_CONNECTIONS: {
        "paper": {
            "rn": _paper_rn(_N_VARYING_CONNECTIONS, (500, 100, 100)),
            "mlp": _mlp(_ROWS, _N_VARYING_CONNECTIONS, (1000,) * 4, MOST_BALLS),
        },
        "small": {
            "rn": _small_rn(_N_VARYING_CONNECTIONS, (512, 512)),
            "mlp": _mlp(_PATHS, _N_VARYING_CONNECTIONS, (400, 400), MOST_BALLS),
        },
    },
    VARYING_COUNT: {
        "paper": {
            "rn": _paper_rn(_N_VARYING_COUNTS, (500, 100)),
            "mlp": _mlp(_ROWS, _N_VARYING_COUNTS, (1000,) * 4, MOST_BALLS),
        },
        "small": {
            "rn": _small_rn(_N_VARYING_COUNTS, (512, 512)),
            "mlp": _mlp(_PATHS, _N_VARYING_COUNTS, (400, 400), MOST_BALLS),
        },
    },
    PREDICT: {
        "paper": {
            "rn": ModelConfig(
                _ROWS, replace(_SMALL_MOTION, reader_widths=_PAPER_G, g_widths=(128, 128, 4), f_widths=(500, 100))
            ),
            "mlp": ModelConfig(_ROWS, PathMLPConfig(DEFAULT_BALLS, D_ROW, widths=(1000,) * 4)),
        },
        "small": {
            "rn": ModelConfig(_ROWS, _SMALL_MOTION),
            "in": ModelConfig(_ROWS, replace(_SMALL_MOTION, sees_receiver=True)),
            "mlp": ModelConfig(_ROWS, PathMLPConfig(DEFAULT_BALLS, D_ROW, widths=(512, 512))),
        },
    },
}

#: From the paths of balls, in scenes turned, mirrored and recolored each time. Pretraining as for bAbI.
_BALLS = {
    "n_scenes": 256,
    "n_questions": 1,
    "pool_scenes": 60_000,
    "learning_rate": 1e-3,
    "steps": 6_000,
    "validate_every": 1_000,
    "validation_scenes": 500,
}
#: Nothing but answers: a small network, a high rate, many small steps.
_BALLS_END_TO_END = {**_BALLS, "n_scenes": 64, "learning_rate": 2e-3, "steps": 16_000}
#: The baselines have no pairs to pretrain; they take as many steps, on as many scenes, as the networks beside them.
_BASELINE = {**_BALLS, "pool_scenes": 240_000, "steps": 12_000}
#: Their relations have learned from pairs and connections already; what reads their sum starts from scratch.
_FROM_FIRST_STAGE = {**_BALLS, "core_from": "physics/rn-ties", "pool_scenes": 240_000}
#: For path prediction nearly all is learned in pretraining; then whole predictions, which take long, fine-tune it.
#: Its gradients grow with every time step, so its training steps are few and small: 5e-4 diverged within 300.
_MOVING_BALLS = {
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
#: All that is known of ten balls is kept; what is new are the pairs of two more colors, and more and fewer balls.
_VARYING_BALLS = {
    **_BALLS,
    "core_from": "physics/rn-connections",
    "keep_answers": True,
    "hold_relations": 0.1,
    "held_scenes": 10_000,
    "n_scenes": 64,
    "learning_rate": 5e-4,
    "pool_scenes": 30_000,
    "steps": 6_000,
    "validation_scenes": 1_000,
}
#: Its relations know which of ten balls are connected; what is new are sums of four to 144 of them.
_VARYING_COUNTS = {
    **_BALLS,
    "core_from": "physics/rn-count",
    "hold_relations": 0.85,
    "held_scenes": 30_000,
    "n_scenes": 128,
    "pool_scenes": 100_000,
    "warmup_steps": 100,
    "steps": 1_600,
    "validate_every": 800,
}
_RECIPES = {
    "physics/rn-ties": Recipe(CONNECTIONS, "rn-ties", {**_BALLS, "warm_start": 5_000, "hold_relations": 0.1}),
    "physics/rn-connections": Recipe(CONNECTIONS, "rn", {**_FROM_FIRST_STAGE, "hold_relations": 0.1, "steps": 12_000}),
    "physics/rn-connections-end-to-end": Recipe(CONNECTIONS, "rn-ties", _BALLS_END_TO_END),
    "physics/mlp-connections": Recipe(CONNECTIONS, "mlp", _BASELINE),
    "physics/rn-count": Recipe(COUNT, "rn", {**_FROM_FIRST_STAGE, "hold_relations": 0.15, "steps": 10_000}),
    "physics/mlp-count": Recipe(COUNT, "mlp", _BASELINE),
    "physics/rn-connections-2to12": Recipe(VARYING_CONNECTIONS, "rn", _VARYING_BALLS),
    "physics/rn-count-2to12": Recipe(VARYING_COUNT, "rn", _VARYING_COUNTS),
    "physics/rn-predict": Recipe(PREDICT, "rn", _MOVING_BALLS),
    "physics/in-predict": Recipe(PREDICT, "in", _MOVING_BALLS),
    "physics/mlp-predict": Recipe(PREDICT, "mlp", {**_BALLS, "steps": 8_000}),
}

_FIGURES: tuple[PublishedFigure, ...] = (
    PublishedFigure(
        "physics", "groups", "connections", "rn-connections", 0.93, "section 5.5", note="scenes with all pairs right"
    ),
    PublishedFigure(
        "physics", "groups", "counting", "rn-count", 0.95, "section 5.5", note="scenes with the right count"
    ),
)  # fmt: skip

_TITLES = Titles(
    views={
        "connections": "connections",
        "connections-2to12": "connections, 2 to 12 balls",
        "connections-end-to-end": "connections, answers only",
        "ties": "connections, first stage",
        "count": "count",
        "count-2to12": "count, 2 to 12 balls",
        "predict": "paths",
    },
    measures={
        "pairs": "Which balls are connected: single pairs",
        "connections": "Which balls are connected: whole scenes",
        "counting": "How many connected groups",
        "within_radius": "Where balls will be (guessing: constant velocity)",
    },
    shown_as={
        (CONNECTIONS, "pair"): "pairs",
        (CONNECTIONS, "whole_scene"): "connections",
        (COUNT, "whole_scene"): "counting",
        (VARYING_CONNECTIONS, "pair"): "pairs",
        (VARYING_CONNECTIONS, "whole_scene"): "connections",
        (VARYING_COUNT, "whole_scene"): "counting",
        (PREDICT, "within_radius"): "within_radius",
    },
)
DOMAIN = Domain("physics", "Physics", _MODELS, _RECIPES, _FIGURES, titles=_TITLES)
