"""What is known of Sort-of-CLEVR beside its tasks.

Source of "paper": Santoro et al. 2017, "A simple neural network module for relational reasoning"
(https://arxiv.org/abs/1706.01427).
"""

from __future__ import annotations

from rn_core.tasks.domain import (
    DataOption,
    DataOrder,
    DataWriter,
    Domain,
    MakeProgress,
    PublishedFigure,
    RaceSpec,
    Written,
)
from rn_core.tasks.sort_of_clevr.dataset import write_scenes
from rn_core.tasks.sort_of_clevr.scene import DEFAULT_MARGIN

_NAME = "sort-of-clevr"
_BOTH = "closest and furthest together"
_FIGURES: tuple[PublishedFigure, ...] = (
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
DOMAIN = Domain(_NAME, "Sort-of-CLEVR", _FIGURES, DataWriter(_write, (_MARGIN,)))


OBJECTS_RACE = RaceSpec()
#: Pixels cost a hundred times more.
PIXELS_RACE = RaceSpec(look_scenes=16)
