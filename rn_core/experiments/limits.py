"""Where a trained Relation Network stops being right: more or fewer objects than it was trained on, and near ties."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from rn_core.common.errors import RNCoreError
from rn_core.common.records import Accuracy
from rn_core.common.seeding import make_rng
from rn_core.evaluation.accuracy import accuracy_interval
from rn_core.experiments.probes import Progress, ask
from rn_core.models import QuestionAnsweringModel
from rn_core.models.encoders import RowEncoderConfig
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.tasks.sort_of_clevr import COLORS, make_batch, sample_scenes, solve
from rn_core.tasks.sort_of_clevr.crowds import UNSAYABLE, make_crowd_batch, sample_crowds
from rn_core.tasks.sort_of_clevr.questions import ANSWERS, N_QUESTIONS, QUESTION_TYPES

#: Sizes of crowds that are measured by default, and the lower ends of the bins of margins, in pixels.
CROWD_SIZES = (2, 4, 6, 8, 10)
MARGIN_EDGES = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
#: Question types whose answer depends on which of two objects is nearer (further): they can be near a tie.
TIE_TYPES = ("closest_shape", "furthest_shape")
_COUNT = QUESTION_TYPES.index("count_same_shape")
_ZERO = ANSWERS.index("0")


@dataclass(frozen=True)
class CrowdAccuracy:
    """Accuracy on scenes of one number of objects, one asked object a scene.

    Attributes:
        n_objects: objects a scene.
        n_scenes: scenes asked about.
        seed: root seed of the scenes.
        types: question type -> accuracy; of counts, over those that an answer of the network names.
        unsayable: scenes whose true count no answer names (6 or more, for networks of scenes of six objects); none of
            them is in `types`.
        off_by_one: among the wrong counts, the share that is one too many or one too few; None if none is wrong.
        too_few: among the wrong counts, the share below the true one; None if none is wrong.
    """

    n_objects: int
    n_scenes: int
    seed: int
    types: dict[str, Accuracy]
    unsayable: int
    off_by_one: Accuracy | None
    too_few: Accuracy | None


@dataclass(frozen=True)
class MarginAccuracy:
    """Accuracy on the questions whose margin is in one bin.

    Attributes:
        low: lower end of the bin in pixels, inside it.
        high: upper end, outside it; infinite for the last bin.
        accuracy: over the questions in the bin.
    """

    low: float
    high: float
    accuracy: Accuracy


def measure_crowds(
    model: QuestionAnsweringModel, n_objects: int, n_scenes: int, seed: int, progress: Progress = iter
) -> CrowdAccuracy:
    """Ask a Relation Network all six questions about the asked object of fresh crowds of the "test" split.

    Args:
        model: a Relation Network on object rows, in eval mode.
        n_objects: objects a scene, 2 to 10.
        n_scenes: 1 or more.
        seed: root seed.
        progress: wraps the iteration over batches.

    Raises:
        RNCoreError: if the model is another one, or a number is out of range.
    """
    core = model.config.core
    if not isinstance(core, RelationNetworkConfig) or not isinstance(model.config.encoder, RowEncoderConfig):
        raise RNCoreError("Crowds need a Relation Network on object rows, which takes any number of objects.")
    crowds = sample_crowds(make_rng(seed, "test", n_objects), n_objects, n_scenes)
    batch = make_crowd_batch(crowds, core.n_answers)
    shape = (n_scenes, len(QUESTION_TYPES))
    said, true = ask(model, batch, progress).reshape(shape), batch.answer.numpy().reshape(shape)
    sayable = true != UNSAYABLE
    types = {
        name: accuracy_interval((said == true)[:, k] & sayable[:, k], sayable[:, k])
        for k, name in enumerate(QUESTION_TYPES)
        if sayable[:, k].any()
    }
    wrong = np.flatnonzero(sayable[:, _COUNT] & (said != true)[:, _COUNT])
    counted, error = said[wrong, _COUNT] >= _ZERO, (said - true)[wrong, _COUNT]
    off_by_one, too_few = (_share(counted & found) for found in (np.abs(error) == 1, error < 0))
    return CrowdAccuracy(n_objects, n_scenes, seed, types, int((~sayable).sum()), off_by_one, too_few)


def measure_margins(
    model: QuestionAnsweringModel,
    view: str,
    n_scenes: int,
    seed: int,
    edges: tuple[float, ...] = MARGIN_EDGES,
    progress: Progress = iter,
) -> tuple[MarginAccuracy, ...]:
    """Ask which object is closest or furthest in scenes without a margin, and sort the answers by their margin.

    The margin is how much nearer (further) the deciding object is than the next one; in training it is 2 pixels
    or more.

    Args:
        model: of Sort-of-CLEVR, in eval mode.
        view: what it sees, "pixels" or "objects".
        n_scenes: scenes of the "test" split, 1 or more, each with twelve such questions.
        seed: root seed.
        edges: lower ends of the bins in pixels, rising; the last bin has no upper end.
        progress: wraps the iteration over batches.

    Returns:
        one entry for each bin that holds a question, in order.
    """
    scenes = sample_scenes(make_rng(seed, "test"), n_scenes, margin=0)
    columns = [k for k in range(N_QUESTIONS) if QUESTION_TYPES[k // len(COLORS)] in TIE_TYPES]
    batch = make_batch(scenes, np.tile(columns, (n_scenes, 1)), view)
    right = (ask(model, batch, progress) == batch.answer.numpy()).reshape(n_scenes, -1)
    margins = solve(scenes).margins[:, columns]
    found = []
    for low, high in pairwise((*edges, np.inf)):
        inside = (margins >= low) & (margins < high)
        if inside.any():
            accuracy = accuracy_interval((right & inside).sum(axis=1), inside.sum(axis=1))
            found.append(MarginAccuracy(low, high, accuracy))
    return tuple(found)


def _share(found: np.ndarray) -> Accuracy | None:
    """Return the share of True with its interval; None for no entries."""
    return accuracy_interval(found, np.ones_like(found)) if len(found) else None
