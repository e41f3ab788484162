"""The kinds of models, each under one name, and the encoders and cores that they are built of.

A kind says which part a model plays beside others on a task. Names of weights begin with it ("clevr/rn-states" is of
kind "rn"), models in the domains' tables are called by it, and recipes, races and cards use the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from rn_core.models.attention import StackedAttention, StackedAttentionConfig
from rn_core.models.base import Core, Encoder
from rn_core.models.baselines import MLP, MLPConfig, QuestionMLP, QuestionMLPConfig
from rn_core.models.encoders import ImageEncoder, ImageEncoderConfig, RowEncoder, RowEncoderConfig
from rn_core.models.motion import MotionNetwork, MotionNetworkConfig
from rn_core.models.path_mlp import PathMLP, PathMLPConfig
from rn_core.models.paths import PathEncoder, PathEncoderConfig
from rn_core.models.questions import QuestionEncoder, QuestionEncoderConfig
from rn_core.models.relation_layers import StackedRelationNetwork, StackedRelationNetworkConfig
from rn_core.models.relation_network import RelationNetwork, RelationNetworkConfig
from rn_core.models.sentences import SentenceEncoder, SentenceEncoderConfig, StoryEncoder, StoryEncoderConfig
from rn_core.models.slots import SlotEncoder, SlotEncoderConfig

EncoderConfig = (
    ImageEncoderConfig
    | RowEncoderConfig
    | SentenceEncoderConfig
    | StoryEncoderConfig
    | PathEncoderConfig
    | SlotEncoderConfig
)
CoreConfig = (
    RelationNetworkConfig
    | StackedRelationNetworkConfig
    | MLPConfig
    | StackedAttentionConfig
    | QuestionMLPConfig
    | MotionNetworkConfig
    | PathMLPConfig
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
    }
)
QUESTION_ENCODERS: Mapping[str, tuple[type[QuestionEncoderConfig], Callable[..., QuestionEncoder]]] = MappingProxyType(
    {"lstm": (QuestionEncoderConfig, QuestionEncoder)}
)


class CoreType(NamedTuple):
    """What a core is built of.

    Attributes:
        config: its sizes.
        module: takes that config.
    """

    config: type[CoreConfig]
    module: Callable[..., Core]


@dataclass(frozen=True)
class ModelKind:
    """The part that a model plays beside others on the same task.

    Attributes:
        title: in words, such as "Relation Network".
        short: the same where there is little room.
        text: how it answers, in a few words.
        cores: name in cards -> the cores that play this part, depending on what is asked for.
    """

    title: str
    short: str
    text: str
    cores: Mapping[str, CoreType]


_MLP, _MOTION = CoreType(MLPConfig, MLP), CoreType(MotionNetworkConfig, MotionNetwork)
#: Kind -> what it is. Where two kinds share a core, `find_kind` says which of them a model is.
KINDS: Mapping[str, ModelKind] = MappingProxyType(
    {
        "rn": ModelKind(
            "Relation Network",
            "RN",
            "sums what g_theta finds in all pairs of objects; for paths, for each ball what the others do to it",
            {
                "relation_network": CoreType(RelationNetworkConfig, RelationNetwork),
                "stacked_relation_network": CoreType(StackedRelationNetworkConfig, StackedRelationNetwork),
                "motion_network": _MOTION,
            },
        ),
        "in": ModelKind(
            "Interaction network",
            "interaction network",
            "predicts paths as the Relation Network does, and sees the ball that its relations are summed for",
            {"motion_network": _MOTION},
        ),
        "mlp": ModelKind(
            "MLP",
            "MLP",
            "reads all objects side by side, in the place of the pairs",
            {"mlp": _MLP, "path_mlp": CoreType(PathMLPConfig, PathMLP)},
        ),
        "sa": ModelKind(
            "Stacked attention",
            "CNN+LSTM+SA",
            "looks at all objects in two hops of attention",
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
    """Return the key of `KINDS` that a model of these parts belongs to."""
    if isinstance(encoder, StoryEncoderConfig):
        return "lstm"
    if isinstance(core, MotionNetworkConfig) and core.sees_receiver:
        return "in"
    return next(kind for kind, row in KINDS.items() if any(type(core) is one.config for one in row.cores.values()))
