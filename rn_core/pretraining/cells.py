"""Pretraining of pixel models: the encoder's cells learn to name their contents.

Trained on answers only, a sum over 625 pairs stays on a plateau for about a million questions before the asked
color is bound to its cell. Naming takes the encoder past it in minutes: one linear layer reads color, shape
and offset from each cell. That layer then sets the first layer behind the encoder, so that a cell is read as an
object row would be. The paper trains end to end, on answers only; cards say that ours do not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from rn_core.common.errors import RNCoreError
from rn_core.common.seeding import fork_torch_rng, make_rng
from rn_core.models import QuestionAnsweringModel
from rn_core.models.baselines import MLP
from rn_core.models.relation_network import RelationNetwork
from rn_core.tasks.base import CellBacked, CellReading

#: How strongly a pair with an empty cell is suppressed, in units of the first layer's pre-activations.
_SILENCE = 4.0


@dataclass(frozen=True)
class PretextConfig:
    """Settings of the pretraining.

    Attributes:
        steps: optimizer steps.
        seed: root seed of the scenes.
        n_scenes: scenes per step.
        learning_rate: peak rate of AdamW; 200 steps of warm-up, then a cosine to 0.
        jitter: whether light, colors, blur and noise of each picture are changed, for pictures that are seen often.
        window_steps: steps behind those, for encoders that look closer, in which they learn to read windows.
    """

    steps: int
    seed: int = 0
    n_scenes: int = 32
    learning_rate: float = 2e-3
    jitter: bool = False
    window_steps: int = 0


def warm_start(
    model: QuestionAnsweringModel,
    task: CellBacked,
    config: PretextConfig,
    learned: RelationNetwork | None = None,
    keeper: Keeper | None = None,
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> float:
    """Pretrain a pixel model's cells to name their contents, then let its core read cells as object rows.

    Afterward the encoder's batch statistics are frozen: those of a few scenes blur positions by about 5 %, too
    much to compare distances. Its weights can still be trained.

    Args:
        model: an image encoder and a core, changed in place.
        task: knows the contents of its cells.
        config: steps, seed and sizes.
        learned: a trained Relation Network over object rows to start from; None for new weights.
        keeper: saves and restores the steps; None for no saving.
        progress: wraps the iteration over the steps (a progress bar).

    Returns:
        the last step's loss, the squared error of the facts per object.
    """
    with fork_torch_rng(config.seed):
        naming = make_naming(model, task)
        loss = train_naming(model, naming, task, config).finish(keeper, progress)
        model.image_encoder.freeze_statistics()
        if learned is None:
            read_cells_as_rows(model, naming, task.cell_reading())
        else:
            read_cells_with(model, learned, naming, task.cell_reading())
    return loss


def make_naming(model: QuestionAnsweringModel, task: CellBacked) -> nn.Linear:
    """Return a new layer from a cell's features to its facts; drawn from torch's global generator."""
    n_facts = task.sample_cells(make_rng(0, "train", 0), 1)[1][0, 0].numel()
    return nn.Linear(model.image_encoder.config.channels[-1], n_facts)


def train_naming(
    model: QuestionAnsweringModel, naming: nn.Linear, task: CellBacked, config: PretextConfig
) -> PretrainingSteps:
    """Return the steps that train a model's encoder and `naming` behind it, changed in place."""
    encoder = model.encoder
    encoder.train()

    def misnamed(step: int) -> Tensor:
        images, facts = task.sample_cells(make_rng(config.seed, "train", step, 0), config.n_scenes)
        cells, _ = encoder(images)
        named = naming(cells[..., : naming.in_features]).unflatten(-1, facts.shape[2:])  # (S, C, K, 4)
        return naming_loss(named, facts)

    learning = [*encoder.parameters(), *naming.parameters()]
    return PretrainingSteps(learning, config.steps, config.learning_rate, misnamed, extra=naming)


