"""Named models: for each task, the Relation Network and its baseline, in the paper's size and in a small one.

Source of "paper": Santoro et al. 2017, supplement D. Its baseline puts an MLP in the RN's place and has more
parameters than the RN; ours has the layers of g_theta, then those of f_phi. The paper gives no object rows for
Sort-of-CLEVR: "paper" there is the same core without the convolutions.
"small" is ours: it trains on a laptop, and its baseline has more parameters than its RN. "tiny" learns in front of
a class on a slow machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from rn_core.errors import lookup
from rn_core.models import ModelConfig
from rn_core.models.baselines import MLPConfig
from rn_core.models.encoders import ImageEncoderConfig, RowEncoderConfig
from rn_core.models.relation_network import RelationNetworkConfig

#: Bits of a Sort-of-CLEVR question, and its answers.
_D_QUESTION, _N_ANSWERS = 11, 10
_D_ROW, _N_ROWS = 10, 6

_PAPER_G, _PAPER_F = (2000, 2000, 2000, 2000), (2000, 1000, 500, 100)
_PAPER_RN = {"g_widths": _PAPER_G, "f_widths": _PAPER_F}
_PAPER_MLP = {"widths": _PAPER_G + _PAPER_F}
_SMALL_RN = {"g_widths": (256, 256, 256), "f_widths": (256, 256, 256)}
_SMALL_MLP = {"widths": (512, 512, 512)}
_TINY_RN = {"g_widths": (64, 64), "f_widths": (64, 64)}
_TINY_MLP = {"widths": (128, 128, 128)}

#: task -> size -> (encoder, what the RN has, what the MLP has).
_SIZES: Mapping[str, Mapping[str, tuple[ImageEncoderConfig | RowEncoderConfig, dict[str, Any], dict[str, Any]]]] = {
    "sort-of-clevr/pixels": {
        "paper": (ImageEncoderConfig((32, 64, 128, 256)), {**_PAPER_RN, "pair_chunk": 5000}, _PAPER_MLP),
        "small": (
            ImageEncoderConfig((32, 32, 64, 64)),
            {**_SMALL_RN, "pair_chunk": 5000},
            _SMALL_MLP,
        ),
        "tiny": (ImageEncoderConfig((16, 16, 24, 24)), {**_TINY_RN, "pair_chunk": 20_000}, _TINY_MLP),
    },
    "sort-of-clevr/objects": {
        "paper": (RowEncoderConfig(_D_ROW), _PAPER_RN, _PAPER_MLP),
        "small": (RowEncoderConfig(_D_ROW), _SMALL_RN, _SMALL_MLP),
        "tiny": (RowEncoderConfig(_D_ROW), _TINY_RN, _TINY_MLP),
    },
}


def _make_configs(
    encoder: ImageEncoderConfig | RowEncoderConfig, rn: dict[str, Any], mlp: dict[str, Any]
) -> Mapping[str, ModelConfig]:
    """Return kind -> config for one encoder."""
    sizes = {"d_object": encoder.d_object, "d_question": _D_QUESTION, "n_answers": _N_ANSWERS}
    n_objects = encoder.n_objects if isinstance(encoder, ImageEncoderConfig) else _N_ROWS
    return MappingProxyType(
        {
            "rn": ModelConfig(encoder, RelationNetworkConfig(**sizes, **rn)),
            "mlp": ModelConfig(encoder, MLPConfig(n_objects, **sizes, **mlp)),
        }
    )


#: task -> size -> kind -> config.
CONFIGS: Mapping[str, Mapping[str, Mapping[str, ModelConfig]]] = MappingProxyType(
    {
        task: MappingProxyType({size: _make_configs(*parts) for size, parts in sizes.items()})
        for task, sizes in _SIZES.items()
    }
)


def model_config(task: str, kind: str, size: str = "small") -> ModelConfig:
    """Return the config of a named model.

    Args:
        task: "sort-of-clevr/pixels" or "sort-of-clevr/objects".
        kind: "rn" or "mlp".
        size: "paper", "small" or "tiny".

    Raises:
        UnknownNameError: on a name that is not in the table.
    """
    sizes = lookup(size, lookup(task, CONFIGS, "task"), "model size")
    return lookup(kind, sizes, "model kind")
