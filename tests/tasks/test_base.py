"""What each task can beside what all can, and what its domain's own file says of it."""

from __future__ import annotations

import pytest

from rn_core.tasks import TASKS, base

_SHAPES = {"sort-of-clevr/pixels", "sort-of-clevr/objects", "sort-of-clevr/objects-2to10"}
_TIES = {"physics/connections", "physics/connections-2to12"}
#: Capability -> the tasks that have it.
CAPABILITIES = {
    base.Pooled: {"clevr/states", "babi", "physics/count", "physics/count-2to12", *_TIES, "physics/predict"},
    base.Raceable: {"sort-of-clevr/pixels", "sort-of-clevr/objects", "sort-of-clevr/triples", "babi"},
    base.FolderBacked: {"clevr/pixels", "clevr/slots", "clevr/cells", "clevr/states", "babi", "sort-of-clevr/pixels"},
    base.FolderTrained: {"clevr/pixels", "clevr/slots", "clevr/cells", "clevr/states"},
    base.MultiLabel: _TIES,
    base.CellBacked: {"sort-of-clevr/pixels"},
    base.ObjectsLabeled: {"sort-of-clevr/pixels", "clevr/slots"},
    base.PairsKnown: {*_SHAPES, "clevr/states", "babi"},
    base.FewQuestions: _SHAPES,
}


@pytest.mark.parametrize("capability", CAPABILITIES, ids=lambda capability: capability.__name__)
def test_a_capability_is_that_of_the_tasks_which_offer_it(capability):
    assert {name for name, task in TASKS.items() if isinstance(task, capability)} == CAPABILITIES[capability]


def test_a_tasks_name_begins_with_its_domain_and_what_counts_are_its_question_types():
    for name, task in TASKS.items():
        assert name.partition("/")[0] == task.domain.name
        assert {*task.overall_types} <= {*task.question_types}
