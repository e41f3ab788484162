"""The attribution table on models whose right scores are known."""

from __future__ import annotations

import pytest
import torch

from rn_core.errors import RNCoreError
from rn_core.models import ModelConfig, QuestionAnsweringModel, build_model
from rn_core.models.configs import model_config
from rn_core.models.encoders import RowEncoderConfig
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.reporting import attribution_table, mean_aggregates
from rn_core.seeding import make_rng
from rn_core.tasks import TASKS
from rn_core.tasks.sort_of_clevr import sample_scenes
from rn_core.tasks.sort_of_clevr.encoding import encode_rows
from rn_core.tasks.sort_of_clevr.questions import question_codes

OBJECTS = TASKS["sort-of-clevr/objects"]
SMALL = ModelConfig(RowEncoderConfig(10), RelationNetworkConfig(10, 11, 10, (16, 16), (16,)))


@pytest.fixture(scope="module")
def table():
    return attribution_table(build_model(SMALL, 0).eval(), OBJECTS, seed=0, n_scenes=24)


def test_shares_are_complete_and_measures_in_range(table):
    assert set(table) == {"exact_path", "integrated_gradients", "leave_one_out", "gradient", "norm"}
    assert table["exact_path"]["completeness_gap"] < 1e-9
    for row in table.values():
        assert row["n"] == 24
        for key in ("pointing_game", "relevance_mass", "deletion", "insertion", "random_order_deletion"):
            assert 0 <= row[key] <= 1, key


def test_weights_that_learned_nothing_point_no_better_than_shuffled_ones(table):
    """36 pairs, two of them true: chance is 1 in 18."""
    row = table["exact_path"]
    assert row["pointing_game"] < 0.35
    assert row["relevance_mass"] == pytest.approx(row["randomised_weights_relevance_mass"], abs=0.15)


def test_the_same_seed_gives_the_same_table(table):
    assert attribution_table(build_model(SMALL, 0).eval(), OBJECTS, seed=0, n_scenes=24) == table


def test_an_mlp_has_no_table():
    model = build_model(model_config("sort-of-clevr/objects", "mlp"), 0)
    with pytest.raises(RNCoreError, match="Only Relation Networks have pairs"):
        attribution_table(model, OBJECTS, 0, 5)
    with pytest.raises(RNCoreError, match="1 or more, got 0"):
        attribution_table(build_model(SMALL, 0), OBJECTS, 0, 0)


def test_mean_aggregates_are_means_over_scenes():
    model: QuestionAnsweringModel = build_model(SMALL, 0).eval()
    rng = make_rng(4, "validation", 1)
    total = torch.zeros(36, 16)
    for _ in range(3):
        rows, mask = encode_rows(sample_scenes(rng, 1))
        for index, code in enumerate(question_codes()):
            total[index] += model.core.trace(rows, mask, torch.from_numpy(code)[None]).aggregate[0]
    torch.testing.assert_close(mean_aggregates(model, OBJECTS, 4, 3), total / 3)


def test_pixel_pairs_are_scored_with_the_ground_as_a_seventh_object():
    model = build_model(model_config("sort-of-clevr/pixels", "rn"), 0).eval()
    table = attribution_table(model, TASKS["sort-of-clevr/pixels"], seed=0, n_scenes=4)
    assert table["exact_path"]["completeness_gap"] < 1e-9
    assert table["norm"]["relevance_mass"] < 0.3, "most of 25 cells are ground or another object"
