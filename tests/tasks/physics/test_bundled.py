"""The scenes that come with the package: what they are, and that they play without MuJoCo."""

from __future__ import annotations

import sys
from dataclasses import fields

import numpy as np
import pytest

from rn_core.common.errors import RNCoreError
from rn_core.tasks.physics import PhysicsScenes, simulate
from rn_core.tasks.physics.bundled import BUNDLE, load_bundled_scenes, make_bundle
from tests.test_layers import ROOT, probe


def test_the_bundle_is_what_the_simulation_makes(tmp_path, monkeypatch):
    """What is drawn to the last bit; what moves as near as another processor may get in 0.5 s."""
    monkeypatch.setattr("rn_core.tasks.physics.bundled.BUNDLE", tmp_path / BUNDLE.name)
    (tmp_path / BUNDLE.name).write_bytes(make_bundle())
    made = load_bundled_scenes()
    monkeypatch.undo()
    kept = load_bundled_scenes()
    for name in ("links", "rigid"):
        np.testing.assert_array_equal(getattr(made, name), getattr(kept, name))
    np.testing.assert_allclose(made.lengths, kept.lengths, atol=1e-6)
    np.testing.assert_allclose(made.positions[:, :6], kept.positions[:, :6], atol=1e-3)


def test_it_holds_two_scenes_of_each_number_of_systems_in_32_frames():
    scenes = load_bundled_scenes()
    assert scenes.positions.shape == (20, 32, 10, 2)
    assert scenes.n_systems.tolist() == [count for count in range(1, 11) for _ in range(2)]
    assert {field.name: getattr(scenes, field.name).dtype.name for field in fields(PhysicsScenes)} == {
        "positions": "float32",
        "velocities": "float32",
        "links": "bool",
        "rigid": "bool",
        "lengths": "float32",
    }
    assert BUNDLE.stat().st_size < 300_000


def test_it_plays_without_mujoco(monkeypatch):
    monkeypatch.setitem(sys.modules, "mujoco", None)
    scenes = load_bundled_scenes()
    assert np.abs(np.diff(scenes.positions, axis=1)).max() > 0.05
    with pytest.raises(RNCoreError, match=r"Simulating needs MuJoCo.*or use the scenes that come with the package"):
        simulate(scenes, 2)


def test_nothing_loads_mujoco_before_it_is_needed():
    modules = ["rn_core.tasks.physics", "rn_core.tasks.physics.bundled", "rn_core.tasks.physics.encoding"]
    assert probe("mujoco", [modules], ROOT) == [[]]
