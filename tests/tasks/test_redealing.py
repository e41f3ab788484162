"""Scenes in which one object stays."""

from __future__ import annotations

import numpy as np

from rn_core.common.seeding import make_rng
from rn_core.tasks.sort_of_clevr import Question, sample_scene, solve
from rn_core.tasks.sort_of_clevr.questions import RELATIONAL
from rn_core.tasks.sort_of_clevr.redealing import redeal_scenes

KEPT = sample_scene(make_rng(3, "explore")).get("blue")


def test_the_object_stays_and_every_scene_is_valid():
    scenes = redeal_scenes(make_rng(0, "explore"), KEPT, 120)
    assert len(scenes) == 120
    assert all(scenes.scene(row).get("blue") == KEPT for row in range(120))
    columns = [Question(kind, "blue").index for kind in RELATIONAL]
    assert solve(scenes).margins[:, columns].min() >= 2


def test_the_others_are_dealt_anew():
    scenes = redeal_scenes(make_rng(0, "explore"), KEPT, 120)
    others = np.delete(scenes.centers, 2, axis=1)
    assert (others.std(axis=0) > 10).all()
    assert (0.3 < np.delete(scenes.shapes, 2, axis=1).mean(axis=0)).all()


def test_same_seed_same_scenes_and_fewer_are_the_first_of_more():
    few, many, other = (redeal_scenes(make_rng(s, "explore"), KEPT, n) for s, n in ((1, 30), (1, 300), (2, 30)))
    np.testing.assert_array_equal(few.centers, many.centers[:30])
    assert not np.array_equal(few.centers, other.centers)
