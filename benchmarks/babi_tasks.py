"""Print the table of bAbI: `python -m benchmarks.babi_tasks [--data FOLDER] [--split valid]`.

The figures are the cards', on the published validation files and on new test stories; with `--data` the networks are
asked again about a folder's files. "Majority" is the commonest answer of each task there.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from rn_core import load
from rn_core.common.records import Evaluation
from rn_core.evaluation.accuracy import count_solved, evaluate_batches
from rn_core.evaluation.printing import format_accuracy
from rn_core.tasks.babi.spec import SOLVED_ABOVE
from rn_core.tasks.babi.story import TASK_NAMES
from rn_core.tasks.babi.task import Babi
from rn_core.weights.store import list_weights

COLUMNS = ("rn-joint", "rn-3hop", "lstm-joint")


def read_published() -> dict[str, Evaluation]:
    """Return column -> what its card says was measured on published files."""
    cards = {column: list_weights()[f"babi/{column}"].card for column in COLUMNS}
    return {column: card.published_files or card.measured for column, card in cards.items()}


def read_fresh() -> dict[str, Evaluation]:
    """Return column -> what its card says was measured on new stories."""
    return {column: list_weights()[f"babi/{column}"].card.measured for column in COLUMNS}


def measure(root: Path, split: str) -> dict[str, Evaluation]:
    """Return column -> accuracies on a folder's files."""
    task = Babi()
    return {
        column: evaluate_batches(load(f"babi/{column}", "cpu").model, task, task.read_batches(root, split))
        for column in COLUMNS
    }


def format_results(found: dict[str, Evaluation], fresh: dict[str, Evaluation]) -> str:
    """Return accuracies in percent with 95 % intervals, one row per task.

    Args:
        found: column -> accuracies on published files.
        fresh: the same on new stories.
    """
    mark = SOLVED_ABOVE
    floors = found[COLUMNS[0]].blind_floor
    heads = (*COLUMNS, "majority", *(f"{column}, new stories" for column in COLUMNS))
    lines = ["| task | " + " | ".join(heads) + " |", "| --- " * (len(heads) + 1) + "|"]
    for number, name in TASK_NAMES.items():
        kind = f"qa{number}"
        if kind not in floors:
            continue
        cells = [format_accuracy(found[column].types[kind]) for column in COLUMNS]
        others = [format_accuracy(fresh[column].types[kind]) for column in COLUMNS]
        lines.append(f"| {number} {name} | " + " | ".join([*cells, f"{100 * floors[kind]:.1f}", *others]) + " |")
    counts = [str(count_solved(part[column], mark)) for part in (found, fresh) for column in COLUMNS]
    counts.insert(len(COLUMNS), str(sum(floor > mark for floor in floors.values())))
    lines.append(f"| **solved (above {mark:.0%})** | " + " | ".join(counts) + " |")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=None, help="folder with bAbI's files (default: the cards)")
    parser.add_argument("--split", default="valid", help="which of its splits")
    options = parser.parse_args()
    found = read_published() if options.data is None else measure(options.data, options.split)
    print(format_results(found, read_fresh()))


if __name__ == "__main__":
    main()