def naming_loss(named: Tensor, facts: Tensor) -> Tensor:
    """Return the squared error of all facts (S, C, K, 4), divided by the number of objects in a full scene."""
    return (named - facts).square().sum(dim=(1, 2, 3)).mean() / facts.shape[2]


@torch.no_grad()
def read_cells_as_rows(model: QuestionAnsweringModel, naming: nn.Linear, reading: CellReading) -> None:
    """Set the first layer behind the encoder to what a new layer over object rows would do.

    With row = A [facts; coordinates] + b and facts = H cell + h, a new layer R over rows becomes R A [H, 0; 0, 1]
    over cells, and R (A [h; 0] + b) goes into its bias. Drawn from torch's global generator.

    Args:
        model: its core's `first_layer` has `n_blocks` concatenated objects as input.
        naming: H and h, from a cell's C features to its F facts.
        reading: A, b and more, from `CellBacked.cell_reading`.
    """
    core = _end_to_end(model)
    first, n_blocks = core.first_layer, core.n_blocks
    d_object, d_row = model.core.config.d_object, len(reading.offset)
    bound = (n_blocks * d_row + first.in_features - n_blocks * d_object) ** -0.5
    from_cell, from_nothing = _compose(naming, reading.matrix, reading.offset)
    first.weight.uniform_(-bound, bound)
    for block in range(n_blocks):
        fresh = torch.empty(first.out_features, d_row).uniform_(-bound, bound)
        first.weight[:, block * d_object : (block + 1) * d_object] = fresh @ from_cell
        first.bias.add_(fresh @ from_nothing)


@torch.no_grad()
def read_cells_with(
    model: QuestionAnsweringModel, learned: RelationNetwork, naming: nn.Linear, reading: CellReading
) -> None:
    """Put a Relation Network trained on object rows behind an image encoder.

    All layers are copied. The first reads a cell as its object's row, and is suppressed for pairs with an empty cell,
    which rows never have: for each of the two cells, `_SILENCE` times (objects in it - 1) is added to every unit.

    Args:
        model: a pixel model whose core has the layers of `learned`; changed in place.
        learned: over object rows.
        naming: from a cell's features to its facts.
        reading: from `CellBacked.cell_reading`.
    """
    rows, first = learned.first_layer, _end_to_end(model).first_layer
    d_object, d_row = model.core.config.d_object, len(reading.offset)
    from_cell, from_nothing = _compose(naming, reading.matrix, reading.offset)
    present, presence_bias = _compose(naming, reading.present[None], torch.zeros(1))
    copied = {name: value for name, value in learned.state_dict().items() if not name.startswith("g_theta.0.")}
    model.core.load_state_dict(copied, strict=False)
    first.bias.copy_(rows.bias)
    for block in range(2):
        read = rows.weight[:, block * d_row : (block + 1) * d_row]
        first.weight[:, block * d_object : (block + 1) * d_object] = read @ from_cell + _SILENCE * present
        first.bias.add_(read @ from_nothing + _SILENCE * (presence_bias - 1))
    first.weight[:, 2 * d_object :] = rows.weight[:, 2 * d_row :]


def _end_to_end(model: QuestionAnsweringModel) -> RelationNetwork | MLP:
    """Return a core whose first layer reads concatenated objects; raises RNCoreError if it has none."""
    if not isinstance(model.core, RelationNetwork | MLP):
        raise RNCoreError(f"A {type(model.core).__name__} does not read cells as rows; choose model 'rn' or 'mlp'.")
    return model.core


def _compose(naming: nn.Linear, matrix: Tensor, offset: Tensor) -> tuple[Tensor, Tensor]:
    """Return (weight, bias) over a cell of a linear map (matrix, offset) over its facts and coordinates."""
    facts = matrix[:, : naming.out_features]
    return torch.cat([facts @ naming.weight, matrix[:, naming.out_features :]], dim=1), facts @ naming.bias + offset


