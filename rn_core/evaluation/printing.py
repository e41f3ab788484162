"""Output of the command line, for people."""

from __future__ import annotations

from collections.abc import Mapping

from rn_core.common.records import Accuracy, Evaluation
from rn_core.evaluation.accuracy import count_solved
from rn_core.models import KINDS
from rn_core.tasks.own.dataset import Floors


def format_accuracy(found: Accuracy, digits: int = 1) -> str:
    """Return an accuracy with its 95 % interval, all in percent, such as "97.0 [96.8, 97.1]"."""
    accuracy, low, high = (f"{100 * share:.{digits}f}" for share in (found.accuracy, found.low, found.high))
    return f"{accuracy} [{low}, {high}]"


def format_percentages(accuracy: dict[str, float]) -> str:
    """Return "type 99.1 %" for each type."""
    return "  ".join(f"{kind} {value:.1%}" for kind, value in accuracy.items())


def print_evaluation(name: str, found: Evaluation | None, solved_above: float | None = None) -> None:
    """Print accuracies with intervals.

    Args:
        name: of the weights.
        found: None if no answer was known.
        solved_above: the accuracy above which a group counts as solved; None counts none.
    """
    if found is None:
        print(f"{name}: no answer is known, so there is no accuracy; the model's answers are written")
        return
    print(f"{name}, {found.n} test scenes, seed {found.seed}")
    for kind, distance in (found.distances or {}).items():
        interval, frames = f"[{distance.low:.5f}, {distance.high:.5f}]", distance.frames
        print(
            f"  {kind:18} {distance.mean:.5f} table widths per frame  {interval}  first frame {frames[0]:.5f}, "
            f"last {frames[-1]:.5f}"
        )
    rows: dict[str, Accuracy] = {"overall": found.overall, **found.groups, **found.types}
    for kind, value in rows.items():
        floor = f"  blind {found.blind_floor[kind]:.2%}" if kind in found.blind_floor else ""
        print(f"  {kind:18} {value.accuracy:7.2%}  [{value.low:.2%}, {value.high:.2%}]  n {value.n}{floor}")
    untyped = found.overall.n - sum(value.n for value in found.types.values())
    if untyped > 0:
        print(f"  {untyped} of {found.overall.n} questions have no program; they count in the overall accuracy only")
    if solved_above is not None:
        solved = count_solved(found, solved_above)
        print(f"  {solved} of {len(found.groups)} solved, which is above {solved_above:.0%}")


def print_set_results(found: Mapping[str, Evaluation], floors: Floors) -> None:
    """Print how the networks of a set compare on its test scenes, with intervals, beside what needs no scene.

    Args:
        found: kind of model -> its accuracies.
        floors: of the same test questions.
    """
    first = next(iter(found.values()))
    print(f"{first.n} test scenes, {first.overall.n} questions; accuracy with 95 % interval")
    print(f"  {'':24}" + "".join(f"{KINDS[kind].short:>26}" for kind in found))
    rows = {"overall": [each.overall for each in found.values()]}
    rows |= {kind: [each.types[kind] for each in found.values()] for kind in first.types if len(first.types) > 1}
    for name, values in rows.items():
        cells = (f"{one.accuracy:7.1%} [{one.low:6.1%}, {one.high:6.1%}]" for one in values)
        print(f"  {name[:24]:24}" + "".join(f"{cell:>26}" for cell in cells) + f"  n {values[0].n}")
    print(f"  commonest answer {floors.majority:.1%}, commonest answer to each question {floors.blind:.1%}")


def print_attribution(table: dict[str, dict[str, float]]) -> None:
    """Print the attribution table, one line per method, ready for Markdown."""
    questions = int(next(iter(table.values()))["n"])
    print(f"\nattribution over {questions} questions with a known deciding pair; in brackets the same after shuffling:")
    print("the weights (true pair, share) or the order of the pairs (deletion, insertion)\n")
    print("| method | points at the true pair | share on it | deletion | insertion | largest gap |")
    print("| --- | --- | --- | --- | --- | --- |")
    for method, row in table.items():
        cells = [
            f"{row['pointing_game']:.1%} ({row['randomised_weights_pointing_game']:.1%})",
            f"{row['relevance_mass']:.1%} ({row['randomised_weights_relevance_mass']:.1%})",
            f"{row['deletion']:.2f} ({row['random_order_deletion']:.2f})",
            f"{row['insertion']:.2f} ({row['random_order_insertion']:.2f})",
            f"{row['completeness_gap']:.1g}",
        ]
        print(f"| {method} | " + " | ".join(cells) + " |")
