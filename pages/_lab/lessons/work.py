"""What single lessons work out from one scene; this module draws nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pages._lab.domains.base import Domain
from pages._lab.pairs.state import PairState
from pages._lab.pairs.view import Case, PairReading, PairView
from pages._lab.sort_of_clevr.state import ExploreState
from pages._lab.sort_of_clevr.view import Reading
from rn_core.attribution.base import Target
from rn_core.attribution.readout import answer_logits
from rn_core.common.errors import RNCoreError
from rn_core.tasks.sort_of_clevr.scene import SHAPES


@dataclass(frozen=True)
class Turn:
    """What happens when one object's shape is turned.

    Attributes:
        color: of the object.
        shape: its shape then.
        answer: what the Relation Network says then.
        truth: the true answer then.
        flips: whether the network's answer is another one than before.
    """

    color: str
    shape: str
    answer: str
    truth: str
    flips: bool


@dataclass(frozen=True)
class Removal:
    """What happens when one object is removed.

    Attributes:
        name: of the object, in words.
        answer: what the Relation Network says then.
        truth: the true answer then; None if nobody knows it.
        flips: whether the network's answer is another one than before.
    """

    name: str
    answer: str
    truth: str | None
    flips: bool


def make_removals(
    domain: Domain[Any, Any, Any],
    state: PairState,
    see: Callable[[PairState], PairView],
    ask: Callable[[Case], PairReading],
) -> tuple[Removal, ...]:
    """Remove each object of a scene, one at a time, and ask again; objects that the question names stay.

    Args:
        domain: of the scene.
        state: scene, question and model.
        see: state -> what its page shows.
        ask: asks the models about a case.
    """
    before, found = see(state).reading.answer.text, []
    for thing in domain.list_objects(state):
        try:
            reading = ask(domain.take_away(see(state.change(without=(thing.label,)))))
        except RNCoreError:
            continue
        said = reading.answer.text
        found.append(Removal(thing.name, said, reading.truth, said != before))
    return tuple(found)


def make_turns(state: ExploreState, read: Callable[[ExploreState], Reading]) -> tuple[Turn, ...]:
    """Turn the shape of each object of a scene, one at a time, and ask again.

    Args:
        state: scene, question and model.
        read: asks the models about a state.
    """
    before, turns = read(state).answer.text, []
    for thing in state.scene.objects:
        shape = next(name for name in SHAPES if name != thing.shape)
        reading = read(state.edit(state.scene.replace(thing.color, shape=shape)))
        said = reading.answer.text
        turns.append(Turn(thing.color, shape, said, reading.truth, said != before))
    return tuple(turns)


def add_in_orders(f_phi: nn.Sequential, relations: Tensor, target: Target, n_orders: int, seed: int) -> np.ndarray:
    """Return the explained logit while pairs are added one by one, (K, P + 1) float64.

    Args:
        f_phi: the Relation Network's.
        relations: (P, D_g).
        target: the logit to follow.
        n_orders: K, the first in the order of `relations`, the others at random.
        seed: of the random orders.
    """
    generator = torch.Generator().manual_seed(seed)
    orders = [torch.arange(len(relations))]
    orders += [torch.randperm(len(relations), generator=generator) for _ in range(n_orders - 1)]
    paths = []
    for order in orders:
        sums = relations.double()[order].cumsum(dim=0)  # (P, D_g)
        sums = torch.cat([torch.zeros_like(sums[:1]), sums])  # (P + 1, D_g)
        paths.append(target.value(answer_logits(f_phi, sums)))
    return torch.stack(paths).cpu().numpy()


def describe_ends(paths: np.ndarray) -> str:
    """Return in one sentence how far apart the ends of paths (K, P + 1) are."""
    spread = float(np.ptp(paths[:, -1]))
    how = "exactly" if spread == 0 else f"up to {spread:.0e} logits, which is rounding"
    return f"All {len(paths)} orders end at the same number: {how}."
