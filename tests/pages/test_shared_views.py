"""What sessions share of what models say: whole views of equal cases, nothing of own models, nothing of a drag."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pages._lab.domains import clevr, physics, sort_of_clevr
from pages._lab.physics.state import PhysicsState
from pages._ui import cache
from pages._ui.pairs import reading

SHAPES, PLAN = sort_of_clevr.DOMAIN, clevr.DOMAIN
CASES: dict[str, tuple[Any, Any]] = {
    "shapes": (SHAPES, SHAPES.ask(SHAPES.read_query({"model": "rn-objects", "seed": "7"})[0])),
    "plan": (PLAN, PLAN.ask(PLAN.read_query({"show": "plan", "seed": "7"})[0])),
    "balls": (physics.DOMAIN, physics.DOMAIN.ask(PhysicsState(question="count"))),
}
KEPT = ("_cached_pass", "cached_answer", "cached_attribution", "keep_view")


@pytest.mark.weights
@pytest.mark.parametrize("name", CASES)
def test_a_passing_case_shows_what_one_that_stays_shows_and_is_not_kept(monkeypatch, name):
    domain, case = CASES[name]
    stays = reading.read_view(domain, case)
    assert reading.read_view(domain, case) is stays
    for kept in KEPT:
        monkeypatch.setattr(cache, kept, lambda *_, **__: pytest.fail("something was looked up"))
    passing = reading.read_view(domain, case, is_passing=True)
    np.testing.assert_array_equal(passing.matrix, stays.matrix)
    assert passing.answers_html() == stays.answers_html()
    assert passing.target == stays.target and passing.true_pairs == stays.true_pairs
    assert passing.disagreement is None


@dataclass(frozen=True)
class Case:
    """A case, told apart by its content."""

    seed: int
    more: object


@pytest.mark.parametrize(
    ("models", "more", "is_shared"),
    [(("rn", "mlp"), None, True), (("rn", "own-1f"), None, False), (("rn", "mlp"), object(), False)],
)
def test_equal_cases_share_a_view_unless_a_model_is_a_sessions_own(monkeypatch, models, more, is_shared):
    domain: Any = SimpleNamespace(name=f"domain of {models}", list_models=lambda case: models)
    monkeypatch.setattr(reading, "_read_view", lambda domain, case: [case.seed])
    first, again, other = (reading.read_view(domain, Case(seed, more)) for seed in (1, 1, 2))
    assert (first is again) == is_shared
    assert first == again == [1] and other == [2]
