"""A race: a Relation Network and an MLP learn from the same batches, evaluated as they learn.

`Race.train` takes one step of every runner at a time, so pausing is not calling `next`; `Race.look` asks all
runners the same validation questions and the same few examples. This module knows no pictures and no processes.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from rn_core.attribution import Target, attribute_pairs
from rn_core.common.device import describe_device, fast_autocast, processor_name
from rn_core.common.errors import WeightsError
from rn_core.common.files import write_whole
from rn_core.common.records import Accuracy, Batch, Evaluation, Example
from rn_core.common.seeding import fork_torch_rng, make_rng
from rn_core.evaluation.accuracy import count_right, summarize
from rn_core.models import QuestionAnsweringModel
from rn_core.pretraining.cells import PretextConfig, PretrainingSteps, make_naming, read_cells_as_rows, train_naming
from rn_core.pretraining.pairs import make_pair_steps
from rn_core.race.records import RACE_TASKS, Progress, RaceConfig, Snapshot
from rn_core.tasks.base import CellBacked, Pooled, Task
from rn_core.training.checkpoints import read_checkpoint, restore, save_checkpoint
from rn_core.training.config import Precision, sample_step
from rn_core.training.starts import make_pair_config
from rn_core.training.trainer import Trainer
from rn_core.weights.bundles import write_bundle
from rn_core.weights.card import CardFacts, TrainingRecord

if TYPE_CHECKING:
    from lightning_fabric import Fabric

#: Stories that the pretraining pairs come from, and how many a step asks about.
_PRETRAIN_POOL, _PRETRAIN_STORIES = 40_000, 256
N_EXAMPLES = 8
#: File that names the folder of the last complete checkpoint beside it.
_LATEST = "latest.json"


class Race:
    """Runners, their batches and their evaluation; used by one thread at a time."""

    #: As `RaceSpec.all_cores`.
    all_cores = False

    def __init__(self, config: RaceConfig, fabric: Fabric, precision: Precision = "32-true") -> None:
        """Build the runners from the config's seed.

        Args:
            config: who learns from what.
            fabric: launched, with that precision.
            precision: as `TrainConfig.precision`.
        """
        raced = RACE_TASKS[config.task]
        #: What examples and evaluations are of: a story belongs to one question, so only stories of the chosen types.
        self.shown = raced.narrow(config.question_types)
        trainers = {kind: Trainer(config.training(kind, precision), fabric) for kind in config.models}
        self.all_cores = raced.race.all_cores
        self._start(config, fabric, raced, trainers)

    def _start(self, config: RaceConfig, fabric: Fabric, task: Task, trainers: dict[str, Trainer]) -> None:
        """Begin a race with its runners at step 0."""
        self.config, self.fabric, self.task, self.trainers = config, fabric, task, trainers
        self.seconds = 0.0
        self._found: dict[str, tuple[int, Evaluation]] = {}
        #: Runners in their head start, and the saved state of each: file, tensors and state.
        self._starting: dict[str, PretrainingSteps] = {}
        self._kept: dict[str, tuple[Path, dict[str, Tensor], dict[str, Any]]] = {}

    @property
    def models(self) -> dict[str, QuestionAnsweringModel]:
        """Return runner -> model."""
        return {kind: trainer.run.model for kind, trainer in self.trainers.items()}

    @property
    def step(self) -> int:
        """Return the optimizer steps done."""
        return next(iter(self.trainers.values())).run.step

    @property
    def n_questions(self) -> int:
        """Return the questions asked of each runner so far."""
        return self.step * self.config.n_scenes * self.config.n_questions

    def train(self) -> Iterator[Progress]:
        """Take the remaining steps, the head start first; yields after each step."""
        if self.config.head_start and self.step == 0:
            yield from self._begin()
        while self.step < self.config.steps:
            started = time.perf_counter()
            losses = self._take_step()
            self.seconds += time.perf_counter() - started
            yield Progress(self.step, self.n_questions, self.seconds, losses)

    def look(self) -> Snapshot:
        """Evaluate every runner on the validation questions and the examples."""
        found = {kind: self.evaluate(kind) for kind in self.models}
        has_pairs = "rn" in self.trainers and self.models["rn"].has_pairs
        contributions, rival = self._explain() if has_pairs else (None, None)
        return Snapshot(
            step=self.step,
            seconds=self.seconds,
            accuracy={kind: _shares(one.types) for kind, one in found.items()},
            groups={kind: _shares(one.groups) for kind, one in found.items()},
            blind_floor=next(iter(found.values())).blind_floor,
            probabilities={kind: self._ask_examples(model) for kind, model in self.models.items()},
            contributions=contributions,
            rival=rival,
        )

    def evaluate(self, kind: str) -> Evaluation:
        """Evaluate one runner on the validation questions, once per step."""
        if kind not in self._found or self._found[kind][0] != self.step:
            self._found[kind] = (self.step, self._evaluate(self.models[kind].eval()))
        return self._found[kind][1]

    def _evaluate(self, model: QuestionAnsweringModel) -> Evaluation:
        """Evaluate a model on the validation questions."""
        with fast_autocast(self.fabric.device):
            counts = count_right(model, self.task, self.validation)
        return summarize(self.task, self.config.seed, counts, self.task.scoring.count_floors(self.validation))

    def save(self, folder: Path) -> None:
        """Write each runner with its card as `<runner>.safetensors` into a folder; see `rn_core.weights.bundles`.

        Raises:
            RNCoreError: if a file cannot be written; the previous one is untouched.
        """
        for kind, model in self.models.items():
            write_whole(folder / f"{kind}.safetensors", write_bundle(self._name(kind), model, self._facts(kind)))

    def keep(self, folder: Path) -> None:
        """Write a checkpoint of the race into a folder; the previous one stays until this one is complete.

        Raises:
            RNCoreError: if a file cannot be written.
        """
        name = f"step-{max((steps.step for steps in self._starting.values()), default=0)}-{self.step}"
        for kind, trainer in self.trainers.items():
            run, steps, path = trainer.run, self._starting.get(kind), folder / name / f"{kind}.safetensors"
            state = {"step": run.step, "seconds": self.seconds, "accuracy": run.accuracy.tolist()}
            if steps is None:
                save_checkpoint(path, run.model, trainer.optimizer.optimizer, state)
            else:
                state["head_start"] = steps.state
                save_checkpoint(path, run.model, steps.optimizer, state, steps.extra.state_dict())
        write_whole(folder / _LATEST, json.dumps({"folder": name}).encode())
        for old in folder.glob("step-*"):
            if old.name != name:
                shutil.rmtree(old, ignore_errors=True)

    def go_on(self, folder: Path) -> bool:
        """Resume from the checkpoint that `keep` wrote into a folder; return whether there was one.

        Raises:
            WeightsError: if it is damaged or belongs to another race.
        """
        latest = folder / _LATEST
        if not latest.exists():
            return False
        kept, steps = folder / json.loads(latest.read_text())["folder"], set()
        for kind, trainer in self.trainers.items():
            run, path = trainer.run, kept / f"{kind}.safetensors"
            tensors, state = read_checkpoint(path)
            if "head_start" in state:
                self._kept[kind] = (path, tensors, state["head_start"])
            else:
                restore(path, tensors, run.model, trainer.optimizer.optimizer)
            run.step, self.seconds, run.accuracy = state["step"], state["seconds"], np.array(state["accuracy"])
            steps.add(run.step)
        if len(steps) > 1:
            raise WeightsError(f"The checkpoint in '{kept}' mixes steps {sorted(steps)}; start the run again.")
        return True

    def _name(self, kind: str) -> str:
        """Return the name of a runner's weights."""
        family, _, view = self.config.task.partition("/")
        return f"{family}/{'-'.join(filter(None, (kind, view, 'live')))}"

    def _facts(self, kind: str) -> CardFacts:
        """Return the card facts of a runner's weights."""
        start = "trained live on answers only" if not self.config.head_start else "trained live after a head start"
        return CardFacts(
            task=self.config.task,
            source="Santoro et al. 2017, arXiv 1706.01427",
            start=start,
            training=TrainingRecord(
                settings={**self.config.to_dict(), "step": self.step},
                questions=self.n_questions,
                minutes=round(self.seconds / 60, 2),
                machine=f"{processor_name()}, {describe_device(self.fabric.device)}",
                torch=torch.__version__,
            ),
            split="validation",
            metrics=self.evaluate(kind),
        )

    @cached_property
    def validation(self) -> Batch:
        """Return the validation questions, about scenes kept out of training."""
        asked = self.config.question_types or self.task.question_types
        n_scenes = self.shown.race.count_look_scenes(len(asked))
        return self.shown.sample_batch(make_rng(self.config.seed, "validation", 0), n_scenes)

    @cached_property
    def examples(self) -> tuple[Example, ...]:
        """Return the example questions in words."""
        return self._examples[1]

    @cached_property
    def _examples(self) -> tuple[Batch, tuple[Example, ...]]:
        """Draw the examples once."""
        return self.shown.sample_examples(make_rng(self.config.seed, "explore", 1), N_EXAMPLES)

    def _take_step(self) -> dict[str, float]:
        """Draw one batch for all runners and train each on it."""
        batch, losses = self._draw_batch(), {}
        for kind, trainer in self.trainers.items():
            trainer.wrapped.train()
            losses[kind] = trainer.step(batch).item()
        return losses

    def _draw_batch(self) -> Batch:
        """Draw the questions of the next step, by the runners' mean errors."""
        runs = [trainer.run for trainer in self.trainers.values()]
        accuracy = np.mean([run.accuracy for run in runs], axis=0)
        return sample_step(runs[0].config, self.fabric, self.step, accuracy)

    def _begin(self) -> Iterator[Progress]:
        """Take the head start that the task offers; its config has checked that there is one."""
        if isinstance(self.shown, Pooled):
            yield from self._pretrain_pairs(self.shown)
        elif isinstance(self.task, CellBacked):
            yield from self._learn_to_name(self.task)

    def _pretrain_pairs(self, task: Pooled) -> Iterator[Progress]:
        """Pretrain every runner that has pairs on facts about pairs; the others cannot learn from them."""
        config = self.config
        pool = task.make_pool(config.seed, _PRETRAIN_POOL, config.n_questions)
        steps = {
            kind: make_pair_steps(
                run.model, pool, make_pair_config(run.config, config.head_start, _PRETRAIN_STORIES), self.fabric
            )
            for kind, run in ((kind, trainer.run) for kind, trainer in self.trainers.items())
            if run.model.has_pairs
        }
        yield from self._take_head_start(steps)

    def _take_head_start(self, starting: dict[str, PretrainingSteps]) -> Iterator[Progress]:
        """Take the remaining steps of a head start; runners that are left out have none."""
        self._starting = starting
        for kind, steps in starting.items():
            if kind in self._kept:
                path, tensors, state = self._kept.pop(kind)
                restore(path, tensors, self.models[kind], steps.optimizer, steps.extra)
                steps.go_on(state)
        n_steps = self.config.head_start
        for done in range(min((steps.step for steps in starting.values()), default=0), n_steps):
            for steps in starting.values():
                next(steps)
            yield Progress(0, 0, self.seconds, {}, (done + 1) / n_steps)
        self._starting = {}

    def _learn_to_name(self, task: CellBacked) -> Iterator[Progress]:
        """Pretrain one image encoder to name the contents of its cells, then copy it to every runner."""
        config, models = self.config, list(self.models.values())
        first = models[0]
        with fork_torch_rng(config.seed):
            naming = make_naming(first, task)
        pretext = PretextConfig(steps=config.head_start, seed=config.seed)
        yield from self._take_head_start({next(iter(self.models)): train_naming(first, naming, task, pretext)})
        for model in models:
            model.encoder.load_state_dict(first.encoder.state_dict())
            model.image_encoder.freeze_statistics()
            with fork_torch_rng(config.seed):
                read_cells_as_rows(model, naming, task.cell_reading())

    @torch.inference_mode()
    def _ask_examples(self, model: QuestionAnsweringModel) -> list[list[float]]:
        """Return (E, A) probabilities."""
        batch = self._examples[0].to(self.fabric.device)
        logits = model.eval()(batch.inputs, batch.question, batch.scene_index)
        probabilities: list[list[float]] = logits.double().softmax(dim=1).tolist()
        return probabilities

    def _rivals(self, type_index: int, answer: int) -> list[int]:
        """Return the other answers that validation questions of a type have."""
        seen = self.validation.answer[self.validation.type_index == type_index].tolist()
        return sorted({*seen} - {answer})

    def _explain(self) -> tuple[list[float], str]:
        """Return each pair's share of the first example's true answer against its strongest rival, and that rival."""
        batch, model = self._examples[0].to(self.fabric.device), self.models["rn"].eval()
        with torch.inference_mode():
            trace = model.trace(tuple(part[:1] for part in batch.inputs), batch.question[:1]).without_padding()
        answer = int(batch.answer[0])
        rival = _strongest(trace.logits[0], self._rivals(int(batch.type_index[0]), answer))
        shares = attribute_pairs(model.pair_core.f_phi, trace.relations[0].clone(), Target(answer, rival))
        return shares.contributions.tolist(), self.task.answers[rival]


def _shares(found: Mapping[str, Accuracy]) -> dict[str, float]:
    """Return name -> accuracy."""
    return {name: one.accuracy for name, one in found.items()}


def _strongest(logits: Tensor, allowed: Sequence[int]) -> int:
    """Return which of some answers has the largest logit."""
    return max(allowed, key=lambda answer: logits[answer].item())
