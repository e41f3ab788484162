"""Measurements tell their progress batch by batch, so that what listens can end them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import pytest

from rn_core.answering import load
from rn_core.common.seeding import make_rng
from rn_core.experiments import probes
from rn_core.experiments.limits import measure_crowds, measure_margins
from rn_core.experiments.probes import measure_diagonal, measure_guess, measure_redeal
from rn_core.tasks.sort_of_clevr import sample_scene


class Left(Exception):
    """Whoever waited is gone."""


MEASUREMENTS = {
    "guess": partial(measure_guess, view="objects"),
    "redeal": partial(measure_redeal, view="objects", scene=sample_scene(make_rng(0, "explore")), color="red"),
    "diagonal": partial(measure_diagonal, view="objects"),
    "crowds": partial(measure_crowds, n_objects=3),
    "margins": partial(measure_margins, view="objects"),
}


@pytest.mark.parametrize("name", [*MEASUREMENTS])
def test_a_measurement_ends_at_the_batch_where_its_progress_says_so(name, monkeypatch):
    monkeypatch.setattr(probes, "_SCENES_A_BATCH", 2)
    measure: Callable = MEASUREMENTS[name]
    model, seen = load("sort-of-clevr/rn-objects").model, []

    def leave(batches: Iterable[int]) -> Iterable[int]:
        for first in batches:
            seen.append(first)
            if len(seen) == 3:
                raise Left
            yield first

    with pytest.raises(Left):
        measure(model, n_scenes=8, seed=0, progress=leave)
    assert len(seen) == 3
