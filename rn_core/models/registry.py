"""The kinds of models, each under one name, and the encoders and cores that they are built from.

A kind is the role of a model on a task. Names of weights begin with it ("clevr/rn-states" is of
kind "rn"), and domains' tables, recipes, races and cards use the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from rn_core.models.attention import StackedAttention, StackedAttentionConfig
from rn_core.models.base import Core, Encoder
from rn_core.models.baselines import MLP, MLPConfig, QuestionMLP, QuestionMLPConfig
from rn_core.models.cells import CellEncoder, CellEncoderConfig
from rn_core.models.deep_sets import DeepSet, DeepSetConfig
from rn_core.models.encoders import ImageEncoder, ImageEncoderConfig, RowEncoder, RowEncoderConfig
from rn_core.models.hops import HopRelationNetwork, HopRelationNetworkConfig
from rn_core.models.motion import MotionNetwork, MotionNetworkConfig
from rn_core.models.multi_layer import MultiLayerRelationNetwork, MultiLayerRelationNetworkConfig
from rn_core.models.path_mlp import PathMLP, PathMLPConfig
from rn_core.models.paths import PathEncoder, PathEncoderConfig
from rn_core.models.questions import QuestionEncoder, QuestionEncoderConfig
from rn_core.models.recurrent import RecurrentRelationNetwork, RecurrentRelationNetworkConfig
from rn_core.models.relation_layers import StackedRelationNetwork, StackedRelationNetworkConfig
from rn_core.models.relation_network import RelationNetwork, RelationNetworkConfig
from rn_core.models.sentences import SentenceEncoder, SentenceEncoderConfig, StoryEncoder, StoryEncoderConfig
from rn_core.models.slots import SlotEncoder, SlotEncoderConfig
from rn_core.models.tuple_network import TupleNetwork, TupleNetworkConfig

EncoderConfig = (
    ImageEncoderConfig
    | RowEncoderConfig
    | SentenceEncoderConfig
    | StoryEncoderConfig
    | PathEncoderConfig
    | SlotEncoderConfig
    | CellEncoderConfig
)
CoreConfig = (
    RelationNetworkConfig
    | StackedRelationNetworkConfig
    | HopRelationNetworkConfig
    | MLPConfig
    | DeepSetConfig
    | StackedAttentionConfig
    | QuestionMLPConfig
    | MotionNetworkConfig
    | PathMLPConfig
    | TupleNetworkConfig
    | MultiLayerRelationNetworkConfig
    | RecurrentRelationNetworkConfig
)

#: Name in cards -> (config, module, which takes that config).
ENCODERS: Mapping[str, tuple[type[EncoderConfig], Callable[..., Encoder]]] = MappingProxyType(
    {
        "image": (ImageEncoderConfig, ImageEncoder),
        "rows": (RowEncoderConfig, RowEncoder),
        "sentences": (SentenceEncoderConfig, SentenceEncoder),
        "story": (StoryEncoderConfig, StoryEncoder),
        "paths": (PathEncoderConfig, PathEncoder),
        "slots": (SlotEncoderConfig, SlotEncoder),
        "cells": (CellEncoderConfig, CellEncoder),
    }
)
QUESTION_ENCODERS: Mapping[str, tuple[type[QuestionEncoderConfig], Callable[..., QuestionEncoder]]] = MappingProxyType(
    {"lstm": (QuestionEncoderConfig, QuestionEncoder)}
)


class CoreType(NamedTuple):
    """The classes of a core.

    Attributes:
        config: its sizes.
        module: takes that config.
    """

    config: type[CoreConfig]
    module: Callable[..., Core]


@dataclass(frozen=True)
class ModelKind:
    """The role of a model on a task.

    Attributes:
        title: its name, such as "Relation Network".
        short: a shorter name where space is limited.
        text: how it answers, in a few words.
        cores: name in cards -> the cores that can have this role, depending on the task.
    """

    title: str
    short: str
    text: str
    cores: Mapping[str, CoreType]


_MLP, _MOTION = CoreType(MLPConfig, MLP), CoreType(MotionNetworkConfig, MotionNetwork)
#: Kind -> its description. Where two kinds share a core, `find_kind` tells which of them a model is.
KINDS: Mapping[str, ModelKind] = MappingProxyType(
    {
        "rn": ModelKind(
            "Relation Network",
            "RN",
            "sums what g_theta finds in all pairs of objects; for paths, for each ball how the others act on it",
            {
                "relation_network": CoreType(RelationNetworkConfig, RelationNetwork),
                "stacked_relation_network": CoreType(StackedRelationNetworkConfig, StackedRelationNetwork),
                "hop_relation_network": CoreType(HopRelationNetworkConfig, HopRelationNetwork),
                "tuple_network": CoreType(TupleNetworkConfig, TupleNetwork),
                "multi_layer_relation_network": CoreType(MultiLayerRelationNetworkConfig, MultiLayerRelationNetwork),
                "recurrent_relation_network": CoreType(RecurrentRelationNetworkConfig, RecurrentRelationNetwork),
                "motion_network": _MOTION,
            },
        ),
        "in": ModelKind(
            "Interaction network",
            "interaction network",
            "predicts paths as the Relation Network does, but f_phi also takes the ball itself",
            {"motion_network": _MOTION},
        ),
        "mlp": ModelKind(
            "MLP",
            "MLP",
            "takes all objects at once, concatenated, instead of pairs",
            {"mlp": _MLP, "path_mlp": CoreType(PathMLPConfig, PathMLP)},
        ),
        "ds": ModelKind(
            "Deep sets",
            "deep sets",
            "sums what it finds in each object by itself, instead of in pairs",
            {"deep_set": CoreType(DeepSetConfig, DeepSet)},
        ),
        "sa": ModelKind(
            "Stacked attention",
            "CNN+LSTM+SA",
            "attends to objects in two hops",
            {"stacked_attention": CoreType(StackedAttentionConfig, StackedAttention)},
        ),
        "lstm": ModelKind(
            "LSTM",
            "LSTM",
            "reads words one by one: the question alone, or a story and its question",
            {"question_mlp": CoreType(QuestionMLPConfig, QuestionMLP), "mlp": _MLP},
        ),
    }
)
#: Name in cards -> core, of all kinds.
CORES: Mapping[str, CoreType] = MappingProxyType(
    {name: core for kind in KINDS.values() for name, core in kind.cores.items()}
)


def find_kind(encoder: EncoderConfig, core: CoreConfig) -> str:
    """Return the key of `KINDS` for a model with these parts."""
    if isinstance(encoder, StoryEncoderConfig):
        return "lstm"
    if isinstance(core, MotionNetworkConfig) and core.sees_receiver:
        return "in"
    return next(kind for kind, row in KINDS.items() if any(type(core) is one.config for one in row.cores.values()))
