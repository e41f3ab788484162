"""How a run of a network with hops begins: with the pretraining of its hops."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from rn_core.common.errors import RNCoreError
from rn_core.models import QuestionAnsweringModel
from rn_core.pretraining.cells import Keeper
from rn_core.pretraining.hops import HopPretrainingConfig, pretrain_hops
from rn_core.tasks import TASKS
from rn_core.tasks.pools import ChainPool, Pool
from rn_core.training.config import TrainConfig

if TYPE_CHECKING:
    from lightning_fabric import Fabric

#: Factor on the run's learning rate.
_LR_SCALE = 8


def start_hops(
    model: QuestionAnsweringModel,
    pool: Pool | None,
    config: TrainConfig,
    fabric: Fabric,
    progress: Callable[[Iterable[int]], Iterable[int]],
    keeper: Keeper,
) -> None:
    """Pretrain hops on the chains that answer.

    Args:
        model: with hops; changed in place.
        pool: of the run; None for none.
        config: of the run.
        fabric: gives device and precision.
        progress: wraps the iteration over the steps (a progress bar).
        keeper: saves and restores the steps.

    Raises:
        RNCoreError: if the pool has no chains.
    """
    if not isinstance(pool, ChainPool):
        raise RNCoreError(f"Hops are pretrained on chains, which '{config.task}' has none of; set warm_start to 0.")
    n_types, rate = len(TASKS[config.task].question_types), _LR_SCALE * config.learning_rate
    links = HopPretrainingConfig(config.warm_start, n_types, config.seed, config.n_scenes, rate)
    pretrain_hops(model, pool, links, fabric, progress, keeper)
