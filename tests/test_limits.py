"""Measuring where a network fails, with answers that are known: the truth, and the truth with planted errors."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import crowds as printed
from rn_core.common.errors import RNCoreError
from rn_core.common.records import Batch
from rn_core.common.seeding import make_rng
from rn_core.experiments import limits
from rn_core.experiments.limits import CROWD_SIZES, measure_crowds, measure_margins
from rn_core.models import build_model
from rn_core.tasks.registry import model_config
from rn_core.tasks.sort_of_clevr import sample_scenes, solve
from rn_core.tasks.sort_of_clevr.crowds import UNSAYABLE
from rn_core.tasks.sort_of_clevr.questions import ANSWERS, QUESTION_TYPES

pytestmark = pytest.mark.weights

COUNT = QUESTION_TYPES.index("count_same_shape")
ZERO = ANSWERS.index("0")


@pytest.fixture(scope="module")
def network():
    return build_model(model_config("sort-of-clevr/objects", "rn", "tiny"), seed=0).eval()


def plant(monkeypatch, change) -> None:
    """Let the network say `change(true answers, question types)`."""

    def ask(_model: object, batch: Batch, *_: object) -> np.ndarray:
        return change(batch.answer.numpy().copy(), batch.type_index.numpy())

    monkeypatch.setattr(limits, "ask", ask)


def test_who_says_the_truth_is_always_right(monkeypatch, network):
    plant(monkeypatch, lambda true, _: np.where(true == UNSAYABLE, len(ANSWERS) - 1, true))
    found = measure_crowds(network, 10, 120, 0)
    assert {kind: share.accuracy for kind, share in found.types.items()} == dict.fromkeys(QUESTION_TYPES, 1.0)
    assert found.unsayable > 0
    assert found.types["count_same_shape"].n == 120 - found.unsayable
    assert found.types["shape"].n == 120
    assert found.off_by_one is found.too_few is None


def test_planted_errors_of_counts_are_found(monkeypatch, network):
    """Counts above 0 are one too low, a count of 0 is said to be 2."""

    def change(true: np.ndarray, kinds: np.ndarray) -> np.ndarray:
        return np.where(kinds != COUNT, true, np.where(true == ZERO, ZERO + 2, true - 1))

    plant(monkeypatch, change)
    found = measure_crowds(network, 4, 400, 0)
    assert found.types["count_same_shape"].accuracy == 0
    assert found.types["closest_shape"].accuracy == 1
    zeros = 1 - found.off_by_one.accuracy  # of three fair coins, none is alike one time in eight
    assert zeros == pytest.approx(1 / 8, abs=0.06)
    assert found.too_few == found.off_by_one
    assert found.off_by_one.n == 400


def test_a_wrong_word_is_no_count_off_by_one(monkeypatch, network):
    plant(monkeypatch, lambda true, kinds: np.where(kinds == COUNT, ANSWERS.index("no"), true))
    found = measure_crowds(network, 2, 100, 0)
    assert found.off_by_one.accuracy == found.too_few.accuracy == 0


def test_the_network_itself_is_asked(network):
    found = measure_crowds(network, 3, 60, 0)
    assert found == measure_crowds(network, 3, 60, 0)
    assert found.types.keys() == {*QUESTION_TYPES}
    assert (found.n_objects, found.n_scenes, found.seed) == (3, 60, 0)
    assert measure_crowds(network, 3, 60, 1).types != found.types


@pytest.mark.parametrize(("task", "kind"), [("sort-of-clevr/objects", "mlp"), ("sort-of-clevr/pixels", "rn")])
def test_other_models_are_one_sentence(task, kind):
    with pytest.raises(RNCoreError, match=r"^Crowds need a Relation Network on object rows"):
        measure_crowds(build_model(model_config(task, kind, "tiny"), seed=0), 4, 1, 0)


def test_margins_are_sorted_into_their_bins(monkeypatch, network):
    """Right exactly where the margin is 2 pixels or more: bins below are 0 %, the others 100 %."""
    margins = solve(sample_scenes(make_rng(0, "test"), 150, margin=0)).margins[:, 18:30]
    plant(monkeypatch, lambda true, _: np.where(margins.ravel() >= 2, true, 9))
    found = measure_margins(network, "objects", 150, 0)
    assert [part.accuracy.accuracy for part in found] == [float(part.low >= 2) for part in found]
    assert sum(part.accuracy.n for part in found) == 12 * 150
    assert found[-1].high == np.inf
    by_hand = [int(((margins >= part.low) & (margins < part.high)).sum()) for part in found]
    assert [part.accuracy.n for part in found] == by_hand


def test_the_command_prints_every_size_with_its_sample(capsys):
    printed.main(["--scenes", "20", "--seed", "3"])
    said = capsys.readouterr().out
    assert all(f"{n} objects" in said for n in CROWD_SIZES)
    assert "20 scenes of the test split each, seed 3" in said
    assert "16 px or more" in said
    assert "inf" not in said
