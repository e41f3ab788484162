"""Facts about Sort-of-CLEVR beside its tasks.

Source of "paper": Santoro et al. 2017, "A simple neural network module for relational reasoning"
(https://arxiv.org/abs/1706.01427).
"""

from __future__ import annotations

from collections.abc import Mapping

from rn_core.models import EncoderConfig, ModelConfig
from rn_core.models.baselines import MLPConfig
from rn_core.models.encoders import ImageEncoderConfig, RowEncoderConfig
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.models.slots import SlotEncoderConfig
from rn_core.models.tuple_network import TupleNetworkConfig
from rn_core.tasks.domain import (
    DataOption,
    DataOrder,
    DataWriter,
    Domain,
    MakeProgress,
    Models,
    PublishedFigure,
    RaceSpec,
    Recipe,
    Titles,
    Written,
)
from rn_core.tasks.sort_of_clevr.chain_spec import CHAIN, CHAIN_MEASURES, CHAIN_MODELS, CHAIN_RECIPES, CHAIN_TITLES
from rn_core.tasks.sort_of_clevr.crowds import CROWD_ANSWERS, LARGEST_CROWD
from rn_core.tasks.sort_of_clevr.dataset import write_scenes
from rn_core.tasks.sort_of_clevr.encoding import D_ROW
from rn_core.tasks.sort_of_clevr.questions import ANSWERS
from rn_core.tasks.sort_of_clevr.scene import COLORS, DEFAULT_MARGIN, SHAPES
from rn_core.tasks.sort_of_clevr.triples import D_TRIPLE_QUESTION, TRIPLE_ANSWERS

_NAME = "sort-of-clevr"
OBJECTS, PIXELS, TRIPLES = f"{_NAME}/objects", f"{_NAME}/pixels", f"{_NAME}/triples"
#: Scenes of two to ten objects.
CROWDS = f"{_NAME}/objects-2to10"
#: Bits of a question.
_D_QUESTION = 11
_ROWS = RowEncoderConfig(D_ROW)


def _models(
    encoder: EncoderConfig,
    g_widths: tuple[int, ...],
    f_widths: tuple[int, ...],
    mlp_widths: tuple[int, ...],
    pair_chunk: int | None = None,
    n_rows: int = len(COLORS),
    n_answers: int = len(ANSWERS),
) -> Models:
    """Return the Relation Network and the MLP of one size, which has the layers of g_theta, then those of f_phi."""
    sizes = (encoder.d_object, _D_QUESTION, n_answers)
    n_objects = encoder.n_objects if isinstance(encoder, ImageEncoderConfig) else n_rows
    return {
        "rn": ModelConfig(encoder, RelationNetworkConfig(*sizes, g_widths, f_widths, pair_chunk=pair_chunk)),
        "mlp": ModelConfig(encoder, MLPConfig(n_objects, *sizes, mlp_widths)),
    }


def _models_of_crowds(g_widths: tuple[int, ...], f_widths: tuple[int, ...], mlp_widths: tuple[int, ...]) -> Models:
    """Return `_models` of one size for scenes of up to ten objects."""
    return _models(_ROWS, g_widths, f_widths, mlp_widths, n_rows=LARGEST_CROWD, n_answers=len(CROWD_ANSWERS))


def _tuple_model(order: int, n_fixed: int, g_widths: tuple[int, ...], f_widths: tuple[int, ...]) -> ModelConfig:
    """Return a network over tuples, whose leading positions hold objects that the question names by their colors."""
    n_colors = len(COLORS)
    core = TupleNetworkConfig(
        D_ROW,
        D_TRIPLE_QUESTION,
        len(TRIPLE_ANSWERS),
        order=order,
        n_fixed=n_fixed,
        names_at=(0, n_colors),
        d_name=n_colors,
        g_widths=g_widths,
        f_widths=f_widths,
    )
    return ModelConfig(_ROWS, core)


