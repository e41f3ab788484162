"""A session's own networks of a set, made ready to be asked."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from pages._lab.models import baseline_of, own_name
from rn_core.answering import Answerer
from rn_core.common.device import choose_device
from rn_core.common.errors import RNCoreError
from rn_core.tasks import TASKS
from rn_core.weights.bundles import read_bundle
from rn_core.weights.store import LoadedWeights

#: Ends the name of a Relation Network that came without an MLP.
_ALONE = "-alone"


@dataclass(frozen=True)
class SetModels:
    """The networks that learned a set.

    Attributes:
        name: of the Relation Network in URLs and caches, made from all that answers depend on.
        weights: the Relation Network as it was loaded, which describes its set.
        answerer: the Relation Network.
        baseline: the MLP beside it; None without one.
    """

    name: str
    weights: LoadedWeights
    answerer: Answerer
    baseline: Answerer | None


def read_models(files: Sequence[tuple[str, bytes]]) -> SetModels:
    """Return the networks of some files: a Relation Network of a set, alone or with its MLP.

    Args:
        files: name and content of each.

    Raises:
        RNCoreError: in one sentence, if a file cannot be used or they do not belong together.
    """
    loaded = sorted((read_bundle(content, name) for name, content in files), key=lambda one: not one.model.has_pairs)
    rest = loaded[1:]
    if not loaded or not loaded[0].model.has_pairs or len(rest) > 1:
        raise RNCoreError(f"Choose a Relation Network, alone or together with its MLP; got {len(loaded)} files.")
    first = loaded[0]
    if any(one.card.task != first.card.task or one.model.has_pairs for one in rest):
        raise RNCoreError(f"'{rest[0].card.name}' is not the MLP of the same set as '{first.card.name}'; choose that.")
    if rest and rest[0].card.kind != "mlp":
        raise RNCoreError(f"Beside a Relation Network its MLP can be shown, got '{rest[0].card.name}'; leave that out.")
    digest = hashlib.sha256(" ".join(f"{one.card.task} {one.card.sha256}" for one in loaded).encode()).hexdigest()
    answerers = [_make_answerer(one) for one in loaded]
    name = own_name("objects", digest)
    return SetModels(name if rest else f"{name}{_ALONE}", first, answerers[0], answerers[1] if rest else None)


def list_answering(model: str) -> tuple[str, ...]:
    """Return the networks that answer by the name of the Relation Network: it, and its MLP if it has one."""
    return (model,) if model.endswith(_ALONE) else (model, baseline_of(model))


def _make_answerer(weights: LoadedWeights) -> Answerer:
    """Return a network on the chosen device."""
    card = weights.card
    return Answerer(card.name, card, weights.model.to(choose_device()), TASKS[card.task], weights.mean_aggregate)
