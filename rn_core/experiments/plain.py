"""The plain implementation: what one writes straight from the paper's formulas, with nothing saved.

Every pair is a row of one tensor, in 32 bits, one question a scene; a scene is drawn object by object with
a mask over all pixels, and a pair's contribution is a gradient of its own. Same rules, same weights, same
results as `rn_core` (the tests hold the two together); only time and memory differ.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from rn_core.models.relation_network import RelationNetwork
from rn_core.tasks.sort_of_clevr.questions import ANSWERS
from rn_core.tasks.sort_of_clevr.rendering import BACKGROUND, PALETTE
from rn_core.tasks.sort_of_clevr.scene import CLEARANCE, COLORS, HIGHEST, IMAGE_SIZE, LOWEST, MIDDLE, RADIUS, SHAPES


class PlainRelationNetwork(nn.Module):
    """Santoro et al. 2017, equation 1: concatenate every pair with the question, g, sum, f."""

    def __init__(self, core: RelationNetwork) -> None:
        """Copy the weights of `core`, which must have the paper's question layer (0) and aggregate ("sum")."""
        super().__init__()
        self.aggregate_scale = core.config.aggregate_scale
        layers: list[nn.Module] = []
        for source in core.g_theta:
            assert isinstance(source, nn.Linear)
            layers += [_copy(source), nn.ReLU()]
        self.g_theta = nn.Sequential(*layers)
        self.f_phi = nn.Sequential(*(_copy(layer) if isinstance(layer, nn.Linear) else layer for layer in core.f_phi))

    def relations(self, objects: Tensor, question: Tensor) -> Tensor:
        """Return g of every ordered pair.

        Args:
            objects: (B, N, D_o) float32.
            question: (B, D_q) float32.

        Returns:
            relations (B, N * N, D_g); row `i * N + j` is the pair (o_i, o_j).
        """
        n = objects.shape[1]
        receiver = objects[:, :, None].expand(-1, -1, n, -1)  # (B, N, N, D_o)
        sender = objects[:, None].expand(-1, n, -1, -1)  # (B, N, N, D_o)
        asked = question[:, None, None].expand(-1, n, n, -1)  # (B, N, N, D_q)
        pairs = torch.cat([receiver, sender, asked], dim=-1).flatten(1, 2)  # (B, N * N, 2 * D_o + D_q)
        relations: Tensor = self.g_theta(pairs)  # (B, N * N, D_g)
        return relations

    def forward(self, objects: Tensor, question: Tensor) -> Tensor:
        """Return logits (B, A); arguments as `relations`."""
        aggregate = self.relations(objects, question).sum(dim=1) * self.aggregate_scale  # (B, D_g)
        logits: Tensor = self.f_phi(aggregate)  # (B, A)
        return logits


def _copy(source: nn.Linear) -> nn.Linear:
    """Return a linear layer with the same values and its own storage."""
    layer = nn.Linear(source.in_features, source.out_features, device=source.weight.device)
    layer.load_state_dict(source.state_dict())
    return layer


def attribute_plainly(f_phi: nn.Module, relations: Tensor, answer: int, steps: int = 50) -> Tensor:
    """Integrate the gradient of one logit for every pair, a forward and backward pass a step.

    Sundararajan et al. 2017 (arXiv 1703.01365), equation 3, midpoint rule, baseline zero.

    Args:
        f_phi: aggregate (1, D_g) to logits (1, A).
        relations: (P, D_g) float.
        answer: the logit's index.
        steps: points on the path.

    Returns:
        contributions (P,), in the dtype of `relations`.
    """
    total = torch.zeros_like(relations)
    for step in range(steps):
        point = (relations * ((step + 0.5) / steps)).detach().requires_grad_()  # (P, D_g)
        logit = f_phi(point.sum(dim=0, keepdim=True))[0, answer]
        total += torch.autograd.grad(logit, point)[0]  # (P, D_g)
    return (relations * total / steps).sum(dim=1)  # (P,)


def sample_plain_scene(rng: np.random.Generator, margin: float) -> list[tuple[str, int, int]]:
    """Draw (shape, x, y) for each color, object by object, until no answer is nearer its boundary than `margin`."""
    while True:
        scene: list[tuple[str, int, int]] = []
        while len(scene) < len(COLORS):
            x, y = (int(value) for value in rng.integers(LOWEST, HIGHEST + 1, size=2))
            apart = all(max(abs(x - a), abs(y - b)) >= CLEARANCE for _, a, b in scene)
            if apart and min(abs(x - MIDDLE), abs(y - MIDDLE)) >= max(margin, 1):
                scene.append((SHAPES[rng.integers(2)], x, y))
        if _smallest_gap(scene) >= margin:
            return scene


def _smallest_gap(scene: list[tuple[str, int, int]]) -> float:
    """Return how much nearer the nearest is than the next, or further the furthest, at least, in pixels."""
    gaps = []
    for asked in range(len(scene)):
        ranked = sorted(_distance(scene, asked, other) for other in range(len(scene)) if other != asked)
        gaps += [ranked[1] - ranked[0], ranked[-1] - ranked[-2]]
    return min(gaps)


def _distance(scene: list[tuple[str, int, int]], one: int, other: int) -> float:
    """Return the distance between two centres in pixels."""
    return math.hypot(scene[one][1] - scene[other][1], scene[one][2] - scene[other][2])


def draw_plain_image(scene: list[tuple[str, int, int]]) -> np.ndarray:
    """Return the (75, 75, 3) uint8 RGB image, each object a mask over all pixels."""
    image = np.full((IMAGE_SIZE, IMAGE_SIZE, 3), BACKGROUND, dtype=np.uint8)
    rows, columns = np.mgrid[:IMAGE_SIZE, :IMAGE_SIZE]
    for color, (shape, x, y) in zip(COLORS, scene, strict=True):
        if shape == "circle":
            inside = (columns - x) ** 2 + (rows - y) ** 2 <= RADIUS**2
        else:
            inside = np.maximum(abs(columns - x), abs(rows - y)) <= RADIUS
        image[inside] = PALETTE[color]
    return image


def answer_plainly(scene: list[tuple[str, int, int]]) -> list[int]:
    """Return the index into `ANSWERS` of each of the 36 questions, `type * 6 + color`."""
    columns: list[list[str]] = [[], [], [], [], [], []]
    for asked, (shape, x, y) in enumerate(scene):
        others = [other for other in range(len(scene)) if other != asked]
        closest = min(others, key=lambda other: _distance(scene, asked, other))
        furthest = max(others, key=lambda other: _distance(scene, asked, other))
        same = sum(scene[other][0] == shape for other in others)
        left, top = ("yes" if value < MIDDLE else "no" for value in (x, y))
        for column, text in zip(
            columns, (shape, left, top, scene[closest][0], scene[furthest][0], str(same)), strict=True
        ):
            column.append(text)
    return [ANSWERS.index(text) for column in columns for text in column]
