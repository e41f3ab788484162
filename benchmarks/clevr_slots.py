"""Print the table of CLEVR from found objects: `python -m benchmarks.clevr_slots --real FOLDER`.

Rendered pictures are those of the card. The folder holds pictures of the original data set, in `images/`, with the
original engine's questions and their scene graphs: `../shared/data/clevr/real-train-54`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import rn_core
from benchmarks.clevr_states import format_table
from rn_core.common.records import Evaluation
from rn_core.evaluation.accuracy import evaluate_batches
from rn_core.evaluation.published import find_figures
from rn_core.tasks.base import FolderBacked
from rn_core.tasks.clevr.program import GROUPS

NAME = "clevr/rn-slots"


def measure_real(name: str, folder: Path) -> Evaluation:
    """Return a network's accuracy on the questions about real pictures."""
    answerer = rn_core.load(name, "cpu")
    assert isinstance(answerer.task, FolderBacked)
    with TemporaryDirectory() as place:
        lay_out(folder.resolve(), Path(place))
        return evaluate_batches(answerer.model, answerer.task, answerer.task.read_batches(Path(place), "train"))


def lay_out(folder: Path, root: Path) -> None:
    """Link `images`, `scenes.json` and `questions.json` of a folder as the split "train" in CLEVR's layout."""
    for kind in ("images", "scenes", "questions"):
        (root / kind).mkdir()
    (root / "images/train").symlink_to(folder / "images")
    for kind in ("scenes", "questions"):
        (root / kind / f"CLEVR_train_{kind}.json").symlink_to(folder / f"{kind}.json")


def format_paper() -> str:
    """Return the paper's figures from pixels, as a sentence."""
    figures = {
        one.measure: one.value for one in find_figures("clevr") if one.model == "rn-pixels" and one.origin == "paper"
    }
    named = [f"{name.replace('_', ' ')} {100 * figures[name]:.1f}" for name in ("overall", *GROUPS) if name in figures]
    return f"The paper, from pixels (Table 1): {', '.join(named)}."


def main() -> None:
    """Print the table and what is behind it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", type=Path, required=True, help="folder with images/, scenes.json and questions.json")
    parser.add_argument("--name", default=NAME, help="weights")
    options = parser.parse_args()
    card = rn_core.load(options.name, "cpu").card
    columns = {"rendered pictures": card.measured, "real pictures": measure_real(options.name, options.real)}
    print(format_table(columns))
    for name, found in columns.items():
        print(f"\n{name}: {found.n:,} pictures, {found.overall.n:,} questions")
    trained = card.trained
    print(f"\n{card.parameters:,} parameters, {trained.questions:,} questions, {trained.minutes:g} minutes in all.")
    print(f"\n{format_paper()}")


if __name__ == "__main__":
    main()