def _mlp_on_triples(widths: tuple[int, ...]) -> ModelConfig:
    """Return the MLP that takes all rows and a question about three objects."""
    return ModelConfig(_ROWS, MLPConfig(len(COLORS), D_ROW, D_TRIPLE_QUESTION, len(TRIPLE_ANSWERS), widths))


_PAPER_G, _PAPER_F = (2000, 2000, 2000, 2000), (2000, 1000, 500, 100)
_PAPER, _SMALL = (_PAPER_G, _PAPER_F, _PAPER_G + _PAPER_F), ((256,) * 3, (256,) * 3, (512,) * 3)
_TINY = ((64, 64), (64, 64), (128, 128, 128))
_MEDIUM = ((128, 128), (256, 256, 256), (384, 384, 384))
#: "paper" is of supplement D, which gives no object rows: there it is the same core without the convolutions. "small"
#: is ours: it trains on a laptop, and its MLP has more parameters than its Relation Network. "tiny" learns in front of
#: a class on a slow machine.
_MODELS: dict[str, Mapping[str, Models]] = {
    PIXELS: {
        "paper": _models(ImageEncoderConfig((32, 64, 128, 256)), *_PAPER, pair_chunk=5_000),
        "small": {
            **_models(ImageEncoderConfig((32, 32, 64, 64)), *_SMALL, pair_chunk=5_000),
            "rn-slots": _models(SlotEncoderConfig(attributes=(len(COLORS), len(SHAPES))), *_SMALL)["rn"],
        },
        "tiny": _models(ImageEncoderConfig((16, 16, 24, 24)), *_TINY, pair_chunk=200_000),
        "medium": _models(ImageEncoderConfig((16, 16, 24, 24)), *_MEDIUM, pair_chunk=200_000),
    },
    OBJECTS: {
        "paper": _models(_ROWS, *_PAPER),
        "small": _models(_ROWS, *_SMALL),
        "tiny": _models(_ROWS, *_TINY),
    },
    CROWDS: {
        "paper": _models_of_crowds(*_PAPER),
        "small": _models_of_crowds(*_SMALL),
        "tiny": _models_of_crowds(*_TINY),
    },
    # Triples (A, B, k), and for comparison the best of pairs, (A, k) and (B, k), with a little more parameters.
    TRIPLES: {
        "paper": {
            "rn": _tuple_model(3, 2, _PAPER_G, _PAPER_F),
            "rn-pairs": _tuple_model(2, 1, (2004, 2004, 2004, 2004), _PAPER_F),
            "mlp": _mlp_on_triples(_PAPER_G + _PAPER_F),
        },
        "small": {
            "rn": _tuple_model(3, 2, (128, 128, 128), (128, 128)),
            "rn-pairs": _tuple_model(2, 1, (132, 132, 132), (128, 128)),
            "mlp": _mlp_on_triples((192, 192, 192)),
        },
        "tiny": {
            "rn": _tuple_model(3, 2, (64, 64), (64,)),
            "rn-pairs": _tuple_model(2, 1, (68, 68), (64,)),
            "mlp": _mlp_on_triples((96, 96)),
        },
    },
    CHAIN: CHAIN_MODELS,
}

