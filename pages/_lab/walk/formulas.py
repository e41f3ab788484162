"""Every step's formula in LaTeX, with the numbers and shapes of the scene on the page; no Streamlit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from pages._lab.walk.view import STRIDE, WalkView
from pages._lab.words import GRID
from rn_core.tasks.sort_of_clevr.questions import ANSWERS
from rn_core.tasks.sort_of_clevr.rendering import PALETTE
from rn_core.tasks.sort_of_clevr.scene import COLORS, IMAGE_SIZE, MIDDLE, SHAPES

#: How bytes become numbers, by the name in `PIXEL_VALUES`.
_PIXEL_FORMULAS = {
    "ink": r"x = (255 - \text{RGB}) \cdot \tfrac{2}{255}",
    "light": r"x = \text{RGB} \cdot \tfrac{1}{255}",
}


def image_formulas(view: WalkView) -> tuple[str, ...]:
    """Return how a pixel becomes three numbers, with the middle of the object asked about as the example."""
    image = view.walk.image
    if image is None:
        return _scene_formulas(view)
    asked = view.state.scene.get(view.state.question.color)
    colors = PALETTE[asked.color]
    numbers = ",\\; ".join(number(value) for value in image.pixels[:, asked.y, asked.x])
    return (
        _PIXEL_FORMULAS[image.pixel_values],
        rf"\text{{{asked.color}: }} {colors} \;\to\; ({numbers})",
        rf"{IMAGE_SIZE} \times {IMAGE_SIZE} \times 3 = {_thousands(3 * IMAGE_SIZE**2)} \text{{ numbers}}",
    )


def _scene_formulas(view: WalkView) -> tuple[str, ...]:
    """Return what a scene is, with the object asked about as the example."""
    asked = view.state.scene.get(view.state.question.color)
    return (
        r"\text{object} = (\text{color},\; \text{shape},\; x,\; y)",
        rf"(\text{{{asked.color}}},\; \text{{{asked.shape}}},\; {asked.x},\; {asked.y})",
        rf"n = {len(view.labels)} \text{{ objects}}",
    )


def feature_formulas(view: WalkView) -> tuple[str, ...]:
    """Return what the convolutions do and their sizes; for rows, what a row is made of."""
    maps = view.walk.maps
    if not maps:
        return _row_formulas(view)
    sizes = [rf"{IMAGE_SIZE}^2 \!\times\! 3", *(rf"{layer.shape[1]}^2 \!\times\! {len(layer)}" for layer in maps)]
    middle = len(sizes) // 2 + 1
    kernel, row, column = np.unravel_index(maps[-1].argmax(), maps[-1].shape)
    return (
        r"f_k = \mathrm{relu}(\mathrm{norm}(K_k * f_{k-1}))",
        arrows(sizes[:middle]),
        r"\to " + arrows(sizes[middle:]),
        rf"\text{{largest: }} f[{kernel}, {row}, {column}] = {number(maps[-1][kernel, row, column])}",
    )


def _row_formulas(view: WalkView) -> tuple[str, ...]:
    """Return the row of the object asked about, part by part."""
    row = view.walk.objects[view.labels.index(view.state.question.color)]
    color, shape, _ = (_list(part, digits=0) for part in np.split(row, np.cumsum([len(COLORS), len(SHAPES)])))
    return (
        rf"o_{{\text{{{view.state.question.color}}}}} = [\;\underbrace{{{color}}}_{{\text{{color}}}},\;"
        rf"\underbrace{{{shape}}}_{{\text{{shape}}}},\; x,\; y\;]",
        rf"{len(view.labels)} \text{{ rows}} \times {len(row)} \text{{ numbers}}",
    )


def object_formulas(view: WalkView) -> tuple[str, ...]:
    """Return the followed object's vector and where its coordinates come from."""
    i = view.pair[0]
    row, (x, y) = view.walk.objects[i], view.places[i]
    *features, left, top = row
    if view.has_cells:
        column, line = (int(value) // STRIDE for value in (x, y))
        where = rf"x = -1 + 2 \cdot \tfrac{{{column}}}{{{GRID - 1}}} = {number(left)}"
        down = rf"y = -1 + 2 \cdot \tfrac{{{line}}}{{{GRID - 1}}} = {number(top)}"
    else:
        where = rf"x = \tfrac{{{x} - {MIDDLE}}}{{{MIDDLE}}} = {number(left)}"
        down = rf"y = \tfrac{{{y} - {MIDDLE}}}{{{MIDDLE}}} = {number(top)}"
    best = int(np.argmax(features))
    return (
        rf"o_{{{i}}} = [\;\underbrace{{f_0, \dots, f_{{{len(features) - 1}}}}}_{{{len(features)}}},\; x,\; y\;]"
        rf" \in \mathbb{{R}}^{{{len(row)}}}",
        rf"f_{{{best}}} = {number(features[best])}",
        where,
        down,
        rf"n = {len(view.labels)} \text{{ objects}}",
    )


def pair_formulas(view: WalkView) -> tuple[str, ...]:
    """Return how many pairs there are, how long one is, and the first layer's terms of its parts."""
    n, d_object, d_question = len(view.labels), view.walk.objects.shape[1], len(view.walk.question)
    i, j = view.pair
    asked = view.core.config.question_layer == 0
    parts, length = (r";\, q", f" + {d_question}") if asked else ("", "")
    total = 2 * d_object + d_question * asked
    return (
        rf"n^2 = {n}^2 = {n * n} \text{{ pairs}}",
        rf"[\,o_{{{i}}};\, o_{{{j}}}{parts}\,] \in \mathbb{{R}}^{{{d_object} + {d_object}{length}}}"
        rf" = \mathbb{{R}}^{{{total}}}",
        rf"q = [{_list(view.walk.question, digits=0, tight=True)}]",
        rf"W [\,o_{{{i}}};\, o_{{{j}}}{parts}\,] = W_1 o_{{{i}}} + W_2 o_{{{j}}}{' + W_3 q' if asked else ''}",
    )


def g_formulas(view: WalkView) -> tuple[str, ...]:
    """Return g_theta layer by layer, with one unit computed."""
    (i, j), steps, n_layers = view.pair, view.steps, len(view.steps.layers)
    unit = int(steps.layers[0].argmax())
    terms = [number(value) for value in steps.terms[:, unit]]
    inside = " + ".join(terms).replace("+ -", "- ")
    widths = _widths((steps.inputs, *steps.layers))
    last = int(steps.layers[-1].argmax())
    return (
        rf"h_1 = \mathrm{{relu}}(W_1 o_{{{i}}} + W_2 o_{{{j}}}{' + W_3 q' if len(terms) == 3 else ''} + b)",
        rf"h_1[{unit}] = \mathrm{{relu}}({inside}) = {number(steps.layers[0][unit])}",
        r"h_k = \mathrm{relu}(W_k h_{k-1} + b_k)",
        rf"g_\theta(o_{{{i}}}, o_{{{j}}}, q) = h_{{{n_layers}}},\quad"
        rf" h_{{{n_layers}}}[{last}] = {number(steps.layers[-1][last])}",
        widths,
    )


def sum_formulas(view: WalkView) -> tuple[str, ...]:
    """Return the sum over all pairs, with one unit computed in the order in which pairs join."""
    walk, ranking = view.walk, view.growth.ranking
    unit = int(walk.aggregate.argmax())
    first = " + ".join(number(walk.relations[pair, unit]) for pair in ranking[:2])
    more = r" + \dots" if len(ranking) > 2 else ""
    weight = "" if walk.weight == 1 else rf"{number(walk.weight, 4)} \cdot "
    n = len(view.labels)
    return (
        rf"S = {weight}\sum_{{i=1}}^{{{n}}} \sum_{{j=1}}^{{{n}}} g_\theta(o_i, o_j, q)",
        rf"S[{unit}] = {first}{more} = {number(walk.aggregate[unit])}",
        rf"{n * n} \times {len(walk.aggregate)} \;\to\; {len(walk.aggregate)}",
    )


def f_formulas(view: WalkView) -> tuple[str, ...]:
    """Return f_phi, its sizes and the largest logits."""
    widths = _widths((view.walk.aggregate, *view.readout))
    best, second = np.argsort(-view.walk.logits, kind="stable")[:2]
    return (
        r"z = f_\varphi(S) \in \mathbb{R}^{" + str(len(ANSWERS)) + "}",
        widths,
        rf"z_{{\text{{{ANSWERS[best]}}}}} = {number(view.walk.logits[best])},\quad"
        rf" z_{{\text{{{ANSWERS[second]}}}}} = {number(view.walk.logits[second])}",
    )


def answer_formulas(view: WalkView) -> tuple[str, ...]:
    """Return how logits become probabilities, with the likeliest answer computed."""
    logits = view.walk.logits.astype(np.float64)
    best, second = np.argsort(-logits, kind="stable")[:2]
    shares = np.exp(logits - logits.max())
    rest = float(np.delete(shares, best).sum() / shares.sum())
    top, other = (f"e^{{{number(logits[k])}}}" for k in (best, second))
    return (
        r"p_a = \frac{e^{z_a}}{\sum_b e^{z_b}}",
        rf"p_{{\text{{{ANSWERS[best]}}}}} = \frac{{{top}}}{{{top} + {other} + \dots}} = {_near_one(rest)}",
    )


def thought_formulas(view: WalkView) -> tuple[str, ...]:
    """Return the MLP's formula and sizes."""
    if view.thought is None:
        return ()
    thought, n_slots = view.thought, view.thought.n_objects
    d_object = (len(thought.inputs) - len(view.walk.question)) // n_slots
    widths = _widths((thought.inputs, *thought.layers, thought.logits))
    return (
        rf"z = \mathrm{{MLP}}([\,o_0;\, o_1;\, \dots;\, o_{{{n_slots - 1}}};\, q\,])",
        rf"{n_slots} \cdot {d_object} + {len(view.walk.question)} = {len(thought.inputs)} \text{{ numbers}}",
        widths,
    )


def number(value: float, digits: int = 2) -> str:
    """Return a number for LaTeX; no minus on zero."""
    return f"{float(value) + 0.0:.{digits}f}".replace("-0." + "0" * digits, "0." + "0" * digits)


def _list(values: Iterable[float], digits: int = 2, tight: bool = False) -> str:
    """Return numbers with commas between."""
    return (r"{,}" if tight else ", ").join(number(value, digits) for value in values)


def _near_one(rest: float) -> str:
    """Return the probability 1 - rest; where that would round to 1, what is missing as a power of ten."""
    if rest >= 0.0005:
        return f"{1 - rest:.3f}"
    mantissa, _, exponent = f"{rest:.0e}".partition("e")
    return rf"1 - {mantissa} \cdot 10^{{{int(exponent)}}}" if rest else "1"


def _widths(layers: Sequence[np.ndarray]) -> str:
    """Return the sizes of layers with arrows between."""
    return arrows([str(len(values)) for values in layers])


def arrows(parts: Sequence[str]) -> str:
    """Return parts with arrows between."""
    return r" \to ".join(parts)


def _thousands(value: int) -> str:
    """Return a whole number with its thousands apart."""
    return f"{value:,}".replace(",", "{,}")
