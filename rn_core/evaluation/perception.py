"""How well an encoder sees: objects missed and made up, wrong values of each attribute, and errors of places."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from rn_core.common.errors import RNCoreError
from rn_core.common.records import Accuracy, Distance, LabeledPictures
from rn_core.evaluation.accuracy import accuracy_interval, mean_distance
from rn_core.models.base import Encoder
from rn_core.models.slots import SlotEncoder

MISSED, EXTRA, FAULTY = "missed", "extra", "pictures with an error"


@dataclass(frozen=True)
class PerceptionErrors:
    """What an encoder gets wrong in some pictures.

    Attributes:
        n_pictures: how many.
        shares: share of errors with its 95 % interval over pictures: "missed" of true objects, "extra" of found ones,
            each attribute's wrong values of those found, and "pictures with an error" of these.
        distances: mean error of the places of objects found, in pixels, and in space where that is learned.
    """

    n_pictures: int
    shares: Mapping[str, Accuracy]
    distances: Mapping[str, Distance]


def measure_perception(
    encoder: Encoder,
    batches: Iterable[LabeledPictures],
    attributes: Sequence[str],
    unit: float = 1.0,
    reach: float = 8.0,
) -> PerceptionErrors:
    """Return the errors of an encoder; an object found is the nearest true one, each taken once.

    Args:
        encoder: finds objects; evaluated in eval mode, then restored.
        batches: pictures, at least one.
        attributes: name of each attribute, in the order of `LabeledPictures.values`.
        unit: length of 1 in `LabeledPictures.coordinates`; errors in space are of the first two of them.
        reach: pixels from a true center within which it can be found.

    Raises:
        RNCoreError: if the encoder finds no objects, or there are no pictures.
    """
    if not isinstance(encoder, SlotEncoder):
        raise RNCoreError(f"A {type(encoder).__name__} finds no objects; choose a model of slots.")
    was_training = encoder.training
    encoder.eval()
    rows = [row for pictures in batches for row in _compare(encoder, pictures, reach)]
    encoder.train(was_training)
    if not rows:
        raise RNCoreError("There are no pictures to measure perception on; give one or more.")
    return _summarize(rows, attributes, unit)


@dataclass(frozen=True)
class _Compared:
    """One picture: counts, and for each object found which of its attributes are wrong and how far off it is.

    Attributes:
        n_true: objects that there are, N.
        n_found: objects that the encoder says there are, K.
        wrong: (P, A) bool, of each pair of a true and a found object.
        offsets: "pixels" and, where it is learned, "space" -> (P,) distances.
    """

    n_true: int
    n_found: int
    wrong: np.ndarray
    offsets: Mapping[str, np.ndarray]


@torch.inference_mode()
def _compare(encoder: SlotEncoder, pictures: LabeledPictures, reach: float) -> list[_Compared]:
    """Return the comparison of each picture."""
    objects, found = encoder(pictures.images)
    assert found is not None  # this encoder always says which slots are empty
    places = encoder.locate(objects)
    first, sizes = encoder.config.n_coordinates, list(encoder.config.attributes)
    named = torch.split(objects[..., first : first + sum(sizes)], sizes, dim=-1)
    values = torch.stack([part.argmax(dim=-1) for part in named], dim=-1)  # (S, K, A)
    compared = []
    for k in range(len(objects)):
        true, seen = pictures.mask[k], found[k]
        which, mine = match_places(pictures.places[k, true], places[k, seen], reach).unbind(dim=1)
        wrong = pictures.values[k, true][which] != values[k, seen][mine]
        offsets = {"pixels": pictures.places[k, true][which] - places[k, seen][mine]}
        if pictures.coordinates is not None and first:
            offsets["space"] = (pictures.coordinates[k, true][which] - objects[k, seen][mine, :first])[:, :2]
        lengths = {name: offset.norm(dim=1).numpy() for name, offset in offsets.items()}
        compared.append(_Compared(int(true.sum()), int(seen.sum()), wrong.numpy(), lengths))
    return compared


def match_places(true: Tensor, found: Tensor, reach: float) -> Tensor:
    """Return (P, 2) int64, pairs of a true and a found place, the nearest first, each place in one pair at most.

    Args:
        true: (N, 2) pixels.
        found: (K, 2) pixels.
        reach: largest distance of a pair.
    """
    distance = torch.cdist(true.double(), found.double())
    pairs = []
    while distance.numel() and distance.min() <= reach:
        row, column = divmod(int(distance.argmin()), distance.shape[1])
        pairs.append((row, column))
        distance[row], distance[:, column] = torch.inf, torch.inf
    return torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2)


def _summarize(rows: Sequence[_Compared], attributes: Sequence[str], unit: float) -> PerceptionErrors:
    """Return the errors of all pictures together."""
    n_true, n_found, n_pairs = (
        np.array(counts) for counts in zip(*((row.n_true, row.n_found, len(row.wrong)) for row in rows), strict=True)
    )
    wrong = np.array([row.wrong.sum(axis=0) for row in rows])  # (S, A)
    faulty = (n_pairs < n_true) | (n_pairs < n_found) | wrong.any(axis=1)
    shares = {
        MISSED: accuracy_interval(n_true - n_pairs, n_true),
        EXTRA: accuracy_interval(n_found - n_pairs, n_found),
        **{name: accuracy_interval(wrong[:, k], n_pairs) for k, name in enumerate(attributes)},
        FAULTY: accuracy_interval(faulty.astype(np.int64), np.ones_like(n_true)),
    }
    matched = [row.offsets for row in rows if len(row.wrong)]
    units = {"pixels": 1.0, "space": unit}
    distances = {
        name: mean_distance(np.array([[units[name] * offsets[name].mean()] for offsets in matched]))
        for name in (matched[0] if matched else {})
    }
    return PerceptionErrors(len(rows), shares, distances)
