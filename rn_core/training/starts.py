"""What a run starts from: parts of other weights, what frozen ones read, and the settings of its pretraining."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch

from rn_core.common.errors import RNCoreError
from rn_core.models import QuestionAnsweringModel
from rn_core.models.cells import CellEncoder
from rn_core.models.layers import linear_at
from rn_core.models.relation_network import RelationNetwork
from rn_core.pretraining.hops import HopPretrainingConfig
from rn_core.pretraining.pairs import PairPretrainingConfig
from rn_core.tasks import TASKS
from rn_core.tasks.pools import ChainPool, Pool, ReadAhead, Source
from rn_core.training.config import TrainConfig
from rn_core.weights.store import LoadedWeights

#: Questions per step of pair pretraining, and the factor on its learning rate.
_PRETRAIN_QUESTIONS, _PRETRAIN_LR_SCALE = 512, 2
#: Factor on the learning rate of hop pretraining.
_HOP_LR_SCALE = 8


def relations_of(name: str | None, begun: QuestionAnsweringModel) -> RelationNetwork:
    """Return the core of weights to start from; raises RNCoreError if it is not a Relation Network."""
    if not isinstance(begun.core, RelationNetwork):
        raise RNCoreError(f"'{name}' is not a Relation Network, so no run can start from it; choose one that is.")
    return begun.core


def take_question_encoder(model: QuestionAnsweringModel, begun: QuestionAnsweringModel | None) -> None:
    """Let a model read questions as weights to start from do, where both read words."""
    if begun is not None and model.question_encoder is not None and begun.question_encoder is not None:
        model.question_encoder.load_state_dict(begun.question_encoder.state_dict())


@torch.no_grad()
def take_answers(model: QuestionAnsweringModel, answers: Sequence[str], begun: LoadedWeights) -> None:
    """Let f_phi start from that of other weights: its hidden layers, and the logits of answers that both have.

    The logit of any other answer starts as the mean of these, whatever f_phi is given.

    Args:
        model: a Relation Network.
        answers: of its task, in the order of its logits.
        begun: the weights to start from.

    Raises:
        RNCoreError: if they are of no Relation Network, or their f_phi has hidden layers of other sizes.
    """
    own, core = relations_of("the new network", model), relations_of(begun.card.name, begun.model)
    if own.config.f_widths != core.config.f_widths:
        raise RNCoreError(
            f"f_phi must have the hidden layers of '{begun.card.name}', {core.config.f_widths}, got "
            f"{own.config.f_widths}; use those, or set keep_answers to False."
        )
    known = {answer: row for row, answer in enumerate(TASKS[begun.card.task].answers)}
    own.f_phi[:-1].load_state_dict(core.f_phi[:-1].state_dict())
    last, learned = linear_at(own.f_phi, -1), linear_at(core.f_phi, -1)
    last.weight.zero_()
    last.bias.fill_(float(learned.bias.mean()))
    for row, answer in enumerate(answers):
        if answer in known:
            last.weight[row], last.bias[row] = learned.weight[known[answer]], learned.bias[known[answer]]


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


def make_hop_config(config: TrainConfig) -> HopPretrainingConfig:
    """Return the settings of the hop pretraining with which a run begins."""
    n_types, rate = len(TASKS[config.task].question_types), _HOP_LR_SCALE * config.learning_rate
    return HopPretrainingConfig(config.warm_start, n_types, config.seed, config.n_scenes, rate)


def chains_of(pool: Pool | None, config: TrainConfig) -> ChainPool:
    """Return the pool of a run, which hops are pretrained on; raises RNCoreError if it has no chains."""
    if not isinstance(pool, ChainPool):
        raise RNCoreError(f"Hops are pretrained on chains, which '{config.task}' has none of; set warm_start to 0.")
    return pool
