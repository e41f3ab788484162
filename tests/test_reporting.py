"""The attribution table on models whose right scores are known."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from rn_core.common.errors import RNCoreError
from rn_core.common.seeding import make_rng
from rn_core.evaluation import reporting
from rn_core.evaluation.reporting import attribution_table, mean_aggregates, read_cases
from rn_core.models import ModelConfig, QuestionAnsweringModel, build_model
from rn_core.models.encoders import RowEncoderConfig
from rn_core.models.relation_network import PairCore, RelationNetwork, RelationNetworkConfig, RelationTrace
from rn_core.tasks import TASKS
from rn_core.tasks.clevr import RELATIONS, QuestionGenerator
from rn_core.tasks.clevr import sample_scene as sample_clevr_scene
from rn_core.tasks.registry import model_config
from rn_core.tasks.sort_of_clevr import sample_scenes
from rn_core.tasks.sort_of_clevr.encoding import encode_rows
from rn_core.tasks.sort_of_clevr.questions import question_codes
from rn_core.weights.store import load_weights

pytestmark = pytest.mark.weights

OBJECTS, STATES = TASKS["sort-of-clevr/objects"], TASKS["clevr/states"]
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


def test_weights_that_learned_point_better_than_shuffled_ones():
    row = attribution_table(load_weights("sort-of-clevr/rn-objects").model, OBJECTS, seed=0, n_scenes=12)["exact_path"]
    assert row["pointing_game"] > 0.8 > 0.4 > row["randomised_weights_pointing_game"]
    assert row["relevance_mass"] > 0.5 > 0.3 > row["randomised_weights_relevance_mass"]


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


class _Told(PairCore):
    """A Relation Network over CLEVR's rows that is told which pair to heed."""

    def __init__(self, rn: RelationNetwork, pair: int) -> None:
        super().__init__()
        self.f_phi, self._rn, self._pair = rn.f_phi, rn, pair

    def trace(self, *inputs: torch.Tensor) -> RelationTrace:
        trace = self._rn.trace(*inputs)
        relations = torch.zeros_like(trace.relations)
        relations[:, self._pair] = trace.relations[:, self._pair]
        aggregate = relations.sum(dim=1)
        return replace(trace, relations=relations, aggregate=aggregate, logits=self.f_phi(aggregate))


def test_the_deciding_pair_of_a_clevr_question_is_the_landmark_and_what_is_asked_about():
    cases = list(read_cases(STATES, seed=0, n_scenes=12))
    assert len(cases) == 12
    rng = make_rng(0, "test", 2)
    generator = QuestionGenerator(rng)
    seen = 0
    while seen < 12:
        scene = sample_clevr_scene(rng)
        question = generator.ask_family(scene, 74 + seen % 4)
        if question is None:
            continue
        pairs = cases[seen].true_pairs.view(scene.n_objects, scene.n_objects)
        (wanted,) = question.deciding
        ((i, j), (other_i, other_j)) = pairs.nonzero().tolist()
        assert (i, j) == (other_j, other_i)
        assert wanted in (i, j)
        (landmark,) = {i, j} - {wanted}
        assert scene.related[RELATIONS[question.slots[4]]][landmark, wanted]
        assert torch.equal(cases[seen].inputs[0][0, :, :2], torch.from_numpy(scene.coords[:, :2] / 3).float())
        seen += 1


def test_a_network_that_heeds_the_true_pair_alone_is_scored_in_full_and_one_that_heeds_another_is_not():
    model = build_model(model_config("clevr/states", "rn"), 0).eval()
    core = model.core
    for case in read_cases(STATES, seed=1, n_scenes=6):
        n_objects = case.inputs[0].shape[1]
        others = [k for k in range(n_objects**2) if not case.true_pairs[k]]
        for pair, mass in ((int(case.true_pairs.nonzero()[0]), 1), (others[3], 0)):
            model.core = _Told(core, pair)
            found, score = reporting._point(reporting._ask(model, case), "exact_path", case.true_pairs)
            assert found.completeness_gap < 1e-9
            if found.contributions.max() > 0:
                assert score == {"pointing_game": mass, "relevance_mass": mass}


def test_clevr_from_states_has_a_table_and_pixels_a_sentence():
    table = attribution_table(build_model(model_config("clevr/states", "rn"), 0).eval(), STATES, seed=0, n_scenes=8)
    assert table["exact_path"]["completeness_gap"] < 1e-9
    assert table["exact_path"]["n"] == 8
    pixels = build_model(model_config("clevr/pixels", "rn"), 0)
    with pytest.raises(RNCoreError, match="clevr/states, babi, not for 'clevr/pixels'; choose a model of one"):
        attribution_table(pixels, TASKS["clevr/pixels"], seed=0, n_scenes=8)
