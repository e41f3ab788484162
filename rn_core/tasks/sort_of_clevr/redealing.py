"""Scenes in which one object stays and all others are resampled."""

from __future__ import annotations

import numpy as np

from rn_core.tasks.sort_of_clevr.questions import RELATIONAL, Question, solve
from rn_core.tasks.sort_of_clevr.scene import (
    CLEARANCE,
    COLORS,
    DEFAULT_MARGIN,
    SHAPES,
    SceneBatch,
    SceneObject,
    sample_scenes,
)

_SCENES_A_BLOCK = 200


def redeal_scenes(
    rng: np.random.Generator, kept: SceneObject, n_scenes: int, margin: float = DEFAULT_MARGIN
) -> SceneBatch:
    """Draw scenes of six objects that all hold `kept`, by drawing scenes, putting it in, and dropping invalid ones.

    Args:
        rng: generator over PCG64.
        kept: the object that stays.
        n_scenes: number of scenes S, 1 or more.
        margin: pixels between every answer about `kept` that depends on the others and its decision boundary.

    Returns:
        S valid scenes.
    """
    slot = COLORS.index(kept.color)
    relational = [Question(kind, kept.color).index for kind in RELATIONAL]
    others = np.arange(len(COLORS)) != slot
    blocks: list[SceneBatch] = []
    while sum(map(len, blocks)) < n_scenes:
        dealt = sample_scenes(rng, _SCENES_A_BLOCK, margin)
        dealt.centers[:, slot] = kept.x, kept.y
        dealt.shapes[:, slot] = SHAPES.index(kept.shape)
        apart = np.abs(dealt.centers[:, others] - [kept.x, kept.y]).max(axis=2).min(axis=1) >= CLEARANCE
        clear = solve(dealt).margins[:, relational].min(axis=1) >= margin
        blocks.append(dealt[np.flatnonzero(apart & clear)])
    names = ("centers", "shapes", "present")
    return SceneBatch(*(np.concatenate([getattr(block, name) for block in blocks])[:n_scenes] for name in names))
