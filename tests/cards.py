"""Cards and figures for tests that need some and do not care which."""

from __future__ import annotations

from typing import Any

from rn_core.common.records import Accuracy, Evaluation
from rn_core.models import ModelConfig
from rn_core.models.encoders import RowEncoderConfig
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.weights.card import Card

_MODEL = ModelConfig(RowEncoderConfig(10), RelationNetworkConfig(10, 11, 10, (8, 8), (8,)))
SHARE = Accuracy(0.9, 0.89, 0.91, 10)


def make_figures(**parts: Any) -> Evaluation:
    """Return what was measured, with some parts given."""
    plain = {"n": 10, "seed": 0, "overall": SHARE, "groups": {}, "types": {}, "blind_floor": {}}
    return Evaluation(**{**plain, **parts})


def make_card(name: str = "sort-of-clevr/mine", task: str = "sort-of-clevr/objects", **fields: Any) -> Card:
    """Return a card, with some fields given."""
    plain = {"model": _MODEL, "parameters": 12_345, "n_bytes": 1_449_000, "sha256": "0" * 64}
    return Card(name=name, task=task, **{**plain, **fields})
