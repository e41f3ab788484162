"""Probes against explicit loops, with small networks that were never trained."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rn_core.common.errors import RNCoreError
from rn_core.common.seeding import make_rng
from rn_core.evaluation.accuracy import evaluate
from rn_core.experiments import probes
from rn_core.experiments.probes import ask, find_common_shapes, measure_diagonal, measure_guess, measure_redeal
from rn_core.models import build_model
from rn_core.tasks import TASKS
from rn_core.tasks.registry import model_config
from rn_core.tasks.sort_of_clevr import make_batch, sample_scene, sample_scenes
from rn_core.tasks.sort_of_clevr.questions import NON_RELATIONAL, QUESTION_TYPES, RELATIONAL

pytestmark = pytest.mark.weights

TASK = TASKS["sort-of-clevr/objects"]


@pytest.fixture(scope="module")
def network():
    return build_model(model_config("sort-of-clevr/objects", "rn", "tiny"), seed=1).eval()


def test_asking_in_parts_is_asking_at_once(network):
    scenes = sample_scenes(make_rng(0, "test"), 70)
    batch = make_batch(scenes, np.tile(np.arange(36), (70, 1)), "objects")
    with torch.no_grad():
        whole = network(batch.inputs, batch.question, batch.scene_index).argmax(dim=1)
    np.testing.assert_array_equal(ask(network, batch), whole)


def test_the_commoner_shape_by_counting():
    scenes = sample_scenes(make_rng(0, "test"), 200)
    found = find_common_shapes(scenes)
    for row in range(200):
        for asked in range(6):
            others = [int(scenes.shapes[row, k]) for k in range(6) if k != asked]
            assert found[row, asked] == max((0, 1), key=others.count)


def test_the_commoner_shape_is_right_eleven_times_in_sixteen(network):
    found = measure_guess(network, "objects", 3000, 0)
    for kind in ("closest_shape", "furthest_shape"):
        assert found[kind]["guess"].accuracy == pytest.approx(11 / 16, abs=0.02)
        assert found[kind]["guess"].n == 6 * 3000


def test_a_guesser_is_found_out(monkeypatch, network):
    monkeypatch.setattr(
        probes, "ask_all", lambda _, scenes, view, *__: (np.tile(find_common_shapes(scenes)[:, None], (1, 6, 1)),) * 2
    )
    found = measure_guess(network, "objects", 50, 0)
    assert {share.accuracy for shares in found.values() for share in shares.values()} == {1.0}


def test_non_relational_truth_never_changes_when_the_others_are_dealt_anew(network):
    found = measure_redeal(network, "objects", sample_scene(make_rng(3, "explore")), "red", 150, 0)
    assert {found[kind].true.accuracy for kind in NON_RELATIONAL} == {0.0}
    assert all(found[kind].true.accuracy > 0.3 for kind in RELATIONAL)
    assert {change.said.n for change in found.values()} == {150}


def test_who_says_the_truth_changes_as_the_truth_does(monkeypatch, network):
    whole = probes.ask_all
    monkeypatch.setattr(probes, "ask_all", lambda *given: (whole(*given)[1],) * 2)
    found = measure_redeal(network, "objects", sample_scene(make_rng(3, "explore")), "red", 80, 0)
    assert all(change.said == change.true for change in found.values())


def test_all_pairs_give_the_accuracy_of_the_evaluation(network):
    found = measure_diagonal(network, "objects", 60, 0)["all pairs"]
    assert found == evaluate(network, TASK, 0, 60).types


def test_the_diagonal_by_an_explicit_loop(network):
    """Accuracy of 10 scenes, each pair put through g_theta by itself."""
    core, right = network.core, {"the diagonal alone": [], "without the diagonal": []}
    scenes = sample_scenes(make_rng(0, "test", 0), 10)
    batch = make_batch(scenes, np.tile(np.arange(36), (10, 1)), "objects")
    for m in range(len(batch)):
        objects, sums = batch.inputs[0][batch.scene_index[m]], {True: 0, False: 0}
        for i in range(6):
            for j in range(6):
                level = torch.cat([objects[i], objects[j], batch.question[m]])
                for layer in core.g_theta:
                    level = torch.relu(layer(level))
                sums[i == j] = sums[i == j] + level
        for name, key in (("the diagonal alone", True), ("without the diagonal", False)):
            right[name].append(bool(core.f_phi(sums[key]).argmax() == batch.answer[m]))
    found = measure_diagonal(network, "objects", 10, 0)
    for name, flags in right.items():
        by_type = np.reshape(flags, (10, 6, 6)).mean(axis=(0, 2))
        assert [found[name][kind].accuracy for kind in QUESTION_TYPES] == pytest.approx(by_type.tolist())


def test_a_network_without_pairs_has_no_diagonal():
    with pytest.raises(RNCoreError, match=r"^Only a Relation Network has a diagonal"):
        measure_diagonal(build_model(model_config("sort-of-clevr/objects", "mlp", "tiny"), 0), "objects", 1, 0)
