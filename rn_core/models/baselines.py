"""Baselines with the Relation Network's signature, so that they can replace it.

Source: Santoro et al. 2017, section 5.3 and supplement D: "CNN+MLP", the same CNN with an MLP in the RN's place;
table 1: "CNN+LSTM", the same with an LSTM before the MLP, and "LSTM", which does not see the scene.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from rn_core.common.errors import RNCoreError
from rn_core.models.base import Core
from rn_core.models.layers import check_dropout, check_size, check_sizes, linear_at, make_mlp, take_rows


@dataclass(frozen=True)
class MLPConfig:
    """An MLP over the concatenation of all objects and the question.

    Attributes:
        n_objects: rows N that the network is built for; fewer are padded with zeros, more are refused.
        d_object: features of one object.
        d_question: features of the question.
        n_answers: number of logits A.
        widths: hidden units, ReLU after each.
        dropout: dropout probability after the last hidden layer.
    """

    n_objects: int
    d_object: int
    d_question: int
    n_answers: int
    widths: tuple[int, ...] = (512, 512, 512)
    dropout: float = 0.0

    def __post_init__(self) -> None:
        """Raise RNCoreError for a size that cannot be built."""
        object.__setattr__(self, "widths", check_sizes("widths", self.widths))
        for name, lowest in (("n_objects", 1), ("d_object", 1), ("d_question", 0), ("n_answers", 1)):
            check_size(name, getattr(self, name), lowest)
        check_dropout("dropout", self.dropout)


class MLP(Core):
    """All objects and the question, concatenated, through an MLP."""

    config: MLPConfig

    def __init__(self, config: MLPConfig) -> None:
        """Build the layers of `config`."""
        super().__init__()
        self.config = config
        d_input = config.n_objects * config.d_object + config.d_question
        self.layers = make_mlp((d_input, *config.widths, config.n_answers), config.dropout)

    def forward(
        self, objects: Tensor, object_mask: Tensor | None, question: Tensor, scene_index: Tensor | None = None
    ) -> Tensor:
        """Answer M questions about S scenes; arguments as `RelationNetwork.forward`, logits (M, A).

        Raises:
            RNCoreError: if a scene has more rows than the network is built for.
        """
        return self.layers(self.lay_out(objects, object_mask, question, scene_index))  # (M, A)

    def lay_out(
        self, objects: Tensor, object_mask: Tensor | None, question: Tensor, scene_index: Tensor | None = None
    ) -> Tensor:
        """Return all objects of a scene and the question concatenated: (M, N * D_o + D_q); as `forward`."""
        missing = self.config.n_objects - objects.shape[1]
        if missing < 0:
            raise RNCoreError(
                f"This MLP takes at most {self.config.n_objects} objects, got {objects.shape[1]}; remove some."
            )
        if object_mask is not None:
            objects = objects * object_mask[..., None]
        scene = functional.pad(objects, (0, 0, 0, missing)).flatten(1)  # (S, N * D_o)
        scene = take_rows(scene, scene_index)  # (M, N * D_o)
        return torch.cat([scene, question], dim=1)  # (M, N * D_o + D_q)

    @property
    def first_layer(self) -> nn.Linear:
        """Return the layer that sees the objects first."""
        return linear_at(self.layers, 0)

    @property
    def n_blocks(self) -> int:
        """Return how many objects are concatenated in that layer's input."""
        return self.config.n_objects


@dataclass(frozen=True)
class QuestionMLPConfig:
    """An MLP over the question alone: what can be answered without seeing the scene.

    Source: Santoro et al. 2017, table 1, "LSTM".

    Attributes:
        d_object: features of one object, which it does not use.
        d_question: features of the question.
        n_answers: number of logits A.
        widths: hidden units, ReLU after each.
        dropout: dropout probability after the last hidden layer.
    """

    d_object: int
    d_question: int
    n_answers: int
    widths: tuple[int, ...] = (512, 512)
    dropout: float = 0.0

    def __post_init__(self) -> None:
        """Raise RNCoreError for a size that cannot be built."""
        object.__setattr__(self, "widths", check_sizes("widths", self.widths))
        for name in ("d_object", "d_question", "n_answers"):
            check_size(name, getattr(self, name))
        check_dropout("dropout", self.dropout)


class QuestionMLP(Core):
    """The question through an MLP; the scene is not used."""

    config: QuestionMLPConfig

    def __init__(self, config: QuestionMLPConfig) -> None:
        """Build the layers of `config`."""
        super().__init__()
        self.config = config
        self.layers = make_mlp((config.d_question, *config.widths, config.n_answers), config.dropout)

    def forward(
        self, objects: Tensor, object_mask: Tensor | None, question: Tensor, scene_index: Tensor | None = None
    ) -> Tensor:
        """Answer M questions without their scenes; arguments as `RelationNetwork.forward`, logits (M, A)."""
        return self.layers(question)  # (M, A)
