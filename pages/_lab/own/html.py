"""Tables of a set's accuracies as Markdown."""

from __future__ import annotations

from collections.abc import Mapping

from pages._lab.plain import plain
from pages._lab.train.jobs import JobView
from rn_core.common.records import Accuracy, Evaluation
from rn_core.models import KINDS
from rn_core.tasks.own.dataset import Floors


def results_table(found: Mapping[str, Evaluation], floors: Floors) -> str:
    """Return the accuracies of networks on a set's test scenes, with 95 % intervals, beside the floors.

    Args:
        found: kind of model -> its accuracies.
        floors: what needs no scene.
    """
    first = next(iter(found.values()))
    lines = [
        "| | " + " | ".join(KINDS[kind].short for kind in found) + " | questions |",
        "| --- |" + " --- |" * (len(found) + 1),
    ]
    rows = {"all questions": [each.overall for each in found.values()]}
    if len(first.types) > 1:
        rows |= {kind: [each.types[kind] for each in found.values() if kind in each.types] for kind in first.types}
    for name, values in rows.items():
        lines.append(f"| {plain(name)} | " + " | ".join(map(_share, values)) + f" | {values[0].n:,} |")
    lines.append("")
    lines.append(
        f"Accuracy on {first.n:,} test scenes with 95 % intervals. Without looking at a scene: the commonest answer "
        f"{floors.majority:.1%}, the commonest answer to each question {floors.blind:.1%}."
    )
    return "\n".join(lines)


def progress_table(view: JobView) -> str:
    """Return the latest accuracies of a run on validation scenes."""
    if not view.snapshots:
        return "Reading the set …"
    last = view.snapshots[-1]
    types = list(next(iter(last.accuracy.values())))
    lines = ["| validation | " + " | ".join(map(plain, types)) + " |", "| --- |" + " --- |" * len(types)]
    for kind, shares in last.accuracy.items():
        lines.append(f"| {KINDS[kind].short} | " + " | ".join(f"{shares[name]:.0%}" for name in types) + " |")
    lines.append("| always the commonest | " + " | ".join(f"{last.blind_floor[name]:.0%}" for name in types) + " |")
    return "\n".join(lines)


def _share(one: Accuracy) -> str:
    """Return an accuracy with its interval."""
    return f"{one.accuracy:.1%} ({one.low:.1%}–{one.high:.1%})"
