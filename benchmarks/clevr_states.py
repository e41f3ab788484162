"""Print the table of CLEVR from states: `python -m benchmarks.clevr_states [--oracle ../shared/data]`.

The cards' figures are on new test scenes with our own questions; with `--oracle` come two columns of the Relation
Network's on questions that the original engine asked, about synthetic and about real scene graphs.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import torch

from rn_core import load
from rn_core.common.records import Accuracy, Batch, Evaluation
from rn_core.evaluation.accuracy import evaluate_batches
from rn_core.evaluation.printing import format_accuracy
from rn_core.tasks import TASKS
from rn_core.tasks.clevr import ClevrScene
from rn_core.tasks.clevr.encoding import ANSWERS, encode_scenes
from rn_core.tasks.clevr.program import GROUPS, QUESTION_TYPES, question_type
from rn_core.tasks.clevr.tokens import encode_tokens
from rn_core.weights.store import list_weights

COLUMNS = ("rn-states", "mlp-states", "lstm-states")
#: Column -> the files of its questions and of its scene graphs, within the folder of shared data.
ORACLE = {
    "rn-states, engine's questions": (
        "clevr-oracle/questions_synthetic0-299.json",
        "clevr-oracle/scenes_synthetic0-299.json",
    ),
    "rn-states, real scene graphs": (
        "clevr-oracle/questions_real_train_scenes0-199.json",
        "clevr/scenes/CLEVR_train_scenes_first200.json",
    ),
}
_SCENES_A_BATCH = 50


def read_oracle(questions: Path, scenes: Path) -> Iterator[Batch]:
    """Yield the questions of the original engine about the scenes of a file, some scenes at a time."""
    things = [ClevrScene.from_json(record) for record in json.loads(scenes.read_text())["scenes"]]
    asked = json.loads(questions.read_text())["questions"]
    for first in range(0, len(things), _SCENES_A_BATCH):
        rows = range(first, min(first + _SCENES_A_BATCH, len(things)))
        some = sorted((q for q in asked if q["image_index"] in rows), key=lambda q: q["image_index"])
        yield Batch(
            inputs=encode_scenes([things[row] for row in rows]),
            question=encode_tokens([q["question"] for q in some]),
            scene_index=torch.tensor([q["image_index"] - first for q in some]),
            answer=torch.tensor([ANSWERS.index(q["answer_text"]) for q in some]),
            type_index=torch.tensor([QUESTION_TYPES.index(question_type(q["program"])) for q in some]),
        )


def measure_oracle(name: str, questions: Path, scenes: Path) -> Evaluation:
    """Return a model's accuracy on the questions of the original engine."""
    return evaluate_batches(load(name, "cpu").model, TASKS["clevr/states"], read_oracle(questions, scenes))


def format_table(columns: dict[str, Evaluation]) -> str:
    """Return accuracies in percent with 95 % intervals, a row per group and type, a column per evaluation."""
    lines = ["| questions | " + " | ".join(columns) + " |", "| --- " * (len(columns) + 1) + "|"]
    lines.append(_line("**all**", [metrics.overall for metrics in columns.values()]))
    for group, kinds in GROUPS.items():
        lines.append(_line(f"**{_plain(group)}**", [metrics.groups[group] for metrics in columns.values()]))
        if len(kinds) > 1:
            lines += [_line(_plain(kind), [metrics.types[kind] for metrics in columns.values()]) for kind in kinds]
    return "\n".join(lines)


def _plain(name: str) -> str:
    """Return a group or type in words."""
    return name.replace("_", " ")


def _line(name: str, found: list[Accuracy]) -> str:
    """Return one row of the table."""
    cells = [format_accuracy(r, 2) for r in found]
    return f"| {name} | " + " | ".join(cells) + " |"


def _main() -> None:
    """Print the table and what is behind it."""
    parser = argparse.ArgumentParser(description="Accuracies of CLEVR from states.")
    parser.add_argument("--oracle", type=Path, help="folder with clevr/ and clevr-oracle/")
    options = parser.parse_args()
    cards = {name: list_weights()[f"clevr/{name}"].card for name in COLUMNS}
    columns = {name: card.measured for name, card in cards.items()}
    if options.oracle is not None:
        for title, files in ORACLE.items():
            columns[title] = measure_oracle("clevr/rn-states", *(options.oracle / file for file in files))
    print(format_table(columns))
    for title, values in (
        ("parameters", [card.parameters for card in cards.values()]),
        ("questions", [card.trained.questions for card in cards.values()]),
        ("minutes", [card.trained.minutes for card in cards.values()]),
    ):
        print(f"| {title} | " + " | ".join(f"{value:,}" for value in values) + " |" * (1 + len(columns) - len(cards)))
    for name, metrics in columns.items():
        print(f"\n{name}: {metrics.n:,} scenes, {metrics.overall.n:,} questions, seed {metrics.seed}")


if __name__ == "__main__":
    _main()
