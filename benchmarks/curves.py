"""Draw accuracy against training minutes from the cards: `python -m benchmarks.curves docs/curves.png`.

It also prints how the networks that learned from answers only did so, one row per validation.
"""

from __future__ import annotations

import sys
from pathlib import Path

from matplotlib.figure import Figure

from rn_core.tasks.sort_of_clevr.questions import GROUPS
from rn_core.weights.card import Card, CurvePoint
from rn_core.weights.store import list_weights

_SHOWN = ("single objects", "closest", "furthest", "count")
#: Okabe and Ito's colors, safe for color blindness; the dash tells RN from MLP as well.
_STYLES = {"rn": ("#0072B2", "-"), "mlp": ("#D55E00", "--")}


def plot_curves(views: tuple[str, ...] = ("pixels", "objects")) -> Figure:
    """Return one panel per view: relational validation accuracy of RN and MLP, with the blind floor."""
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    for axes, view in zip(figure.subplots(1, len(views), sharey=True), views, strict=True):
        entries = list_weights()
        for kind, (color, dash) in _STYLES.items():
            card = entries[f"sort-of-clevr/{kind}-{view}"].card
            minutes = [row.minutes for row in card.curve]
            axes.plot(minutes, _relational(card), dash, color=color, linewidth=2.5, label=kind.upper())
        floors = entries[f"sort-of-clevr/rn-{view}"].card.measured.blind_floor
        floor = sum(floors[kind] for kind in GROUPS["relational"]) / len(GROUPS["relational"])
        axes.axhline(100 * floor, color="gray", linestyle=":", label="blind floor")
        axes.set(title=f"Sort-of-CLEVR, {view}", xlabel="minutes of training", ylim=(30, 101))
        axes.grid(alpha=0.3)
        axes.legend(loc="lower right")
    figure.axes[0].set_ylabel("accuracy on relational questions, %")
    return figure


def format_learning() -> str:
    """Return how the networks that learned from answers only did so, one row per validation."""
    cards = {kind: list_weights()[f"sort-of-clevr/{kind}-pixels-end-to-end"].card for kind in _STYLES}
    heads = [f"{kind.upper()} {name}" for kind in cards for name in ("minutes", *_SHOWN)]
    lines = [f"| questions, million | {' | '.join(heads)} |", "| --- " * (len(heads) + 1) + "|"]
    for points in zip(*(card.curve for card in cards.values()), strict=True):
        cells = [cell for point in points for cell in (f"{point.minutes:.0f}", *_format_point(point))]
        lines.append(f"| {points[0].questions / 1e6:.2f} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _format_point(point: CurvePoint) -> list[str]:
    """Return the accuracies of one validation in percent: single objects together, then each relational type."""
    values = [point.mean(GROUPS["non_relational"]), *(point.accuracy[kind] for kind in GROUPS["relational"])]
    return [f"{100 * value:.1f}" for value in values]


def _relational(card: Card) -> list[float]:
    """Return the mean accuracy of the relational question types at each validation, in percent."""
    return [100 * row.mean(GROUPS["relational"]) for row in card.curve]


if __name__ == "__main__":
    output = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/curves.png")
    output.parent.mkdir(parents=True, exist_ok=True)
    plot_curves().savefig(output, dpi=110)
    print(output)
    print(format_learning())
