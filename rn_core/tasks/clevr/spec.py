"""What is known of CLEVR beside its tasks.

Source of "paper": Santoro et al. 2017, "A simple neural network module for relational reasoning"
(https://arxiv.org/abs/1706.01427).
"""

from __future__ import annotations

from dataclasses import asdict

from rn_core.tasks.clevr.dataset import PictureRecipe, write_dataset
from rn_core.tasks.clevr.rendering import DEFAULT_SAMPLES
from rn_core.tasks.domain import DataOption, DataOrder, DataWriter, Domain, MakeProgress, PublishedFigure, Written


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
        "sa-pixels": "the paper's own run of stacked attention, trained end to end",
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
    recipe = PictureRecipe(order.split, order.seed, order.options["samples"])
    write_dataset(order.output, recipe, order.n_scenes, order.options["processes"], progress("render"))
    return Written(asdict(recipe), (f"{order.n_scenes} scenes in {order.output}",))


_OPTIONS = (
    DataOption("processes", 1, "how many render side by side, a core each"),
    DataOption("samples", DEFAULT_SAMPLES, "paths of light per pixel and lamp"),
)
DOMAIN = Domain("clevr", "CLEVR", _FIGURES, DataWriter(_write, _OPTIONS))

#: Families that ask what the size, color, material or shape is of a thing that stands in a relation to another: the
#: pair that decides is known.
ONE_STEP_QUERIES = (74, 75, 76, 77)
