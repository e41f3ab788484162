"""How real rendered CLEVR pictures look to networks that never saw one: `python -m benchmarks.clevr_pictures`.

The public Relation Networks were trained on CLEVR's own pictures by somebody else. Their accuracy on questions about
pictures that are rendered here is a measure of likeness that nobody can tune; on CLEVR's own it is 93 and 94 %.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from rn_core.answering import load
from rn_core.common.device import describe_device, processor_name
from rn_core.common.records import Batch, Evaluation
from rn_core.common.seeding import make_rng
from rn_core.evaluation.accuracy import evaluate_batches
from rn_core.evaluation.printing import format_accuracy
from rn_core.tasks.clevr import ClevrQuestion, QuestionGenerator
from rn_core.tasks.clevr.dataset import PictureRecipe, draw_picture
from rn_core.tasks.clevr.program import GROUPS, question_type
from rn_core.tasks.clevr.rendering import DEFAULT_SAMPLES
from rn_core.tasks.clevr.spec import PUBLIC
from rn_core.tasks.clevr.task import Clevr
from rn_core.weights.store import PRETRAINED

_TASK = Clevr("pixels")
_QUESTIONS = 1


def draw_pictures(recipe: PictureRecipe, n_scenes: int) -> tuple[list[np.ndarray], list[list[ClevrQuestion]], float]:
    """Return pictures of new scenes, ten questions about each, and median seconds of processor time per picture."""
    generator = QuestionGenerator(make_rng(recipe.seed, recipe.split, _QUESTIONS, 0))
    pictures, asked, seconds = [], [], []
    for index in tqdm(range(n_scenes), desc="render"):
        start = time.process_time()
        scene, picture = draw_picture(recipe, index)
        seconds.append(time.process_time() - start)
        pictures.append(picture)
        asked.append(generator.ask(scene))
    return pictures, asked, float(np.median(seconds))


def make_batches(pictures: list[np.ndarray], asked: list[list[ClevrQuestion]]) -> list[Batch]:
    """Return one batch per picture, with its questions."""
    return [
        Batch(
            inputs=_TASK.encode_scenes([picture]),
            question=_TASK.encode_questions([question.text for question in questions]),
            scene_index=torch.zeros(len(questions), dtype=torch.int64),
            answer=torch.tensor([_TASK.answers.index(question.answer) for question in questions]),
            type_index=torch.tensor([_TASK.question_types.index(question_type(q.program)) for q in questions]),
        )
        for picture, questions in zip(pictures, asked, strict=True)
    ]


def format_likeness(found: dict[str, Evaluation]) -> str:
    """Return accuracies in percent with 95 % intervals, one row per group of questions, one column per network."""
    lines = [f"| questions | {' | '.join(found)} |", "| --- " * (len(found) + 1) + "|"]
    for group in ("all", *GROUPS, "query_material"):
        cells = []
        for one in found.values():
            value = {"all": one.overall, **one.groups, **one.types}[group]
            cells.append(f"{format_accuracy(value)}, n {value.n}")
        lines.append(f"| {group.replace('_', ' ')} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Render, ask, and print both figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--scenes", type=int, default=100, help="new scenes, ten questions each")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--samples", type=int, default=DEFAULT_SAMPLES, help="paths per pixel and group of lights")
    parser.add_argument("--weights", type=Path, default=PRETRAINED, help="folder that the public weights lie in")
    options = parser.parse_args(arguments)
    models = {name: load(name, "cpu", options.weights).model for name in PUBLIC}
    recipe = PictureRecipe("test", options.seed, options.samples)
    pictures, asked, seconds = draw_pictures(recipe, options.scenes)
    batches = make_batches(pictures, asked)
    print(format_likeness({name: evaluate_batches(models[name], _TASK, batches, options.seed) for name in models}))
    print(f"\n{options.scenes} scenes of the test split, seed {options.seed}; in brackets the 95 % interval.")
    machine = f"{processor_name()}, {describe_device(torch.device('cpu'))}"
    print(f"{seconds:.2f} s of processor time per picture (median, {options.samples} samples) on {machine}.")


if __name__ == "__main__":
    main()
