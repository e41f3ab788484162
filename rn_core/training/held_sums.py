"""Sums of relations that stand still: computed once for some scenes, instead of in every step that trains f_phi alone.

While g_theta is frozen, what f_phi is given about a scene never changes; computing it costs nearly all of a step.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from rn_core.common.records import Batch
from rn_core.common.seeding import make_rng, uniform_integers
from rn_core.models import QuestionAnsweringModel
from rn_core.models.layers import read_sum
from rn_core.models.relation_network import RelationNetwork
from rn_core.tasks.pools import Pool

if TYPE_CHECKING:
    from lightning_fabric import Fabric

#: Scenes that are drawn and summed at once.
_AT_ONCE = 500


class HeldSums:
    """Questions about scenes of a pool, each with the sum of its relations."""

    def __init__(self, model: QuestionAnsweringModel, batches: Iterable[Batch], fabric: Fabric) -> None:
        """Sum the relations of all questions; the model is a Relation Network on the fabric's device."""
        assert isinstance(model.core, RelationNetwork)  # the config has checked it
        self._f_phi = model.core.f_phi
        parts, sums = [], []
        with torch.no_grad(), fabric.autocast():
            for batch in batches:
                moved = batch.to(fabric.device)
                sums.append(model.add_up(moved.inputs, moved.question, moved.scene_index).float())
                parts.append(moved)
        self.sums = torch.cat(sums)  # (M, D_g)
        self._answer, self._type_index = (
            torch.cat([getattr(part, name) for part in parts]) for name in ("answer", "type_index")
        )

    def __len__(self) -> int:
        """Return the number of questions M."""
        return len(self.sums)

    def answer(self, rng: np.random.Generator, n_questions: int) -> tuple[Tensor, Batch]:
        """Draw questions, each perhaps more than once.

        Returns:
            f_phi's logits of their sums (n, A), and the questions with their true answers; their scenes are left out.
        """
        rows = torch.from_numpy(uniform_integers(rng, len(self), (n_questions,))).to(self.sums.device)
        logits = read_sum(self._f_phi, self.sums[rows])
        index = torch.arange(n_questions, device=rows.device)
        empty = self.sums.new_zeros(n_questions, 0)
        return logits, Batch((), empty, index, self._answer[rows], self._type_index[rows])


def sum_pool(model: QuestionAnsweringModel, pool: Pool, fabric: Fabric, seed: int, n_scenes: int) -> HeldSums:
    """Return the sums of so many scenes drawn from a pool, the same for a seed and a model."""
    firsts = range(0, n_scenes, _AT_ONCE)
    drawn = (pool.sample_batch(make_rng(seed, "train", first, 4), min(_AT_ONCE, n_scenes - first)) for first in firsts)
    return HeldSums(model, drawn, fabric)
