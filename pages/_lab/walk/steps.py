"""The eight steps from image to answer: name, sentence, formula, and where their lines of code are.

A step differs between a network that sees the image and one that is given rows of facts, where that is so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pages._lab.walk import formulas
from pages._lab.walk.code import Anchor
from pages._lab.walk.view import WalkView

_ENCODER = "rn_core/models/encoders.py"
_ROWS = "rn_core/tasks/sort_of_clevr/encoding.py"
_LAYERS = "rn_core/models/layers.py"
_PAIRS = "rn_core/models/blocks.py"
_MLP = "rn_core/models/baselines.py"
_SCORING = "rn_core/tasks/scoring.py"
_ASKING = "rn_core/tasks/sort_of_clevr/asking.py"


@dataclass(frozen=True)
class Side:
    """What a step says to one kind of network.

    Attributes:
        name: one word or two.
        sentence: what happens; `{n}` stands for the objects and `{pairs}` for the pairs.
        anchors: the lines of code that do it, of one file.
    """

    name: str
    sentence: str
    anchors: tuple[Anchor, ...]


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        pixels: for networks that see the image.
        rows: for networks that are given rows.
        formulas: the page's view -> LaTeX, a line each.
    """

    pixels: Side
    rows: Side
    formulas: Callable[[WalkView], tuple[str, ...]]

    def side(self, has_cells: bool) -> Side:
        """Return what the step says to a network; `has_cells` where it sees the image."""
        return self.pixels if has_cells else self.rows


def _both(name: str, sentence: str, *anchors: Anchor) -> dict[str, Side]:
    """Return the same side for both kinds of network."""
    side = Side(name, sentence, anchors)
    return {"pixels": side, "rows": side}


STEPS = (
    Step(
        Side(
            "Image",
            "The network gets three numbers per pixel, and no information about objects.",
            (
                Anchor(_ENCODER, "ImageEncoder.read_pixels", "pixels = (255 - images"),
                Anchor(_ENCODER, "ImageEncoder.read_pixels", "pixels = pixels *"),
            ),
        ),
        Side(
            "Scene",
            "The network gets the facts about each object, not an image.",
            (Anchor(_ASKING, "encode_scenes", "VIEWS[view](stack_scenes(known))"),),
        ),
        formulas.image_formulas,
    ),
    Step(
        Side(
            "Features",
            "Convolutions shrink the image to a small map; each of its cells describes its surroundings.",
            (Anchor(_ENCODER, "ImageEncoder.forward", "cells = self.layers(pixels)"),),
        ),
        Side(
            "Rows",
            "Every fact becomes numbers: a one for its color and shape, and its place.",
            (
                Anchor(_ROWS, "one_hot", "rows: np.ndarray = np.eye(n)[index]"),
                Anchor(_ROWS, "stack_rows", "rows = np.concatenate("),
            ),
        ),
        formulas.feature_formulas,
    ),
    Step(
        Side(
            "Objects",
            "Each of the {n} cells is one object, with its place appended.",
            (
                Anchor(_ENCODER, "ImageEncoder._tag", "coordinates = self.coordinates"),
                Anchor(_ENCODER, "ImageEncoder._tag", "torch.cat([cells, coordinates]"),
            ),
        ),
        Side(
            "Objects",
            "Each row is one object; its last two numbers are its place.",
            (Anchor(_ENCODER, "RowEncoder.forward", "return rows, mask"),),
        ),
        formulas.object_formulas,
    ),
    Step(
        **_both(
            "Pairs",
            "Every object is paired with every object, itself too, and the question joins each of the {pairs} pairs.",
            Anchor(_PAIRS, "PairLayers.split", "receiver = functional.linear"),
            Anchor(_PAIRS, "PairLayers.split", "sender = functional.linear"),
            Anchor(_PAIRS, "PairLayers.split", "asked = functional.linear"),
        ),
        formulas=formulas.pair_formulas,
    ),
    Step(
        **_both(
            "g_theta",
            "One small network, the same for all {pairs} pairs, turns each pair into one vector.",
            Anchor(_PAIRS, "PairLayers._pair_up", "hidden = receiver.unsqueeze(2)"),
            Anchor(_PAIRS, "PairLayers.relations", "hidden = functional.relu_(layer(hidden))"),
        ),
        formulas=formulas.g_formulas,
    ),
    Step(
        **_both(
            "Sum",
            "All {pairs} vectors are summed, and a sum has no order.",
            Anchor(_PAIRS, "PairLayers._sum_block", "return relations.sum("),
        ),
        formulas=formulas.sum_formulas,
    ),
    Step(
        **_both(
            "f_phi",
            "A second network sees the sum, and nothing else.",
            Anchor(_LAYERS, "read_sum", "return f_phi(aggregate"),
        ),
        formulas=formulas.f_formulas,
    ),
    Step(
        **_both(
            "Answer",
            "The answer with the largest number wins.",
            Anchor(_SCORING, "OneAnswer.read", "logits.softmax(dim=0)"),
            Anchor(_SCORING, "OneAnswer.read", "int(logits.argmax())"),
        ),
        formulas=formulas.answer_formulas,
    ),
)
#: What the MLP has instead of pairs.
THOUGHT = Side(
    "What the MLP has instead",
    "One long row with a slot for every object: no pairs and no sum, so each slot must learn everything separately.",
    (
        Anchor(_MLP, "MLP.lay_out", "scene = functional.pad("),
        Anchor(_MLP, "MLP.forward", "return self.layers("),
    ),
)
