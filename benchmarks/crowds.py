"""Print accuracy by number of objects, of networks that learned from six and from two to ten of them.

`python -m benchmarks.crowds` asks rn-objects; `--model sort-of-clevr/rn-objects-2to10 --sizes 2 3 4` the other one.
"""

from __future__ import annotations

import argparse
from math import inf

import rn_core
from rn_core.common.records import Accuracy
from rn_core.evaluation.printing import format_accuracy
from rn_core.experiments.limits import CROWD_SIZES, CrowdAccuracy, MarginAccuracy, measure_crowds, measure_margins
from rn_core.tasks.sort_of_clevr.questions import QUESTION_TYPES

MODELS = ("sort-of-clevr/rn-objects", "sort-of-clevr/rn-objects-2to10")


def format_crowds(found: list[CrowdAccuracy]) -> str:
    """Return accuracies in percent with 95 % intervals, one row per question type, one column per number of objects."""
    heads = [f"{crowd.n_objects} objects" for crowd in found]
    lines = ["| questions | " + " | ".join(heads) + " |", "| --- " * (len(found) + 1) + "|"]
    for kind in QUESTION_TYPES:
        lines.append(_line(kind.replace("_", " "), [crowd.types.get(kind) for crowd in found]))
    lines.append(_line("wrong counts that are off by one", [crowd.off_by_one for crowd in found]))
    lines.append(_line("wrong counts that are too low", [crowd.too_few for crowd in found]))
    lines.append(f"| true counts that no answer names | {' | '.join(str(crowd.unsayable) for crowd in found)} |")
    return "\n".join(lines)


def format_margins(found: tuple[MarginAccuracy, ...]) -> str:
    """Return the accuracy of closest and furthest, one column per bin of margins."""
    heads = " | ".join(
        f"{part.low:g} px" + (f" to {part.high:g} px" if part.high < inf else " or more") for part in found
    )
    row = _line("closest and furthest", [part.accuracy for part in found])
    return "\n".join([f"| lead of the deciding object | {heads} |", "| --- " * (len(found) + 1) + "|", row])


def _line(name: str, found: list[Accuracy | None]) -> str:
    """Return one row of a table."""
    cells = ("–" if r is None else format_accuracy(r) for r in found)
    return f"| {name} | {' | '.join(cells)} |"


def main(arguments: list[str] | None = None) -> None:
    """Measure and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--model", choices=MODELS, default=MODELS[0], help="the network that is asked")
    parser.add_argument("--sizes", type=int, nargs="+", default=CROWD_SIZES, help="numbers of objects, 2 to 10")
    parser.add_argument("--scenes", type=int, default=2000, help="scenes for each number of objects")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    model = rn_core.load(options.model).model
    crowds = [measure_crowds(model, n_objects, options.scenes, options.seed) for n_objects in options.sizes]
    print(format_crowds(crowds), end="\n\n")
    print(format_margins(measure_margins(model, "objects", options.scenes, options.seed)), end="\n\n")
    sample = f"{options.scenes:,} scenes of the test split each, seed {options.seed}"
    print(f"{options.model}, {sample}; in brackets the 95 % interval.")


if __name__ == "__main__":
    main()
