"""Models by name: an encoder in front of a Relation Network or of a baseline with its signature."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from rn_core.errors import RNCoreError, lookup
from rn_core.models.baselines import MLP, MLPConfig
from rn_core.models.encoders import ImageEncoder, ImageEncoderConfig, RowEncoder, RowEncoderConfig
from rn_core.models.relation_network import RelationNetwork, RelationNetworkConfig
from rn_core.seeding import fork_torch_rng

#: kind -> (config, module).
ENCODERS = MappingProxyType({"image": (ImageEncoderConfig, ImageEncoder), "rows": (RowEncoderConfig, RowEncoder)})
CORES = MappingProxyType({"relation_network": (RelationNetworkConfig, RelationNetwork), "mlp": (MLPConfig, MLP)})


@dataclass(frozen=True)
class ModelConfig:
    """An encoder and the core behind it.

    Attributes:
        encoder: how a scene becomes objects.
        core: how objects and a question become logits.
    """

    encoder: ImageEncoderConfig | RowEncoderConfig
    core: RelationNetworkConfig | MLPConfig

    def __post_init__(self) -> None:
        """Raise RNCoreError unless the core takes what the encoder gives."""
        given, taken = self.encoder.d_object, self.core.d_object
        if given != taken:
            raise RNCoreError(
                f"The core must take objects of {given} features, got d_object {taken}; set it to {given}."
            )
        if isinstance(self.encoder, ImageEncoderConfig) and isinstance(self.core, MLPConfig):
            given, taken = self.encoder.n_objects, self.core.n_objects
            if given != taken:
                raise RNCoreError(f"The MLP must take {given} cells, got n_objects {taken}; set it to {given}.")

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that JSON can hold; `from_dict` reads them back."""
        return {
            "encoder": {"kind": _kind(self.encoder, ENCODERS), **asdict(self.encoder)},
            "core": {"kind": _kind(self.core, CORES), **asdict(self.core)},
        }

    @staticmethod
    def from_dict(values: dict[str, Any]) -> ModelConfig:
        """Read what `to_dict` wrote.

        Raises:
            RNCoreError: if a field is missing, unknown or out of range.
        """
        return ModelConfig(
            _config(values, "encoder", ENCODERS),
            _config(values, "core", CORES),
        )


def _kind(config: object, table: MappingProxyType) -> str:
    """Return the key of `table` whose config class this is."""
    return next(kind for kind, (cls, _) in table.items() if isinstance(config, cls))


def _config(values: dict[str, Any], part: str, table: MappingProxyType) -> Any:
    """Build one part's config from plain values."""
    try:
        fields = dict(values[part])
        cls, _ = lookup(fields.pop("kind"), table, f"{part} kind")
        return cls(**fields)
    except RNCoreError:
        raise
    except (KeyError, TypeError) as err:
        raise RNCoreError(f"A model config needs a valid '{part}' part, got {str(values)[:80]!r} ({err}).") from err


class QuestionAnsweringModel(nn.Module):
    """An encoder and a core: scenes and questions to logits."""

    def __init__(self, config: ModelConfig) -> None:
        """Build both parts of `config`; use `build_model` for seeded weights."""
        super().__init__()
        self.config = config
        self.encoder = ENCODERS[_kind(config.encoder, ENCODERS)][1](config.encoder)
        self.core = CORES[_kind(config.core, CORES)][1](config.core)

    def forward(
        self,
        inputs: tuple[Tensor, ...],
        question: Tensor,
        scene_index: Tensor | None = None,
        kept: Tensor | None = None,
        hold_encoder: bool = False,
    ) -> Tensor:
        """Encode S scenes once and answer M questions about them.

        Args:
            inputs: what the encoder takes, each with S rows.
            question: (M, D_q) float32.
            scene_index: (M,) int64; None means question m asks scene m.
            kept: (S, K) int64, the objects of each scene that take part (training on few cells); None for all.

            hold_encoder: whether no gradient reaches the encoder (training the core alone).

        Returns:
            logits (M, A).
        """
        with torch.set_grad_enabled(torch.is_grad_enabled() and not hold_encoder):
            objects, object_mask = self.encoder(*inputs)
        if kept is not None:
            objects = objects.take_along_dim(kept[..., None], dim=1)  # (S, K, D_o)
            object_mask = None if object_mask is None else object_mask.take_along_dim(kept, dim=1)
        return self.core(objects, object_mask, question, scene_index)

    @property
    def has_pairs(self) -> bool:
        """Return whether the core is a Relation Network, so that its pairs can be looked at."""
        return isinstance(self.core, RelationNetwork)

    def count_parameters(self) -> int:
        """Return the number of learned values."""
        return sum(parameter.numel() for parameter in self.parameters())


def build_model(config: ModelConfig, seed: int) -> QuestionAnsweringModel:
    """Return a model with weights drawn from `seed`; torch's global generator stays as it was."""
    with fork_torch_rng(seed):
        return QuestionAnsweringModel(config)
