"""From a finished run to weights that ship: measured on scenes nobody trained on, with card and golden logits."""

from __future__ import annotations

import io
import shlex
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rn_core.checkpoints import FILE_NAME, read_checkpoint
from rn_core.device import choose_device, describe_device, fast_autocast, processor_name
from rn_core.errors import RNCoreError
from rn_core.evaluation import evaluate
from rn_core.files import write_whole
from rn_core.models import QuestionAnsweringModel, build_model
from rn_core.reporting import mean_aggregates
from rn_core.seeding import make_rng
from rn_core.tasks import TASKS
from rn_core.training import TrainConfig
from rn_core.weights import WeightsEntry, fill_model, save_golden, save_weights

#: Scenes behind the mean aggregate, and behind the golden logits.
_MEAN_SCENES, _GOLDEN_SCENES = 200, 3


def publish(
    name: str,
    folder: Path,
    n_scenes: int = 10_000,
    seed: int = 0,
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> WeightsEntry:
    """Evaluate a finished run on fresh test scenes and write it into `pretrained/`.

    Args:
        name: what the weights are called.
        folder: the run's folder.
        n_scenes: test scenes, all questions each.
        seed: root seed of the test scenes.
        progress: wraps the iteration over test batches.

    Raises:
        RNCoreError: if there is no finished run in the folder, or a file cannot be written.
    """
    model, state = load_run(folder)
    config = TrainConfig.from_dict(state["config"])
    if state["step"] < config.steps:
        raise RNCoreError(f"The run in '{folder}' is at step {state['step']} of {config.steps}; train it to its end.")
    task = TASKS[config.task]
    device = choose_device()
    with fast_autocast(device):
        found = evaluate(model.to(device), task, seed, n_scenes, progress=progress)
    model.cpu()
    mean = mean_aggregates(model, task, seed, _MEAN_SCENES) if model.has_pairs else None
    entry = save_weights(name, model, _make_card(name, config, state, found.to_dict()), mean)
    save_golden(entry, _golden(model, config, seed))
    return entry


def load_run(folder: Path) -> tuple[QuestionAnsweringModel, dict[str, Any]]:
    """Return a run's model in eval mode and its state.

    Raises:
        RNCoreError: if the folder holds no run, or a damaged one.
    """
    path = folder / FILE_NAME
    if not path.exists():
        raise RNCoreError(f"There is no run in '{folder}'; start one with `python -m rn_core train`.")
    tensors, state = read_checkpoint(path)
    config = TrainConfig.from_dict(state["config"])
    model = build_model(config.model, config.seed)
    learned = {key.removeprefix("model."): value for key, value in tensors.items() if key.startswith("model.")}
    fill_model(model, learned, path.name)
    return model.eval(), state


def _make_card(name: str, config: TrainConfig, state: dict[str, Any], metrics: dict[str, Any]) -> dict[str, Any]:
    """Return the card; `save_weights` adds what can be read off the file."""
    recipe = f"python -m rn_core train {shlex.quote(name)} --seed {config.seed}"
    training = {key: value for key, value in config.to_dict().items() if key != "model"}
    return {
        "task": config.task,
        "license": "MIT",
        "source": "Santoro et al. 2017, arXiv 1706.01427",
        "recipe": f"{recipe} && python -m rn_core weights publish {shlex.quote(name)}",
        "data": "scenes made on the fly, never seen twice; test seeds cannot overlap training seeds",
        "start": _describe_start(config),
        "training": {
            **training,
            "questions": state["step"] * config.n_scenes * config.n_questions,
            "minutes": round(state["seconds"] / 60, 1),
            "machine": f"{processor_name()}, {describe_device(choose_device())}",
            "torch": torch.__version__,
        },
        "curve": [
            {
                "minutes": round(row["seconds"] / 60, 2),
                "questions": row["n_questions"],
                "accuracy": {kind: round(value, 4) for kind, value in row["accuracy"].items()},
            }
            for row in state["history"]
        ],
        "metrics": metrics,
    }


def _describe_start(config: TrainConfig) -> str:
    """Return in a sentence what the network knew before it was trained on questions."""
    if not config.warm_start:
        return "trained from answers alone, as in the paper"
    encoder = f"the encoder first learned for {config.warm_start} steps to name what its cells hold"
    relations = f"; the relations go on from {config.core_from}" if config.core_from else ""
    return f"not from answers alone, as in the paper: {encoder}{relations}"


@torch.inference_mode()
def _golden(model: QuestionAnsweringModel, config: TrainConfig, seed: int) -> dict[str, torch.Tensor]:
    """Return a few inputs and questions and the logits they give."""
    batch = TASKS[config.task].sample_batch(make_rng(seed, "test", 3), _GOLDEN_SCENES)
    inputs = {f"inputs.{index}": part for index, part in enumerate(batch.inputs)}
    logits = model(batch.inputs, batch.question, batch.scene_index)
    return {**inputs, "question": batch.question, "scene_index": batch.scene_index, "logits": logits}


def write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write arrays as one compressed .npz file, whole or not at all; raises RNCoreError if it cannot."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    write_whole(path, buffer.getvalue())
