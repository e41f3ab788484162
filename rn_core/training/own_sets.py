"""Networks trained on a set of anybody's: what they are measured on, and the file in which they are handed on."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rn_core.common.files import write_whole
from rn_core.common.records import Evaluation
from rn_core.evaluation.accuracy import evaluate_batches
from rn_core.models import QuestionAnsweringModel
from rn_core.tasks.own.dataset import OwnData
from rn_core.tasks.own.spec import NAME, TRAINING
from rn_core.tasks.own.task import SCHEMA
from rn_core.tasks.registry import model_config
from rn_core.training.config import TrainConfig
from rn_core.weights.bundles import write_bundle
from rn_core.weights.card import CardFacts

#: What the command line trains, the Relation Network first; and what the page races.
KINDS = ("rn", "mlp", "ds")
RACED = KINDS[:2]
#: Where a card holds test scenes and floors.
EXAMPLES, FLOORS = "examples", "floors"
#: Epochs that a large set is trained for, up to so many steps.
_EPOCHS, _MOST_STEPS = 10, 20_000
#: Letters of the test scenes in a card.
_MOST_LETTERS = 60_000
_PLAIN = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True)
class SetResult:
    """What one network of a set is, after training.

    Attributes:
        kind: key of `rn_core.models.KINDS`.
        found: accuracies on the test scenes.
        content: the network with its card, as one file.
    """

    kind: str
    found: Evaluation
    content: bytes


def name_set(data: OwnData) -> str:
    """Return a set's name as part of a folder's and of weights' names."""
    return _PLAIN.sub("-", data.schema.name).strip("-")[:40] or "set"


def make_config(data: OwnData, kind: str, size: str | None = None, **changes: Any) -> TrainConfig:
    """Return how one network of a set is trained; the set's task must be hosted.

    Args:
        data: the set.
        kind: one of `KINDS`.
        size: of the network; "small" is the only one.
        changes: fields of `TrainConfig` to override; None leaves a field unchanged.

    Raises:
        RNCoreError: on an unknown size, or a value out of range.
    """
    task = data.task.name
    config = TrainConfig(task=task, model=model_config(task, kind, size or "small"), **TRAINING)
    epochs = _EPOCHS * data.n_questions // config.n_scenes
    config = replace(config, steps=min(_MOST_STEPS, max(config.steps, epochs)))
    return replace(config, **{key: value for key, value in changes.items() if value is not None})


def write_set_bundle(
    kind: str, model: QuestionAnsweringModel, facts: CardFacts, data: OwnData, n_scenes: int | None = None
) -> SetResult:
    """Return a trained network as a file that describes its set.

    Args:
        kind: one of `KINDS`.
        model: trained.
        facts: how it was trained; its metrics and what describes the set are put in here.
        data: the set.
        n_scenes: test scenes that it is measured on, the first ones; None for all.
    """
    found = evaluate_batches(model, data.task, data.read_batches("test", n_scenes), data.seed)
    n_train = data.count_scenes("train")
    whole = replace(
        facts,
        license="as the set's",
        data=f"{data.n_questions:,} questions about {n_train:,} scenes of the set '{data.schema.name}' (fingerprint "
        f"{data.fingerprint}), all once per epoch",
        start="trained end-to-end on answers only, as in the paper",
        split="test",
        metrics=found,
        measured_on=f"all {found.overall.n:,} questions about {'the first' if n_scenes else 'all'} {found.n:,} test "
        f"scenes, from which nothing was learned; {data.count_scenes('validation'):,} others were used for validation",
        data_set=describe_set(data),
    )
    return SetResult(kind, found, write_bundle(f"{NAME}/{kind}-{name_set(data)}", model, whole))


def describe_set(data: OwnData) -> dict[str, object]:
    """Return what a card says of a set: its schema, the floors, and as many test scenes as fit."""
    examples: list[dict[str, Any]] = []
    left = _MOST_LETTERS
    for record in data.shown:
        values = record.to_dict()
        left -= len(json.dumps(values))
        if left < 0:
            break
        examples.append(values)
    return {SCHEMA: data.schema.to_dict(), FLOORS: asdict(data.measure_floors()), EXAMPLES: examples}


def save_results(results: Mapping[str, SetResult], folder: Path) -> dict[str, str]:
    """Write each network as `<kind>.safetensors` into a folder and return kind -> file; errors as `write_whole`."""
    paths = {kind: folder / f"{kind}.safetensors" for kind in results}
    for kind, result in results.items():
        write_whole(paths[kind], result.content)
    return {kind: str(path) for kind, path in paths.items()}
