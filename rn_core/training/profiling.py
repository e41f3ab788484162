"""Measure the profile of published weights and write it beside them: `python -m rn_core weights profile NAME`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from rn_core.evaluation.profiling import N_PICTURES, PictureSource, measure_profile
from rn_core.models import QuestionAnsweringModel
from rn_core.models.slots import SlotEncoder
from rn_core.tasks import TASKS
from rn_core.weights.card import Card
from rn_core.weights.profiles import save_profile
from rn_core.weights.store import PRETRAINED, load_weights


def profile_weights(
    name: str,
    seed: int = 0,
    n_pictures: int = N_PICTURES,
    data: Path | None = None,
    progress: Callable[[Iterable[Any]], Iterable[Any]] = iter,
    folder: Path = PRETRAINED,
) -> Path:
    """Measure which pictures are ordinary to the encoder of weights, and return where that is written.

    Args:
        name: of weights that take pictures.
        seed: root seed of pictures that are drawn.
        n_pictures: of each split, if they are drawn.
        data: as `PictureSource.data`.
        progress: wraps the iteration over batches.
        folder: of all weights.

    Raises:
        RNCoreError: as `load_weights`, `measure_profile` and `save_profile` do.
    """
    weights = load_weights(name, folder)
    source = PictureSource(TASKS[weights.card.task], weights.model, knows_styles(weights.card, weights.model), data)
    return save_profile(name, weights.card, measure_profile(source, seed, n_pictures, progress), folder)


def knows_styles(card: Card, model: QuestionAnsweringModel) -> bool:
    """Return whether a network has learned from pictures in many styles, as encoders that find objects always have."""
    styled = card.training is not None and card.training.settings.get("styled") is True
    return styled or isinstance(model.encoder, SlotEncoder)
