"""One question's forward pass taken apart: every number between the encoders' inputs and the logits.

For any Relation Network, whatever its encoder; everything is computed by the model's own code. Models are not changed,
so sessions and threads can share them. All results are NumPy arrays on the CPU.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from rn_core.common.errors import RNCoreError
from rn_core.models import QuestionAnsweringModel
from rn_core.models.baselines import MLP
from rn_core.models.encoders import ImageEncoder
from rn_core.models.relation_network import RelationNetwork
from rn_core.models.slots import SlotEncoder, SlotPeaks

#: From the number N of an encoder's rows to the order (N,) int64 in which the core gets them.
Order = Callable[[int], np.ndarray]


@dataclass(frozen=True)
class ImageTrace:
    """The results of an image encoder before there are objects.

    Attributes:
        pixel_values: how bytes became numbers, a name in `PIXEL_VALUES`.
        pixels: (3, H, W) float32, these numbers.
        maps: each convolution's output after its ReLU, (C, h, w) float32 each.
    """

    pixel_values: str
    pixels: np.ndarray
    maps: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class FoundTrace:
    """The results of an encoder that finds objects, between its convolutions and the objects.

    Attributes:
        heatmap: (h, w) float32, the probability that an object's center is nearest to each cell.
        cells: (K, 2) int64, column and row of each peak, the highest first; those behind the objects are none.
        probabilities: (K,) float32, of the peaks.
        offsets: (K, 2) float32, x and y from each peak's cell to the center, in cells.
        values: (K, V) float32, logits of the values of an object's attributes at each peak.
        peaks: (n,) int64, the peak that each object of the trace stands at.
    """

    heatmap: np.ndarray
    cells: np.ndarray
    probabilities: np.ndarray
    offsets: np.ndarray
    values: np.ndarray
    peaks: np.ndarray


@dataclass(frozen=True)
class ForwardTrace:
    """The forward pass of a Relation Network about one scene; objects missing from the scene are left out.

    Attributes:
        image: the results before the objects; None for encoders that take no image.
        slots: (n,) int64, the encoder's row that each object came from.
        objects: (n, D_o) float32, the objects of the pairs; behind another hop they include its sums.
        question: (D_q,) float32.
        pair_features: (n * n, D_p) float32, features of each pair besides its two objects; None for none.
        relations: (n * n, D_g) float32; row `i * n + j` is the pair (o_i, o_j), scaled as in the sum.
        weight: factor on g_theta's result before it is added; 1 for a plain sum.
        aggregate: (D_g,) float32, the input of f_phi.
        logits: (A,) float32.
        found: how the objects were found; None for encoders that find none.
    """

    image: ImageTrace | None
    slots: np.ndarray
    objects: np.ndarray
    question: np.ndarray
    pair_features: np.ndarray | None
    relations: np.ndarray
    weight: float
    aggregate: np.ndarray
    logits: np.ndarray
    found: FoundTrace | None = None

    @property
    def maps(self) -> tuple[np.ndarray, ...]:
        """Return `ImageTrace.maps`; none without an image."""
        return () if self.image is None else self.image.maps


@dataclass(frozen=True)
class PairSteps:
    """The computation of g_theta for one pair.

    Attributes:
        inputs: the concatenated input of the pair: o_i, o_j, the pair's features if there are any, and the question
            if it enters first.
        terms: (K, D_1) float32, the first layer's term of each of these parts, the first with the bias; their sum
            is the input of its ReLU.
        layers: the hidden units after each layer; the last is g_theta of the pair.
    """

    inputs: np.ndarray
    terms: np.ndarray
    layers: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Growth:
    """The sum as pairs are added.

    Attributes:
        counts: (K,) int64, number of pairs added at each stop, from 0 to all.
        ranking: (P,) int64, the pairs in the order in which they are added.
        sums: (K, D_g) float32.
        logits: (K, A) float32, f_phi of each sum.
        probabilities: (K, A) float64.
    """

    counts: np.ndarray
    ranking: np.ndarray
    sums: np.ndarray
    logits: np.ndarray
    probabilities: np.ndarray


@dataclass(frozen=True)
class MLPTrace:
    """The forward pass of an MLP about one scene.

    Attributes:
        inputs: (N * D_o + D_q,) float32, all objects and the question, concatenated.
        layers: the hidden units after each layer's ReLU.
        logits: (A,) float32.
        n_objects: objects that there is room for.
    """

    inputs: np.ndarray
    layers: tuple[np.ndarray, ...]
    logits: np.ndarray
    n_objects: int


@torch.inference_mode()
def trace_forward(
    model: QuestionAnsweringModel, inputs: tuple[Tensor, ...], question: Tensor, order: Order | None = None
) -> ForwardTrace:
    """Take a Relation Network's forward pass apart.

    Args:
        model: has pairs; in eval mode.
        inputs: what its encoder takes, one row each, on its device.
        question: (1, D_q) or (1, L), as `QuestionAnsweringModel.forward` takes it.
        order: the order in which the core gets the encoder's rows; None for their own.

    Raises:
        RNCoreError: if the model has no pairs.
    """
    core, asked = model.pair_core, model.encode_question(question)  # (1, D_q)
    objects, mask, image, found = _encode(model, inputs, order)
    shown = model.compare_pairs(objects)  # (1, N, N, D_p)
    whole = core.trace(objects, mask, asked, None, shown)
    there, trace = whole.object_mask[0], whole.without_padding()
    slots = np.arange(len(there)) if order is None else order(len(there))
    slots = slots[there.cpu().numpy()]
    return ForwardTrace(
        image=image,
        slots=slots,
        objects=_array(trace.objects[0]),
        question=_array(asked[0]),
        pair_features=None if shown is None else _array(shown[0, there][:, there].flatten(0, 1)),
        relations=_array(trace.relations[0]),
        weight=float(core.last_hop.pair_weight(max(1, int(there.sum())))),
        aggregate=_array(trace.aggregate[0]),
        logits=_array(trace.logits[0]),
        found=None if found is None else _read_found(found, slots),
    )


@torch.inference_mode()
def trace_mlp(
    model: QuestionAnsweringModel, inputs: tuple[Tensor, ...], question: Tensor, order: Order | None = None
) -> MLPTrace:
    """Take an MLP's forward pass apart; arguments as `trace_forward`.

    Raises:
        RNCoreError: if the model's core is no MLP.
    """
    if not isinstance(model.core, MLP):
        raise RNCoreError(f"Only an MLP takes its whole input as one row, got {type(model.core).__name__}; choose one.")
    objects, mask, *_ = _encode(model, inputs, order)
    row = model.core.lay_out(objects, mask, model.encode_question(question))[0]  # (N * D_o + D_q,)
    *layers, logits = _run(model.core.layers, row)
    return MLPTrace(_array(row), tuple(layers), logits, model.core.config.n_objects)


@torch.inference_mode()
def follow_pair(network: RelationNetwork, trace: ForwardTrace, i: int, j: int) -> PairSteps:
    """Compute g_theta of the pair (o_i, o_j) as the formula is written: concatenated, layer by layer.

    Args:
        network: the traced core's last hop.
        trace: of one scene with n objects.
        i: index of the first object, 0 to n - 1.
        j: index of the second object, 0 to n - 1.
    """
    g_theta, entrance = network.g_theta, network.first_layer
    first, second, asked = (
        torch.from_numpy(part).to(entrance.weight) for part in (trace.objects[i], trace.objects[j], trace.question)
    )
    shown = None
    if trace.pair_features is not None:
        shown = torch.from_numpy(trace.pair_features[i * len(trace.objects) + j]).to(entrance.weight)
    layers = g_theta.follow(first, second, asked, shown)
    parts = [first, second, *([] if shown is None else [shown]), *([] if g_theta.question_layer else [asked])]
    weights = torch.split(entrance.weight, [len(part) for part in parts], dim=1)
    terms = [weight @ part for weight, part in zip(weights, parts, strict=True)]
    terms[0] = terms[0] + entrance.bias
    return PairSteps(_array(torch.cat(parts)), _array(torch.stack(terms)), tuple(map(_array, layers)))


@torch.inference_mode()
def follow_sum(f_phi: nn.Sequential, aggregate: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the hidden units of f_phi after each ReLU, then the logits, for an aggregate (D_g,)."""
    return _run(f_phi, torch.from_numpy(aggregate).to(_device(f_phi)))


