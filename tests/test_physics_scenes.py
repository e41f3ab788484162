"""The benchmark of scenes of balls prints what it says."""

from __future__ import annotations

import pytest

from benchmarks import physics_scenes

pytestmark = pytest.mark.weights


def test_the_table_has_a_row_for_each_number_of_balls(monkeypatch, capsys):
    monkeypatch.setattr(physics_scenes, "_BATCH", 2)
    drawn = []
    sample = physics_scenes.sample_scenes
    monkeypatch.setattr(physics_scenes, "sample_scenes", lambda *given: drawn.append(given[1:]) or sample(*given))
    physics_scenes.main(["--scenes", "5"])
    rows = [line.split("|")[1].strip() for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert rows == ["balls", "---", "2", "10", "16"]
    assert drawn == [(2, balls) for balls in (2, 2, 2, 10, 10, 10, 16, 16, 16)]  # the first one compiles the models
