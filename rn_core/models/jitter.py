"""Pictures as other cameras, lamps and files would show them: light, contrast, colors, blur and noise are moved."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

#: Largest change of brightness, contrast and saturation, as a factor; of hue, in radians; of red, green and blue alone.
_BRIGHTNESS, _CONTRAST, _SATURATION, _HUE, _TINT = 0.2, 0.2, 0.2, 0.12, 0.04
#: Share of the pictures that are blurred; the largest weight of each neighbor in it; the largest noise, of 255.
_BLURRED, _BLUR, _NOISE = 0.5, 0.25, 6.0
#: Red, green and blue to brightness and two axes of color, which a change of hue turns (YIQ, as in NTSC).
_TO_YIQ = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])


def jitter_images(images: Tensor, rng: np.random.Generator) -> Tensor:
    """Return pictures, each changed in a way of its own; nothing in them moves.

    Args:
        images: (S, H, W, 3) uint8.
        rng: generator over PCG64.

    Returns:
        (S, H, W, 3) uint8.
    """
    n_images = len(images)
    pixels = images.permute(0, 3, 1, 2).float()  # (S, 3, H, W)
    matrix = torch.from_numpy(_color_matrices(rng, n_images)).to(pixels)  # (S, 3, 3)
    mean = pixels.mean(dim=(1, 2, 3), keepdim=True)
    pixels = torch.einsum("sij,sjhw->sihw", matrix, pixels)
    contrast = _factors(rng, n_images, _CONTRAST)
    pixels = mean + (pixels - mean) * torch.from_numpy(contrast).to(pixels)[:, None, None, None]
    pixels = _blur(pixels, rng)
    strength = torch.from_numpy(rng.random(n_images) * _NOISE).to(pixels)[:, None, None, None]
    noise = torch.from_numpy(rng.standard_normal(pixels.shape, dtype=np.float32))
    changed = (pixels + strength * noise).round().clamp(0, 255).to(torch.uint8)
    return changed.permute(0, 2, 3, 1).contiguous()


def _factors(rng: np.random.Generator, n_images: int, most: float) -> np.ndarray:
    """Return (S,) float64 factors from 1 - most to 1 + most."""
    return 1 + most * (2 * rng.random(n_images) - 1)


def _color_matrices(rng: np.random.Generator, n_images: int) -> np.ndarray:
    """Return (S, 3, 3) float64: what turns hue, and changes saturation, brightness and each channel a little."""
    angle = _HUE * (2 * rng.random(n_images) - 1)
    color = _factors(rng, n_images, _SATURATION)
    cosine, sine = color * np.cos(angle), color * np.sin(angle)
    turn = np.zeros((n_images, 3, 3))
    turn[:, 0, 0] = 1
    turn[:, 1, 1], turn[:, 1, 2], turn[:, 2, 1], turn[:, 2, 2] = cosine, -sine, sine, cosine
    tint = 1 + _TINT * (2 * rng.random((n_images, 3, 1)) - 1)
    bright = _factors(rng, n_images, _BRIGHTNESS)[:, None, None]
    matrices: np.ndarray = bright * tint * (np.linalg.inv(_TO_YIQ) @ turn @ _TO_YIQ)
    return matrices


def _blur(pixels: Tensor, rng: np.random.Generator) -> Tensor:
    """Return pixels (S, 3, H, W), some pictures of them blurred by neighbors to all sides."""
    n_images = len(pixels)
    weight = rng.random(n_images) * _BLUR * (rng.random(n_images) < _BLURRED)
    side = torch.from_numpy(weight).to(pixels)  # (S,)
    line = torch.stack([side, 1 - 2 * side, side], dim=1)  # (S, 3)
    kernel = (line[:, :, None] * line[:, None, :]).repeat_interleave(3, dim=0)[:, None]  # (3 S, 1, 3, 3)
    flat = functional.pad(pixels, (1, 1, 1, 1), mode="replicate").reshape(1, 3 * n_images, *_padded(pixels))
    return functional.conv2d(flat, kernel, groups=3 * n_images).reshape(pixels.shape)


def _padded(pixels: Tensor) -> tuple[int, int]:
    """Return height and width of padded pictures."""
    return pixels.shape[2] + 2, pixels.shape[3] + 2
