"""The loss of networks that answer step by step: a question counts where its answer can be known."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional

from rn_core.common.errors import RNCoreError
from rn_core.common.seeding import make_rng
from rn_core.models import ModelConfig
from rn_core.models.encoders import RowEncoder, RowEncoderConfig
from rn_core.models.recurrent import RecurrentRelationNetworkConfig
from rn_core.tasks import TASKS
from rn_core.training.step_losses import count_steps, mean_loss

CHAIN = TASKS["sort-of-clevr/chain"]
BATCH = CHAIN.sample_batch(make_rng(1, "train"), 3, 30)
N_STEPS = 4


def test_a_question_counts_from_the_step_on_that_can_know_its_answer_and_at_the_last():
    logits = torch.randn(N_STEPS, len(BATCH), len(CHAIN.answers), generator=torch.Generator().manual_seed(0))
    losses = []
    for step in range(1, N_STEPS + 1):
        jumps = BATCH.type_index.tolist()
        rows = [m for m, n in enumerate(jumps) if n <= step or step == N_STEPS]
        losses.append(functional.cross_entropy(logits[step - 1, rows], BATCH.answer[rows]))
    assert {*BATCH.type_index.tolist()} == {*range(8)}
    torch.testing.assert_close(mean_loss(CHAIN, logits, BATCH, count_steps(CHAIN, BATCH)), sum(losses) / N_STEPS)


def test_a_step_at_which_no_question_can_be_known_has_no_loss():
    far = BATCH.ask(BATCH.type_index == 3)
    logits = torch.randn(N_STEPS, len(far), len(CHAIN.answers), generator=torch.Generator().manual_seed(0))
    wanted = sum(functional.cross_entropy(each, far.answer) for each in logits[2:]) / 2
    torch.testing.assert_close(mean_loss(CHAIN, logits, far, count_steps(CHAIN, far)), wanted)


def test_every_step_counts_for_tasks_that_say_nothing_of_relations():
    plain = SimpleNamespace(scoring=CHAIN.scoring)
    logits = torch.randn(N_STEPS, len(BATCH), len(CHAIN.answers), generator=torch.Generator().manual_seed(0))
    assert count_steps(plain, BATCH) is None
    wanted = sum(functional.cross_entropy(each, BATCH.answer) for each in logits) / N_STEPS
    torch.testing.assert_close(mean_loss(plain, logits, BATCH, None), wanted)


def test_some_questions_keep_their_scenes_answers_and_types():
    rows = BATCH.type_index % 2 == 1
    some = BATCH.ask(rows)
    assert some.inputs is BATCH.inputs and len(some) == int(rows.sum())
    for name in ("question", "scene_index", "answer", "type_index"):
        assert torch.equal(getattr(some, name), getattr(BATCH, name)[rows])


def test_a_pair_shows_the_distance_between_its_centers():
    encoder = RowEncoder(RowEncoderConfig(5, d_pair=1, center_at=2, distance_scale=10.0))
    rows = torch.randn(2, 4, 5, generator=torch.Generator().manual_seed(0))
    found = encoder.compare(rows[:, :, None], rows[:, None])
    assert found.shape == (2, 4, 4, 1)
    for s, i, j in torch.cartesian_prod(torch.arange(2), torch.arange(4), torch.arange(4)).tolist():
        (x, y), (u, v) = rows[s, i, 2:4].tolist(), rows[s, j, 2:4].tolist()
        assert found[s, i, j].item() == pytest.approx(10 * ((x - u) ** 2 + (y - v) ** 2) ** 0.5, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("changes", [{"d_pair": 0}, {"d_pair": 2}, {"center_at": 4}, {"center_at": -1}])
def test_centers_that_rows_do_not_hold_are_refused(changes):
    with pytest.raises(RNCoreError, match="must lie within 5 features and give d_pair 1"):
        RowEncoderConfig(5, **{"d_pair": 1, "center_at": 2, **changes})


def test_a_core_must_read_the_distances_that_rows_give():
    sizes = {"d_state": 4, "e_widths": (4,), "message_widths": (4,), "f_widths": (4,)}
    with pytest.raises(RNCoreError, match="The core must take pairs of 1 features, got d_pair 0; set it to 1"):
        ModelConfig(RowEncoderConfig(5, d_pair=1, center_at=2), RecurrentRelationNetworkConfig(5, 0, 3, **sizes))