#: Questions asked in a step are few and steps many: with 128 questions per step the objects are distinguished
#: after a fifth of the questions that 576 a step take.
_FROM_PIXELS = {"learning_rate": 1e-3, "warm_start": 6_000, "hold_encoder": 0.85, "validation_scenes": 20}
_FROM_ROWS = {"learning_rate": 1e-3, "validation_scenes": 200}
_RN_FROM_PIXELS = {
    **_FROM_PIXELS,
    "core_from": f"{_NAME}/rn-objects",
    "learning_rate": 5e-4,
    "steps": 6_000,
    "hold_encoder": 0.45,
    "n_cells": 9,
    "all_cells_from": 0.45,
}
#: Types that ask about one object: without them first, relations stay on a plateau for hours.
_FIRST_TYPES = ("shape", "left", "top")
#: The paper's own contrast: nothing but answers, the types that ask about one object first.
_END_TO_END = {
    "steps": 24_000,
    "n_scenes": 32,
    "n_questions": 6,
    "learning_rate": 1e-3,
    "first_types": _FIRST_TYPES,
    "first_steps": 3_000,
    "precision": "32-true",
}
#: Pairs of empty cells cost as much as others and decide nothing.
_FEW_CELLS = {"n_cells": 12, "all_cells_from": 0.95, "all_cells_every": 8}
#: A network that has learned from this project's own pictures learns on from pictures in many styles.
_RN_FROM_STYLES = {
    "core_from": f"{_NAME}/rn-pixels-end-to-end",
    "hold_relations": 0.05,
    "steps": 8_000,
    "n_scenes": 32,
    "n_questions": 6,
    "learning_rate": 5e-4,
    "styled": True,
    "precision": "32-true",
    **_FEW_CELLS,
}
#: The encoder learns to find objects in pictures of many styles; the relations, to live with where it puts them.
_RN_FROM_SLOTS = {
    "learning_rate": 1e-4,
    "warm_start": 6_000,
    "core_from": f"{_NAME}/rn-objects",
    "hold_encoder": 1.0,
    "steps": 600,
    "validate_every": 300,
    "n_scenes": 32,
    "n_questions": 12,
    "precision": "32-true",
}
#: Both networks over tuples take the same questions and steps.
_FROM_NAMED_ROWS = {
    "steps": 12_000,
    "n_scenes": 48,
    "n_questions": 12,
    "learning_rate": 1e-3,
    "validation_scenes": 300,
    "precision": "32-true",
}
#: Relations know pairs already; f_phi begins anew, on sums of four to a hundred of them.
_FROM_CROWDS = {
    **_FROM_ROWS,
    "core_from": f"{_NAME}/rn-objects",
    "hold_relations": 0.1,
    "steps": 5_000,
    "n_scenes": 64,
    "n_questions": 6,
    "precision": "32-true",
}
_RECIPES = {
    f"{_NAME}/rn-triples": Recipe(TRIPLES, "rn", _FROM_NAMED_ROWS),
    f"{_NAME}/rn-triples-pairs": Recipe(TRIPLES, "rn-pairs", _FROM_NAMED_ROWS),
    f"{_NAME}/rn-slots": Recipe(PIXELS, "rn-slots", _RN_FROM_SLOTS),
    f"{_NAME}/rn-pixels-end-to-end": Recipe(PIXELS, "rn", {**_END_TO_END, **_FEW_CELLS}, "medium"),
    f"{_NAME}/mlp-pixels-end-to-end": Recipe(PIXELS, "mlp", _END_TO_END, "medium"),
    f"{_NAME}/rn-pixels-styles": Recipe(PIXELS, "rn", _RN_FROM_STYLES, "medium"),
    f"{_NAME}/rn-pixels": Recipe(PIXELS, "rn", _RN_FROM_PIXELS),
    f"{_NAME}/mlp-pixels": Recipe(PIXELS, "mlp", {**_FROM_PIXELS, "steps": 40_000}),
    f"{_NAME}/rn-objects": Recipe(OBJECTS, "rn", {**_FROM_ROWS, "steps": 15_000}),
    f"{_NAME}/rn-objects-2to10": Recipe(CROWDS, "rn", _FROM_CROWDS),
    f"{_NAME}/mlp-objects": Recipe(OBJECTS, "mlp", {**_FROM_ROWS, "steps": 30_000}),
    **CHAIN_RECIPES,
}

