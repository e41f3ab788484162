"""Facts about CLEVR beside its tasks.

Source of "paper": Santoro et al. 2017, "A simple neural network module for relational reasoning"
(https://arxiv.org/abs/1706.01427).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rn_core.models import ModelConfig
from rn_core.models.attention import StackedAttentionConfig
from rn_core.models.baselines import MLPConfig, QuestionMLPConfig
from rn_core.models.cells import CellEncoderConfig
from rn_core.models.encoders import ImageEncoderConfig, RowEncoderConfig
from rn_core.models.questions import QuestionEncoderConfig
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.models.slots import SlotEncoderConfig
from rn_core.models.windows import WindowConfig
from rn_core.tasks.clevr.dataset import PictureRecipe, write_dataset
from rn_core.tasks.clevr.encoding import ANSWERS, D_COORDINATES, D_ROW, N_VALUES
from rn_core.tasks.clevr.generation import QUESTIONS_PER_SCENE
from rn_core.tasks.clevr.picture_size import CLEVR_SIZE, PictureSize, read_size
from rn_core.tasks.clevr.public import make_public
from rn_core.tasks.clevr.rendering import DEFAULT_SAMPLES
from rn_core.tasks.clevr.scene import MAX_OBJECTS
from rn_core.tasks.clevr.tokens import TOKENS
from rn_core.tasks.domain import (
    DataOption,
    DataOrder,
    DataWriter,
    Domain,
    MakeProgress,
    Models,
    PublishedFigure,
    Recipe,
    Titles,
    Written,
)

PIXELS, SLOTS, CELLS, STATES = "clevr/pixels", "clevr/slots", "clevr/cells", "clevr/states"


def _pixel_models(
    encoder: ImageEncoderConfig,
    question: QuestionEncoderConfig,
    rn: dict[str, Any],
    mlp: dict[str, Any],
    attention: dict[str, Any],
) -> Models:
    """Return the models of one size that see pictures, from what each core has beside its number of features."""
    sizes = (encoder.d_object, question.d_question, len(ANSWERS))
    return {
        "rn": ModelConfig(encoder, RelationNetworkConfig(*sizes, **rn), question),
        "mlp": ModelConfig(encoder, MLPConfig(encoder.n_objects, *sizes, **mlp), question),
        "sa": ModelConfig(encoder, StackedAttentionConfig(*sizes, **attention), question),
    }


def _state_models(question: QuestionEncoderConfig, rn: RelationNetworkConfig, widths: tuple[int, ...]) -> Models:
    """Return the models of one size that see object rows; both baselines have the same hidden layers."""
    rows, sizes = RowEncoderConfig(D_ROW), (D_ROW, question.d_question, len(ANSWERS))
    return {
        "rn": ModelConfig(rows, rn, question),
        "mlp": ModelConfig(rows, MLPConfig(MAX_OBJECTS, *sizes, widths, 0.02), question),
        "lstm": ModelConfig(rows, QuestionMLPConfig(*sizes, widths, 0.02), question),
    }


#: The pictures in which objects are found; others are resized. A window is 1.85 units of the ground wide, seen by the
#: camera where it stands on average.
_PICTURE = PictureSize(240, 160)
_FINDER = SlotEncoderConfig(
    (16, 32),
    image_size=_PICTURE.height,
    n_slots=MAX_OBJECTS,
    attributes=N_VALUES,
    image_width=_PICTURE.width,
    stages=(64, 128),
    n_coordinates=D_COORDINATES,
    soft=True,
    windows=WindowConfig(n_samples=40, top=22, bottom=74, channels=(16, 32, 64, 96)),
)
#: Cells that hold an object at most: a center on the line between two cells may show in both.
MOST_CELLS = 16


def _slot_models(beside: Models) -> Models:
    """Return the models of one size that find objects in pictures and then are as those of `beside` over rows."""
    models = {}
    for name in ("rn", "mlp"):
        core, question = beside[name].core, beside[name].question
        assert isinstance(core, RelationNetworkConfig | MLPConfig)
        models[name] = ModelConfig(_FINDER, replace(core, d_object=_FINDER.d_object), question)
    return models


def _cell_models(question: QuestionEncoderConfig) -> Models:
    """Return the models that see the cells of the finder's map; the baselines have more parameters than the RN.

    Order means nothing to a Relation Network and to attention, so they are given the filled cells alone.
    """
    grid = CellEncoderConfig(replace(_FINDER, windows=None))
    few = replace(grid, n_kept=MOST_CELLS)
    sizes = (grid.d_object, question.d_question, len(ANSWERS))
    rn = RelationNetworkConfig(*sizes, (256, 256, 256, 512), (256,), 0.1, aggregate_scale=0.2)
    mlp = MLPConfig(grid.n_objects, *sizes, (128, 256), 0.1)
    attention = StackedAttentionConfig(*sizes, d_attention=256, widths=(512, 512), dropout=0.1)
    return {
        "rn": ModelConfig(few, rn, question),
        "mlp": ModelConfig(grid, mlp, question),
        "sa": ModelConfig(few, attention, question),
    }


_LSTM_256 = QuestionEncoderConfig(len(TOKENS), d_question=256)
#: The question is read backwards, as in the runs of others that succeeded; the last words read are then "what color",
#: "how many".
_BACK_64, _BACK_128 = (QuestionEncoderConfig(len(TOKENS), d_question=units, reversed=True) for units in (64, 128))
_ROWS_PAPER = _state_models(
    _LSTM_256, RelationNetworkConfig(D_ROW, 256, len(ANSWERS), (512,) * 4, (512, 1024), 0.02), (1024, 1024, 1024)
)
_ROWS_SMALL = _state_models(
    _BACK_128,
    RelationNetworkConfig(D_ROW, 128, len(ANSWERS), (256, 256, 256, 512), (512, 1024), 0.02, aggregate_scale=0.2),
    (1024, 1024),
)
#: For what answers alone teach within hours: every step costs a third of what it costs "small".
_ROWS_TINY = _state_models(
    _BACK_64, RelationNetworkConfig(D_ROW, 64, len(ANSWERS), (128,) * 3, (256, 256), aggregate_scale=0.2), (512, 512)
)
#: "paper" is of supplements B (pixels) and C (states); it does not give the sizes of the baselines, and ours have more
#: parameters than their Relation Network. It counts 29 answers, there are 28. The convolutions are the paper's; pixels,
#: coordinates and the order of batch norm and ReLU are those of the public weights. "small" is ours: it trains on a
#: laptop, and its baselines have more parameters than its Relation Network. Objects are found in pictures by the same
#: encoder at both sizes, which is ours; cells of its map are what the small networks "from pixels" are given.
_MODELS = {
    PIXELS: {
        "paper": _pixel_models(
            ImageEncoderConfig((24, 24, 24, 24), 128, coordinate_range=4.0, pixel_values="light"),
            _BACK_128,
            {"g_widths": (256,) * 4, "f_widths": (256, 256), "f_dropout": 0.5, "pair_chunk": 65_536},
            {"widths": (512, 512, 512), "dropout": 0.5},
            {"d_attention": 512, "widths": (1024,), "dropout": 0.5},
        ),
        "small": _pixel_models(
            ImageEncoderConfig((16, 16, 24, 24), 128, coordinate_range=4.0, pixel_values="light"),
            _BACK_64,
            # Without the scale the sum of 4,096 pairs begins with a loss of about 60; an even guess has ln 28 = 3.3.
            {"g_widths": (128,) * 3, "f_widths": (128, 128), "aggregate_scale": 1 / 64, "pair_chunk": 16_384},
            {"widths": (256, 256)},
            {"d_attention": 256, "widths": (256,)},
        ),
    },
    CELLS: {"small": _cell_models(_BACK_128)},
    SLOTS: {"paper": _slot_models(_ROWS_PAPER), "small": _slot_models(_ROWS_SMALL)},
    STATES: {"paper": _ROWS_PAPER, "small": _ROWS_SMALL, "tiny": _ROWS_TINY},
}

#: From CLEVR's pictures in a folder: the batch of 640 questions, the warm-up and the rest that made others' runs
#: succeed (where we differ: AdamW's weight decay), and the paper's augmentation. About 400 epochs of CLEVR v1.0.
_FROM_FOLDER = {
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
#: From CLEVR's object rows: all parts first learn what a program makes of them; then the question encoder stands still
#: while the others learn to answer, because it costs a third of each step.
_FROM_STATES = {
    "n_scenes": 40,
    "n_questions": 8,
    "pool_scenes": 130_000,
    "learning_rate": 5e-4,
    "warm_start": 5_000,
    "hold_encoder": 0.8,
    "steps": 18_000,
    "validation_scenes": 400,
}
#: Nothing but answers: questions about how many and whether any first, a small network and a high rate.
_STATES_END_TO_END = {
    **_FROM_STATES,
    "pool_scenes": 60_000,
    "learning_rate": 1e-3,
    "warm_start": 0,
    "hold_encoder": 0.0,
    "first_types": ("exist", "count"),
    "first_steps": 8_000,
    "steps": 40_000,
}
#: From pictures in a folder: the encoder learns to find objects, then to look closer at each, then the relations of
#: object rows learn to live with what it finds.
_FROM_SLOTS = {
    "n_scenes": 20,
    "n_questions": 10,
    "learning_rate": 1e-4,
    "warm_start": 2_900,
    "window_steps": 23_550,
    "core_from": "clevr/rn-states",
    "hold_encoder": 1.0,
    "steps": 600,
    "validate_every": 200,
    "validation_scenes": 400,
    "precision": "32-true",
}
#: From pictures in a folder, with what `clevr/rn-slots` has learned of pictures and of words, which stays as it is: the
#: rest is small and learns from answers only. The folder should have many questions about each picture.
_FROM_CELLS = {
    "n_scenes": 64,
    "n_questions": 8,
    "learning_rate": 1e-3,
    "weight_decay": 1e-3,
    "encoders_from": "clevr/rn-slots",
    "hold_encoder": 1.0,
    "steps": 6_000,
    "validate_every": 500,
    "validation_scenes": 400,
}
#: The Relation Network's relations start from those over found objects; at first f_phi alone learns to use them.
_RN_FROM_CELLS = {
    **_FROM_CELLS,
    "core_from": "clevr/rn-slots",
    "hold_relations": 0.3,
    "learning_rate": 5e-4,
    "steps": 2_000,
}
_RECIPES = {
    "clevr/rn-slots": Recipe(SLOTS, "rn", _FROM_SLOTS),
    **{f"clevr/{kind}-states": Recipe(STATES, kind, _FROM_STATES) for kind in ("rn", "mlp", "lstm")},
    "clevr/rn-states-end-to-end": Recipe(STATES, "rn", _STATES_END_TO_END, "tiny"),
    "clevr/rn-pixels": Recipe(CELLS, "rn", _RN_FROM_CELLS),
    "clevr/mlp-pixels": Recipe(CELLS, "mlp", {**_FROM_CELLS, "steps": 3_000}),  # from then on validation gets worse
    "clevr/sa-pixels": Recipe(CELLS, "sa", _FROM_CELLS),
    **{f"clevr/{kind}-pixels-end-to-end": Recipe(PIXELS, kind, _FROM_FOLDER) for kind in ("rn", "mlp", "sa")},
}


def _table_1() -> tuple[PublishedFigure, ...]:
    """Return Table 1, accuracies on CLEVR's test questions, by question type."""
    measures = ("overall", "count", "exist", "compare_integer", "query_attribute", "compare_attribute")
    rows = {
        "human": (92.6, 86.7, 96.6, 86.5, 95.0, 96.0),
        "floor": (41.8, 34.6, 50.2, 51.0, 36.0, 51.3),
        "lstm-states": (46.8, 41.7, 61.1, 69.8, 36.8, 51.8),
        "mlp-pixels": (52.3, 43.7, 65.2, 67.1, 49.3, 53.0),
        "sa-pixels": (76.6, 64.4, 82.7, 77.4, 82.6, 75.4),
        "rn-pixels": (95.5, 90.1, 97.8, 93.6, 97.9, 97.1),
    }
    notes = {
        "lstm-states": "the paper's LSTM, which sees the question alone",
        "mlp-pixels": "the paper's CNN+LSTM",
        "sa-pixels": "the paper's own run of stacked attention, trained end-to-end",
    }
    return tuple(
        PublishedFigure(
            "clevr", "groups", measure, "" if model == "floor" else model,
            round(percent / 100, 4), "Table 1", "floor" if model == "floor" else "paper", note=notes.get(model, ""),
        )
        for model, percents in rows.items()
        for measure, percent in zip(measures, percents, strict=True)
    )  # fmt: skip


