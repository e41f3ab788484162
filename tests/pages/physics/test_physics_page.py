"""The physics page as people use it: it opens playing, every control works, bad input is one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from pages._ui import cache

ROOT = Path(__file__).resolve().parents[3]
CACHED = (
    cache.domain_answerer,
    cache.cached_group_reading,
    cache.cached_answer_beside,
    cache.cached_group_attribution,
    cache.cached_group_ranking,
    cache.cached_paths,
)


@pytest.fixture(autouse=True)
def models(monkeypatch, random_answerer):
    """Answer by networks that were never trained, all of which are there."""
    for cached in CACHED:
        cached.clear()
    monkeypatch.setattr(cache, "load", random_answerer)
    monkeypatch.setattr("pages._ui.physics.models.is_here", lambda model: True)
    yield
    for cached in CACHED:
        cached.clear()


@pytest.fixture
def shown(monkeypatch) -> list[dict]:
    """Return what the animated table was given, one payload a run, the last one last."""
    payloads: list[dict] = []
    monkeypatch.setattr("pages._ui.physics.sections.draw_table", lambda payload, **_: payloads.append(payload))
    return payloads


@pytest.fixture
def no_mujoco(monkeypatch):
    """Hide MuJoCo, as on a platform that it has no wheel for."""
    monkeypatch.setitem(__import__("sys").modules, "mujoco", None)