@torch.inference_mode()
def grow_sum(f_phi: nn.Sequential, relations: np.ndarray, ranking: np.ndarray, counts: np.ndarray) -> Growth:
    """Add pairs one by one and apply f_phi to the sum on the way.

    Args:
        f_phi: sums (K, D_g) to logits (K, A).
        relations: (P, D_g) as `ForwardTrace.relations`.
        ranking: (P,) the pairs in the order in which they are added.
        counts: (K,) pairs in the sum at each stop.
    """
    grown = np.cumsum(relations[ranking], axis=0, dtype=np.float64)
    sums = np.vstack([np.zeros_like(grown[:1]), grown])[counts].astype(np.float32)  # (K, D_g)
    logits: Tensor = f_phi(torch.from_numpy(sums).to(_device(f_phi)))  # (K, A)
    return Growth(counts, ranking, sums, _array(logits), _array(logits.double().softmax(dim=1)))


def _encode(
    model: QuestionAnsweringModel, inputs: tuple[Tensor, ...], order: Order | None
) -> tuple[Tensor, Tensor | None, ImageTrace | None, SlotPeaks | None]:
    """Return a scene's objects (1, N, D_o) and their mask in the given order, the image, and how they were found."""
    encoder = model.encoder
    image, mask, found = None, None, None
    if isinstance(encoder, ImageEncoder):
        objects, pixels, maps = encoder.trace(*inputs)
        image = ImageTrace(encoder.config.pixel_values, _array(pixels[0]), tuple(_array(each[0]) for each in maps))
    elif isinstance(encoder, SlotEncoder):
        objects, mask, found = encoder.trace(*inputs)
        pixels = encoder.read_pixels(*inputs)  # (1, 3, H, W)
        image = ImageTrace("light", _array(pixels[0]), tuple(_array(each[0]) for each in found.outputs))
    else:
        objects, mask = encoder(*inputs)
    if order is not None:
        rows = torch.from_numpy(order(objects.shape[1])).to(objects.device)
        objects, mask = objects[:, rows], None if mask is None else mask[:, rows]
    return objects, mask, image, found


def _read_found(found: SlotPeaks, slots: np.ndarray) -> FoundTrace:
    """Return how the objects of one image were found that came from some of the encoder's rows (n,)."""
    columns = found.maps.centers.shape[2]
    cells = found.cells[0]
    return FoundTrace(
        heatmap=_array(found.maps.centers[0].sigmoid()),
        cells=_array(torch.stack([cells % columns, cells // columns], dim=1)),
        probabilities=_array(found.probabilities[0]),
        offsets=_array(found.read(found.maps.offsets)[0]),
        values=_array(found.read(found.maps.attributes)[0]),
        peaks=_array(found.of_rows[0])[slots],
    )


def _run(layers: nn.Sequential, row: Tensor) -> tuple[np.ndarray, ...]:
    """Return the output of a stack of layers for one row, after each ReLU and at the end."""
    found = []
    for layer in layers:
        row = layer(row)
        if isinstance(layer, nn.ReLU):
            found.append(_array(row))
    return (*found, _array(row))


def _device(module: nn.Module) -> torch.device:
    """Return the device of a module's weights."""
    return next(module.parameters()).device


def _array(values: Tensor) -> np.ndarray:
    """Return a tensor's values in a new array."""
    array: np.ndarray = values.cpu().numpy().copy()
    return array
