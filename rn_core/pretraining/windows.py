"""What is in the window around an object, learned from labels: the second stage of perception."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from rn_core.common.device import fast_autocast
from rn_core.common.records import LabeledPictures
from rn_core.models.windows import WindowReader, cut_windows

#: How far windows are moved off a center, in pixels (the deviation of a normal distribution along each axis): most of
#: them a little, and this share by more, as far as the centers of half hidden objects are misplaced.
_SHIFT, _LARGE_SHIFT, _SHARE_LARGE = 0.8, 2.5, 0.25
#: How far windows are turned, in radians, and by which factor they grow or shrink at most.
_TURN, _ZOOM = 0.15, 1.15
#: How far from an object's center, in pixels, a window is without one in its middle, at least and at most: as far as
#: the heatmap's false peaks are. Closer to another center there is none.
_NEAR, _FAR = 8.0, 32.0
#: Share of the windows of which a rectangle is hidden, and its sides' largest share of the window's.
_HIDDEN, _HIDDEN_SIDE = 0.3, 0.45


def window_loss(
    reader: WindowReader,
    images: Tensor,
    pictures: LabeledPictures,
    attributes: tuple[int, ...],
    rng: np.random.Generator,
) -> Tensor:
    """Return the loss per object, the cross-entropy of its attributes and of there being one, here and elsewhere.

    Args:
        reader: what learns.
        images: (S, H, W, 3) uint8, those of `pictures` or changed ones.
        pictures: where objects are and what they are.
        attributes: how many values each attribute has.
        rng: draws how windows are moved, mirrored, turned, zoomed and partly hidden.
    """
    beside, is_beside = _look_beside(pictures, rng)
    moved = torch.from_numpy(_move(rng, pictures.places.shape)).to(pictures.places)
    places = torch.cat([pictures.places + moved, beside], dim=1)  # (S, 2 K, 2)
    pixels = images.permute(0, 3, 1, 2).to(places) / 255
    spans = reader.frame(places, pixels.shape[2]) @ torch.from_numpy(_turns(rng, places.shape[:2])).to(places)
    windows = cut_windows(pixels, places, spans, reader.config.n_samples)  # (S, 2 K, 3, s, s)
    looked = torch.cat([pictures.mask, is_beside], dim=1)
    there = torch.cat([pictures.mask, torch.zeros_like(is_beside)], dim=1)[looked]  # (N,)
    with fast_autocast(images.device):
        logits = reader(_hide(windows[looked], rng)).float()  # (N, 1 + V)
    loss = functional.binary_cross_entropy_with_logits(logits[:, 0], there.float())
    named = torch.split(logits[there, 1:], list(attributes), dim=1)
    for found, values in zip(named, pictures.values[pictures.mask].unbind(dim=1), strict=True):
        loss = loss + functional.cross_entropy(found, values)
    return loss


def _look_beside(pictures: LabeledPictures, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Return (S, K, 2) a place beside each object, and (S, K) bool, where it is beside all others and inside, too."""
    shape = pictures.mask.shape
    angle, distance = 2 * np.pi * rng.random(shape), _NEAR + (_FAR - _NEAR) * rng.random(shape)
    step = distance[..., None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    beside = pictures.places + torch.from_numpy(step).to(pictures.places)
    apart = torch.cdist(beside, pictures.places).masked_fill(~pictures.mask[:, None], torch.inf)  # (S, K, K)
    size = torch.tensor(pictures.images.shape[2:0:-1]).to(beside)  # width and height
    inside = ((beside >= 0) & (beside < size)).all(dim=-1)
    return beside, pictures.mask & inside & (apart.amin(dim=-1) >= 0.999 * _NEAR)


def _move(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Return (*shape) shifts in pixels, x and y along the last axis."""
    size = np.where(rng.random((*shape[:-1], 1)) < _SHARE_LARGE, _LARGE_SHIFT, _SHIFT)
    moved: np.ndarray = size * rng.standard_normal(shape)
    return moved


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
