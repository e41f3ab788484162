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


def window_loss(
    reader: WindowReader,
    images: Tensor,
    pictures: LabeledPictures,
    attributes: tuple[int, ...],
    rng: np.random.Generator,
) -> Tensor:
    """Return the loss per object, the cross-entropy of its attributes.

    Args:
        reader: what learns.
        images: (S, H, W, 3) uint8, those of `pictures` or changed ones.
        pictures: where objects are and what they are.
        attributes: how many values each attribute has.
        rng: draws how windows are moved, mirrored, turned, zoomed and partly hidden.
    """
    moved = torch.from_numpy(_SHIFT * rng.standard_normal(pictures.places.shape)).to(pictures.places)
    places = pictures.places + moved  # (S, K, 2)
    pixels = images.permute(0, 3, 1, 2).to(places) / 255
    spans = reader.frame(places, pixels.shape[2]) @ torch.from_numpy(_turns(rng, places.shape[:2])).to(places)
    windows = cut_windows(pixels, places, spans, reader.config.n_samples)  # (S, K, 3, s, s)
    with fast_autocast(images.device):
        logits = reader(_hide(windows[pictures.mask], rng)).float()  # (N, V)
    named = torch.split(logits, list(attributes), dim=1)
    values = pictures.values[pictures.mask].unbind(dim=1)
    return torch.stack([functional.cross_entropy(*pair) for pair in zip(named, values, strict=True)]).sum()


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