_FIGURES: tuple[PublishedFigure, ...] = (
    *_table_1(),
    PublishedFigure("clevr", "groups", "overall", "rn-states", 0.964, "section 5.2"),
    PublishedFigure(
        "clevr", "groups", "overall", "rn-pixels", 0.936, "github.com/mesnico/RelationNetworks-CLEVR", "open",
        note="on the validation questions",
    ),
    PublishedFigure(
        "clevr", "groups", "overall", "rn-states", 0.9815, "github.com/junayednaushad/Relation-Network-VQA", "open",
        said="98.15 %", note="on the validation questions",
    ),
)  # fmt: skip


def _write(order: DataOrder, progress: MakeProgress) -> Written:
    """Write rendered scenes as a folder in CLEVR's layout."""
    options = order.options
    recipe = PictureRecipe(order.split, order.seed, options["samples"], read_size(options["size"]))
    spread = {"processes": options["processes"], "dask": options["dask"], "n_questions": options["questions"]}
    write_dataset(order.output, recipe, order.n_scenes, progress=progress("render"), **spread)
    return Written(recipe.to_dict(), (f"{order.n_scenes} scenes in {order.output}",))


_OPTIONS = (
    DataOption("processes", 1, "how many render side by side, a core each"),
    DataOption("dask", "", "scheduler of a Dask cluster whose workers render, such as tcp://192.168.1.5:8786"),
    DataOption("questions", QUESTIONS_PER_SCENE, "questions about each picture, up to 90"),
    DataOption("samples", DEFAULT_SAMPLES, "paths of light per pixel and lamp"),
    DataOption("size", str(CLEVR_SIZE), "width and height of the pictures, such as 240x160"),
)
_TITLES = Titles(
    views={
        "pixels": "image",
        "pixels-end-to-end": "image, answers only",
        "slots": "objects found in the image",
        "states": "state rows",
        "states-end-to-end": "state rows, answers only",
    },
    models={"lstm-states": "question alone · state rows", "human": "people"},
)
PUBLIC = make_public(PIXELS, _MODELS[PIXELS]["paper"]["rn"])
DOMAIN = Domain("clevr", "CLEVR", _MODELS, _RECIPES, _FIGURES, DataWriter(_write, _OPTIONS), _TITLES, PUBLIC)

#: Families that ask what the size, color, material or shape is of a thing that stands in a relation to another: the
#: pair that decides is known.
ONE_STEP_QUERIES = (74, 75, 76, 77)
