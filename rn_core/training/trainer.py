"""Training as a generator of metrics: it does not print, draw or save by itself; to pause, do not call `next`.

Lightning Fabric provides device, precision and processes, so one command runs on one CPU, one GPU or many.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
import torch
from torch import Tensor

from rn_core.common.errors import RNCoreError
from rn_core.common.files import check_writable
from rn_core.common.records import Batch, Evaluation, StepMetrics
from rn_core.common.seeding import fork_torch_rng, make_rng, uniform_integers
from rn_core.evaluation.accuracy import evaluate, evaluate_batches
from rn_core.models import QuestionAnsweringModel, build_model
from rn_core.models.augmentation import augment_images
from rn_core.models.base import AnswersInSteps
from rn_core.models.hops import HopRelationNetwork
from rn_core.models.motion import MotionNetwork
from rn_core.models.slots import SlotEncoder
from rn_core.pretraining.cells import PretextConfig, PretrainingSteps, warm_start
from rn_core.pretraining.hops import make_hop_steps
from rn_core.pretraining.motion import MotionPretrainingConfig, make_motion_steps
from rn_core.pretraining.pairs import make_pair_steps
from rn_core.pretraining.slots import learn_objects
from rn_core.tasks import TASKS, Task
from rn_core.tasks.base import CellBacked, Labeled, Pooled
from rn_core.tasks.pools import MotionPool, Pool, Source
from rn_core.training.checkpoints import FILE_NAME, damaged, restore, save_checkpoint
from rn_core.training.config import TrainConfig, learning_rate, learning_task, sample_step, type_weights
from rn_core.training.held_sums import HeldSums, sum_pool
from rn_core.training.run_state import RunState, check_same_run, read_run
from rn_core.training.starts import (
    chains_of,
    make_hop_config,
    make_pair_config,
    read_ahead,
    relations_of,
    take_answers,
    take_question_encoder,
)
from rn_core.training.step_losses import count_steps, mean_loss
from rn_core.weights.store import load_weights

if TYPE_CHECKING:
    from lightning_fabric import Fabric

#: Seconds between checkpoints, in pretraining and after it; each validation also writes one.
SAVE_EVERY = 60.0


@dataclass
class Run:
    """A training run in progress.

    Attributes:
        config: what is trained.
        model: the model itself, on the fabric's device.
        step: optimizer steps done.
        seconds: training time so far, over all parts of a resumed run, validation left out.
        accuracy: (T,) running training accuracy of each question type.
        history: every validation so far.
    """

    config: TrainConfig
    model: QuestionAnsweringModel
    step: int
    seconds: float
    accuracy: np.ndarray
    history: list[StepMetrics]


class Trainer:
    """Owns a run's model, optimizer and checkpoint; `train()` yields its metrics."""

    def __init__(
        self,
        config: TrainConfig,
        fabric: Fabric,
        folder: Path | None = None,
        source: Source | None = None,
        progress: Callable[[Iterable[int]], Iterable[int]] = iter,
    ) -> None:
        """Build the model, or resume the run in `folder` if it holds a checkpoint.

        Args:
            config: what to train.
            fabric: launched Fabric; its precision should be `config.precision`.
            folder: where checkpoints are written; None keeps the run in memory.
            source: data to train on, which the run's config then names; None generates scenes on the fly.
            progress: wraps the iterations before training, which sample a pool and take the pretraining steps (a
                progress bar).

        Raises:
            RNCoreError: if the folder cannot be written to, the checkpoint is damaged or was made with another config
                or other data, or the schedule counts epochs of data that is not given.
        """
        if source is None and config.schedule == "doubling":
            raise RNCoreError("This run counts the epochs of a data folder; give one with --data.")
        config = replace(config, data=None if source is None else source.fingerprint)
        self.fabric, self.source, self.stopped = fabric, source, False
        self._sums: HeldSums | None = None
        self.task: Task = TASKS[config.task]
        self.path = folder / FILE_NAME if folder else None
        self._saved = time.monotonic()
        found = self._find(config)
        model = build_model(config.model, config.seed)
        self.run = Run(config, model, 0, 0.0, np.full(len(self.task.question_types), 0.5), [])
        done = None if found is None or found.state.warm_start is not None else found
        self.pool: Pool | None = None
        if config.pool_scenes and not (done and source is not None):  # then pretraining is over, answers elsewhere
            assert isinstance(self.task, Pooled)  # the config has checked it
            self.pool = self.task.make_pool(config.seed, config.pool_scenes, config.n_questions, progress)
        load = cache(load_weights)  # relations and encoders can come from the same weights
        if config.core_from and done is None and not (config.warm_start and self.pool is None):
            begun = load(config.core_from)
            if config.encoders_from:
                model.pair_core.init_from(relations_of(config.core_from, begun.model))
            else:
                model.init_from(begun.model)
            if config.keep_answers:
                take_answers(model, self.task.answers, begun)
        if config.encoders_from:
            model.take_encoders(load(config.encoders_from).model)
            self.source = read_ahead(model, source, progress)
        if config.warm_start and done is None:
            self._warm_start(_WarmStartKeeper(self, found), progress)
        optimizer = torch.optim.AdamW(model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
        self.wrapped, self.optimizer = fabric.setup(model, optimizer)
        if done is not None:
            self._resume(done)
        elif config.warm_start:
            self.save()

    def _find(self, config: TrainConfig) -> _Checkpoint | None:
        """Return the folder's checkpoint, if there is one; all processes look before any saves."""
        if self.path is None:
            return None
        if self.fabric.is_global_zero:
            check_writable(self.path)
        found = _Checkpoint(self.path, *read_run(self.path)) if self.path.exists() else None
        if found is not None:
            check_same_run(self.path, found.state.config, config)
        self.fabric.barrier()
        return found

    def _warm_start(self, keeper: _WarmStartKeeper, progress: Callable[[Iterable[int]], Iterable[int]]) -> None:
        """Pretrain the model's parts before it is trained on answers."""
        config, model = self.run.config, self.run.model
        if isinstance(model.core, MotionNetwork):
            assert isinstance(self.pool, MotionPool)
            motion = MotionPretrainingConfig(config.warm_start, config.seed)
            make_motion_steps(model, self.pool, motion, self.fabric).finish(keeper, progress)
        elif isinstance(model.core, HopRelationNetwork):
            chains = chains_of(self.pool, config)
            make_hop_steps(model, chains, make_hop_config(config), self.fabric).finish(keeper, progress)
        elif self.pool is not None:
            pairs = make_pair_config(config, config.warm_start)
            make_pair_steps(model, self.pool, pairs, self.fabric).finish(keeper, progress)
        else:
            begun = load_weights(config.core_from).model if config.core_from else None
            learned = None if begun is None else relations_of(config.core_from, begun)
            jitter = self.source is not None
            labels = PretextConfig(config.warm_start, config.seed, jitter=jitter, window_steps=config.window_steps)
            if isinstance(model.encoder, SlotEncoder):
                pictures = self.task if self.source is None else self.source
                assert isinstance(pictures, Labeled)  # the config has checked the task, which opens the source
                learn_objects(model, pictures, labels, learned, keeper, progress)
                take_question_encoder(model, begun)
            else:
                task = learning_task(config)
                assert isinstance(task, CellBacked)
                warm_start(model, task, labels, learned, keeper, progress)
        self.run.seconds = keeper.seconds

    def train(self) -> Iterator[StepMetrics]:
        """Take the remaining steps, yielding a report every `report_every` and at each validation."""
        config, run = self.run.config, self.run
        losses: list[Tensor] = []
        self.wrapped.train()
        while run.step < config.steps and not self.stopped:
            started = time.perf_counter()
            losses.append(self.step_on_sums() if self.uses_sums else self.step(self.sample()))
            run.seconds += time.perf_counter() - started
            validates = run.step % config.validate_every == 0 or run.step == config.steps
            if not validates and self.is_save_due:
                self.save()
            if not validates and run.step % config.report_every:
                continue
            metrics = self._report(losses, validates)
            losses.clear()
            if validates:
                run.history.append(metrics)
                self.save()
            yield metrics

    def stop(self) -> None:
        """Make `train` end after the current step, so that what is then saved is complete."""
        self.stopped = True

    def save(self) -> None:
        """Write a checkpoint from the first process; does nothing for a run that is kept in memory."""
        if self.path is not None and self.fabric.is_global_zero:
            save_checkpoint(self.path, self.run.model, self.optimizer.optimizer, self.make_state().to_dict())
            self.note_saved()

    @property
    def is_save_due(self) -> bool:
        """Return whether this process saves the run and `SAVE_EVERY` seconds have passed since the last time."""
        return self.path is not None and self.fabric.is_global_zero and time.monotonic() - self._saved >= SAVE_EVERY

    def note_saved(self) -> None:
        """Restart the time to the next checkpoint."""
        self._saved = time.monotonic()

    def make_state(self) -> RunState:
        """Return the state of a checkpoint beside its tensors."""
        run = self.run
        return RunState(run.config, run.step, run.seconds, run.accuracy, tuple(run.history))

    def _resume(self, found: _Checkpoint) -> None:
        """Restore model, optimizer and counters from a checkpoint."""
        restore(found.path, found.tensors, self.run.model, self.optimizer.optimizer)
        self.run.step, self.run.seconds = found.state.step, found.state.seconds
        self.run.accuracy, self.run.history = found.state.accuracy, list(found.state.history)

    def sample(self) -> Batch:
        """Return this process's part of the next step's batch, determined by seed and step."""
        config, fabric, step = self.run.config, self.fabric, self.run.step
        part, n_all = fabric.global_rank * config.n_scenes, fabric.world_size * config.n_scenes
        if self.source is not None:
            batch = self.source.take_batch(config.seed, step * n_all + part, config.n_scenes, config.n_questions)
            batch = batch.to(fabric.device)
        elif self.pool is not None:
            weights = type_weights(config, self.run.accuracy, self.run.step)
            batch = self.pool.sample_batch(make_rng(config.seed, "train", step, 2), n_all, weights)
            batch = batch.select(slice(part, part + config.n_scenes)).to(fabric.device)
        else:
            batch = sample_step(config, fabric, step, self.run.accuracy)
        if config.augment:
            (images,) = batch.inputs
            moved = augment_images(images, make_rng(config.seed, "train", step, 0), part, n_all)
            batch = replace(batch, inputs=(moved,))
        return batch

    @property
    def uses_sums(self) -> bool:
        """Return whether f_phi alone is trained now, on sums that were computed once; several processes share none."""
        config = self.run.config
        held = config.held_scenes > 0 and self.fabric.world_size == 1
        return held and self.run.step < config.hold_relations * config.steps

    def step_on_sums(self) -> Tensor:
        """Take one optimizer step on sums of relations that were computed once, and return its loss."""
        run, config = self.run, self.run.config
        if self._sums is None:
            assert self.pool is not None  # the config has checked it
            self._sums = sum_pool(run.model, self.pool, self.fabric, config.seed, config.held_scenes)
        logits, batch = self._sums.answer(make_rng(config.seed, "train", run.step, 2), config.n_scenes)
        return self._descend(logits[None], batch)

    def step(self, batch: Batch) -> Tensor:
        """Take one optimizer step on a batch and return its loss."""
        run, config = self.run, self.run.config
        if config.first_steps and run.step == config.first_steps:
            self.optimizer.optimizer.state.clear()
        hold_encoder, hold_relations = (
            run.step < share * config.steps
            for share in (max(config.hold_encoder, config.hold_relations), config.hold_relations)
        )
        kept = batch.kept if run.model.has_pairs else None  # others have a place for each cell
        needed = count_steps(self.task, batch)
        n_steps = None if needed is None else int(needed.max())
        with fork_torch_rng(self._dropout_seed()):
            logits = self.wrapped(
                batch.inputs, batch.question, batch.scene_index, kept, hold_encoder, hold_relations, True, n_steps
            )
        steps = logits if isinstance(run.model.core, AnswersInSteps) else logits[None]  # (T, M, A)
        return self._descend(steps, batch, needed)

    def _descend(self, steps: Tensor, batch: Batch, needed: Tensor | None = None) -> Tensor:
        """Take one optimizer step on the logits (T, M, A) of a batch and return the loss; see `mean_loss`."""
        run, config = self.run, self.run.config
        rate = learning_rate(config, run.step, self.epochs)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss = mean_loss(self.task, steps, batch, needed)
        self.optimizer.zero_grad()
        self.fabric.backward(loss)
        self.fabric.clip_gradients(self.wrapped, self.optimizer, max_norm=config.clip_norm, error_if_nonfinite=False)
        self.optimizer.step()
        self._watch(steps[-1], batch)
        run.step += 1
        return loss.detach()

    @property
    def epochs(self) -> float:
        """Return how often all questions of the data have been asked; 0 without data."""
        config = self.run.config
        turns = self.run.step * config.n_scenes * self.fabric.world_size
        return 0.0 if self.source is None else turns / self.source.count_turns(config.n_questions)

    @property
    def n_questions(self) -> int:
        """Return the questions asked so far, in all processes together."""
        config = self.run.config
        if self.source is not None:
            return round(self.epochs * self.source.n_questions)
        return self.run.step * config.n_scenes * config.n_questions * self.fabric.world_size

    def _dropout_seed(self) -> int:
        """Return the dropout seed of this step in this process, so that a resumed run drops the same units."""
        rng = make_rng(self.run.config.seed, "train", self.run.step, 1, self.fabric.global_rank)
        return int(uniform_integers(rng, 2**32, (1,))[0])

    def _watch(self, logits: Tensor, batch: Batch) -> None:
        """Update the running accuracy of each question type, the same in every process."""
        marks = self.task.scoring.mark(logits.detach(), batch)
        right = marks.right.float()
        counts = torch.zeros(len(self.task.question_types), 2, device=right.device)
        counts.index_add_(0, marks.type_index, torch.stack([right, torch.ones_like(right)], dim=1))
        total = cast(Tensor, self.fabric.all_reduce(counts, reduce_op="sum"))  # a tensor, since `counts` is one
        n_right, asked = total.cpu().numpy().T
        rate = 0.02 * np.minimum(1, asked / 20)
        self.run.accuracy += rate * (n_right / np.maximum(asked, 1) - self.run.accuracy)

    def _report(self, losses: list[Tensor], validates: bool) -> StepMetrics:
        """Return the metrics since the last report, with validation accuracy where it is due."""
        run = self.run
        accuracy = {}
        if validates:
            accuracy = {kind: value.accuracy for kind, value in self._validate().types.items()}
        loss = torch.stack(losses).mean().item() if losses else math.nan
        rate = learning_rate(run.config, run.step, self.epochs)
        return StepMetrics(run.step, self.n_questions, run.seconds, rate, loss, accuracy)

    def _validate(self) -> Evaluation:
        """Evaluate the model on the validation questions."""
        config, model = self.run.config, self.run.model
        if self.source is None:
            return evaluate(model, self.task, config.seed, config.validation_scenes, "validation")
        batches = self.source.validation_batches(config.seed, config.validation_scenes)
        return evaluate_batches(model, self.task, batches, config.seed)


class _Checkpoint(NamedTuple):
    """A checkpoint: its path, its tensors, and its state."""

    path: Path
    tensors: dict[str, Tensor]
    state: RunState


class _WarmStartKeeper:
    """Saves a run's pretraining as it proceeds, and resumes it from a checkpoint."""

    def __init__(self, trainer: Trainer, found: _Checkpoint | None) -> None:
        """Start the clock; `found` is the checkpoint to resume from, None for none."""
        self._trainer, self._found = trainer, found
        self._before, self._started = 0.0 if found is None else found.state.seconds, time.perf_counter()

    @property
    def seconds(self) -> float:
        """Return the time spent on pretraining, over all its parts."""
        return self._before + time.perf_counter() - self._started

    def resume(self, steps: PretrainingSteps) -> None:
        """Restore the steps from the checkpoint, if there is one."""
        if self._found is None:
            return
        path, tensors, state = self._found
        if state.warm_start is None:
            return
        restore(path, tensors, self._trainer.run.model, steps.optimizer, steps.extra)
        try:
            steps.go_on(state.warm_start)
        except (LookupError, TypeError, ValueError) as err:
            raise damaged(path, "the state of its pretraining is invalid") from err

    def keep(self, steps: PretrainingSteps) -> None:
        """Write a checkpoint, if one is due."""
        trainer = self._trainer
        if trainer.path is not None and trainer.is_save_due:
            state = replace(trainer.make_state(), seconds=self.seconds, warm_start=steps.state)
            extra = steps.extra.state_dict()
            save_checkpoint(trainer.path, trainer.run.model, steps.optimizer, state.to_dict(), extra)
            trainer.note_saved()
