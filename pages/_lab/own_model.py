"""A model that a session trained or uploaded, made ready to be asked; no Streamlit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from pages._lab.models import asks_about_shapes, own_name, read_as
from rn_core.answering import Answerer
from rn_core.common.device import choose_device
from rn_core.common.errors import RNCoreError
from rn_core.common.records import Accuracy
from rn_core.evaluation.reporting import mean_aggregates
from rn_core.tasks import TASKS
from rn_core.tasks.sort_of_clevr.spec import DOMAIN
from rn_core.weights.bundles import read_bundle
from rn_core.weights.card import Card, count_only
from rn_core.weights.store import LoadedWeights

#: Scenes behind a mean aggregate that a file lacks; a scene of pixels costs many times one of rows.
_MEAN_SCENES = MappingProxyType({"objects": 200, "pixels": 20, "slots": 20})
#: Parameters up to which they are that many; a larger model gets fewer in proportion, so that its upload costs no more.
_MEAN_PARAMETERS = 500_000


@dataclass(frozen=True)
class OwnModel:
    """One model of a session.

    Attributes:
        name: what URLs and caches call it; made from everything that its answers depend on.
        answerer: a Relation Network, read only.
        baseline: the MLP that answers beside it; None takes the shipped one.
        label: what people call it.
    """

    name: str
    answerer: Answerer
    baseline: Answerer | None
    label: str


def make_own_model(weights: LoadedWeights, label: str, baseline: LoadedWeights | None = None) -> OwnModel:
    """Return a model ready to be asked.

    Args:
        weights: a Relation Network.
        label: what people call it; what it sees is put behind.
        baseline: an MLP of the same task, or None for the shipped one.

    Raises:
        RNCoreError: in one sentence, if the model has no pairs, reads no scenes of shapes, or the baseline is no MLP of
            the same task.
    """
    if not weights.model.has_pairs:
        raise RNCoreError(
            f"'{weights.card.name}' is an MLP and has no pairs to examine; choose a Relation Network, or both "
            "files together."
        )
    task = TASKS.get(weights.card.task)
    if not asks_about_shapes(task):
        raise RNCoreError(
            f"'{weights.card.name}' was trained on {weights.card.task}, not on scenes of shapes; "
            f"choose a Relation Network of {DOMAIN.name}."
        )
    if baseline is not None and (baseline.model.has_pairs or baseline.card.task != weights.card.task):
        raise RNCoreError(
            f"'{baseline.card.name}' cannot answer beside '{weights.card.name}'; choose an MLP of "
            f"{weights.card.task}, or none."
        )
    view = read_as(task, weights.model.encoder)
    name = own_name(view, _digest(weights, baseline))
    if weights.mean_aggregate is None:
        mean = mean_aggregates(weights.model, task, seed=0, n_scenes=count_mean_scenes(weights, view))
        weights = replace(weights, mean_aggregate=mean)
    label = f"{label} · {view}"
    beside = None if baseline is None else _make_answerer(f"{label}: the MLP beside it", baseline)
    return OwnModel(name, _make_answerer(label, weights), beside, label)


def count_mean_scenes(weights: LoadedWeights, view: str) -> int:
    """Return the scenes behind the mean aggregate of a model of a view, 2 at least."""
    share = min(1, _MEAN_PARAMETERS / weights.model.count_parameters())
    return max(2, int(share * _MEAN_SCENES[view]))


def read_files(files: Sequence[tuple[str, bytes]], label: str) -> OwnModel:
    """Return what was uploaded: a Relation Network, alone or together with its MLP.

    Args:
        files: name and content of each, one or more.
        label: as `make_own_model`.

    Raises:
        RNCoreError: in one sentence, if a file cannot be used or they do not belong together.
    """
    loaded = [read_bundle(content, name) for name, content in files]
    # Relation Networks first: an MLP alone is then named by `make_own_model`.
    loaded.sort(key=lambda weights: not weights.model.has_pairs)
    if len(loaded) > 2:
        raise RNCoreError(f"Choose a Relation Network, alone or together with its MLP; got {len(loaded)} files.")
    return make_own_model(loaded[0], label, *loaded[1:])


def _digest(weights: LoadedWeights, baseline: LoadedWeights | None) -> str:
    """Return a hash of everything that the answers depend on: tensors, what they are built into, the baseline."""
    parts = [[part.card.sha256, part.model.config.to_dict()] for part in (weights, baseline) if part is not None]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _make_answerer(label: str, weights: LoadedWeights) -> Answerer:
    """Return a model on the chosen device, with a card of what is sure and of what its file claims in figures."""
    device = choose_device()
    mean = None if weights.mean_aggregate is None else weights.mean_aggregate.to(device)
    card = count_only(weights.card, label, claims=_read_claims(weights.card))
    card = replace(card, n_bytes=sum(value.nbytes for value in weights.model.state_dict().values()))
    return Answerer(label, card, weights.model.to(device), TASKS[card.task], mean)


def _read_claims(card: Card) -> dict[str, Accuracy]:
    """Return the accuracies that a file's card claims for its task's groups; nobody has checked them."""
    claimed = {} if card.metrics is None else card.metrics.groups
    return {name: claimed[name] for name in TASKS[card.task].groups if name in claimed}
