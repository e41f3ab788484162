"""The steps from image to answer: name, sentence, formula, and where their lines of code are.

Networks that make cells of an image into objects, that are given rows of facts, and that find objects in an image
differ in the steps before the pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pages._lab.models import view_of
from pages._lab.walk import formulas, found
from pages._lab.walk.code import Anchor
from pages._lab.walk.view import WalkView

_ENCODER = "rn_core/models/encoders.py"
_SLOTS = "rn_core/models/slots.py"
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
class Step(Side):
    """One step, and what it shows.

    Attributes:
        formulas: the page's view -> LaTeX, a line each.
        picture: what draws it, a key of `DRAW` and of the diagram's pictures.
    """

    formulas: Callable[[WalkView], tuple[str, ...]]
    picture: str


_IMAGE = "The network gets three numbers per pixel, and no information about objects."
_FROM_CELLS = (
    Step(
        "Image",
        _IMAGE,
        (
            Anchor(_ENCODER, "ImageEncoder.read_pixels", "pixels = (255 - images"),
            Anchor(_ENCODER, "ImageEncoder.read_pixels", "pixels = pixels *"),
        ),
        formulas.image_formulas,
        "image",
    ),
    Step(
        "Features",
        "Convolutions shrink the image to a small map; each of its cells describes its surroundings.",
        (Anchor(_ENCODER, "ImageEncoder.forward", "cells = self.layers(pixels)"),),
        formulas.feature_formulas,
        "maps",
    ),
    Step(
        "Objects",
        "Each of the {n} cells is one object, with its place appended.",
        (
            Anchor(_ENCODER, "ImageEncoder._tag", "coordinates = self.coordinates"),
            Anchor(_ENCODER, "ImageEncoder._tag", "torch.cat([cells, coordinates]"),
        ),
        formulas.object_formulas,
        "objects",
    ),
)
_FROM_ROWS = (
    Step(
        "Scene",
        "The network gets the facts about each object, not an image.",
        (Anchor(_ASKING, "encode_scenes", "VIEWS[view](stack_scenes(known))"),),
        formulas.image_formulas,
        "image",
    ),
    Step(
        "Rows",
        "Every fact becomes numbers: a one for its color and shape, and its place.",
        (
            Anchor(_ROWS, "one_hot", "rows: np.ndarray = np.eye(n)[index]"),
            Anchor(_ROWS, "stack_rows", "rows = np.concatenate("),
        ),
        formulas.feature_formulas,
        "rows",
    ),
    Step(
        "Objects",
        "Each row is one object; its last two numbers are its place.",
        (Anchor(_ENCODER, "RowEncoder.forward", "return rows, mask"),),
        formulas.object_formulas,
        "objects",
    ),
)
_FROM_SLOTS = (
    Step(
        "Image",
        _IMAGE,
        (Anchor(_SLOTS, "MapEncoder.read_pixels", "return images.permute(0, 3, 1, 2)"),),
        formulas.image_formulas,
        "image",
    ),
    Step(
        "Heatmap",
        "Convolutions shrink the image to a map. Each cell says how probably an object's center is nearest to it.",
        (
            Anchor(_SLOTS, "MapEncoder.find_maps", "return self.read_features("),
            Anchor(_SLOTS, "MapEncoder.read_features", "found = self.head(features)"),
        ),
        found.heatmap_formulas,
        "heatmap",
    ),
    Step(
        "Peaks",
        "A cell that none of its eight neighbors exceeds is a peak, and the {n} likely peaks are the objects.",
        (
            Anchor(_SLOTS, "find_peaks", "highest = functional.max_pool2d("),
            Anchor(_SLOTS, "find_peaks", "peaked = torch.where("),
            Anchor(_SLOTS, "SlotEncoder._read_objects", "mask = probabilities > LEAST_PROBABILITY"),
            Anchor(_SLOTS, "MapEncoder.find_pixels", "return (corners + "),
        ),
        found.peak_formulas,
        "peaks",
    ),
    Step(
        "Rows",
        "What the maps say at a peak is its object's row: the likeliest color and shape, and its place.",
        (
            Anchor(_SLOTS, "MapEncoder.describe", "values = [name(part)"),
            Anchor(_SLOTS, "SlotEncoder._read_objects", "objects = torch.cat("),
        ),
        found.found_formulas,
        "found",
    ),
)
_FROM_PAIRS = (
    Step(
        "Pairs",
        "Every object is paired with every object, itself too, and the question joins each of the {pairs} pairs.",
        (
            Anchor(_PAIRS, "PairLayers.split", "receiver = functional.linear"),
            Anchor(_PAIRS, "PairLayers.split", "sender = functional.linear"),
            Anchor(_PAIRS, "PairLayers.split", "asked = functional.linear"),
        ),
        formulas.pair_formulas,
        "pairs",
    ),
    Step(
        "g_theta",
        "One small network, the same for all {pairs} pairs, turns each pair into one vector.",
        (
            Anchor(_PAIRS, "PairLayers._pair_up", "hidden = receiver.unsqueeze(2)"),
            Anchor(_PAIRS, "PairLayers.relations", "hidden = functional.relu_(layer(hidden))"),
        ),
        formulas.g_formulas,
        "g_theta",
    ),
    Step(
        "Sum",
        "All {pairs} vectors are summed, and a sum has no order.",
        (Anchor(_PAIRS, "PairLayers._sum_block", "return relations.sum("),),
        formulas.sum_formulas,
        "sum",
    ),
    Step(
        "f_phi",
        "A second network sees the sum, and nothing else.",
        (Anchor(_LAYERS, "read_sum", "return f_phi(aggregate"),),
        formulas.f_formulas,
        "f_phi",
    ),
    Step(
        "Answer",
        "The answer with the largest number wins.",
        (
            Anchor(_SCORING, "OneAnswer.read", "logits.softmax(dim=0)"),
            Anchor(_SCORING, "OneAnswer.read", "int(logits.argmax())"),
        ),
        formulas.answer_formulas,
        "answer",
    ),
)
#: What a network sees, as `view_of` -> its steps.
STEPS: Mapping[str, tuple[Step, ...]] = MappingProxyType(
    {
        "pixels": (*_FROM_CELLS, *_FROM_PAIRS),
        "objects": (*_FROM_ROWS, *_FROM_PAIRS),
        "slots": (*_FROM_SLOTS, *_FROM_PAIRS),
    }
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


def find_steps(view: WalkView) -> tuple[Step, ...]:
    """Return the steps of the view's network."""
    return STEPS[view_of(view.state.model)]


def find_step(view: WalkView) -> Step:
    """Return the step that the view is at."""
    return find_steps(view)[view.state.step - 1]
