"""Models by name: encoders in front of a Relation Network or of a baseline with its signature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor, nn

from rn_core.common.errors import RNCoreError, lookup
from rn_core.common.seeding import fork_torch_rng
from rn_core.models.base import AnswersInSteps, Core, Encoder
from rn_core.models.baselines import MLPConfig
from rn_core.models.blocks import PairInputs, take_pairs
from rn_core.models.cells import CellEncoderConfig
from rn_core.models.encoders import ImageEncoder, ImageEncoderConfig, RowEncoderConfig
from rn_core.models.layers import plain_fields
from rn_core.models.paths import PathEncoderConfig
from rn_core.models.questions import QuestionEncoder, QuestionEncoderConfig
from rn_core.models.recurrent import RecurrentRelationNetwork, RecurrentRelationNetworkConfig
from rn_core.models.registry import CORES, ENCODERS, KINDS, QUESTION_ENCODERS, CoreConfig, EncoderConfig, find_kind
from rn_core.models.relation_layers import StackedRelationNetworkConfig
from rn_core.models.relation_network import PairCore, RelationNetwork, RelationNetworkConfig, RelationTrace
from rn_core.models.upgrades import upgrade

__all__ = [
    "KINDS",
    "CoreConfig",
    "EncoderConfig",
    "ModelConfig",
    "QuestionAnsweringModel",
    "build_model",
]
_Config = TypeVar("_Config")
#: Configs of cores whose relations read pair features.
_ComparingConfig = RelationNetworkConfig | StackedRelationNetworkConfig | RecurrentRelationNetworkConfig


@dataclass(frozen=True)
class ModelConfig:
    """Encoders and the core behind them.

    Attributes:
        encoder: how a scene becomes objects.
        core: how objects and a question become logits.
        question: how a question's words become a vector; None where the question already is a vector.
    """

    encoder: EncoderConfig
    core: CoreConfig
    question: QuestionEncoderConfig | None = None

    def __post_init__(self) -> None:
        """Raise RNCoreError if the core does not fit the encoders' output."""
        given, taken = self.encoder.d_object, self.core.d_object
        if given != taken:
            raise RNCoreError(
                f"The core must take objects of {given} features, got d_object {taken}; set it to {given}."
            )
        if self.question is not None and self.question.d_question != self.core.d_question:
            given, taken = self.question.d_question, self.core.d_question
            raise RNCoreError(
                f"The core must take questions of {given} features, got d_question {taken}; set it to {given}."
            )
        given, taken = self._count_pair_features()
        if given != taken:
            raise RNCoreError(f"The core must take pairs of {given} features, got d_pair {taken}; set it to {given}.")
        if isinstance(self.encoder, ImageEncoderConfig | CellEncoderConfig) and isinstance(self.core, MLPConfig):
            given, taken = self.encoder.n_objects, self.core.n_objects
            if given != taken:
                raise RNCoreError(f"The MLP must take {given} cells, got n_objects {taken}; set it to {given}.")

    @property
    def kind(self) -> str:
        """Return the key of `KINDS`, the model's role on a task."""
        return find_kind(self.encoder, self.core)

    def _count_pair_features(self) -> tuple[int, int]:
        """Return the number of pair features that the encoder gives, and the number that the core takes."""
        given = self.encoder.d_pair if isinstance(self.encoder, PathEncoderConfig | RowEncoderConfig) else 0
        return given, self.core.d_pair if isinstance(self.core, _ComparingConfig) else 0

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that JSON can hold; `from_dict` reads them back."""
        values = {
            "encoder": {"kind": _kind(self.encoder, ENCODERS), **plain_fields(self.encoder)},
            "core": {"kind": _kind(self.core, CORES), **plain_fields(self.core)},
        }
        if self.question is not None:
            values["question"] = {"kind": _kind(self.question, QUESTION_ENCODERS), **plain_fields(self.question)}
        return values

    @staticmethod
    def from_dict(values: dict[str, Any]) -> ModelConfig:
        """Read what `to_dict` wrote, in this version or an earlier one.

        Raises:
            RNCoreError: if a field is missing, unknown or out of range.
        """
        values = upgrade(values)
        encoder, core = _config(values, "encoder", ENCODERS), _config(values, "core", CORES)
        if values.get("question") is None:
            return ModelConfig(encoder, core)
        return ModelConfig(encoder, core, _config(values, "question", QUESTION_ENCODERS))


def _kind(config: object, table: Mapping[str, tuple[type, object]]) -> str:
    """Return the key of `table` whose config class this is."""
    return next(kind for kind, (cls, _) in table.items() if isinstance(config, cls))


def _config(values: dict[str, Any], part: str, table: Mapping[str, tuple[type[_Config], object]]) -> _Config:
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
    """Encoders and a core: scenes and questions to logits."""

    encoder: Encoder
    question_encoder: QuestionEncoder | None
    core: Core

    def __init__(self, config: ModelConfig) -> None:
        """Build the parts of `config`; use `build_model` for seeded weights."""
        super().__init__()
        self.config = config
        self.encoder = ENCODERS[_kind(config.encoder, ENCODERS)][1](config.encoder)
        self.question_encoder = None if config.question is None else QuestionEncoder(config.question)
        self.core = CORES[_kind(config.core, CORES)][1](config.core)

    def forward(
        self,
        inputs: tuple[Tensor, ...],
        question: Tensor,
        scene_index: Tensor | None = None,
        kept: Tensor | None = None,
        hold_encoder: bool = False,
        hold_relations: bool = False,
        in_steps: bool = False,
        n_steps: int | None = None,
    ) -> Tensor:
        """Encode S scenes once and answer M questions about them.

        Args:
            inputs: what the encoder takes, each with S rows.
            question: (M, D_q) float32; or (M, L) int64 word indices, padded with 0, for a model with a question
                encoder, which takes vectors that it returned before, too.
            scene_index: (M,) int64; None means question m asks scene m.
            kept: (S, K) int64, the objects of each scene that take part (training on few cells); None for all.
            hold_encoder: whether gradients stop before the encoders (training the core alone).
            hold_relations: whether they stop before g_theta, too (training f_phi alone); for models with pairs.
            in_steps: whether a core that answers in T steps returns the logits of each, for training.
            n_steps: the most steps that are then taken; None for all.

        Returns:
            logits (M, A), or (T, M, A) in steps.
        """
        with torch.set_grad_enabled(torch.is_grad_enabled() and not hold_encoder):
            objects, object_mask = self.encoder(*inputs)
            asked = self.encode_question(question)  # (M, D_q)
        if kept is not None:
            objects = objects.take_along_dim(kept[..., None], dim=1)  # (S, K, D_o)
            object_mask = None if object_mask is None else object_mask.take_along_dim(kept, dim=1)
        compared = self.compare_pairs(objects) if isinstance(self.config.core, _ComparingConfig) else None
        if in_steps and isinstance(self.core, AnswersInSteps):
            return self.core.answer_steps(objects, object_mask, asked, scene_index, compared, n_steps)
        if isinstance(self.core, PairCore):
            return self.core(objects, object_mask, asked, scene_index, compared, hold_relations=hold_relations)
        if isinstance(self.core, RecurrentRelationNetwork):
            return self.core(objects, object_mask, asked, scene_index, compared)
        return self.core(objects, object_mask, asked, scene_index)

    if TYPE_CHECKING:  # torch gives every module's call the type Any
        __call__ = forward

    def trace(self, inputs: tuple[Tensor, ...], question: Tensor, scene_index: Tensor | None = None) -> RelationTrace:
        """Return every intermediate result from the objects to the logits; arguments as `forward`.

        Raises:
            RNCoreError: if the model has no pairs.
        """
        core, (objects, object_mask) = self.pair_core, self.encoder(*inputs)
        asked = self.encode_question(question)  # (M, D_q)
        return core.trace(objects, object_mask, asked, scene_index, self.compare_pairs(objects))

    def add_up(self, inputs: tuple[Tensor, ...], question: Tensor, scene_index: Tensor | None = None) -> Tensor:
        """Return the sums of relations (M, D_g) that f_phi is given; arguments as `forward`.

        Raises:
            RNCoreError: if the core is not a Relation Network of one layer.
        """
        if not isinstance(self.core, RelationNetwork):
            raise RNCoreError(f"A {type(self.core).__name__} has no one sum of relations; choose a Relation Network.")
        objects, object_mask = self.encoder(*inputs)
        asked = self.encode_question(question)  # (M, D_q)
        given = PairInputs(objects, object_mask, asked, scene_index, self.compare_pairs(objects))
        return self.core.sum_relations(given)

    def relate(
        self, inputs: tuple[Tensor, ...], scene_index: Tensor, pairs: Tensor, encoded_question: Tensor
    ) -> Tensor:
        """Return g_theta of chosen pairs of S scenes, as `RelationNetwork.relate`.

        Args:
            inputs: what the encoder takes, each with S rows.
            scene_index: (M,) int64, the scene of each question.
            pairs: (M, K, 2) int64, the objects i and j of K pairs per question.
            encoded_question: (M, D_q) float, from `encode_question`.

        Returns:
            (M, K, D_g).
        """
        objects, mask = self.encoder(*inputs)  # (S, N, D_o)
        objects, mask = objects[scene_index], None if mask is None else mask[scene_index]
        compared = self.encoder.compare(*take_pairs(objects, pairs))  # (M, K, D_p)
        return self.pair_core.relate(objects, mask, pairs, encoded_question, compared)

    def compare_pairs(self, objects: Tensor) -> Tensor | None:
        """Return the pair features of all pairs of objects (S, N, D_o), (S, N, N, D_p), or None."""
        return self.encoder.compare(objects[:, :, None], objects[:, None])

    def init_from(self, learned: QuestionAnsweringModel) -> None:
        """Copy the encoders and relations of another network: see `init_from` of the cores.

        Raises:
            RNCoreError: if this model has neither pairs nor recurrent relations, or layers of other sizes.
        """
        own, others = self.core, learned.core
        if isinstance(own, RecurrentRelationNetwork) and isinstance(others, RecurrentRelationNetwork):
            own.init_from(others)
        elif isinstance(own, PairCore) and isinstance(others, RelationNetwork):
            own.init_from(others)
        else:
            raise RNCoreError("Only a model with pairs can start from a Relation Network without pretraining.")
        self.encoder.load_state_dict(learned.encoder.state_dict())
        if self.question_encoder is not None and learned.question_encoder is not None:
            self.question_encoder.load_state_dict(learned.question_encoder.state_dict())

    def take_encoders(self, learned: QuestionAnsweringModel) -> None:
        """Copy the encoders of another model, of which this one's may use a part.

        Raises:
            RNCoreError: if they have other sizes, or one of the two models reads no words.
        """
        for own, others in ((self.encoder, learned.encoder), (self.question_encoder, learned.question_encoder)):
            wanted, found = ({} if part is None else part.state_dict() for part in (own, others))
            shapes = {name: value.shape for name, value in wanted.items()}
            if own is None or shapes != {name: found[name].shape for name in shapes if name in found}:
                raise RNCoreError(
                    f"The encoders of another model must hold all of this one's, but a {type(others).__name__} does "
                    f"not hold a {type(own).__name__} of this size; choose other weights to take them from."
                )
            own.load_state_dict({name: found[name] for name in shapes})

    def encode_question(self, question: Tensor) -> Tensor:
        """Return questions as the core takes them (M, D_q); vectors are returned unchanged."""
        if self.question_encoder is None or question.is_floating_point():
            return question
        asked: Tensor = self.question_encoder(question)
        return asked

    @property
    def has_pairs(self) -> bool:
        """Return whether the core is a Relation Network, stacked or not, so that its pairs can be examined."""
        return isinstance(self.core, PairCore)

    @property
    def pair_core(self) -> PairCore:
        """Return the core with its pairs; raises RNCoreError if it has none."""
        if not isinstance(self.core, PairCore):
            raise RNCoreError(f"A {type(self.core).__name__} has no pairs to examine; choose a Relation Network.")
        return self.core

    @property
    def image_encoder(self) -> ImageEncoder:
        """Return the encoder of a model that takes images; raises RNCoreError if it takes none."""
        if not isinstance(self.encoder, ImageEncoder):
            raise RNCoreError(f"A {type(self.encoder).__name__} takes no images; choose a model that reads pixels.")
        return self.encoder

    def count_parameters(self) -> int:
        """Return the number of learned parameters."""
        return sum(parameter.numel() for parameter in self.parameters())


def build_model(config: ModelConfig, seed: int) -> QuestionAnsweringModel:
    """Return a model with weights drawn from `seed`; torch's global generator is restored."""
    with fork_torch_rng(seed):
        return QuestionAnsweringModel(config)
