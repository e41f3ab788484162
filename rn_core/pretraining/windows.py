"""What is in the window around an object, learned from labels: the second stage of perception."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from rn_core.common.device import fast_autocast
from rn_core.common.records import LabeledPictures
from rn_core.models.windows import WindowReader, cut_windows

#: How far windows are moved off a center, in pixels (the deviation of a normal distribution along each axis), how far
#: they are turned, in radians, and by which factor they grow or shrink at most.
_SHIFT, _TURN, _ZOOM = 0.8, 0.15, 1.15
#: Share of the windows of which a rectangle is hidden, and its sides' largest share of the window's.
_HIDDEN, _HIDDEN_SIDE = 0.3, 0.45
#: Places beside objects per picture, and how many pixels they are from a center, which is none of theirs from the first
#: distance on.
_BESIDE, _NEAR, _FAR = 2, 4.0, 20.0


def window_loss(
    reader: WindowReader,
    images: Tensor,
    pictures: LabeledPictures,
    attributes: tuple[int, ...],
    rng: np.random.Generator,
) -> Tensor:
    """Return the loss per object: of its attributes, and of telling its center from places beside it (cross-entropy).

    Args:
        reader: what learns.
        images: (S, H, W, 3) uint8, those of `pictures` or changed ones.
        pictures: where objects are and what they are.
        attributes: how many values each attribute has.
        rng: draws how windows are moved, mirrored, turned, zoomed and partly hidden, and the places beside objects.
    """
    beside, is_none = _places_beside(pictures, rng)
    moved = pictures.places + torch.from_numpy(_SHIFT * rng.standard_normal(pictures.places.shape)).to(beside)
    places = torch.cat([moved, beside], dim=1)  # (S, K, 2)
    pixels = images.permute(0, 3, 1, 2).to(beside) / 255
    spans = reader.frame(places, pixels.shape[2]) @ torch.from_numpy(_turns(rng, places.shape[:2])).to(beside)
    windows = cut_windows(pixels, places, spans, reader.config.n_samples)  # (S, K, 3, s, s)
    there = torch.cat([pictures.mask, torch.zeros_like(is_none)], dim=1)
    chosen = torch.cat([pictures.mask, is_none], dim=1)
    with fast_autocast(images.device):
        logits = reader(_hide(windows[chosen], rng)).float()  # (N, 1 + V)
    is_center = there[chosen]
    n_objects = max(1, int(is_center.sum()))
    loss = functional.binary_cross_entropy_with_logits(logits[:, 0], is_center.to(logits), reduction="sum") / n_objects
    named = torch.split(logits[is_center, 1:], list(attributes), dim=1)
    for part, values in zip(named, pictures.values[pictures.mask].unbind(dim=1), strict=True):
        loss = loss + functional.cross_entropy(part, values)
    return loss


def _places_beside(pictures: LabeledPictures, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Return places (S, B, 2) beside objects, and (S, B) bool, whether no object's center is there."""
    n_scenes = len(pictures.places)
    counts = pictures.mask.sum(dim=1, keepdim=True).numpy()  # objects stand before padding
    which = torch.from_numpy((rng.random((n_scenes, _BESIDE)) * counts).astype(np.int64))
    angle = 2 * np.pi * rng.random((n_scenes, _BESIDE))
    reach = _NEAR + (_FAR - _NEAR) * rng.random((n_scenes, _BESIDE))
    step = torch.from_numpy(np.stack([reach * np.cos(angle), reach * np.sin(angle)], axis=-1)).to(pictures.places)
    places = pictures.places.take_along_dim(which[..., None], dim=1) + step
    distance = torch.cdist(places, pictures.places).masked_fill(~pictures.mask[:, None], torch.inf)  # (S, B, N)
    return places, (distance.amin(dim=2) >= _NEAR) & (torch.from_numpy(counts) > 0)


def _turns(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Return (*shape, 2, 2) matrices that turn, zoom and, half of them, mirror what stands to the right."""
    angle = _TURN * (2 * rng.random(shape) - 1)
    zoom = _ZOOM ** (2 * rng.random(shape) - 1)
    mirrored = np.where(rng.random(shape) < 0.5, -1.0, 1.0)
    cosine, sine = zoom * np.cos(angle), zoom * np.sin(angle)
    rows = (np.stack([mirrored * cosine, -sine], axis=-1), np.stack([mirrored * sine, cosine], axis=-1))
    turns: np.ndarray = np.stack(rows, axis=-2)
    return turns


def _hide(windows: Tensor, rng: np.random.Generator) -> Tensor:
    """Return windows (N, 3, s, s), a rectangle of some of them filled with their mean color."""
    n_windows, size = len(windows), windows.shape[-1]
    length = rng.random((n_windows, 2)) * _HIDDEN_SIDE * (rng.random((n_windows, 1)) < _HIDDEN)
    first = rng.random((n_windows, 2)) * (1 - length)
    line = (np.arange(size) + 0.5) / size
    covered = (line >= first[..., None]) & (line < (first + length)[..., None])  # (N, 2, s)
    hidden = torch.from_numpy(covered[:, 0, :, None] & covered[:, 1, None, :])[:, None]  # (N, 1, s, s)
    return torch.where(hidden, windows.mean(dim=(2, 3), keepdim=True), windows)
