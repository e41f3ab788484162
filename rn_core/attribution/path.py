"""The straight path from a baseline to the aggregate, and f_phi's gradient along it.

f_phi is piecewise linear, so along the path its gradient is constant between the points where a hidden unit
switches on or off (its kinks). With every kink known, the integral of the gradient is a finite sum.
"""

from __future__ import annotations

import torch
from torch import Tensor

from rn_core.attribution.readout import Readout


def find_kinks(readout: Readout, start: Tensor, end: Tensor) -> Tensor:
    """Return where hidden units switch along the path, layer by layer.

    Between two neighboring points, every unit of the layers done so far is on or off throughout, so the next
    layer's inputs are linear there, and a unit whose values at the ends differ in sign crosses zero at a place known in
    closed form. The crossings join the points; layer values there are interpolated, so each layer runs once.

    Args:
        readout: f_phi.
        start: (D_g,) float64, at 0.
        end: (D_g,) float64, at 1.

    Returns:
        (K + 2,) float64, ascending from 0 to 1: both ends and the kinks between them.
    """
    points = start.new_tensor([0.0, 1.0])
    level = torch.stack([start, end])  # (2, D_g)
    for weight, bias in zip(readout.weights[:-1], readout.biases[:-1], strict=True):
        points, heights = _insert_crossings(points, torch.addmm(bias, level, weight.T))  # (K, W)
        level = heights.relu_()
    return points


def _insert_crossings(points: Tensor, heights: Tensor) -> tuple[Tensor, Tensor]:
    """Add the points where a column of `heights` crosses zero.

    Args:
        points: (K,) ascending.
        heights: (K, W), linear in between.

    Returns:
        the points with C crossings among them (K + C,), and the heights there (K + C, W).
    """
    segment, unit = torch.nonzero(heights[:-1].sign() * heights[1:].sign() < 0, as_tuple=True)  # (C,), (C,)
    low, high = heights[segment, unit], heights[segment + 1, unit]
    fraction = low / (low - high)
    crossings = torch.lerp(points[segment], points[segment + 1], fraction)
    rows = torch.lerp(heights[segment], heights[segment + 1], fraction[:, None])  # (C, W)
    rows[torch.arange(len(unit)), unit] = 0.0
    joined, order = torch.cat([points, crossings]).sort(stable=True)
    return joined, torch.cat([heights, rows])[order]


def weigh_gradients(readout: Readout, start: Tensor, end: Tensor, points: Tensor, weights: Tensor) -> Tensor:
    """Return a weighted sum of f_phi's gradients along the path.

    Args:
        readout: f_phi with one logit.
        start: (D_g,) float64, at 0.
        end: (D_g,) float64, at 1.
        points: (K,) float64, where on the path to take the gradient, 0 to 1.
        weights: (K,) float64, the weight of each.

    Returns:
        (D_g,) float64. At a kink itself, the unit counts as switched off.
    """
    hidden = list(zip(readout.weights[:-1], readout.biases[:-1], strict=True))
    if not hidden:
        return weights.sum() * readout.weights[0][0]
    first, bias = hidden[0]
    # The first layer is linear along the path: two products instead of one per point.
    heights = torch.lerp(first @ start + bias, first @ end + bias, points[:, None])  # (K, W)
    switched_on = [heights > 0]
    for weight, bias in hidden[1:]:
        heights = torch.addmm(bias, heights.relu_(), weight.T)
        switched_on.append(heights > 0)
    slopes = weights[:, None] * readout.weights[-1] * switched_on[-1]  # (K, W) of the last hidden layer
    for weight, on in zip(readout.weights[-2:0:-1], switched_on[-2::-1], strict=True):
        slopes = (slopes @ weight) * on
    return slopes.sum(dim=0) @ first  # (D_g,)
