"""Print the table of accuracies from the cards: `python -m benchmarks.tables`."""

from __future__ import annotations

from rn_core.common.records import Accuracy
from rn_core.evaluation.printing import format_accuracy
from rn_core.tasks.sort_of_clevr.questions import GROUPS, QUESTION_TYPES
from rn_core.weights.store import list_weights

COLUMNS = (
    *("rn-pixels-end-to-end", "mlp-pixels-end-to-end", "rn-pixels", "mlp-pixels"),
    *("rn-pixels-styles", "rn-slots", "rn-objects", "mlp-objects"),
)


def format_results() -> str:
    """Return accuracies in percent with 95 % intervals, one row per question type, one column per weights file."""
    cards = {column: list_weights()[f"sort-of-clevr/{column}"].card for column in COLUMNS}
    lines = ["| questions | " + " | ".join(COLUMNS) + " | blind floor |", "| --- " * (len(COLUMNS) + 2) + "|"]
    for group in GROUPS:
        lines.append(
            _line(f"**{group.replace('_', '-')}**", [card.measured.groups[group] for card in cards.values()], "")
        )
    floors = cards["rn-pixels"].measured.blind_floor
    for kind in QUESTION_TYPES:
        shares = [card.measured.types[kind] for card in cards.values()]
        lines.append(_line(kind.replace("_", " "), shares, f"{100 * floors[kind]:.1f}"))
    for title, values in (
        ("parameters", [f"{card.parameters:,}" for card in cards.values()]),
        ("training questions, million", [f"{card.trained.questions / 1e6:.2f}" for card in cards.values()]),
        ("training minutes, one core", [f"{card.trained.minutes:.0f}" for card in cards.values()]),
    ):
        lines.append(f"| {title} | {' | '.join(values)} | |")
    found = cards["rn-pixels"].measured
    lines.append(f"\n{found.n:,} test scenes, all 36 questions, seed {found.seed}; in brackets the 95 % interval.")
    return "\n".join(lines)


def _line(name: str, found: list[Accuracy], floor: str) -> str:
    """Return one row of the table."""
    cells = [format_accuracy(r, 2) for r in found]
    return f"| {name} | " + " | ".join(cells) + f" | {floor} |"


if __name__ == "__main__":
    print(format_results())