_BOTH = "closest and furthest together"
_FIGURES: tuple[PublishedFigure, ...] = (
    *(
        PublishedFigure(_NAME, "groups", group, f"{kind}-pixels-end-to-end", share, "section 5.3", said=said)
        for kind, group, share, said in (
            ("rn", "relational", 0.94, "above 94 %"),
            ("rn", "non_relational", 0.94, "above 94 %"),
            ("mlp", "relational", 0.63, "63 %"),
            ("mlp", "non_relational", 0.94, "above 94 %"),
        )
    ),
    PublishedFigure(_NAME, "groups", "relational", "rn-pixels", 0.94, "section 5.3", said="above 94 %"),
    PublishedFigure(_NAME, "groups", "non_relational", "rn-pixels", 0.94, "section 5.3", said="above 94 %"),
    PublishedFigure(_NAME, "groups", "relational", "mlp-pixels", 0.63, "section 5.3", said="63 %"),
    PublishedFigure(_NAME, "groups", "non_relational", "mlp-pixels", 0.94, "section 5.3", said="above 94 %"),
    PublishedFigure(_NAME, "types", "closest_shape", "mlp-pixels", 0.523, "section 5.3", note=_BOTH),
    PublishedFigure(_NAME, "types", "furthest_shape", "mlp-pixels", 0.523, "section 5.3", note=_BOTH),
    PublishedFigure(
        _NAME, "groups", "relational", "rn-pixels", 0.92,
        "github.com/hdjang/Visual_Question_Answering_Relation-Networks_FiLM", "open",
    ),
    PublishedFigure(
        _NAME, "groups", "non_relational", "rn-pixels", 0.99,
        "github.com/hdjang/Visual_Question_Answering_Relation-Networks_FiLM", "open",
    ),
)  # fmt: skip


def _write(order: DataOrder, progress: MakeProgress) -> Written:
    """Write scenes as arrays."""
    margin = order.options["margin"]
    found = write_scenes(order.output, order.seed, order.split, order.n_scenes, margin)
    lines = [f"{order.n_scenes} scenes in {order.output}, answers {margin:g} pixels or more from a boundary"]
    for kind, share in found["answer_shares"].items():
        floor = found["blind_floor"][kind]
        lines.append(f"  {kind:18} blind floor {floor:.1%}   " + "  ".join(f"{k} {v:.1%}" for k, v in share.items()))
    return Written({"margin": margin, **found}, tuple(lines))


_MARGIN = DataOption("margin", DEFAULT_MARGIN, "pixels to every decision boundary")
_TITLES = Titles(
    views={
        "pixels": "image",
        "pixels-end-to-end": "image, answers only",
        "pixels-styles": "image, many styles",
        "objects": "object rows",
        "objects-2to10": "object rows, 2 to 10",
        "slots": "objects found in the image",
    },
    models={
        "rn-triples": "RN over triples",
        "rn-triples-pairs": "RN over pairs",
        **CHAIN_TITLES,
    },
    measures={
        "relational": "Relational questions",
        "non_relational": "Non-relational questions",
        "ternary": "Questions about three objects",
        "between": "In the box between two objects",
        "line": "Near the line through two objects",
        "obtuse": "Obtuse triangles with two objects",
        **CHAIN_MEASURES,
    },
)
DOMAIN = Domain(_NAME, "Sort-of-CLEVR", _MODELS, _RECIPES, _FIGURES, DataWriter(_write, (_MARGIN,)), _TITLES)

OBJECTS_RACE = RaceSpec("object scenes")
#: Triples (A, B, k) against pairs (A, k) and (B, k), on questions about three objects.
TRIPLES_RACE = RaceSpec(
    "three objects",
    groups={"ternary": "three-object"},
    models=("rn", "rn-pairs"),
    usual={"size": "small", "n_scenes": 32, "n_questions": 12, "learning_rate": 2e-3, "steps": 4_000},
)
#: Pixels cost a hundred times more.
PIXELS_RACE = RaceSpec(
    "images",
    look_scenes=16,
    first_types=_FIRST_TYPES,
    usual={"head_start": 2_000},
    answers_only={
        "head_start": 0,
        "size": "medium",
        "n_scenes": 32,
        "n_questions": 6,
        "steps": 9_000,
        "first_steps": 2_000,
    },
    fewer_cells=_FEW_CELLS,
    all_cores=True,
    minutes=11,
)
