"""Perception learned from labels: where objects stand and what they are, before any question is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional

from rn_core.common.errors import RNCoreError
from rn_core.common.records import LabeledPictures
from rn_core.common.seeding import make_rng
from rn_core.models import QuestionAnsweringModel
from rn_core.models.base import Core
from rn_core.models.jitter import jitter_images
from rn_core.models.relation_network import RelationNetwork, widen_objects
from rn_core.models.slots import STRIDE, SlotEncoder, SlotMaps
from rn_core.pretraining.cells import Keeper, PretextConfig, PretrainingSteps
from rn_core.pretraining.windows import window_loss
from rn_core.tasks.base import Labeled

#: Weights of the parts of the loss: centers, attributes, places in the picture and in space.
_CENTERS, _ATTRIBUTES, _PLACES, _COORDINATES = 1.0, 1.0, 4.0, 4.0
#: How little a cell counts that is easily told to be no center (the exponent of the focal loss, arXiv 1708.02002).
_FOCUS = 2.0
#: Pictures of a step in which windows are read: enough, since each has several objects.
_LOOKED_AT = 8
#: Logit of a center before anything is learned: nearly all cells are none (arXiv 1708.02002, section 4.1).
_RARE = -4.0


def learn_objects(
    model: QuestionAnsweringModel,
    task: Labeled,
    config: PretextConfig,
    learned: RelationNetwork | None = None,
    keeper: Keeper | None = None,
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> float:
    """Let a model's encoder learn from labels to find objects; its batch statistics stay as they are afterwards.

    First the convolution learns to find them, then, where the encoder has windows, these are read.

    Args:
        model: with an encoder that finds objects, changed in place.
        task: knows where objects stand and what they are; or a folder that does.
        config: steps, seed and sizes.
        learned: a Relation Network over rows of the same columns, or without those of the place in the picture,
            which the model's core then begins as; None lets the core start afresh.
        keeper: saves the steps and goes on from there; None for nobody.
        progress: wraps the iteration over the steps (a progress bar).

    Returns:
        the last step's loss, as `perception_loss`.

    Raises:
        RNCoreError: if the model's encoder finds no objects, or `learned` has other sizes than the core.
    """
    encoder, core = model.encoder, model.core
    if not isinstance(encoder, SlotEncoder):
        raise RNCoreError(f"A {type(encoder).__name__} finds no objects; choose a model of slots.")
    if learned is not None:
        _check_relations(core, learned)
    encoder.train()
    if encoder.config.stages:
        _expect_few(encoder)
        _arrange(encoder, torch.channels_last)  # a fifth faster on a CPU

    looks = 0 if encoder.reader is None else config.window_steps

    def loss(step: int) -> Tensor:
        rng, finds = make_rng(config.seed, "train", step, 0), step < config.steps
        pictures = task.sample_labeled(rng, config.n_scenes if finds else _LOOKED_AT)
        images = jitter_images(pictures.images, rng) if config.jitter else pictures.images
        if finds or encoder.reader is None:
            return perception_loss(encoder.find_maps(images), pictures, encoder.config.attributes)
        return window_loss(encoder.reader, images, pictures, encoder.config.attributes, rng)

    phases = (config.steps, looks) if looks else (config.steps,)
    steps = PretrainingSteps(encoder.parameters(), sum(phases), config.learning_rate, loss, 10.0, phases=phases)
    last = steps.finish(keeper, progress)
    _arrange(encoder, torch.contiguous_format)
    encoder.freeze_statistics()
    if learned is not None:
        take_relations(core, learned)
    return last


@torch.no_grad()
def _expect_few(encoder: SlotEncoder) -> None:
    """Make every cell unlikely to be a center before anything is learned."""
    if encoder.head.bias is not None:
        encoder.head.bias[0] = _RARE


@torch.no_grad()
def _arrange(encoder: SlotEncoder, layout: torch.memory_format) -> None:
    """Put the kernels of the convolutions in another order in memory; their values stay."""
    for parameter in encoder.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=layout)


def _check_relations(core: Core, learned: RelationNetwork) -> RelationNetwork:
    """Return the core; raises RNCoreError unless `learned` has its sizes, or narrower objects and else its sizes."""
    known = learned.config
    if not isinstance(core, RelationNetwork) or core.config.d_object < known.d_object:
        raise RNCoreError(f"The core must have the sizes of {known}, got {core.config}; set them so.")
    if replace(known, d_object=core.config.d_object) != core.config:
        raise RNCoreError(f"The core must have the sizes of {known}, got {core.config}; set them so.")
    return core


@torch.no_grad()
def take_relations(core: Core, learned: RelationNetwork) -> None:
    """Make a core compute what a learned one does; columns that its objects have in addition begin unused.

    Raises:
        RNCoreError: if `learned` has other sizes.
    """
    taking = _check_relations(core, learned)
    place = next(name for name, value in taking.named_parameters() if value is taking.first_layer.weight)
    taking.load_state_dict({**learned.state_dict(), place: widen_objects(learned, taking.config.d_object)})


def perception_loss(maps: SlotMaps, pictures: LabeledPictures, attributes: tuple[int, ...]) -> Tensor:
    """Return the loss per object: of centers (focal), attributes (cross-entropy), places and coordinates (L1).

    Places are in cells, coordinates as the pictures have them.
    """
    scene, slot = pictures.mask.nonzero(as_tuple=True)  # (N,) each, over all objects
    place = pictures.places[scene, slot] / STRIDE  # (N, 2)
    rows, columns = maps.centers.shape[1:]
    column, row = place.round().long().unbind(dim=1)
    column, row = column.clamp(0, columns - 1), row.clamp(0, rows - 1)
    cell = torch.stack([column, row], dim=1)
    is_center = torch.zeros_like(maps.centers)
    is_center[scene, row, column] = 1
    loss = _CENTERS * _focal(maps.centers, is_center) / len(scene)
    named = torch.split(maps.attributes[scene, :, row, column], list(attributes), dim=1)
    for logits, values in zip(named, pictures.values[scene, slot].unbind(dim=1), strict=True):
        loss = loss + _ATTRIBUTES * functional.cross_entropy(logits, values)
    loss = loss + _PLACES * functional.l1_loss(maps.offsets[scene, :, row, column], place - cell)
    if maps.coordinates is None or pictures.coordinates is None:
        return loss
    known = pictures.coordinates[scene, slot]  # (N, C)
    return loss + _COORDINATES * functional.l1_loss(maps.coordinates[scene, :, row, column], known)


def _focal(logits: Tensor, target: Tensor) -> Tensor:
    """Return the focal loss of binary targets, summed."""
    entropy = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    missed = (target - logits.sigmoid()).abs()
    return (missed**_FOCUS * entropy).sum()
