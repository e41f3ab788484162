"""Perception learned from labels: where objects stand and what they are, before any question is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from rn_core.models.slots import STRIDE, SlotEncoder, SlotMaps
from rn_core.pretraining.cells import PretrainingSteps

#: Weights of the parts of the loss: centers, attributes, places.
_CENTERS, _ATTRIBUTES, _PLACES = 1.0, 1.0, 4.0
#: How little a cell counts that is easily told to be no center (the exponent of the focal loss, arXiv 1708.02002).
_FOCUS = 2.0


class LabeledPictures(NamedTuple):
    """Pictures whose objects are known.

    Attributes:
        images: (S, H, W, 3) uint8.
        places: (S, N, 2) float32, x and y of each object's center in pixels.
        values: (S, N, A) int64, the value of each of its attributes.
        mask: (S, N), False for padding.
    """

    images: Tensor
    places: Tensor
    values: Tensor
    mask: Tensor


def train_perception(
    encoder: SlotEncoder, sample: Callable[[int], LabeledPictures], steps: int, learning_rate: float
) -> PretrainingSteps:
    """Return the steps that train an encoder, changed in place.

    Args:
        encoder: finds objects.
        sample: a step's number from 0 -> its pictures.
        steps: optimiser steps.
        learning_rate: peak rate of AdamW.
    """
    encoder.train()

    def loss(step: int) -> Tensor:
        pictures = sample(step)
        return perception_loss(encoder.find_maps(pictures.images), pictures, encoder.config.attributes)

    return PretrainingSteps(encoder.parameters(), steps, learning_rate, loss, clip_norm=10.0)


def perception_loss(maps: SlotMaps, pictures: LabeledPictures, attributes: tuple[int, ...]) -> Tensor:
    """Return the loss per object: of centers (focal), of attributes (cross-entropy) and of places (L1, in cells)."""
    scene, slot = pictures.mask.nonzero(as_tuple=True)  # (N,) each, over all objects
    place = pictures.places[scene, slot] / STRIDE  # (N, 2)
    cell = place.round().long().clamp(max=maps.centers.shape[-1] - 1)
    column, row = cell.unbind(dim=1)
    is_center = torch.zeros_like(maps.centers)
    is_center[scene, row, column] = 1
    loss = _CENTERS * _focal(maps.centers, is_center) / len(scene)
    named = maps.attributes[scene, :, row, column].split(list(attributes), dim=1)
    for logits, values in zip(named, pictures.values[scene, slot].unbind(dim=1), strict=True):
        loss = loss + _ATTRIBUTES * functional.cross_entropy(logits, values)
    return loss + _PLACES * functional.l1_loss(maps.offsets[scene, :, row, column], place - cell)


def _focal(logits: Tensor, target: Tensor) -> Tensor:
    """Return the focal loss of binary targets, summed."""
    entropy = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    missed = (target - logits.sigmoid()).abs()
    return (missed**_FOCUS * entropy).sum()
