"""What a run starts from: parts of other weights, what frozen ones read, and the settings of pair pretraining."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch

from rn_core.common.errors import RNCoreError
from rn_core.models import QuestionAnsweringModel
from rn_core.models.cells import CellEncoder
from rn_core.models.relation_network import RelationNetwork
from rn_core.pretraining.pairs import PairPretrainingConfig
from rn_core.tasks import TASKS
from rn_core.tasks.pools import ReadAhead, Source
from rn_core.training.config import TrainConfig

#: Questions per step of pair pretraining, and the factor on its learning rate.
_PRETRAIN_QUESTIONS, _PRETRAIN_LR_SCALE = 512, 2


def relations_of(name: str | None, begun: QuestionAnsweringModel) -> RelationNetwork:
    """Return the core of weights to start from; raises RNCoreError if it is not a Relation Network."""
    if not isinstance(begun.core, RelationNetwork):
        raise RNCoreError(f"'{name}' is not a Relation Network, so no run can start from it; choose one that is.")
    return begun.core


def take_question_encoder(model: QuestionAnsweringModel, begun: QuestionAnsweringModel | None) -> None:
    """Let a model read questions as weights to start from do, where both read words."""
    if begun is not None and model.question_encoder is not None and begun.question_encoder is not None:
        model.question_encoder.load_state_dict(begun.question_encoder.state_dict())


def read_ahead(
    model: QuestionAnsweringModel, source: Source | None, progress: Callable[[Iterable[Any]], Iterable[Any]]
) -> Source | None:
    """Return the data of a run whose encoders are frozen, as these read it; as it is where it cannot be read ahead."""
    encoder = model.encoder
    if not isinstance(source, ReadAhead) or not isinstance(encoder, CellEncoder):
        return source
    was_training = model.training
    model.eval()
    with torch.inference_mode():
        ahead = source.read_ahead(encoder.read_cells, model.encode_question, progress)
    model.train(was_training)
    return ahead


def make_pair_config(config: TrainConfig, steps: int, n_questions: int = _PRETRAIN_QUESTIONS) -> PairPretrainingConfig:
    """Return the settings of the pair pretraining with which a run begins.

    Args:
        config: of the run.
        steps: optimizer steps of the pretraining.
        n_questions: questions per step.
    """
    return PairPretrainingConfig(
        steps=steps,
        n_types=len(TASKS[config.task].question_types),
        seed=config.seed,
        n_scenes=n_questions // config.n_questions,
        learning_rate=_PRETRAIN_LR_SCALE * config.learning_rate,
    )