class PretrainingSteps(Iterator[float]):
    """The steps of a pretraining, one at a time, each giving its loss; they can be saved and resumed.

    Attributes:
        steps: number of optimizer steps.
        step: steps done.
        loss: of the last step; NaN before the first.
        optimizer: AdamW over all trained parameters.
        extra: layers that are trained beside the model and then discarded.
        running: other numbers that change from step to step, changed in place; None for none.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        steps: int,
        learning_rate: float,
        loss_of: Callable[[int], Tensor],
        clip_norm: float | None = None,
        extra: nn.Module | None = None,
        running: np.ndarray | None = None,
        phases: tuple[int, ...] = (),
    ) -> None:
        """Prepare the first step.

        Args:
            parameters: the trained parameters.
            steps: optimizer steps.
            learning_rate: peak rate of AdamW; see `rate_share`.
            loss_of: a step's number from 0 -> its loss, a scalar.
            clip_norm: largest norm of the gradient; None for no limit.
            extra: as the attribute; None for no layers.
            running: as the attribute.
            phases: steps of each part that has a schedule of its own, in all `steps`; empty for one.
        """
        self._phases = phases or (steps,)
        self.steps, self.step, self.loss = steps, 0, math.nan
        self.extra, self.running = nn.Module() if extra is None else extra, running
        self._learning, self._peak, self._loss_of, self._clip_norm = [*parameters], learning_rate, loss_of, clip_norm
        self.optimizer = torch.optim.AdamW(self._learning, learning_rate, weight_decay=0.0)

    def __next__(self) -> float:
        """Take a step and return its loss."""
        if self.step >= self.steps:
            raise StopIteration
        for group in self.optimizer.param_groups:
            group["lr"] = self._peak * rate_share(*self._place())
        loss = self._loss_of(self.step)
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        if self._clip_norm is not None:
            nn.utils.clip_grad_norm_(self._learning, self._clip_norm)
        self.optimizer.step()
        self.step, self.loss = self.step + 1, loss.item()
        return self.loss

    def _place(self) -> tuple[int, int]:
        """Return the step's number within its phase, and the steps of that."""
        first = 0
        for n_steps in self._phases:
            if self.step < first + n_steps:
                break
            first += n_steps
        return self.step - first, n_steps

    @property
    def state(self) -> dict[str, Any]:
        """Return the state of the steps as JSON values; the tensors of `extra`, model and optimizer are separate."""
        running = None if self.running is None else self.running.tolist()
        return {"step": self.step, "loss": self.loss, "running": running}

    def go_on(self, state: dict[str, Any]) -> None:
        """Resume from a `state`; the tensors are restored beforehand.

        Raises:
            LookupError, TypeError or ValueError: if it is not a state of these steps.
        """
        self.step, self.loss = state["step"], float(state["loss"])
        if self.running is not None:
            self.running[:] = np.array(state["running"], dtype=float).reshape(self.running.shape)

    def finish(self, keeper: Keeper | None = None, progress: Callable[[Iterable[int]], Iterable[int]] = iter) -> float:
        """Take the remaining steps and return the last one's loss.

        Args:
            keeper: is called before the first step and after each; None for no saving.
            progress: wraps the iteration over the steps (a progress bar).
        """
        if keeper is not None:
            keeper.resume(self)
        for _ in progress(range(self.step, self.steps)):
            next(self)
            if keeper is not None:
                keeper.keep(self)
        return self.loss


class Keeper(Protocol):
    """Saves and restores the steps of a pretraining."""

    def resume(self, steps: PretrainingSteps) -> None:
        """Restore the saved state of steps, if there is one."""
        ...

    def keep(self, steps: PretrainingSteps) -> None:
        """Save the steps, if a save is due."""
        ...


def rate_share(step: int, steps: int) -> float:
    """Return the share of the peak learning rate at a step: 200 steps of warm-up, then a cosine to 0."""
    return min(1.0, (step + 1) / 200) * 0.5 * (1 + math.cos(math.pi * step / steps))
