"""What lessons measure on many scenes, and what of it comes with the app; no Streamlit.

`python -m pages._lab.measurements` measures what the shipped lessons show on the shipped weights and writes it to
`pages/lessons/measured.json`; weights that differ from those named there are measured when somebody asks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import cattrs

from pages._lab.lessons.file import FOLDER, Lesson, read_folder
from pages._lab.models import MODELS, baseline_of, seen_by
from rn_core.answering import Answerer, load
from rn_core.common.files import write_whole
from rn_core.common.records import Accuracy, Evaluation
from rn_core.evaluation.accuracy import evaluate
from rn_core.experiments.limits import CROWD_SIZES, CrowdAccuracy, MarginAccuracy, measure_crowds, measure_margins
from rn_core.experiments.probes import RedealChange, measure_diagonal, measure_guess, measure_redeal
from rn_core.tasks.sort_of_clevr import Scene
from rn_core.tasks.sort_of_clevr.spec import DOMAIN
from rn_core.weights.store import list_weights

#: Scenes that a lesson measures on, and their seed; every figure says both.
N_SCENES, SEED = 200, 0
FILE = FOLDER / "measured.json"
Steps = Callable[[Iterable[Any]], Iterable[Any]]
Models = Mapping[str, Answerer]
Floors = tuple[dict[str, Evaluation], dict[str, dict[str, Accuracy]]]
Redeal = dict[str, RedealChange]
Diagonal = dict[str, dict[str, Accuracy]]
Limits = tuple[tuple[CrowdAccuracy, ...], tuple[MarginAccuracy, ...]]


def measure_floors(models: Models, model: str, steps: Steps) -> Floors:
    """Return the accuracy of a model and of its baseline on the same scenes, and how far the baseline guesses."""
    pair = {name: models[name] for name in (model, baseline_of(model))}
    other = pair[baseline_of(model)]
    found = {name: evaluate(one.model, one.task, SEED, N_SCENES, progress=steps) for name, one in pair.items()}
    return found, measure_guess(other.model, seen_by(other.task), N_SCENES, SEED, progress=steps)


def measure_redealt(models: Models, model: str, steps: Steps, scene: str, color: str) -> Redeal:
    """Return how often answers change when all objects but one are resampled."""
    one = models[model]
    return measure_redeal(one.model, seen_by(one.task), Scene.from_json(scene), color, N_SCENES, SEED, progress=steps)


def measure_without_diagonal(models: Models, model: str, steps: Steps) -> Diagonal:
    """Return a model's accuracy without its diagonal and with nothing else."""
    one = models[model]
    return measure_diagonal(one.model, seen_by(one.task), N_SCENES, SEED, progress=steps)


def measure_limits(models: Models, model: str, steps: Steps) -> Limits:
    """Return a model's accuracy on scenes with other numbers of objects, and near ties."""
    one = models[model]
    crowds = tuple(measure_crowds(one.model, size, N_SCENES, SEED, progress=steps) for size in CROWD_SIZES)
    return crowds, measure_margins(one.model, seen_by(one.task), N_SCENES, SEED, progress=steps)


#: Kind -> what measures it, of the models, a model's name, what wraps the steps, and what else it is about.
MEASURES: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "floors": measure_floors,
        "redeal": measure_redealt,
        "diagonal": measure_without_diagonal,
        "limits": measure_limits,
    }
)
_SHAPES: Mapping[str, Any] = MappingProxyType(
    {"floors": Floors, "redeal": Redeal, "diagonal": Diagonal, "limits": Limits}
)
#: A lesson's view -> the kind that it shows.
_VIEWS: Mapping[str, str] = MappingProxyType(
    {"floors": "floors", "redeal": "redeal", "diagonal": "diagonal", "crowds": "limits"}
)
#: Kind -> a model that is shown beside the lesson's own.
BESIDE: Mapping[str, str] = MappingProxyType({"limits": "rn-objects-2to10"})


def names_needed(kind: str, model: str) -> tuple[str, ...]:
    """Return the models that a kind asks."""
    return (model, baseline_of(model)) if kind == "floors" else (model,)


def find_bundled(kind: str, model: str, about: tuple[str, ...]) -> Any | None:
    """Return what comes with the app; None where that was not measured, or on other weights.

    Args:
        kind: key of `MEASURES`.
        model: the short name of a model.
        about: what else it is about: for "redeal" the scene's JSON and the color that stays.
    """
    if model not in MODELS or not FILE.exists():
        return None
    found = _read(FILE.stat().st_mtime_ns).get((kind, model, *about))
    if found is None or found["weights"] != _hashes(kind, model):
        return None
    return cattrs.structure(found["value"], _SHAPES[kind])


@cache
def _read(_stamp: int) -> dict[tuple[str, ...], dict[str, Any]]:
    """Return what the file holds, by kind, model and the rest; read again when the file has changed."""
    rows = json.loads(FILE.read_text(encoding="utf-8"))
    return {tuple(row["key"]): row for row in rows}


def _hashes(kind: str, model: str) -> dict[str, str | None]:
    """Return the SHA-256 of the weights that a kind asks; None for one that is missing."""
    entries = list_weights()
    found = {name: entries.get(f"{DOMAIN.name}/{name}") for name in names_needed(kind, model)}
    return {name: None if entry is None else entry.card.sha256 for name, entry in found.items()}


def list_keys(lessons: Iterable[Lesson]) -> Iterator[tuple[str, ...]]:
    """Yield kind, model and the rest of everything that lessons measure."""
    for lesson in lessons:
        kind = _VIEWS.get(lesson.view)
        if kind is not None:
            state = lesson.explore
            about = (state.scene.to_json(), state.question.color) if kind == "redeal" else ()
            yield kind, state.model, *about
            if kind in BESIDE:
                yield kind, BESIDE[kind]


def measure_bundle() -> list[dict[str, Any]]:
    """Measure everything that the shipped lessons show, as JSON values."""
    rows = []
    for kind, model, *about in dict.fromkeys(list_keys(read_folder(FOLDER).lessons)):
        models = {name: load(f"{DOMAIN.name}/{name}", "cpu") for name in names_needed(kind, model)}
        found = MEASURES[kind](models, model, iter, *about)
        value = cattrs.unstructure(found, _SHAPES[kind])
        rows.append({"key": [kind, model, *about], "weights": _hashes(kind, model), "value": value})
    return rows


def main(path: Path = FILE) -> None:
    """Write the file."""
    write_whole(path, (json.dumps(measure_bundle(), indent=1) + "\n").encode())


if __name__ == "__main__":
    main()
