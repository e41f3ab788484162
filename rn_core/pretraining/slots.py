"""Perception learned from labels: where objects stand and what they are, before any question is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.nn import functional

from rn_core.common.errors import RNCoreError
from rn_core.common.records import LabeledPictures
from rn_core.common.seeding import make_rng
from rn_core.models import QuestionAnsweringModel
from rn_core.models.relation_network import RelationNetwork
from rn_core.models.slots import STRIDE, SlotEncoder, SlotMaps
from rn_core.pretraining.cells import Keeper, PretextConfig, PretrainingSteps
from rn_core.tasks.base import ObjectsLabeled

#: Weights of the parts of the loss: centers, attributes, places.
_CENTERS, _ATTRIBUTES, _PLACES = 1.0, 1.0, 4.0
#: How little a cell counts that is easily told to be no center (the exponent of the focal loss, arXiv 1708.02002).
_FOCUS = 2.0


def learn_objects(
    model: QuestionAnsweringModel,
    task: ObjectsLabeled,
    config: PretextConfig,
    learned: RelationNetwork | None = None,
    keeper: Keeper | None = None,
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> float:
    """Let a model's encoder learn from labels to find objects; its batch statistics stay as they are afterwards.

    Args:
        model: with an encoder that finds objects, changed in place.
        task: knows where objects stand and what they are.
        config: steps, seed and sizes.
        learned: a Relation Network over rows of the same columns, which the model's core then begins as; None lets
            the core start afresh.
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
    if learned is not None and learned.config != core.config:
        raise RNCoreError(f"The core must have the sizes of {learned.config}, got {core.config}; set them so.")
    encoder.train()

    def loss(step: int) -> Tensor:
        pictures = task.sample_labeled(make_rng(config.seed, "train", step, 0), config.n_scenes)
        return perception_loss(encoder.find_maps(pictures.images), pictures, encoder.config.attributes)

    steps = PretrainingSteps(encoder.parameters(), config.steps, config.learning_rate, loss, clip_norm=10.0)
    last = steps.finish(keeper, progress)
    encoder.freeze_statistics()
    if learned is not None:
        core.load_state_dict(learned.state_dict())
    return last


def perception_loss(maps: SlotMaps, pictures: LabeledPictures, attributes: tuple[int, ...]) -> Tensor:
    """Return the loss per object: of centers (focal), of attributes (cross-entropy) and of places (L1, in cells)."""
    scene, slot = pictures.mask.nonzero(as_tuple=True)  # (N,) each, over all objects
    place = pictures.places[scene, slot] / STRIDE  # (N, 2)
    cell = place.round().long().clamp(max=maps.centers.shape[-1] - 1)
    column, row = cell.unbind(dim=1)
    is_center = torch.zeros_like(maps.centers)
    is_center[scene, row, column] = 1
    loss = _CENTERS * _focal(maps.centers, is_center) / len(scene)
    named = torch.split(maps.attributes[scene, :, row, column], list(attributes), dim=1)
    for logits, values in zip(named, pictures.values[scene, slot].unbind(dim=1), strict=True):
        loss = loss + _ATTRIBUTES * functional.cross_entropy(logits, values)
    return loss + _PLACES * functional.l1_loss(maps.offsets[scene, :, row, column], place - cell)


def _focal(logits: Tensor, target: Tensor) -> Tensor:
    """Return the focal loss of binary targets, summed."""
    entropy = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    missed = (target - logits.sigmoid()).abs()
    return (missed**_FOCUS * entropy).sum()
