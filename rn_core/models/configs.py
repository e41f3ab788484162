"""Named models: for each task, the Relation Network and its baselines, in the paper's size and in smaller ones.

Source of "paper": Santoro et al. 2017, supplements B (CLEVR from pixels), C (CLEVR from states), D (Sort-of-CLEVR) and
F (physics; the paper predicts no paths, so that those sizes are ours).
The paper's baseline puts an MLP in the RN's place and has more parameters than the RN; ours for Sort-of-CLEVR has the
layers of g_theta, then those of f_phi. The paper gives no object rows for Sort-of-CLEVR: "paper" there is the same
core without the convolutions. On CLEVR it does not give the sizes of its baselines; ours have more parameters than
their RN. It counts 29 answers, there are 28.
"small" is ours: it trains on a laptop, and its baselines have more parameters than its RN. "tiny" learns in front of
a class on a slow machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from rn_core.common.errors import lookup
from rn_core.models import EncoderConfig, ModelConfig
from rn_core.models.attention import StackedAttentionConfig
from rn_core.models.baselines import MLPConfig, QuestionMLPConfig
from rn_core.models.encoders import ImageEncoderConfig, RowEncoderConfig
from rn_core.models.motion import MotionNetworkConfig
from rn_core.models.path_mlp import PathMLPConfig
from rn_core.models.paths import PathEncoderConfig
from rn_core.models.questions import QuestionEncoderConfig
from rn_core.models.relation_layers import StackedRelationNetworkConfig
from rn_core.models.relation_network import RelationNetworkConfig
from rn_core.models.sentences import SentenceEncoderConfig, StoryEncoderConfig

#: Model kind -> config of its core: the Relation Network, the same with a hop before it (our extension), the MLP in its
#: place ("CNN+MLP", "CNN+LSTM"), two-hop stacked attention ("CNN+LSTM+SA"), the question alone ("LSTM"), and for paths
#: relations summed for each ball, without and with what an interaction network sees beside them, and their MLP; "ties"
#: is the network whose relations those of physics go on from.
_CORES = MappingProxyType(
    {
        "rn": RelationNetworkConfig,
        "2hop": StackedRelationNetworkConfig,
        "ties": RelationNetworkConfig,
        "mlp": MLPConfig,
        "sa": StackedAttentionConfig,
        "lstm": QuestionMLPConfig,
        "motion": MotionNetworkConfig,
        "interaction": MotionNetworkConfig,
        "paths": PathMLPConfig,
    }
)


class _Size(NamedTuple):
    """One size of a task's models.

    Attributes:
        encoder: of the scene.
        question: LSTM over the question's words; None takes a vector of bits, `_N_BITS` of the task's family.
        cores: model kind -> what its core has beside the sizes of object, question and answers.
        mlp_encoder: of the scene, for the MLP; None gives it the others'.
    """

    encoder: EncoderConfig
    question: QuestionEncoderConfig | None
    cores: Mapping[str, dict[str, Any]]
    mlp_encoder: EncoderConfig | None = None


#: Bits of a question; of physics nothing is asked.
_N_BITS = MappingProxyType({"sort-of-clevr": 11, "physics": 0})
#: Words of CLEVR's questions, ";" and "?" included; words of bAbI.
_N_WORDS, _N_STORY_WORDS = 82, 145
#: Answers, and objects of a scene at most, of each family of tasks; bAbI's MLP has the whole story as one object.
_N_ANSWERS = MappingProxyType({"sort-of-clevr": 10, "clevr": 28, "babi": 60})
_N_ROWS = MappingProxyType({"sort-of-clevr": 6, "clevr": 10, "babi": 1, "physics": 10})
#: Logits of the tasks of physics that have answers: a pair of ten balls; a number of systems.
_N_LOGITS = MappingProxyType({"physics/connections": 45, "physics/count": 10})

_PAPER_G, _PAPER_F = (2000, 2000, 2000, 2000), (2000, 1000, 500, 100)
_PAPER_RN = {"g_widths": _PAPER_G, "f_widths": _PAPER_F}
_PAPER_MLP = {"widths": _PAPER_G + _PAPER_F}
_SMALL_RN = {"g_widths": (256, 256, 256), "f_widths": (256, 256, 256)}
_SMALL_MLP = {"widths": (512, 512, 512)}
_TINY_RN = {"g_widths": (64, 64), "f_widths": (64, 64)}
_TINY_MLP = {"widths": (128, 128, 128)}

_SHORT_ROWS, _CLEVR_ROWS = RowEncoderConfig(10), RowEncoderConfig(18)
#: The paper's convolutions; pixels, coordinates and the order of batch norm and ReLU as in the public weights.
_PAPER_IMAGE = ImageEncoderConfig((24, 24, 24, 24), 128, coordinate_range=4.0, pixel_values="light")
_SMALL_IMAGE = ImageEncoderConfig((16, 16, 24, 24), 128, coordinate_range=4.0, pixel_values="light")
_LSTM_256 = QuestionEncoderConfig(_N_WORDS, d_question=256)
#: The question is read backwards, as in the runs of others that succeeded; the last words read are then "what color",
#: "how many".
_BACK_64, _BACK_128 = (QuestionEncoderConfig(_N_WORDS, d_question=units, reversed=True) for units in (64, 128))
_STATES_F = {"f_widths": (512, 1024), "f_dropout": 0.02}
_SENTENCES, _STORY = SentenceEncoderConfig(_N_STORY_WORDS), StoryEncoderConfig(_N_STORY_WORDS)
_LSTM_32 = QuestionEncoderConfig(_N_STORY_WORDS, d_question=32)
_STORY_RN = {"g_widths": (256,) * 4, "f_widths": (256, 512)}
_BALL_ROWS, _PATHS = RowEncoderConfig(35), PathEncoderConfig(35, 16)
_COMPARED_PATHS = PathEncoderConfig(35, 16, compares=True)
_PAPER_PATH_G = (1000, 1000, 1000, 500)
_SMALL_PATH_RN = {
    "g_widths": (256, 256, 256, 128),
    "f_widths": (256, 256),
    "aggregate_scale": 0.2,
    "d_pair": _COMPARED_PATHS.d_pair,
}
_WIDE_PATH_RN = {**_SMALL_PATH_RN, "f_widths": (512, 512)}
_SMALL_MOTION = {"reader_widths": (192, 192), "g_widths": (64, 64, 4), "f_widths": (64,)}

#: task -> size -> its parts.
_SIZES: Mapping[str, Mapping[str, _Size]] = {
    "sort-of-clevr/pixels": {
        "paper": _Size(
            ImageEncoderConfig((32, 64, 128, 256)), None, {"rn": {**_PAPER_RN, "pair_chunk": 5000}, "mlp": _PAPER_MLP}
        ),
        "small": _Size(
            ImageEncoderConfig((32, 32, 64, 64)), None, {"rn": {**_SMALL_RN, "pair_chunk": 5000}, "mlp": _SMALL_MLP}
        ),
        "tiny": _Size(
            ImageEncoderConfig((16, 16, 24, 24)), None, {"rn": {**_TINY_RN, "pair_chunk": 20_000}, "mlp": _TINY_MLP}
        ),
    },
    "sort-of-clevr/objects": {
        "paper": _Size(_SHORT_ROWS, None, {"rn": _PAPER_RN, "mlp": _PAPER_MLP}),
        "small": _Size(_SHORT_ROWS, None, {"rn": _SMALL_RN, "mlp": _SMALL_MLP}),
        "tiny": _Size(_SHORT_ROWS, None, {"rn": _TINY_RN, "mlp": _TINY_MLP}),
    },
    "clevr/pixels": {
        "paper": _Size(
            _PAPER_IMAGE,
            _BACK_128,
            {
                "rn": {"g_widths": (256,) * 4, "f_widths": (256, 256), "f_dropout": 0.5, "pair_chunk": 65_536},
                "mlp": {"widths": (512, 512, 512), "dropout": 0.5},
                "sa": {"d_attention": 512, "widths": (1024,), "dropout": 0.5},
            },
        ),
        "small": _Size(
            _SMALL_IMAGE,
            _BACK_64,
            {
                "rn": {
                    "g_widths": (128,) * 3,
                    "f_widths": (128, 128),
                    # Without it the sum of 4,096 pairs begins with a loss of about 60; an even guess has ln 28 = 3.3.
                    "aggregate_scale": 1 / 64,
                    "pair_chunk": 16_384,
                },
                "mlp": {"widths": (256, 256)},
                "sa": {"d_attention": 256, "widths": (256,)},
            },
        ),
    },
    "clevr/states": {
        "paper": _Size(
            _CLEVR_ROWS,
            _LSTM_256,
            {
                "rn": {"g_widths": (512,) * 4, **_STATES_F},
                "mlp": {"widths": (1024, 1024, 1024), "dropout": 0.02},
                "lstm": {"widths": (1024, 1024, 1024), "dropout": 0.02},
            },
        ),
        "small": _Size(
            _CLEVR_ROWS,
            _BACK_128,
            {
                "rn": {"g_widths": (256, 256, 256, 512), "aggregate_scale": 0.2, **_STATES_F},
                "mlp": {"widths": (1024, 1024), "dropout": 0.02},
                "lstm": {"widths": (1024, 1024), "dropout": 0.02},
            },
        ),
    },
    "babi": {
        "paper": _Size(_SENTENCES, _LSTM_32, {"rn": _STORY_RN}),
        "small": _Size(
            _SENTENCES,
            _LSTM_32,
            {
                "rn": {**_STORY_RN, "aggregate_scale": 0.1},
                "2hop": {"aggregate_scale": 0.1},
                "mlp": {"widths": (256, 512)},
            },
            _STORY,
        ),
        "tiny": _Size(
            _SENTENCES,
            _LSTM_32,
            {
                "rn": {"g_widths": (128,) * 3, "f_widths": (128, 128), "aggregate_scale": 0.1},
                "mlp": {"widths": (256, 256)},
            },
            StoryEncoderConfig(_N_STORY_WORDS, d_object=128),
        ),
    },
    "physics/connections": {
        "paper": _Size(
            _BALL_ROWS,
            None,
            {
                "rn": {"g_widths": _PAPER_PATH_G, "f_widths": (500, 100, 100)},
                "mlp": {"widths": (1000, 1000, 1000, 1000)},
            },
        ),
        "small": _Size(
            _COMPARED_PATHS,
            None,
            {
                "rn": _WIDE_PATH_RN,
                "ties": _SMALL_PATH_RN,
                "mlp": {"widths": (400, 400)},
            },
            _PATHS,
        ),
    },
    "physics/count": {
        "paper": _Size(
            _BALL_ROWS,
            None,
            {"rn": {"g_widths": _PAPER_PATH_G, "f_widths": (500, 100)}, "mlp": {"widths": (1000, 1000, 1000, 1000)}},
        ),
        "small": _Size(_COMPARED_PATHS, None, {"rn": _WIDE_PATH_RN, "mlp": {"widths": (400, 400)}}, _PATHS),
    },
    "physics/predict": {
        "paper": _Size(
            _BALL_ROWS,
            None,
            {
                "motion": {"reader_widths": _PAPER_PATH_G, "g_widths": (128, 128, 4), "f_widths": (500, 100)},
                "paths": {"widths": (1000, 1000, 1000, 1000)},
            },
        ),
        "small": _Size(
            _BALL_ROWS,
            None,
            {
                "motion": _SMALL_MOTION,
                "interaction": {**_SMALL_MOTION, "sees_receiver": True},
                "paths": {"widths": (512, 512)},
            },
        ),
    },
}


def _make_configs(task: str, size: _Size) -> Mapping[str, ModelConfig]:
    """Return kind -> config for one size of a task's models."""
    family = task.partition("/")[0]
    d_question = _N_BITS[family] if size.question is None else size.question.d_question
    n_answers = _N_LOGITS.get(task) or _N_ANSWERS.get(family)
    asked = {"d_question": d_question, "n_answers": n_answers} if n_answers else {}
    n_objects = size.encoder.n_objects if isinstance(size.encoder, ImageEncoderConfig) else _N_ROWS[family]
    configs = {}
    for kind, fields in size.cores.items():
        rows = {"n_objects": n_objects} if kind in ("mlp", "paths") else {}
        encoder = size.mlp_encoder or size.encoder if kind == "mlp" else size.encoder
        core = _CORES[kind](d_object=encoder.d_object, **asked, **rows, **fields)
        configs[kind] = ModelConfig(encoder, core, size.question)
    return MappingProxyType(configs)


#: task -> size -> kind -> config.
CONFIGS: Mapping[str, Mapping[str, Mapping[str, ModelConfig]]] = MappingProxyType(
    {
        task: MappingProxyType({size: _make_configs(task, parts) for size, parts in sizes.items()})
        for task, sizes in _SIZES.items()
    }
)


def model_config(task: str, kind: str, size: str = "small") -> ModelConfig:
    """Return the config of a named model.

    Args:
        task: such as "clevr/states"; a key of `CONFIGS`.
        kind: "rn" or "mlp"; on CLEVR also "sa" (pixels) and "lstm" (states), on bAbI "2hop"; for paths "motion" or
            "interaction" instead of "rn", and "paths" instead of "mlp".
        size: "paper", "small" or, on Sort-of-CLEVR and bAbI, "tiny".

    Raises:
        UnknownNameError: on a name that is not in the table.
    """
    sizes = lookup(size, lookup(task, CONFIGS, "task"), "model size")
    return lookup(kind, sizes, "model kind")
